"""A MySQL that goes and comes back, or is no primary any more: what it costs those who ask meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from chatproto.operations import Appended, ListUsers, OperationFailed, UsersFound
from storage.migrate import upgrade
from storage.mysql import MySQLStorage
from storage.mysql_connection import parse_url
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
