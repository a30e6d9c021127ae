"""Makes chatproto/wire/emoji_table.py from the package `emoji`, which holds Unicode's emoji-test.txt.

`python -m tests.unit.emoji_package` after the package was updated; tests/unit/test_emoji.py says whether it is due.
"""

import re
from importlib import import_module
from pathlib import Path
from typing import Any, Final

PLACE: Final = Path(__file__).parents[2] / "chatproto" / "wire" / "emoji_table.py"
TONE: Final = re.compile("[\U0001f3fb-\U0001f3ff]")
WIDTH: Final = 100
"""Code points in a line; most are drawn two columns wide or not at all."""


def released() -> tuple[frozenset[str], str]:
    """Every RGI emoji, fully qualified, and the version of Unicode's list."""
    package: Any = import_module("emoji")
    qualified = package.STATUS["fully_qualified"]
    data = package.EMOJI_DATA
    emoji = frozenset(text for text, about in data.items() if about["status"] == qualified)
    return emoji, str(max(about["E"] for about in data.values()))


def folded(emoji: frozenset[str]) -> list[str]:
    """The same with `a`, `b` and `c` in the place of skin tones, as the table explains."""
    tones: dict[str, list[list[str]]] = {}
    for text in emoji:
        tones.setdefault(TONE.sub("?", text), []).append(TONE.findall(text))
    lines = []
    for pattern, found in sorted(tones.items()):
        letters = {1: "", 5: "a", 25: "ab", 20: "ac"}[len(found)]
        assert pattern.count("?") == len(letters), pattern
        assert len(found) != 20 or all(first != second for first, second in found), pattern
        for letter in letters:
            pattern = pattern.replace("?", letter, 1)
        lines.append(pattern)
    return lines


def module() -> str:
    """The text of the module."""
    emoji, version = released()
    lines = [""]
    for pattern in folded(emoji):
        if lines[-1] and len(lines[-1]) + len(pattern) >= WIDTH // 2:
            lines.append("")
        lines[-1] += " " + pattern if lines[-1] else pattern
    body = "\n".join(lines)
    return f'''"""Every emoji that Unicode recommends for general interchange (RGI).

Written by tests/unit/emoji_package.py.
"""

from typing import Final

VERSION: Final = "{version}"
"""Of Unicode's list."""

EMOJI: Final = """
{body}
"""
"""Fully qualified. `a` stands for any of the five skin tones, `b` for any second one, `c` for another one than `a`."""
'''


if __name__ == "__main__":
    PLACE.write_text(module(), encoding="utf-8")
