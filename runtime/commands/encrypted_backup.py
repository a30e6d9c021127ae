"""Backups that only the holder of a key can read. What is not encrypted is only ever in the server's own folder."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from runtime.age.files import decrypt, encrypt, is_encrypted
from runtime.age.keys import KeyFileError, read_secret
from storage.backup import refuse_to_replace
from storage.durable import draft_of, sync

SUFFIX: Final = ".age"
_PREFIX: Final = ".backup-"
_STALE: Final = timedelta(days=1)
"""For so long somebody may be at work in a folder for drafts; an older one was left by a process that was killed."""


@contextmanager
def folder_for_drafts(data_dir: Path, now: datetime) -> Iterator[Path]:
    """In the server's folder, where messages are not encrypted anyway; gone at the end. Raises OSError."""
    for left in data_dir.glob(f"{_PREFIX}*"):
        if left.stat().st_mtime < (now - _STALE).timestamp():
            shutil.rmtree(left)
    data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=data_dir) as folder:
        yield Path(folder)


@contextmanager
def own_folder(data_dir: Path, now: datetime) -> Iterator[Path]:
    """The same, or on a machine without a server, where a backup is tried out, a folder of this user's own."""
    if data_dir.is_dir():
        with folder_for_drafts(data_dir, now) as folder:
            yield folder
        return
    with tempfile.TemporaryDirectory(prefix="vestnik-") as other:
        yield Path(other)


def lock_away(plain: Path, target: Path, readers: Sequence[X25519PublicKey], notes: Mapping[str, str]) -> None:
    """Encrypt to `target`, which gets its name when it is whole, on the disk, and read once more.

    Raises MigrationError where it is there already, OSError, NotAge.
    """
    refuse_to_replace(target)
    draft = draft_of(target)
    try:
        encrypt(plain, draft, readers, notes)
        draft.rename(target)
        sync(target.parent)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def unlocked(path: Path, key: Path | None, data_dir: Path, now: datetime) -> Iterator[Path]:
    """A backup that can be read: this file itself, or what is in it. Raises KeyFileError, NotAge, OSError."""
    if not path.is_file() or not is_encrypted(path):
        yield path
        return
    if key is None:
        raise KeyFileError(f"{path} is encrypted: name the file with its secret key by --key")
    keys = read_secret(key)
    with own_folder(data_dir, now) as folder:
        plain = folder / path.name.removesuffix(SUFFIX)
        decrypt(path, plain, keys)
        yield plain
