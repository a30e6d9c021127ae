"""A MySQL that goes and comes back, or is no primary any more: what it costs those who ask meanwhile."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pymysql
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from chatproto.operations import Appended, ListUsers, OperationFailed, Outcome, UsersFound
from storage.migrate import upgrade
from storage.mysql import MySQLStorage
from storage.mysql_connection import Connection
from storage.mysql_url import parse_url
from storage.open import open_storage
from tests.mariadb_server import PASSWORD, USER, MariaDB, private_mariadb
from tests.storage.store_house import House, expect


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MariaDB]:
    """To be restarted and demoted. Besides the owner it knows `clerk`, whom read_only holds back."""
    first_words = tmp_path / "init.sql"
    first_words.write_text(
        "create user if not exists clerk@'127.0.0.1' identified by 'apppw';\n"
        "grant select, insert, update, delete on *.* to clerk@'127.0.0.1';\n"
    )
    server = private_mariadb(f"--init-file={first_words}")
    yield server
    server.stop()


async def test_a_restart_fails_no_read_however_many_connections_were_idle(server: MariaDB) -> None:
    url = await trio.to_thread.run_sync(server.new_database)
    await trio.to_thread.run_sync(upgrade, url)
    store = MySQLStorage(parse_url(url), readers=8)

    async def read() -> None:
        expect(UsersFound, await store.perform(ListUsers(0, 1)))

    async def read_by(number: int) -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(number):
                nursery.start_soon(read)
            await wait_all_tasks_blocked()

    await read_by(8)
    assert store._reads.idle > 1
    await trio.to_thread.run_sync(server.restart)
    await read_by(6)
    await store.aclose()


async def test_a_connection_that_is_killed_in_a_read_costs_nothing(server: MariaDB) -> None:
    """As an operator or a failover's tool does it; MariaDB says so (1927) before it closes the link."""
    url = await trio.to_thread.run_sync(server.new_database)
    await trio.to_thread.run_sync(upgrade, url)
    store = MySQLStorage(parse_url(url))
    owner = pymysql.connect(
        host="127.0.0.1", port=server.port, user=USER, password=PASSWORD, database=url.rpartition("/")[2]
    )
    asked = "select id from information_schema.processlist where state like 'Waiting for table%'"

    def waiting() -> list[int]:
        with owner.cursor() as cursor:
            while True:
                cursor.execute(asked)
                found = [int(row[0]) for row in cursor.fetchall()]
                if found:
                    return found

    with owner, owner.cursor() as cursor:
        cursor.execute("lock tables users write")
        outcomes: list[Outcome] = []

        async def read() -> None:
            outcomes.append(await store.perform(ListUsers(0, 1)))

        with trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(read)
                for number in await trio.to_thread.run_sync(waiting):
                    cursor.execute(f"kill {number}")
                cursor.execute("unlock tables")
    assert [type(outcome) for outcome in outcomes] == [UsersFound]
    await store.aclose()


async def test_a_demoted_primary_is_left_with_the_first_write_that_it_refuses(server: MariaDB) -> None:
    url = await trio.to_thread.run_sync(server.new_database)
    await trio.to_thread.run_sync(upgrade, url)
    store = MySQLStorage(parse_url(url.replace("//app:", "//clerk:")))
    house = House(store)
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)

    def demote(read_only: bool) -> None:
        with pymysql.connect(host="127.0.0.1", port=server.port, user=USER, password=PASSWORD) as owner:
            owner.cursor().execute(f"set global read_only = {int(read_only)}")

    await house.send(chat, ann)
    await house.page(ann, chat)
    opened = store._writes.opened
    await trio.to_thread.run_sync(demote, True)
    assert expect(OperationFailed, await house.try_send(chat, ann)).detail == "MySQL error 1290"
    assert store._writes.idle == 0
    await trio.to_thread.run_sync(demote, False)
    expect(Appended, await house.try_send(chat, ann))
    assert store._writes.opened == opened + 1
    before = store._reads.opened
    await house.page(ann, chat)
    assert store._reads.opened == before + 1, "the old primary is not read either"
    await store.aclose()


async def test_a_read_that_is_run_again_has_one_time_for_both(server: MariaDB, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second link leads to a server that accepts it and says nothing."""
    url = await trio.to_thread.run_sync(server.new_database)
    await trio.to_thread.run_sync(upgrade, url)
    store = MySQLStorage(parse_url(url))
    expect(UsersFound, await store.perform(ListUsers(0, 1)))
    monkeypatch.setattr("storage.mysql.TIMEOUT", 4.0)  # in which a busy machine comes to its second attempt
    acquire, deadlines = store._reads.acquire, []

    @asynccontextmanager
    async def watched() -> AsyncIterator[Connection]:
        deadlines.append(trio.current_effective_deadline())
        async with acquire() as connection:
            yield connection

    monkeypatch.setattr(store._reads, "acquire", watched)
    await trio.to_thread.run_sync(server.restart)
    server.pause()
    latest = trio.current_time() + 4.0
    with trio.fail_after(60):
        outcome = await store.perform(ListUsers(0, 1))
    server.resume()
    assert isinstance(outcome, OperationFailed) and outcome.retryable
    first, second = deadlines
    assert first == second, "the second attempt has what the first one left"
    assert latest <= first <= trio.current_time()
    await store.aclose()


async def test_a_server_that_may_lose_acknowledged_messages_is_told_of_at_the_start(
    server: MariaDB, caplog: pytest.LogCaptureFixture
) -> None:
    url = await trio.to_thread.run_sync(server.new_database)
    await trio.to_thread.run_sync(upgrade, url)

    def flush(value: int) -> None:
        with pymysql.connect(host="127.0.0.1", port=server.port, user=USER, password=PASSWORD) as owner:
            owner.cursor().execute(f"set global innodb_flush_log_at_trx_commit = {value}")

    for value, reasons in (1, []), (2, ["innodb_flush_log_at_trx_commit is 2, not 1"]):
        await trio.to_thread.run_sync(flush, value)
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            store = await open_storage(url)
        await store.aclose()
        weak = [record for record in caplog.records if record.message == "durability_weak"]
        assert [record.levelname for record in weak] == ["WARNING"] * len(reasons)
        assert [vars(record)["reason"].partition(":")[0] for record in weak] == reasons
