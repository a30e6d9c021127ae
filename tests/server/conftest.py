"""Fixtures of the tests that talk to a real server over real sockets."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.server.house import House, copy_database, empty_database, open_house

OpenHouse = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, made once a run and copied for each test."""
    path = tmp_path_factory.mktemp("template") / "empty.sqlite3"
    empty_database(path)
    return path


@pytest.fixture
def transport() -> str:
    """What serves WebSockets: our own listener, as under `vestnik serve`. Modules may try `quart` as well."""
    return "own"


@pytest.fixture
def house_at(empty_sqlite: Path, tmp_path: Path, transport: str) -> OpenHouse:
    """Opens a server with settings and limits of the test's own choice."""

    def open_it(**more: Any) -> AbstractAsyncContextManager[House]:
        path = tmp_path / "vestnik.sqlite3"
        if not path.exists():
            copy_database(empty_sqlite, path)
        return open_house(path, **{"transport": transport, **more})

    return open_it


@pytest.fixture
async def house(house_at: OpenHouse) -> AsyncIterator[House]:
    """A server with the ordinary settings."""
    async with house_at() as opened:
        yield opened
