"""Uploads that go on where they were cut, also after a restart: a file that grows, and beside it what is known of it.

Each owner has a folder of their own, so nobody finds anybody else's. A writer holds a lock on the file that all
processes of this machine respect. Everything here blocks: call it in a thread. Raises OSError.
"""

import fcntl
import os
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from attrs import frozen

from runtime.files.drafts import ABANDONED
from runtime.files.sniffing import HEAD

MOST: Final = 20
"""Unfinished uploads of one user that are kept."""
MOST_FINISHED: Final = 100
"""Of those that became files, so many are remembered for a client that did not hear of it."""


class Plan(msgspec.Struct, frozen=True):
    """What the client said at the beginning. `file_id`: what became of it."""

    length: int
    name: str
    as_file: bool
    file_id: str | None = None


@frozen
class Whole:
    """A file that is complete."""

    path: Path
    size: int
    head: bytes
    sha256: bytes


@frozen
class Progress:
    """How far one has come. `ends_at`: seconds since 1970."""

    plan: Plan
    offset: int
    ends_at: float


class Upload:
    """One of a user; perhaps it is not there."""

    def __init__(self, drafts: Path, owner_id: int, upload_id: str) -> None:
        self._folder = drafts / f"u{owner_id}"
        self.path = self._folder / f"{upload_id}.data"
        self._plan = self._folder / f"{upload_id}.plan"

    def create(self, plan: Plan) -> bool:
        """An empty one; False: the user has too many."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        unfinished = {path.stem for path in self._folder.glob("*.data")}
        if len(unfinished) >= MOST:
            return False
        finished = [path for path in self._folder.glob("*.plan") if path.stem not in unfinished]
        for path in sorted(finished, key=_changed)[:-MOST_FINISHED]:
            path.unlink(missing_ok=True)
        os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        self._write(plan)
        return True

    def look(self) -> Progress | None:
        """None: there is none."""
        try:
            plan = msgspec.json.decode(self._plan.read_bytes(), type=Plan)
            changed = self._plan.stat().st_mtime
            if plan.file_id is not None:
                return Progress(plan, plan.length, changed + ABANDONED)
            grown = self.path.stat()
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        return Progress(plan, grown.st_size, max(changed, grown.st_mtime) + ABANDONED)

    def open(self) -> "Writer":
        """To append. Raises BlockingIOError where somebody else does."""
        return Writer(self.path)

    def whole(self) -> Whole:
        """What it holds, under a further name, which may be moved away."""
        path = self.path.with_suffix(".part")
        path.unlink(missing_ok=True)
        os.link(self.path, path)
        digest = sha256()
        with path.open("rb") as file:
            head = file.read(HEAD)
            digest.update(head)
            while data := file.read(1 << 20):
                digest.update(data)
            return Whole(path, file.tell(), head, digest.digest())

    def finish(self, plan: Plan) -> None:
        """A file was made of it."""
        self._write(plan)
        self.path.unlink(missing_ok=True)
        self.path.with_suffix(".part").unlink(missing_ok=True)

    def remove(self) -> None:
        """Nothing is left."""
        for path in (self._plan, self.path, self.path.with_suffix(".part")):
            path.unlink(missing_ok=True)

    def _write(self, plan: Plan) -> None:
        draft = self._plan.with_suffix(".new")
        draft.write_bytes(msgspec.json.encode(plan))
        draft.chmod(0o600)
        draft.rename(self._plan)


def _changed(path: Path) -> float:
    """When; long ago where it was removed just now."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


class Writer:
    """Appends to an upload until it is closed."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise
        self.size = os.fstat(self._file).st_size

    def write(self, data: bytes | bytearray) -> None:
        """Append."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._file, rest) :]
        self.size += len(data)

    def cut(self, size: int) -> None:
        """Take back what is behind that."""
        os.ftruncate(self._file, size)
        self.size = size

    def close(self) -> None:
        """What was appended is on the disk."""
        try:
            os.fsync(self._file)
        finally:
            os.close(self._file)
