"""`vestnik files`: the operator looks after the bytes of files, while servers run or stand."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from runtime.config import Settings
from runtime.files.backup import Saved, load_blobs, save_blobs
from runtime.files.links import FileLinks
from runtime.files.service import Files, open_files, open_place, open_store
from runtime.files.sweeping import sweep
from runtime.files.upkeep import BlobFault, Say, move, remove_orphans
from runtime.files.upkeep import check as compare
from runtime.opened_storage import storage_of_command

HARMLESS: Final = frozenset({"orphaned", "no preview"})
"""Faults by which nobody misses a file."""


class FilesError(Exception):
    """The text says why it cannot be done."""


async def check(settings: Settings, say: Say, *, hashes: bool) -> bool:
    """Tell what is wrong, a line each; whether every file can be read."""
    async with _opened(settings) as files:
        found = await compare(settings.database_url, files.store, say, hashes=hashes)
    for one in found:
        say(str(one))
    say(_summary(found))
    return all(one.fault in HARMLESS for one in found)


async def collect(settings: Settings, say: Say, *, dry: bool) -> None:
    """Remove what no file needs: files that have ended, drafts nobody goes on with, blobs that no file names."""
    async with _opened(settings) as files:
        ended = 0
        if not dry:
            async with storage_of_command(settings) as storage:
                ended = await sweep(files, storage.perform, lambda: datetime.now(UTC), settings.database_url)
        found = [one for one in await compare(settings.database_url, files.store, say) if one.fault == "orphaned"]
        for one in found:
            say(str(one))
        if not dry:
            found = await remove_orphans(settings.database_url, files, found)
    size = sum(one.size for one in found)
    verb = "would be removed" if dry else "removed"
    say(f"{verb}: {len(found)} blobs without a file, {size / 2**20:.1f} MiB; {ended} files that had ended")


async def bring(settings: Settings, say: Say) -> None:
    """From the old place to the new one. Raises FilesError, OSError."""
    if settings.files_old_url is None:
        raise FilesError("say where files were: set VESTNIK_FILES_OLD_URL, for the servers too, and start those anew")
    if settings.files_old_url == settings.files_url:
        raise FilesError("VESTNIK_FILES_OLD_URL and VESTNIK_FILES_URL are the same place")
    new, old = open_place(settings, settings.files_url), open_place(settings, settings.files_old_url)
    async with aclosing(new), aclosing(old):
        moved = await move(open_files(settings.data_dir, FileLinks({}), new), old, new, say)
    say(f"all is moved ({moved} blobs); unset VESTNIK_FILES_OLD_URL and start the servers anew")


async def back_up(settings: Settings, draft: Path, say: Say) -> Saved:
    """Put the bytes of files into a backup that is being made."""
    async with _opened(settings) as files:
        return await save_blobs(settings.database_url, files.store, draft, say)


async def load(settings: Settings, backup: Path, say: Say) -> int | None:
    """Put the bytes of a backup into the store; None: there are none in it. Raises DamagedBackup, OSError."""
    async with _opened(settings) as files:
        return await load_blobs(files, backup, say)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Files]:
    async with aclosing(open_store(settings)) as store:
        yield open_files(settings.data_dir, FileLinks({}), store)


def _summary(found: list[BlobFault]) -> str:
    counts: dict[str, int] = {}
    for one in found:
        counts[one.fault] = counts.get(one.fault, 0) + 1
    return ", ".join(f"{count} {fault}" for fault, count in sorted(counts.items())) or "all files are there"
