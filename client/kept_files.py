"""The bytes of files that are on their way, in a folder of this machine: durable before their message is in the outbox,
removed after it has left.

Everything here but `LocalFile`s blocks: call it in a thread.
"""

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Final
from uuid import uuid4

from chatproto.client.session_outputs import LocalFile
from client.exceptions import ChatError

MOST: Final = 1 << 30
"""Bytes of all of them."""
PART: Final = 1 << 20
UNREADABLE: Final = "file_unreadable"


class KeptFiles:
    """`folder`: None is one that is made when it is needed, and is removed by `close`."""

    def __init__(self, folder: Path | None, most: int = MOST) -> None:
        self._folder = folder
        self._lasting = folder is not None
        self._most = most

    def keep(self, path: Path, name: str, *, as_file: bool = False) -> LocalFile:
        """A copy of a file, on the disk when this returns. Raises ChatError (file_empty; disk_full, where there is no
        room, or more than `most` bytes would be kept) and OSError, where the file cannot be read."""
        file = LocalFile(local_id=uuid4().hex, name=name, size=path.stat().st_size, as_file=as_file)
        if file.size == 0:
            raise ChatError("file_empty")
        with path.open("rb") as source:
            folder = self._made()
            if self._kept() + file.size > self._most:
                raise ChatError("disk_full", f"files on their way may have {self._most} bytes")
            draft = folder / f"{file.local_id}.new"
            try:
                with draft.open("xb") as copy:
                    shutil.copyfileobj(source, copy, PART)
                    size = copy.tell()
                    copy.flush()
                    os.fsync(copy.fileno())
                draft.rename(folder / file.local_id)
                _sync(folder)
            except OSError as error:
                draft.unlink(missing_ok=True)
                raise ChatError("disk_full", str(error)) from None
        return LocalFile(local_id=file.local_id, name=name, size=size, as_file=as_file)

    def holds(self, file: LocalFile) -> bool:
        """Whether its bytes are here."""
        return self._folder is not None and (self._folder / file.local_id).exists()

    def read(self, file: LocalFile, offset: int, size: int) -> bytes:
        """A piece. Raises ChatError: file_lost, or file_unreadable, where it may be read later."""
        try:
            with (self._made() / file.local_id).open("rb") as kept:
                kept.seek(offset)
                piece = kept.read(min(size, file.size - offset))
        except FileNotFoundError as error:
            raise ChatError("file_lost", str(error)) from None
        except OSError as error:
            raise ChatError(UNREADABLE, str(error)) from None
        if len(piece) < min(size, file.size - offset):
            raise ChatError("file_lost", "it is shorter than it was")
        return piece

    def place(self, local_id: str) -> str | None:
        """Where an earlier attempt has begun to upload it."""
        try:
            return self._note(local_id).read_text("ascii")
        except (OSError, ValueError):
            return None

    def note(self, local_id: str, place: str) -> None:
        """It is uploaded there. A note that is lost costs time alone."""
        with suppress(OSError):
            draft = self._note(local_id).with_suffix(".draft")
            draft.write_text(place, "ascii")
            draft.rename(self._note(local_id))

    def drop(self, local_ids: Iterable[str]) -> None:
        """They are not needed any more."""
        for local_id in local_ids:
            for path in (self._made() / local_id, self._note(local_id)):
                with suppress(OSError):
                    path.unlink(missing_ok=True)

    def sweep(self, wanted: Iterable[str]) -> None:
        """Remove all but these: what an end at a bad moment left behind."""
        if self._folder is None or not self._folder.exists():
            return
        stay = set(wanted)
        for path in self._folder.iterdir():
            if path.stem not in stay or path.suffix in (".new", ".draft"):
                with suppress(OSError):
                    path.unlink(missing_ok=True)

    def close(self) -> None:
        """No more calls."""
        if self._folder is not None and not self._lasting:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _made(self) -> Path:
        if self._folder is None:
            self._folder = Path(mkdtemp(prefix="vestnik-"))
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._folder

    def _note(self, local_id: str) -> Path:
        return self._made() / f"{local_id}.upload"

    def _kept(self) -> int:
        kept = 0
        for entry in os.scandir(self._made()):
            with suppress(FileNotFoundError):  # it is dropped at this moment
                kept += entry.stat().st_size
        return kept


def _sync(folder: Path) -> None:
    """The name of a new file is durable."""
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
