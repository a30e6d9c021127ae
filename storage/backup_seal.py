"""The seal of a backup: digests of all that is in it, in a table of its own, so that a damaged one is never restored.

Of each table the rows are digested as SQLite gives them, whatever the version that made them, and the schema as well.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from storage.migrate import MigrationError

TABLE: Final = "backup_seal"
_MARK: Final = "table "
"""Before the name of a table; other names are notes."""
_ROWS: Final = 100
"""Read at a time: one may hold a piece of a file."""


def seal(path: Path, notes: Mapping[str, str]) -> None:
    """Write down what is in the backup at `path`, and notes of whoever makes it. Raises MigrationError."""
    with _opened(path, writable=True) as backup:
        digests = _digests(backup)
        backup.execute(f"CREATE TABLE {TABLE} (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)")
        backup.executemany(f"INSERT INTO {TABLE} VALUES (?, ?)", [*digests.items(), *notes.items()])
        backup.commit()


def check_seal(path: Path) -> bool:
    """Read everything; False where there is no seal to compare with. Raises MigrationError for a damaged backup."""
    with _opened(path) as backup:
        sealed = _sealed(backup)
        if not sealed:
            return False
        found, wanted = _digests(backup), {name: value for name, value in sealed.items() if name.startswith(_MARK)}
    if found != wanted:
        [first, *_] = sorted(set(found.items()) ^ set(wanted.items()))
        raise MigrationError(f"{path}: the backup is damaged: the {first[0]} is not as it was written")
    return True


def notes_of(path: Path) -> dict[str, str]:
    """What its maker noted; {} for what is no sealed backup."""
    try:
        with _opened(path) as backup:
            return {name: value for name, value in _sealed(backup).items() if not name.startswith(_MARK)}
    except MigrationError:
        return {}


@contextmanager
def _opened(path: Path, *, writable: bool = False) -> Iterator[sqlite3.Connection]:
    mode = "rw" if writable else "ro"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True)) as backup:
            backup.text_factory = bytes  # as it is there: damaged text is no error of its own
            yield backup
    except sqlite3.Error as error:
        raise MigrationError(f"{path}: is no backup, or is damaged: {error}") from error


def _sealed(backup: sqlite3.Connection) -> dict[str, str]:
    if not backup.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (TABLE,)).fetchone():
        return {}
    rows = backup.execute(f"SELECT name, value FROM {TABLE}")
    return {str(name, "utf-8", "replace"): str(value, "utf-8", "replace") for name, value in rows}


def _digests(backup: sqlite3.Connection) -> dict[str, str]:
    schema = backup.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE tbl_name <> ? AND name NOT LIKE 'sqlite%' ORDER BY type, name",
        (TABLE,),
    ).fetchall()
    tables = [str(name, "utf-8", "replace") for kind, name, _ in schema if kind == b"table"]
    digests = {_MARK + name: _digest(backup.execute(f'SELECT * FROM "{name}" NOT INDEXED')) for name in tables}
    return digests | {f"{_MARK}of contents": sha256(msgspec.msgpack.encode(schema)).hexdigest()}


def _digest(rows: sqlite3.Cursor) -> str:
    digest = sha256()
    while part := rows.fetchmany(_ROWS):
        for row in part:
            digest.update(msgspec.msgpack.encode(row))
    return digest.hexdigest()
