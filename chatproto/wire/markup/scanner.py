"""Characters and steps of the parser.

The classes of characters are fixed tables of docs/text.md and no properties of Unicode: these grow with each version of
it, and then two clients would draw two trees.
"""

import re
from typing import Final

_WORDS: Final = (
    "0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0300-\u036f\u0370-\u037d\u037f-\u0386"
    "\u0388-\u0559\u0560-\u0588\u0590-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7-\u05f2\u0610-\u061a\u0620-\u0669"
    "\u066e-\u06d3\u06d5-\u06ff\u0710-\u0963\u0966-\u0df3\u0df5-\u0dff\u10a0-\u10fa\u10fc-\u135f\u1369-\u167f"
    "\u1681-\u177f\u1800-\u1fff\u2c00-\u2dff\ua640-\ua82f\ua830-\uabff\ufb00-\ufd3d\ufd50-\ufdff\ufe70-\ufefc"
    "\U00010000-\U0001afff\U0001bc00-\U0001caff\U0001d400-\U0001d7ff\U0001e000-\U0001efff"
)
_DENSE: Final = (
    "\u0e00-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c"
    "\u3041-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f"
    "\uac00-\ud7ff\uf900-\ufaff\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uffdc\U0001b000-\U0001bbff"
    "\U00020000-\U0003ffff"
)
"""Letters of scripts whose words stand without spaces between them."""
_WHITE: Final = "\\t\\n\\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_NO_ADDRESS: Final = (
    _WHITE + "\\x00-\\x1f\\x7f-\\x9f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb" + '<>"`\\\\'
)
"""What ends an address wherever it stands: white space, controls, what is invisible, quotes, angles, a backslash."""

WORD: Final = re.compile(f"[{_WORDS}]")
"""A letter or digit of a script whose words are set apart by spaces."""
WHITE: Final = re.compile(f"[{_WHITE}]")
BLANK: Final = re.compile(f"[{_WHITE}]*")
RUN: Final = re.compile(f"[{_WORDS}{_DENSE}]+(?:(?:[.+%]|-+|_+)[{_WORDS}{_DENSE}]+)*")
"""Words that are tied together by single signs, as in `snake_case`, `example.com` and `first.last+tag`."""
PROSE: Final = re.compile(rf"(?:[{_WORDS}{_DENSE}]+(?![{_WORDS}{_DENSE}.+%:@_-])|[^{_WORDS}{_DENSE}*_~|`\\@])+")
"""Words that can be no part of an address, and what stands between them: most of what people write."""
HOST: Final = re.compile(f"[{_WORDS}{_DENSE}]+(?:(?:\\.|-+|_+)[{_WORDS}{_DENSE}]+)*")
LETTERS: Final = re.compile(f"[{_WORDS}]+")
AUTHORITY: Final = re.compile(rf"(?:[^{_NO_ADDRESS}*~|/?#]|\*(?!\*)|~(?!~)|\|(?!\|))*")
REST: Final = re.compile(rf"(?:[^{_NO_ADDRESS}*~|]|\*(?!\*)|~(?!~)|\|(?!\|))*")
"""Of an address: two of the signs that make marks end it."""


class Scanner:
    """A text, and how many steps were done on it: a step is a character that was looked at."""

    __slots__ = ("steps", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.steps = 0

    def end(self, pattern: re.Pattern[str], at: int) -> int:
        """Where a match that begins at `at` ends; `at` itself where there is none."""
        found = pattern.match(self.text, at)
        end = found.end() if found else at
        self.steps += end - at + 1
        return end

    def at(self, index: int) -> str:
        """One character; empty outside of the text."""
        self.steps += 1
        return self.text[index : index + 1] if index >= 0 else ""


def is_word(character: str) -> bool:
    """Of one character or none."""
    return WORD.match(character) is not None


def is_white(character: str) -> bool:
    """Of one character or none: the ends of a text count as white."""
    return character == "" or WHITE.match(character) is not None
