"""What a message's text consists of (docs/text.md): blocks, and what stands in a paragraph.

`type` is the name that the vectors and the JavaScript parser use for the same node.
"""

from typing import Literal, TypeAlias

import msgspec


class Text(msgspec.Struct, frozen=True, tag="text"):
    """What is shown as it is; a line break is a `\\n` in it."""

    text: str


class Code(msgspec.Struct, frozen=True, tag="code"):
    """Code within a line."""

    text: str


class Link(msgspec.Struct, frozen=True, tag="link"):
    """An address: `text` as typed, `href` with the scheme that was left out."""

    text: str
    href: str


class Place(msgspec.Struct, frozen=True, tag="place"):
    """A message of a chat, `vestnik://chat/ID/SEQ`."""

    text: str
    chat_id: int
    seq: int


class Mention(msgspec.Struct, frozen=True, tag="mention"):
    """`@username`: `text` as typed, `username` in small letters. Whether there is such a member is not known here."""

    text: str
    username: str


class MentionAll(msgspec.Struct, frozen=True, tag="mention_all"):
    """`@all` or `@все`."""

    text: str


class Styled(msgspec.Struct, frozen=True, tag="styled"):
    """A part of a paragraph that is bold, italic, struck or hidden until it is asked for."""

    style: Literal["bold", "italic", "struck", "spoiler"]
    children: tuple["Inline", ...]


class Paragraph(msgspec.Struct, frozen=True, tag="paragraph"):
    """Lines of text; empty ones at its ends are left out."""

    children: tuple["Inline", ...]


class CodeBlock(msgspec.Struct, frozen=True, tag="code_block"):
    """Code of its own lines; `language` is empty where none was named."""

    text: str
    language: str


class Quote(msgspec.Struct, frozen=True, tag="quote"):
    """Lines that began with `>`."""

    children: tuple["Block", ...]


Inline: TypeAlias = Text | Code | Link | Place | Mention | MentionAll | Styled
Block: TypeAlias = Paragraph | CodeBlock | Quote
