"""Hints by way of the database, for processes that have no better bus: a short-lived log that all of them read.

It is an accelerator like any bus (chatproto.server.hints): what is lost in it, the sweep finds.
"""

from datetime import datetime
from typing import Final

from attrs import frozen

MOST_HEARD: Final = 500
"""Rows above `after_id` in one HintsHeard."""


@frozen
class TellHints:
    """Put `data` where the others read, in the name of the process `sender`, and remove what stands below `before_id`.
    Outcome: Done."""

    sender: int
    data: bytes
    before_id: int
    now: datetime


@frozen
class HearHints:
    """What stands above `after_id`, and those of `missing` that are there by now: their numbers were given out, and
    they were not committed yet when higher ones were. Outcome: HintsHeard."""

    after_id: int
    missing: tuple[int, ...] = ()


@frozen
class HintRow:
    """`data` as it was told."""

    id: int
    sender: int
    data: bytes


@frozen
class HintsHeard:
    """By id. `newest`: the highest id there is, 0 where there is none."""

    rows: tuple[HintRow, ...]
    newest: int
