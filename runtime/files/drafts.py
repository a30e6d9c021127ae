"""Files that are on their way in: they grow in a folder of their own and become known only when they are whole."""

import os
import secrets
import shutil
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from runtime.files.sniffing import HEAD
from runtime.logs import get_logger

log = get_logger(__name__)

ABANDONED: Final = 24 * 3600.0
"""Seconds after its last byte that a draft is kept."""
FOLDERS: Final = ".pictures"
"""How folders end in which pictures are made."""
_MODE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)


class Draft:
    """One file that grows. Everything here blocks: call it in a thread, one call at a time. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self.head = b""
        self._sha256 = sha256()
        self._file = os.open(path, _MODE, 0o600)

    @property
    def sha256(self) -> bytes:
        """Of what was written so far."""
        return self._sha256.digest()

    def write(self, data: bytes) -> None:
        """Append."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._file, rest) :]
        self._sha256.update(data)
        self.head += data[: HEAD - len(self.head)]
        self.size += len(data)

    def discard(self) -> None:
        """It is not wanted, or was taken away already."""
        self._close()
        self.path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def new_draft(folder: Path) -> Draft:
    """An empty draft under a random name."""
    return Draft(folder / f"{secrets.token_hex(16)}.part")


def _written_at(path: Path) -> float:
    """The last time; of the two files of an upload that of the later one."""
    times = [path.stat().st_mtime]
    with suppress(FileNotFoundError):
        times.append(
            path.with_suffix({".plan": ".data", ".data": ".plan"}.get(path.suffix, path.suffix)).stat().st_mtime
        )
    return max(times)


def remove_abandoned(folder: Path) -> int:
    """Remove drafts that nobody has written to for a day; how many they were."""
    oldest = time.time() - ABANDONED
    removed = 0
    for path in [*folder.glob("*.part"), *folder.glob(f"*{FOLDERS}"), *folder.glob("u*/*.*")]:
        try:
            if _written_at(path) < oldest:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
                removed += 1
        except FileNotFoundError:
            continue
        except OSError as error:
            log.warning("draft_kept", reason=type(error).__name__, number=error.errno)
    return removed
