"""`vestnik serve` at less cost, for tests that start a server as a process of its own.

A real hash of a password takes 0.2 s of a processor at the lowest priority, so beside other tests seconds, and most
make several accounts. Real ones are hashed by tests/unit/test_passwords.py, under a stock hypercorn and by the command
line. The migrations of a new SQLite database take 0.3 s: where one was made beforehand (`prepare`) a server begins with
a copy. All of them are run by a start of its own, by tests/storage/test_migrations.py and by the command line.
"""

import secrets
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from types import ModuleType

from argon2 import PasswordHasher

from runtime import cli, compose, opened_storage
from storage.migrate import EPOCH, sqlite_path, upgrade, upgrade_kept
from storage.passwords import Passwords


def prepare() -> bytes:
    """A database that is migrated and empty, as the bytes of its file."""
    with tempfile.TemporaryDirectory(prefix="vestnik-empty-") as folder:
        path = Path(folder, "empty.sqlite3")
        upgrade(f"sqlite:///{path}")
        with closing(sqlite3.connect(path)) as connection:
            return connection.serialize()


def begin(empty: bytes, url: str) -> str:
    """What `upgrade_kept` does; a database that is not there becomes a copy of `empty`, with an epoch of its own."""
    path = sqlite_path(url)
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(empty)
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("update meta set value = ? where name = ?", (secrets.token_hex(8), EPOCH))
    return upgrade_kept(url)


def replace(module: ModuleType, name: str, by: object) -> None:
    """Have the module use something else by a name that it has."""
    assert hasattr(module, name), f"{module.__name__} has no {name} any more"
    setattr(module, name, by)


def main(argv: Sequence[str] | None = None, empty: bytes | None = None) -> int:
    """One command of `vestnik`; the exit code. `empty`: what a new SQLite database begins with (`prepare`)."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    replace(compose, "Passwords", partial(Passwords, cheap))
    if empty is not None:
        replace(opened_storage, "upgrade_kept", partial(begin, empty))
    return cli.main(argv)


if __name__ == "__main__":
    sys.exit(main())
