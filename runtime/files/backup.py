"""The bytes of files in a backup: two tables of their own in its SQLite file, beside those of the database."""

import sqlite3
from collections.abc import Iterator
from contextlib import aclosing, closing
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import trio
from attrs import frozen

from runtime.files.blobs import THREADS, BlobStore
from runtime.files.service import PREVIEWS, Files, preview_key
from runtime.files.upkeep import ProgressLines, Say
from storage.durable import sync
from storage.file_rows import kept_blob

_TABLES: Final = (
    "CREATE TABLE backup_blobs (key TEXT NOT NULL PRIMARY KEY, size INTEGER NOT NULL, sha256 BLOB NOT NULL)",
    "CREATE TABLE backup_parts (key TEXT NOT NULL, place INTEGER NOT NULL, data BLOB NOT NULL,"
    " PRIMARY KEY (key, place))",
)
_PAGE: Final = 500


class DamagedBackup(Exception):
    """What is in the file is not what was put there."""


@frozen
class Saved:
    """`missing`: keys of blobs that files need and the store does not have."""

    blobs: int
    size: int
    missing: tuple[str, ...]


async def save_blobs(database: str, store: BlobStore, backup: Path, say: Say) -> Saved:
    """Add the bytes of all files that a backup of `database` names. Raises OSError, MigrationError."""
    progress, missing = ProgressLines(say, "saved"), list[str]()
    with closing(sqlite3.connect(backup, isolation_level=None)) as target:
        target.execute("PRAGMA synchronous = OFF")  # it is synced when it is whole
        for table in _TABLES:
            target.execute(table)
        rows = _pages(target, "SELECT blob, count(width) FROM files WHERE blob > ? GROUP BY blob", b"")
        for name, pictures in rows:
            key = bytes(name).decode()
            size = await _save(store, target, key)
            if size is None:
                if await trio.to_thread.run_sync(kept_blob, database, key) is not None:  # else removed meanwhile
                    missing.append(key)
                continue
            for preview in PREVIEWS if pictures else ():
                size += await _save(store, target, preview_key(key, preview)) or 0
            progress.step(size)
    progress.tell()
    return Saved(progress.blobs, progress.size, tuple(missing))


async def load_blobs(files: Files, backup: Path, say: Say) -> int | None:
    """Put what a backup holds into the store, each compared with its digest; how many blobs, None where it was made
    without files. Raises DamagedBackup, OSError."""
    progress = ProgressLines(say, "restored")
    with closing(sqlite3.connect(backup, isolation_level=None)) as source:
        if not _holds_blobs(source):
            return None
        for key, size, digest in _pages(source, "SELECT key, size, sha256 FROM backup_blobs WHERE key > ?", ""):
            draft = await files.draft()
            try:
                parts = source.execute(
                    "SELECT CAST(data AS BLOB) FROM backup_parts WHERE key = ? ORDER BY place", (key,)
                )
                for (data,) in parts:
                    await trio.to_thread.run_sync(partial(draft.write, data), limiter=THREADS)
                if (draft.size, draft.sha256) != (size, digest):
                    raise DamagedBackup(f"{backup}: the bytes of {key} are damaged")
                await trio.to_thread.run_sync(sync, draft.path, limiter=THREADS)
                await files.store.put(draft.path, key)
            finally:
                await files.discard(draft)
            progress.step(size)
    progress.tell()
    return progress.blobs


async def _save(store: BlobStore, target: sqlite3.Connection, key: str) -> int | None:
    """None: there is no such blob."""
    blob = await store.open(key)
    if blob is None:
        return None
    digest, size, place = sha256(), 0, 0
    target.execute("BEGIN")
    async with aclosing(blob), aclosing(blob.pieces(0, blob.size)) as pieces:
        async for data in pieces:
            target.execute("INSERT INTO backup_parts VALUES (?, ?, ?)", (key, place, data))
            digest.update(data)
            size, place = size + len(data), place + 1
    target.execute("INSERT INTO backup_blobs VALUES (?, ?, ?)", (key, size, digest.digest()))
    target.execute("COMMIT")
    return size


def _holds_blobs(source: sqlite3.Connection) -> bool:
    try:
        return bool(source.execute("SELECT 1 FROM sqlite_master WHERE name = 'backup_blobs'").fetchone())
    except sqlite3.DatabaseError:  # it is no backup at all, which the database's own restore tells
        return False


def _pages(connection: sqlite3.Connection, query: str, after: str | bytes) -> Iterator[tuple[Any, ...]]:
    """Rows of a query by what its first column is above."""
    while rows := connection.execute(f"{query} ORDER BY 1 LIMIT {_PAGE}", (after,)).fetchall():
        yield from rows
        after = rows[-1][0]
