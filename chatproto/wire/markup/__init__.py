"""The small language of messages (docs/text.md): its tree, whom it mentions, and its plain words. Pure."""

from chatproto.wire.markup.paragraphs import parse, parse_counting
from chatproto.wire.markup.walk import HIDDEN, NOBODY, Mentions, has_link, mentions, plain

__all__ = ["HIDDEN", "NOBODY", "Mentions", "has_link", "mentions", "parse", "parse_counting", "plain"]
