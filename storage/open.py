"""From the URL of a database to the store in it."""

import sqlite3
from collections.abc import Sequence

from storage.migrate import MigrationError, SchemaMismatch, sqlite_path
from storage.observer import Observer, Unobserved
from storage.port import Storage
from storage.sqlite import SQLiteStorage

__all__ = ["SchemaMismatch", "open_storage"]


async def open_storage(url: str, *, replicas: Sequence[str] = (), observer: Observer | None = None) -> Storage:
    """Open `sqlite:///path` (migrated by the caller), `mysql://...` or `mariadb://...` (see `parse_url`).

    A MySQL that is away is no error here: the store says so until it is back. Raises SchemaMismatch where the
    database answers and its schema is not this program's, MigrationError where an SQLite file cannot be opened or a
    MySQL lets nobody in by that URL,
    ValueError for another URL; none of them tells the password. `replicas`: URLs of
    replicas of a MySQL or MariaDB, which may be away. `observer` is told what the store does.
    """
    observer = observer or Unobserved()
    if url.startswith("sqlite:"):
        path = sqlite_path(url)
        try:
            return SQLiteStorage(path, observer=observer)
        except sqlite3.Error as error:
            raise MigrationError(f"the SQLite file {path} cannot be opened: {error}") from error
    from storage.mysql_opening import open_mysql  # its drivers are a good part of a start, and not needed for SQLite

    return await open_mysql(url, replicas, observer)
