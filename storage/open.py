"""From the URL of a database to the store in it."""

import logging
import sqlite3
from random import Random

from trio_mysql import err

from storage.migrate import MigrationError, SchemaMismatch, sqlite_path
from storage.mysql import MySQLStorage
from storage.mysql_connection import parse_url
from storage.mysql_pool import StoreUnavailable
from storage.observer import Observer, Unobserved
from storage.port import Storage
from storage.sqlite import SQLiteStorage

__all__ = ["SchemaMismatch", "StoreUnavailable", "open_storage"]

_log = logging.getLogger(__name__)


async def open_storage(url: str, *, random: Random | None = None, observer: Observer | None = None) -> Storage:
    """Open `sqlite:///path` (migrated by the caller), `mysql://...` or `mariadb://...` (see `parse_url`).

    A MySQL that is away is no error here: the store says so until it is back. Raises SchemaMismatch where the
    database answers and its schema is not this program's, MigrationError where an SQLite file cannot be opened,
    ValueError for another URL; none of them tells the password. `random` jitters pauses;
    `observer` is told what the store does.
    """
    observer = observer or Unobserved()
    if url.startswith("sqlite:"):
        path = sqlite_path(url)
        try:
            return SQLiteStorage(path, observer=observer)
        except sqlite3.Error as error:
            raise MigrationError(f"the SQLite file {path} cannot be opened: {error}") from error
    storage = MySQLStorage(parse_url(url), random=random, observer=observer)
    try:
        await storage.check_schema()
        for warning in await storage.warnings():
            _log.warning("durability_weak", extra={"reason": warning})
    except (StoreUnavailable, err.MySQLError) as error:
        _log.warning("database_silent", extra={"reason": str(error)})
    except BaseException:
        await storage.aclose()
        raise
    return storage
