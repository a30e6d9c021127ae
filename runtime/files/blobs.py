"""Where the bytes of files are: each under a random key, written once, never changed."""

import os
import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final, Protocol

import trio
from attrs import frozen

from storage.durable import sync

KEY: Final = re.compile(r"[a-z0-9]{32}(-[0-9]{3,4})?")
"""What names a blob, and a preview of it; nothing of what people say goes into it."""
PIECE: Final = 256 * 1024
"""Bytes that are read and passed on at a time."""
CLEAN_UP: Final = 10.0
"""Seconds in which what is there of a blob is taken back where the rest could not be kept."""
THREADS: Final = trio.CapacityLimiter(8)
"""For everything that waits for the disk of files, so that it does not stand in the way of the database's."""


@frozen
class Entry:
    """A blob that a store has. `changed_at`: seconds since 1970 at which it came."""

    key: str
    size: int
    changed_at: float


class Blob(Protocol):
    """Bytes that are open for reading. `place`: where they are below the folder of blobs; None where in no folder."""

    size: int
    place: str | None

    def pieces(self, offset: int, length: int) -> AsyncGenerator[bytes, None]:
        """That part, which must be in it, in pieces of at most PIECE bytes; to be closed. Raises OSError."""
        ...

    async def aclose(self) -> None:
        """No more calls."""
        ...


class BlobStore(Protocol):
    """Keeps blobs. Its methods raise OSError where it cannot be reached."""

    async def put(self, path: Path, key: str) -> None:
        """Take a whole file away from `path`; it is durable under `key` when this returns."""
        ...

    async def open(self, key: str) -> Blob | None:
        """None where there is no such blob."""
        ...

    async def remove(self, key: str) -> None:
        """Remove a blob, if it is there."""
        ...

    def entries(self) -> AsyncGenerator[Entry, None]:
        """All blobs, ascending by key; to be closed. What comes or goes meanwhile may be among them or not."""
        ...

    async def aclose(self) -> None:
        """No more calls."""
        ...


class FolderBlob:
    """A file that is open; it can be read to its end also when its name is gone."""

    def __init__(self, file: int, place: str) -> None:
        self._file = file
        self.size = os.fstat(file).st_size
        self.place: str | None = place

    async def pieces(self, offset: int, length: int) -> AsyncGenerator[bytes, None]:
        """See Blob."""
        end = offset + length
        while offset < end:
            size = min(PIECE, end - offset)
            data = await trio.to_thread.run_sync(os.pread, self._file, size, offset, limiter=THREADS)
            if not data:
                raise OSError("a blob is shorter than it was")
            yield data
            offset += len(data)

    async def aclose(self) -> None:
        """See Blob."""
        os.close(self._file)


class FolderStore:
    """A folder with 256 folders in it. Only the owner of the process can read them; their group too, where that is
    `shared` with a proxy that hands files out."""

    def __init__(self, root: Path, *, shared: bool = False) -> None:
        self.root = root
        self._folder_mode, self._file_mode = (0o750, 0o640) if shared else (0o700, 0o600)

    async def put(self, path: Path, key: str) -> None:
        """See BlobStore. `path` must be on the same file system."""
        await trio.to_thread.run_sync(self._put, path, self._place(key), limiter=THREADS)

    async def open(self, key: str) -> Blob | None:
        """See BlobStore."""
        try:
            flags = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
            file = await trio.to_thread.run_sync(os.open, self._place(key), flags, limiter=THREADS)
        except FileNotFoundError:
            return None
        return FolderBlob(file, f"{key[:2]}/{key}")

    async def remove(self, key: str) -> None:
        """See BlobStore."""
        await trio.to_thread.run_sync(_unlink, self._place(key), limiter=THREADS)

    async def entries(self) -> AsyncGenerator[Entry, None]:
        """See BlobStore."""
        for folder in await trio.to_thread.run_sync(_names, self.root, limiter=THREADS):
            for entry in await trio.to_thread.run_sync(_entries, self.root / folder, limiter=THREADS):
                yield entry

    async def aclose(self) -> None:
        """See BlobStore."""

    def _place(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise ValueError("not a key of a blob")
        return self.root / key[:2] / key

    def _put(self, path: Path, place: Path) -> None:
        folder = place.parent
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(self._folder_mode)  # whatever the umask is
            sync(self.root)
        path.chmod(self._file_mode)
        os.utime(path)  # the blob comes now, however long ago its bytes did: what no file names is kept for a while
        path.rename(place)
        sync(folder)


def _names(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir() if len(path.name) == 2 and path.is_dir())


def _entries(folder: Path) -> list[Entry]:
    found = []
    for path in sorted(folder.iterdir(), key=lambda one: one.name):
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue
        if KEY.fullmatch(path.name) and path.name.startswith(folder.name):
            found.append(Entry(path.name, stat.st_size, stat.st_mtime))
    return found


def _unlink(path: Path) -> None:
    path.unlink(missing_ok=True)
