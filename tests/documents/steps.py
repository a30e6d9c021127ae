"""The steps that a page tells people to take: its blocks of code behind a comment such as

    <!-- run: the database with mariadb mysql -->

which readers do not see. Behind `with` stand the databases that the step is for; without it, it is for all. `as
vestnik`: by the server's user, in the folder of its settings, as the page says above it; else by root.
"""

import re
from pathlib import Path
from typing import Final

from attrs import frozen

ROOT: Final = Path(__file__).parents[2]
_STEP: Final = re.compile(
    r"^<!-- run: (?P<name>[^\n]+?)(?P<own> as vestnik)?(?: with (?P<kinds>[a-z ]+))? -->\n"
    r"```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_MARK: Final = "<!-- run:"


@frozen
class Step:
    """`language`: sh or sql. `own`: by the server's user. `kinds`: empty for all."""

    page: str
    name: str
    language: str
    text: str
    own: bool
    kinds: frozenset[str]


def steps_of(page: str, kind: str) -> list[Step]:
    """Those of a page (its name in docs/) for that kind of database, in their order."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    found = [
        Step(
            page,
            each["name"],
            each["language"],
            each["text"],
            bool(each["own"]),
            frozenset((each["kinds"] or "").split()),
        )
        for each in _STEP.finditer(text)
    ]
    assert len(found) == text.count(_MARK), f"a comment in {page} has no block of code right behind it"
    return [step for step in found if not step.kinds or kind in step.kinds]
