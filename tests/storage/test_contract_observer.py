"""What a store tells of its work: batches with their sizes, connections in use."""

from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from storage.mysql import MySQLStorage
from storage.mysql_url import parse_url
from storage.observer import ReplicaAnswer
from storage.port import Storage
from storage.sqlite import SQLiteStorage
from tests.storage.databases import empty_database
from tests.storage.store_house import House, refusal

Opens = Callable[["Notes"], Storage]


class Notes:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.in_use = [0]

    def committed(self, operations: int, seconds: float) -> None:
        assert seconds >= 0
        self.batches.append(operations)

    def leased(self, connections: int) -> None:
        self.in_use.append(self.in_use[-1] + connections)

    def replica_asked(self, answer: ReplicaAnswer) -> None:
        raise AssertionError("there are no replicas")


@pytest.fixture(params=["sqlite", "mariadb"])
async def opens(request: pytest.FixtureRequest, sqlite_file: Path) -> Opens:
    """Opens an empty store that tells the given observer."""
    if request.param == "sqlite":
        return lambda notes: SQLiteStorage(sqlite_file, readers=2, observer=notes)
    url = await trio.to_thread.run_sync(empty_database, "mariadb")
    return lambda notes: MySQLStorage(parse_url(url), readers=2, observer=notes)


async def test_batches_are_told(opens: Opens) -> None:
    notes = Notes()
    house = House(opens(notes))
    ann, bob, eve = await house.people(3)
    chat = await house.direct(ann, bob)
    notes.batches.clear()
    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(house.send, chat, ann)
    assert refusal(await house.try_send(chat, eve)) == "not_member"
    assert sum(notes.batches) == 21
    assert max(notes.batches) > 1
    await house.store.aclose()


async def test_connections_in_use_are_told(opens: Opens) -> None:
    notes = Notes()
    house = House(opens(notes))
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    assert max(notes.in_use) == 1
    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(house.page, ann, chat)
    assert max(notes.in_use) == 2
    assert notes.in_use[-1] == 0
    assert min(notes.in_use) == 0
    await house.store.aclose()
