"""Opens the storage of the settings: for a server, and for the commands of an operator."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import trio

from runtime.config import Settings
from storage.migrate import MigrationError, check_schema, sqlite_path, upgrade_kept
from storage.observer import Observer
from storage.open import SchemaMismatch, open_storage
from storage.port import Storage

CLOSE_TIMEOUT: Final = 5.0
"""Seconds in which a storage is closed."""


class StartupError(Exception):
    """The server cannot start; the text tells the operator what to do."""


async def open_prepared_storage(settings: Settings, observer: Observer | None = None) -> Storage:
    """The storage of the settings; an embedded database is made and migrated by itself."""
    url = settings.database_url
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if url.startswith("sqlite:"):
        await trio.to_thread.run_sync(upgrade_kept, url)
    return await _open(url, settings.database_read_url, observer)


async def _open(url: str, replicas: Sequence[str] = (), observer: Observer | None = None) -> Storage:
    try:
        return await open_storage(url, replicas=replicas, observer=observer)
    except SchemaMismatch as error:
        raise StartupError(str(error)) from None


def require_database(url: str) -> None:
    """Raise MigrationError where an SQLite file is not there: a wrong folder, most likely, and a new one would never be
    served."""
    if url.startswith("sqlite:") and not sqlite_path(url).exists():
        raise MigrationError(
            f"there is no database at {sqlite_path(url)}: call this in the folder of the server's settings, name its "
            "folder with --data-dir or its database with --database, or make an empty one first with `vestnik migrate`"
        )


@asynccontextmanager
async def storage_of_command(settings: Settings) -> AsyncIterator[Storage]:
    """That of a command of the operator, closed at its end: the one that is there, as it is. A command that was called
    in a wrong folder would else make a new one there, and one of a newer version change what an older one serves.

    Raises StartupError, MigrationError.
    """
    url = settings.database_url
    require_database(url)
    if url.startswith("sqlite:"):
        try:
            await trio.to_thread.run_sync(check_schema, url)
        except SchemaMismatch as error:
            raise StartupError(str(error)) from None
    storage = await _open(url)
    try:
        yield storage
    finally:
        with trio.CancelScope(shield=True, deadline=trio.current_time() + CLOSE_TIMEOUT):
            await storage.aclose()
