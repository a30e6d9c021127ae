"""What no message holds any more leaves the disk: within a minute of its end.

Rows go first, then bytes. What stands between the two is noted on the disk (runtime/files/removal_notes.py), so that it
is removed by a later sweep where the store refuses, or the server stops.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

import trio

from chatproto.operations import CleanFiles, FilesRemoved
from runtime.files.blobs import THREADS
from runtime.files.drafts import remove_abandoned
from runtime.files.removal_notes import Noted, note_down, read_notes, replace_notes
from runtime.files.service import Files
from runtime.logs import get_logger
from storage.file_rows import named_blobs
from storage.migrate import MigrationError
from storage.port import Ask

log = get_logger(__name__)

INTERVAL: Final = 20.0
"""Seconds between two sweeps; each process has its own, and they do not disturb each other."""
SLICE: Final = 100
"""Files removed in one transaction; a single one where the store refused to remove a blob just before."""
REFUSALS: Final = 3
"""One after the other by which a store is known to remove nothing now."""
FINISH: Final = 5.0
"""Seconds in which a server that stops may still note what it has just removed from the database."""

T = TypeVar("T")


async def sweep_for_ever(files: Files, ask: Ask, now: Callable[[], datetime], database: str) -> None:
    """Until cancelled. What a store that is away leaves undone, the next sweep does."""
    while True:
        removed = await sweep(files, ask, now, database)
        if removed:
            log.info("files_removed", files=removed)
        await trio.sleep(INTERVAL)


async def sweep(files: Files, ask: Ask, now: Callable[[], datetime], database: str) -> int:
    """One sweep: how many files it removed. A blob that the store does not remove stays noted for the next one, and the
    log says so; meanwhile files stay in the database, but for one a sweep, by which it is tried again."""
    removed = 0
    well = await _remove(files, await _left(files, database))
    while True:
        size = SLICE if well else 1
        count, noted = await _outlast(partial(_end_some, files, ask, now(), size), FINISH)
        removed += count
        well = await _remove(files, noted)
        if count < size or not well:
            break
    await trio.to_thread.run_sync(remove_abandoned, files.drafts, limiter=THREADS)
    return removed


async def _end_some(files: Files, ask: Ask, now: datetime, size: int) -> tuple[int, Noted]:
    """Files that have ended: how many, and the blobs that nothing names any more."""
    outcome = await ask(CleanFiles(now, size))
    if not isinstance(outcome, FilesRemoved):
        return 0, Noted()
    return outcome.removed, await _note(files, outcome.blobs)


async def _left(files: Files, database: str) -> Noted:
    """By sweeps before. What a file names is none of it: a backup was restored since then."""
    try:
        noted = await trio.to_thread.run_sync(read_notes, files.drafts, limiter=THREADS)
        named = set[str]()
        if noted.keys:
            ask = partial(named_blobs, database, noted.keys)
            named = await trio.to_thread.run_sync(ask, abandon_on_cancel=True)  # a database that hangs holds up no stop
    except (OSError, MigrationError) as error:
        log.warning("removals_not_read", reason=type(error).__name__)
        return Noted()
    return Noted([key for key in noted.keys if key not in named], noted.notes)


async def _note(files: Files, keys: Sequence[str]) -> Noted:
    try:
        return await trio.to_thread.run_sync(note_down, files.drafts, keys, limiter=THREADS)
    except OSError as error:  # a full disk: all the more they are removed now
        log.warning("removals_not_noted", blobs=len(keys), reason=type(error).__name__)
        return Noted(keys)


async def _remove(files: Files, noted: Noted) -> bool:
    """Whether the store removes blobs. What it refuses is tried after all others by the next sweep."""
    kept, refusals, reason = list[str](), 0, ""
    for place, key in enumerate(noted.keys, 1):
        try:
            await files.remove(key)
            refusals = 0
        except OSError as error:
            kept.append(key)
            refusals, reason = refusals + 1, type(error).__name__
            if refusals == REFUSALS:
                kept = [*noted.keys[place:], *kept]
                break
    if kept:
        log.warning("blobs_kept", blobs=len(kept), reason=reason)
    if noted.notes or kept:
        try:
            await trio.to_thread.run_sync(replace_notes, files.drafts, noted, kept, limiter=THREADS)
        except OSError as error:
            log.warning("removals_not_noted", blobs=len(kept), reason=type(error).__name__)
    return not refusals


async def _outlast(work: Callable[[], Awaitable[T]], seconds: float) -> T:
    """Do it, and go on for so many seconds where the caller is cancelled meanwhile."""
    scope = trio.CancelScope(shield=True)

    async def hurry() -> None:
        try:
            await trio.sleep_forever()
        finally:
            scope.deadline = trio.current_time() + seconds

    async with trio.open_nursery() as nursery:
        nursery.start_soon(hurry)
        with scope:
            done = await work()
        if scope.cancelled_caught:
            await trio.sleep_forever()  # the caller is cancelled as well
        nursery.cancel_scope.cancel()
    return done
