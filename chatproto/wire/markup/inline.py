"""What stands in a paragraph: marks, code, addresses, mentions (docs/text.md). One pass, open marks on a stack."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal, TypeAlias

from attrs import define, field

from chatproto.wire.markup import links
from chatproto.wire.markup.nodes import Code, Inline, Mention, MentionAll, Styled, Text
from chatproto.wire.markup.scanner import BLANK, LETTERS, PROSE, RUN, Scanner, is_white, is_word

DEPTH: Final = 4
"""Quotes and marks nest no deeper."""
Style: TypeAlias = Literal["bold", "italic", "struck", "spoiler"]
_STYLES: Final[dict[str, Style]] = {"**": "bold", "_": "italic", "~~": "struck", "||": "spoiler"}
_MARKS: Final = {sign: re.compile(re.escape(sign) + "+") for sign in "*_~|`\\"}
_TICKS: Final = re.compile("`+|\n")
_ESCAPED: Final = frozenset("*_~|`@")
_USERNAME: Final = re.compile(r"(?:[A-Za-z0-9_.-]|\\[_.-])*")
_FACES: Final = frozenset("^;<>=-")
"""A mark between two of them belongs to a face, as in `^_^`."""
_NAME_LENGTH: Final = (3, 32)
_ALL: Final = "все"


Pieces: TypeAlias = "list[Inline | Pieces]"
"""Nodes in their order; a list among them is what was found to be no node of its own."""


@define
class _Open:
    """A mark that was opened, and what came since; the first of them is the paragraph itself."""

    mark: str
    nodes: Pieces = field(factory=list)
    height: int = 0

    def put(self, text: str) -> None:
        """Text beside text is one text."""
        self.nodes.append(Text(text))


def parse_inline(text: str, depth: int) -> tuple[list[Inline], int]:
    """The nodes of lines without an empty one between them, within `depth` quotes; and the steps that it took."""
    paragraph = _Paragraph(text, depth)
    return paragraph.parse(), paragraph.scanner.steps


class _Paragraph:
    def __init__(self, text: str, depth: int) -> None:
        self.scanner = Scanner(text)
        self._depth = depth
        self._open = [_Open("")]
        self._places: dict[str, list[int]] = {mark: [] for mark in _STYLES}
        self._ticks = _closing_ticks(self.scanner) if "`" in text else {}

    def parse(self) -> list[Inline]:
        text, at = self.scanner.text, 0
        while at < len(text):
            sign = text[at]
            if sign == "\\":
                at = self._backslash(at)
            elif sign == "`":
                at = self._code(at)
            elif sign in "*_~|":
                at = self._mark(at)
            elif sign == "@":
                at = self._mention(at)
            else:
                at = self._words(at)
        return merged(self._collapse(0).nodes)

    def _put(self, text: str) -> None:
        self._open[-1].put(text)

    def _words(self, at: int) -> int:
        """Prose, or a run of words, which may be an address."""
        end = self.scanner.end(PROSE, at)
        if end == at:
            end = self.scanner.end(RUN, at)
            start = links.scheme_start(self.scanner, at, end)
            self._put(self.scanner.text[at:start])
            at = start
            found = links.find(self.scanner, at, end)
            if found is not None:
                node, end = found
                self._open[-1].nodes.append(node)
                return end
        self._put(self.scanner.text[at:end])
        return end

    def _backslash(self, at: int) -> int:
        """Backslashes are themselves, but before a sign that makes marks: there each of them shields the next sign."""
        text = self.scanner.text
        end = self.scanner.end(_MARKS["\\"], at)
        sign = self.scanner.at(end)
        line_start = at == 0 or text[at - 1] == "\n"
        if sign not in _ESCAPED and not (sign == ">" and line_start):
            self._put(text[at:end])
            return end
        self._put("\\" * ((end - at) // 2))
        if (end - at) % 2:
            at, end = end, self.scanner.end(_MARKS[sign], end) if sign in _MARKS else end + 1
            self._put(text[at:end])
        return end

    def _code(self, at: int) -> int:
        """Between as many backticks as there are here, within a line."""
        text = self.scanner.text
        end = self.scanner.end(_MARKS["`"], at)
        closing = self._ticks.get(at)
        if closing is None or BLANK.fullmatch(text, end, closing):
            self._put(text[at:end])
            return end
        self.scanner.steps += closing - end
        code = text[end:closing]
        after = closing + end - at
        if code[0] == " " and code[-1] == " " and (code[1] == "`" or code[-2] == "`"):
            code = code[1:-1]
        self._open[-1].nodes.append(Code(code))
        return after

    def _mark(self, at: int) -> int:
        """Opens or closes what it stands beside; a run of another length is text."""
        text = self.scanner.text
        end = self.scanner.end(_MARKS[text[at]], at)
        mark = text[at:end]
        if mark not in _STYLES:
            self._put(mark)
            return end
        before, after = self.scanner.at(at - 1), self.scanner.at(end)
        if before in _FACES and after in _FACES:
            self._put(mark)
        elif self._places[mark] and not is_white(before) and not is_word(after):
            self._close(mark)
        elif not is_white(after) and not is_word(before):
            self._places[mark].append(len(self._open))
            self._open.append(_Open(mark))
        else:
            self._put(mark)
        return end

    def _close(self, mark: str) -> None:
        """What was opened within and not closed is text; so is what would nest too deep."""
        found = self._collapse(self._places[mark][-1])
        self._open.pop()
        self._places[mark].pop()
        around = self._open[-1]
        if self._depth + found.height + 1 > DEPTH:
            around.nodes += [Text(mark), found.nodes, Text(mark)]
            around.height = max(around.height, found.height)
        else:
            around.nodes.append(Styled(_STYLES[mark], tuple(merged(found.nodes))))
            around.height = max(around.height, found.height + 1)

    def _collapse(self, place: int) -> _Open:
        """Takes what is open above a place for text."""
        target = self._open[place]
        for found in self._open[place + 1 :]:
            self.scanner.steps += len(found.nodes) + 1
            self._places[found.mark].pop()
            target.put(found.mark)
            target.nodes += found.nodes
            target.height = max(target.height, found.height)
        del self._open[place + 1 :]
        return target

    def _mention(self, at: int) -> int:
        """`@username`, `@all`, `@все`; a name ends in a letter, a digit or a shielded sign."""
        text = self.scanner.text
        before = self.scanner.at(at - 1)
        if not is_word(before) and before != "@":
            name, end = _username(text, at + 1, self.scanner.end(_USERNAME, at + 1))
            if end == at + 1:
                end = self.scanner.end(LETTERS, at + 1)
                name = text[at + 1 : end].lower()
                if name == _ALL and self.scanner.at(end) != "@":
                    self._open[-1].nodes.append(MentionAll(text[at:end]))
                    return end
            elif _NAME_LENGTH[0] <= len(name) <= _NAME_LENGTH[1] and self._ends(end):
                shown = "@" + name
                name = name.lower()
                self._open[-1].nodes.append(MentionAll(shown) if name == "all" else Mention(shown, name))
                return end
        self._put("@")
        return at + 1

    def _ends(self, at: int) -> bool:
        following = self.scanner.at(at)
        return not is_word(following) and following != "@"


def _username(text: str, start: int, end: int) -> tuple[str, int]:
    """The name between the two without the signs of a sentence at its end, and where it ends."""
    while end > start and text[end - 1] in "_.-" and text[end - 2] != "\\":
        end -= 1
    return text[start:end].replace("\\", ""), end


def _closing_ticks(scanner: Scanner) -> dict[int, int]:
    """By the place of a run of backticks: the place of the next one of its length in its line."""
    closing: dict[int, int] = {}
    ahead: dict[int, int] = {}
    for found in reversed(list(_TICKS.finditer(scanner.text))):
        scanner.steps += found.end() - found.start()
        if found.group() == "\n":
            ahead = {}
            continue
        length = found.end() - found.start()
        if length in ahead:
            closing[found.start()] = ahead[length]
        ahead[length] = found.start()
    scanner.steps += len(scanner.text)
    return closing


def merged(pieces: Sequence["Inline | Pieces"]) -> list[Inline]:
    """The nodes alone; texts that stand beside one another become one."""
    result: list[Inline] = []
    words: list[str] = []
    for node in _flat(pieces):
        if isinstance(node, Text):
            words.append(node.text)
            continue
        if any(words):
            result.append(Text("".join(words)))
        words = []
        result.append(node)
    if any(words):
        result.append(Text("".join(words)))
    return result


def _flat(pieces: Sequence["Inline | Pieces"]) -> Iterator[Inline]:
    """Without recursion: a stranger may have nested them a thousand deep."""
    stack = [iter(pieces)]
    while stack:
        for piece in stack[-1]:
            if isinstance(piece, list):
                stack.append(iter(piece))
                break
            yield piece
        else:
            stack.pop()
