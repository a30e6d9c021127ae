"""Files that get their names when they are whole and on the disk."""

import os
import secrets
from pathlib import Path


def sync(path: Path) -> None:
    """What a file holds, or the names in a folder, are on the disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def draft_of(path: Path) -> Path:
    """A name beside it that nobody else takes, for a backup until it is whole: `remove_left` of
    runtime/commands/rotation.py knows drafts by this form."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")
