"""A MySQL or MariaDB is opened also while it is away; where it will never let us in, that is told at once."""

import logging
from collections.abc import Sequence
from typing import Final

from trio_mysql import err

from storage.migrate import MigrationError
from storage.mysql import MySQLStorage
from storage.mysql_auth import AUTH_PLUGIN_ERROR, NEEDS_TLS
from storage.mysql_connection import error_code
from storage.mysql_pool import StoreUnavailable
from storage.mysql_url import parse_url
from storage.observer import Observer

_log = logging.getLogger("storage.open")

_REFUSED: Final = {
    1044: "the user has no rights on this database: see GRANT in docs/installing.md",
    1045: "user or password are wrong (in the URL, characters such as @ / : # are percent-encoded)",
    1049: "there is no such database: see CREATE DATABASE in docs/installing.md",
    1130: "the database lets nobody in from this machine: the user's host does not fit",
    AUTH_PLUGIN_ERROR: NEEDS_TLS,
}
"""Errors of MySQL that pass by no waiting, and what they mean."""


def hopeless(error: BaseException) -> str | None:
    """Why waiting for that database is no use; None where it may be back."""
    cause: BaseException | None = error
    while cause is not None:
        if (told := _REFUSED.get(error_code(cause))) is not None:
            return f"the database refuses the log-in ({error_code(cause)}): {told}"
        cause = cause.__cause__
    return None


async def open_mysql(url: str, replicas: Sequence[str], observer: Observer) -> MySQLStorage:
    """What `open_storage` says of it."""
    storage = MySQLStorage(parse_url(url), replicas=[parse_url(one) for one in replicas], observer=observer)
    try:
        await storage.check_schema()
        for warning in await storage.warnings():
            _log.warning("durability_weak", extra={"reason": warning})
    except (StoreUnavailable, err.MySQLError) as error:
        if (reason := hopeless(error)) is not None:
            await storage.aclose()
            raise MigrationError(reason) from error
        _log.warning("database_silent", extra={"reason": str(error)})
    except BaseException:
        await storage.aclose()
        raise
    return storage
