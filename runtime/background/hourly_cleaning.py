"""Once an hour, and at the start: what has no meaning any more leaves the database, a slice at a time."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal

import trio

from chatproto.operations import CleanedUp, CleanUp
from runtime.logs import get_logger
from storage.port import Ask

log = get_logger(__name__)

INTERVAL: Final = 3600.0
"""Seconds between two runs; each process has its own, and they do not disturb each other."""
SLICE: Final = 500
"""Rows looked at in one transaction."""
PAUSE: Final = 0.1
"""Seconds between two slices, for those who wait for the database."""
Kind = Literal["tokens", "sessions", "keys", "codes", "audit", "names"]
KINDS: Final[tuple[Kind, ...]] = ("tokens", "sessions", "keys", "codes", "audit", "names")


async def clean_for_ever(ask: Ask, now: Callable[[], datetime], interval: float = INTERVAL) -> None:
    """Until cancelled. What a store that is away leaves undone, the next run does."""
    while True:
        counts = await clean(ask, now)
        if any(counts.values()):
            log.info("cleaned", **counts)
        await trio.sleep(interval)


async def clean(ask: Ask, now: Callable[[], datetime], size: int = SLICE, pause: float = PAUSE) -> dict[str, int]:
    """One run: how many refresh tokens, sessions, idempotency keys, codes, lines of the audit and kept
    names were removed, and sessions ended."""
    counts = {**{f"old_{kind}": 0 for kind in KINDS}, "unused_sessions": 0}
    for kind in KINDS:
        place: int | None = 0
        while place is not None:
            outcome = await ask(CleanUp(kind, place, size, now()))
            if not isinstance(outcome, CleanedUp):
                break
            counts[f"old_{kind}"] += outcome.removed
            counts["unused_sessions"] += outcome.ended
            place = outcome.next_id
            await trio.sleep(pause)
    return counts
