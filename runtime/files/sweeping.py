"""What no message holds any more leaves the disk: within a minute of its end."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import trio

from chatproto.operations import CleanFiles, FilesRemoved
from runtime.files.blobs import THREADS
from runtime.files.drafts import remove_abandoned
from runtime.files.service import Files
from runtime.logs import get_logger
from storage.port import Ask

log = get_logger(__name__)

INTERVAL: Final = 20.0
"""Seconds between two sweeps; each process has its own, and they do not disturb each other."""
SLICE: Final = 100
"""Files removed in one transaction."""


async def sweep_for_ever(files: Files, ask: Ask, now: Callable[[], datetime]) -> None:
    """Until cancelled. What a store that is away leaves undone, the next sweep does."""
    while True:
        removed = await sweep(files, ask, now)
        if removed:
            log.info("files_removed", files=removed)
        await trio.sleep(INTERVAL)


async def sweep(files: Files, ask: Ask, now: Callable[[], datetime]) -> int:
    """One sweep: how many files it removed. A blob that cannot be removed stays, and the log says so."""
    removed = 0
    while True:
        outcome = await ask(CleanFiles(now(), SLICE))
        if not isinstance(outcome, FilesRemoved):
            break
        removed += outcome.removed
        for blob in outcome.blobs:
            try:
                await files.remove(blob)
            except OSError as error:
                log.warning("blob_kept", reason=type(error).__name__)
        if outcome.removed < SLICE:
            break
    await trio.to_thread.run_sync(remove_abandoned, files.drafts, limiter=THREADS)
    return removed
