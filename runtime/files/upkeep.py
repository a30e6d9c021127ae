"""What an operator asks of the files that are kept: is everything there, what is too much, bring it elsewhere.

Servers may run meanwhile. What the database says and what the store has are read at different moments, so whatever
does not fit is looked at once more, and what came within the last hour is let be.
"""

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import partial
from hashlib import sha256
from typing import Final, Literal

import trio
from attrs import define, field, frozen

from runtime.files.blobs import BlobStore, Entry
from runtime.files.service import PREVIEWS, Files
from storage.file_rows import PAGE, KeptBlob, kept_blob, kept_blobs

GRACE: Final = 3600.0
"""Seconds in which what no file names may still become one."""
MOVERS: Final = 4
"""Blobs on their way at a time."""
EVERY: Final = 2.0
"""Seconds between two lines of progress."""

Fault = Literal["missing", "no preview", "wrong size", "wrong hash", "orphaned"]
Say = Callable[[str], None]


@frozen
class BlobFault:
    """`files`: how many are concerned; none where no file names it."""

    fault: Fault
    key: str
    size: int
    files: int = 0

    def __str__(self) -> str:
        return f"{self.fault}: {self.key} ({self.size} bytes, of {self.files} files)"


@define
class ProgressLines:
    """Tells how far something is, not more often than each EVERY seconds."""

    say: Say
    what: str
    blobs: int = 0
    size: int = 0
    _next: float = field(factory=lambda: trio.current_time() + EVERY)

    def step(self, size: int) -> None:
        """One more."""
        self.blobs += 1
        self.size += size
        if trio.current_time() >= self._next:
            self.tell()
            self._next = trio.current_time() + EVERY

    def tell(self) -> None:
        """Now."""
        self.say(f"{self.what}: {self.blobs} blobs, {self.size / 2**20:.1f} MiB")


@frozen
class _Group:
    """A blob of the store with its previews: entries by what stands behind the key."""

    key: str
    entries: dict[str, Entry]

    @property
    def size(self) -> int:
        return sum(entry.size for entry in self.entries.values())

    @property
    def changed_at(self) -> float:
        return max(entry.changed_at for entry in self.entries.values())


async def check(database: str, store: BlobStore, say: Say, *, hashes: bool = False) -> list[BlobFault]:
    """Compare the database with the store, every byte where `hashes` are wanted. Raises OSError, MigrationError."""
    found: list[BlobFault] = []
    progress = ProgressLines(say, "checked")
    async with aclosing(_rows(database)) as rows, aclosing(_groups(store)) as groups:
        row, group = await anext(rows, None), await anext(groups, None)
        while row is not None or group is not None:
            if group is None or (row is not None and row.key < group.key):
                assert row is not None
                found += await _missing(database, store, row)
                row = await anext(rows, None)
                continue
            if row is None or group.key < row.key:
                found += await _orphaned(database, group)
            else:
                found += await _faults(store, row, group, hashes=hashes)
                row = await anext(rows, None)
            progress.step(group.size)
            group = await anext(groups, None)
    progress.tell()
    return found


async def remove_orphans(database: str, files: Files, findings: list[BlobFault]) -> list[BlobFault]:
    """Those among them that no file has come to name since; which they were. Raises OSError, MigrationError."""
    removed = []
    for one in findings:
        if one.fault == "orphaned" and not await _is_known(database, one.key):
            await files.remove(one.key)
            removed.append(one)
    return removed


async def move(files: Files, old: BlobStore, new: BlobStore, say: Say) -> int:
    """Bring everything from one store to the other; how many blobs. What was done stays done where it is stopped.

    Servers must know both places (runtime/files/two_places.py). Raises OSError."""
    progress = ProgressLines(say, "moved")
    failed: list[OSError] = []
    async with trio.open_nursery() as nursery:
        send, receive = trio.open_memory_channel[Entry](0)

        async def work(entries: trio.MemoryReceiveChannel[Entry]) -> None:
            async with entries:
                async for entry in entries:
                    try:
                        await _move(files, old, new, entry)
                    except OSError as error:
                        failed.append(error)
                        return nursery.cancel_scope.cancel()
                    progress.step(entry.size)

        for _ in range(MOVERS):
            nursery.start_soon(work, receive.clone())
        receive.close()
        async with send, aclosing(old.entries()) as entries:
            async for entry in entries:
                await send.send(entry)
    progress.tell()
    if failed:
        raise failed[0]
    return progress.blobs


async def _move(files: Files, old: BlobStore, new: BlobStore, entry: Entry) -> None:
    """In the new store before it leaves the old one. What a server removed meanwhile is taken back."""
    key = entry.key
    there = await new.open(key)
    if there is not None:
        await there.aclose()
    if there is None or there.size != entry.size:
        blob = await old.open(key)
        if blob is None:
            return
        async with aclosing(blob):
            await files.copy(blob, key, new)
    again = await old.open(key)
    if again is None:
        return await new.remove(key)
    await again.aclose()
    await old.remove(key)


async def _rows(database: str) -> AsyncGenerator[KeptBlob, None]:
    first = ""
    while True:
        page = await trio.to_thread.run_sync(kept_blobs, database, first)
        for row in page:
            yield row
        if len(page) < PAGE:
            return
        first = f"{page[-1].key}0"  # keys have one length, so nothing is between


async def _groups(store: BlobStore) -> AsyncGenerator[_Group, None]:
    group: _Group | None = None
    async with aclosing(store.entries()) as entries:
        async for entry in entries:
            key, _, suffix = entry.key.partition("-")
            if group is not None and group.key != key:
                yield group
                group = None
            group = group or _Group(key, {})
            group.entries[suffix] = entry
    if group is not None:
        yield group


async def _missing(database: str, store: BlobStore, row: KeptBlob) -> list[BlobFault]:
    blob = await store.open(row.key)
    if blob is not None:
        await blob.aclose()
    gone = not await _is_known(database, row.key)
    return [] if blob is not None or gone else [BlobFault("missing", row.key, row.size, row.files)]


async def _orphaned(database: str, group: _Group) -> list[BlobFault]:
    if group.changed_at > time.time() - GRACE:
        return []
    return [] if await _is_known(database, group.key) else [BlobFault("orphaned", group.key, group.size)]


async def _is_known(database: str, key: str) -> bool:
    return await trio.to_thread.run_sync(kept_blob, database, key) is not None


async def _faults(store: BlobStore, row: KeptBlob, group: _Group, *, hashes: bool) -> list[BlobFault]:
    entry = group.entries.get("")
    of = partial(BlobFault, key=row.key, size=row.size, files=row.files)
    if entry is None:
        return [of("missing")]
    if entry.size != row.size:
        return [of("wrong size")]
    if hashes and not await _fits(store, row):
        return [of("wrong hash")]
    return [of("no preview")] if row.has_previews and str(PREVIEWS[0]) not in group.entries else []


async def _fits(store: BlobStore, row: KeptBlob) -> bool:
    """Also where it was removed meanwhile."""
    blob = await store.open(row.key)
    if blob is None:
        return True
    digest = sha256()
    async with aclosing(blob), aclosing(blob.pieces(0, blob.size)) as pieces:
        async for piece in pieces:
            digest.update(piece)
    return digest.digest() == row.sha256
