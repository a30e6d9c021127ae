"""The blocks of a text: fenced code, quotes, and paragraphs between them (docs/text.md)."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from chatproto.wire.markup.inline import DEPTH, merged, parse_inline
from chatproto.wire.markup.nodes import Block, CodeBlock, Inline, Paragraph, Quote, Text
from chatproto.wire.markup.scanner import BLANK

_TICKS: Final = re.compile("`+")
_LANGUAGE: Final = re.compile(r"[A-Za-z0-9+#._-]{0,20}")
_FENCE: Final = 3
_WHITE_END: Final = " \t\r"


def parse(text: str) -> tuple[Block, ...]:
    """The tree of a text, whatever it is: what is malformed is plain text. In time linear in its length."""
    return parse_counting(text)[0]


def parse_counting(text: str) -> tuple[tuple[Block, ...], int]:
    """The tree, and how many steps it took: so tests hold it to linear time without a clock."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    blocks = _Blocks(lines, 0)
    return tuple(blocks.parse()), blocks.steps + len(text)


class _Blocks:
    """Of lines within `depth` quotes."""

    def __init__(self, lines: Sequence[str], depth: int) -> None:
        self._lines = lines
        self._depth = depth
        self._fences = _fence_ends(lines)
        self._paragraph: list[str] = []
        self._blocks: list[Block] = []
        self.steps = sum(len(line) + 1 for line in lines)

    def parse(self) -> list[Block]:
        at = 0
        while at < len(self._lines):
            line = self._lines[at]
            if line.startswith("```"):
                at = self._code(at)
            elif _quoted(line) is not None and self._depth < DEPTH:
                at = self._quote(at)
            else:
                self._paragraph.append(line)
                at += 1
        self._close()
        return self._blocks

    def _put(self, block: Block) -> None:
        self._close()
        self._blocks.append(block)

    def _code(self, at: int) -> int:
        """From the fence to the next line that ends in as many backticks; without one the fence is text."""
        line = self._lines[at]
        self.steps += len(line)
        size = len(line) - len(line.lstrip("`"))
        rest = line[size:].rstrip(_WHITE_END)
        named = _LANGUAGE.fullmatch(rest) is not None
        end = self._end_of(size, at + 1 if named else at) if named or _may_open(rest, size) else None
        if end is not None:
            lines = [*([] if named else [line[size:]]), *self._lines[at + 1 : end + 1]]
            last = lines.pop().rstrip(_WHITE_END)[:-size]
            code = "\n".join([*lines, last] if not _blank(last) else lines)
            self.steps += len(code)
            if not _blank(code):
                self._put(CodeBlock(code, rest if named else ""))
                return end + 1
        self._paragraph.append(line)
        return at + 1

    def _end_of(self, size: int, first: int) -> int | None:
        ends = self._fences.get(size, [])
        index = bisect_left(ends, first)
        return ends[index] if index < len(ends) else None

    def _quote(self, at: int) -> int:
        end, inner = at, []
        while end < len(self._lines) and (line := _quoted(self._lines[end])) is not None:
            inner.append(line)
            end += 1
        if all(_blank(line) for line in inner):
            self._paragraph += self._lines[at:end]
            return end
        blocks = _Blocks(inner, self._depth + 1)
        self._put(Quote(tuple(blocks.parse())))
        self.steps += blocks.steps
        return end

    def _close(self) -> None:
        """A paragraph ends: without the empty lines around it. Marks do not reach over an empty line."""
        lines, self._paragraph = self._paragraph, []
        nodes: list[Inline] = []
        chunk: list[str] = []
        empty = 0
        for line in lines:
            if not _blank(line):
                if empty and nodes:
                    nodes.append(Text("\n" * (empty + 1)))
                empty = 0
                chunk.append(line)
                continue
            nodes += self._inline(chunk)
            chunk = []
            empty += 1
        nodes += self._inline(chunk)
        if nodes:
            self._blocks.append(Paragraph(tuple(merged(nodes))))

    def _inline(self, lines: list[str]) -> list[Inline]:
        if not lines:
            return []
        nodes, steps = parse_inline("\n".join(lines), self._depth)
        self.steps += steps
        return nodes


def _quoted(line: str) -> str | None:
    """What is quoted by a line, or None."""
    if line.startswith("> "):
        return line[2:]
    return "" if line == ">" else None


def _blank(line: str) -> bool:
    return BLANK.fullmatch(line) is not None


def _may_open(rest: str, size: int) -> bool:
    """Code may begin behind the fence, unless that fence ends before the line does: then it stands within a line."""
    return all(len(found.group()) != size or found.end() == len(rest) for found in _TICKS.finditer(rest))


def _fence_ends(lines: Sequence[str]) -> dict[int, list[int]]:
    """By the number of backticks: the lines that end in so many."""
    ends: dict[int, list[int]] = {}
    for number, line in enumerate(lines):
        trimmed = line.rstrip(_WHITE_END)
        size = len(trimmed) - len(trimmed.rstrip("`"))
        if size >= _FENCE:
            ends.setdefault(size, []).append(number)
    return ends
