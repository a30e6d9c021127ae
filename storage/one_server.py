"""That one server alone serves an SQLite file: what one process delivers, another would not know of."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SUFFIX: Final = "-server"
"""Of the file beside the database; SQLite itself makes `-wal` and `-shm`."""


class AlreadyServed(Exception):
    """Another process serves this database."""


@contextmanager
def only_server(database: Path) -> Iterator[None]:
    """Be the one that serves it until the end, which the end of the process is too. Raises AlreadyServed.

    Commands for operators (`vestnik user`, `vestnik backup`) are no servers and need not ask.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(f"{database}{SUFFIX}", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
            raise AlreadyServed(f"process {holder or '?'} serves {database} already; SQLite has one server") from None
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)
