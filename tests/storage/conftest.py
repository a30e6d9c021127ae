"""One contract, several stores: every test that asks for `house` runs on each of them."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Literal

import pytest
import trio

from storage.migrate import upgrade
from storage.mysql_url import MySQLSettings
from storage.open import open_storage
from storage.port import Storage
from storage.sqlite import SQLiteStorage
from tests.mariadb_server import MariaDB, private_mariadb
from tests.storage.counters import counters
from tests.storage.databases import EPOCH, empty_database
from tests.storage.model_backend import ModelStorage
from tests.storage.store_house import House


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy, which is faster than migrating for each test."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.db"
    upgrade(f"sqlite:///{path}", epoch=EPOCH)
    return path


@pytest.fixture
def sqlite_file(empty_sqlite: Path, tmp_path: Path) -> Path:
    """A fresh database of one's own."""
    return Path(shutil.copy(empty_sqlite, tmp_path / "vestnik.db"))


async def _open(kind: Literal["model", "sqlite", "mariadb", "mysql"], sqlite_file: Path) -> Storage:
    if kind == "model":
        return ModelStorage(EPOCH)
    if kind == "sqlite":
        return SQLiteStorage(sqlite_file)
    return await open_storage(await trio.to_thread.run_sync(empty_database, kind))


@pytest.fixture(params=["model", "sqlite", "mariadb", "mysql"])
async def store(request: pytest.FixtureRequest, sqlite_file: Path) -> AsyncIterator[Storage]:
    """Each kind of store in turn, empty."""
    opened = await _open(request.param, sqlite_file)
    yield opened
    await opened.aclose()


@pytest.fixture
async def house(store: Storage) -> House:
    """The store with short names for its operations."""
    return House(store)


@pytest.fixture(params=["mariadb", "mysql"])
async def settings(request: pytest.FixtureRequest) -> MySQLSettings:
    """A database with two counters at 0 (tests/storage/counters.py) on each kind of server."""
    return await counters(request.param)


@pytest.fixture
def server() -> Iterator[MariaDB]:
    """A MariaDB to be stopped, killed and frozen."""
    server = private_mariadb()
    yield server
    server.stop()
