"""One contract, several stores: every test that asks for `house` runs on each of them."""

import shutil
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import trio

from storage.migrate import upgrade
from storage.port import Storage
from storage.sqlite import SQLiteStorage
from tests.storage.model_backend import ModelStorage
from tests.storage.store_house import House

EPOCH = "the first epoch"


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


async def _open(kind: str, sqlite_file: Path) -> Storage:
    if kind == "model":
        return ModelStorage(EPOCH)
    if kind == "sqlite":
        return SQLiteStorage(sqlite_file)
    open_module = pytest.importorskip("storage.open")
    if kind == "mariadb":
        from tests.mariadb_server import shared_mariadb

        url = await trio.to_thread.run_sync(shared_mariadb().new_database)
    else:
        from tests.mysql_server import shared_mysql

        url = await trio.to_thread.run_sync(shared_mysql().new_database)
    await trio.to_thread.run_sync(partial(upgrade, url, epoch=EPOCH))
    store: Storage = await open_module.open_storage(url)
    return store


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
