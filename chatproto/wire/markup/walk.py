"""What a tree says: to whom, and in plain words."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, assert_never

import attrs

from chatproto.wire.markup.nodes import (
    Block,
    Code,
    CodeBlock,
    Inline,
    Link,
    Mention,
    MentionAll,
    Paragraph,
    Place,
    Quote,
    Styled,
    Text,
)
from chatproto.wire.markup.paragraphs import parse

HIDDEN: Final = "▒▒▒▒▒"
"""In place of a spoiler in what is shown unasked; as long for every spoiler."""

_PERHAPS: Final = re.compile(r"://|@|\.\w")
"""One of these is in every address, and in few other texts."""


@attrs.frozen
class Mentions:
    """Whom a text mentions: usernames in small letters, each once, in their order; and whether it is everybody."""

    usernames: tuple[str, ...]
    all: bool


NOBODY: Final = Mentions((), False)


def mentions(content: str) -> Mentions:
    """Whom a text mentions, members or not. Code and addresses mention nobody. Of L characters: at most L / 4 names."""
    if "@" not in content:
        return NOBODY
    found = list(_leaves(parse(content)))
    names = dict.fromkeys(node.username for node in found if isinstance(node, Mention))
    return Mentions(tuple(names), any(isinstance(node, MentionAll) for node in found))


def has_link(content: str) -> bool:
    """Whether an address stands in it, that of a page or an e-mail; not in code."""
    if _PERHAPS.search(content) is None:
        return False
    return any(isinstance(node, Link) for node in _leaves(parse(content)))


def plain(content: str, *, hidden: str | None = HIDDEN) -> str:
    """A text without its marks, for previews and notices. `hidden` stands for each spoiler; None shows them."""
    return _plain_blocks(parse(content), hidden)


def _plain_blocks(blocks: Iterable[Block], hidden: str | None) -> str:
    return "\n".join(_plain_block(block, hidden) for block in blocks)


def _plain_block(block: Block, hidden: str | None) -> str:
    match block:
        case Paragraph(children=children):
            return _plain_inline(children, hidden)
        case CodeBlock(text=text):
            return text
        case Quote(children=inner):
            return _plain_blocks(inner, hidden)
        case _:
            assert_never(block)


def _plain_inline(nodes: Iterable[Inline], hidden: str | None) -> str:
    return "".join(_plain_node(node, hidden) for node in nodes)


def _plain_node(node: Inline, hidden: str | None) -> str:
    match node:
        case Styled(style="spoiler") if hidden is not None:
            return hidden
        case Styled(children=children):
            return _plain_inline(children, hidden)
        case Text(text=text) | Code(text=text) | Link(text=text) | Place(text=text):
            return text
        case Mention(text=text) | MentionAll(text=text):
            return text
        case _:
            assert_never(node)


def _leaves(blocks: Iterable[Block]) -> Iterator[Inline]:
    """What stands in paragraphs, marks opened up."""
    for block in blocks:
        match block:
            case Paragraph(children=children):
                yield from _inner(children)
            case Quote(children=inner):
                yield from _leaves(inner)
            case CodeBlock():
                pass
            case _:
                assert_never(block)


def _inner(nodes: Iterable[Inline]) -> Iterator[Inline]:
    for node in nodes:
        if isinstance(node, Styled):
            yield from _inner(node.children)
        else:
            yield node
