"""What failed when operators set up and kept servers, here or elsewhere: each case with its right outcome.

Others of these have their place beside what they are about; docs/cases.md lists them all.
"""

import errno
import os
import sqlite3
from pathlib import Path

import httpx
import pytest
import trio

from chatproto.operations import ListUsers, UsersFound
from runtime.config import SettingsError, load_settings
from storage.backup import back_up, restore
from storage.migrate import KEPT, MigrationError, current, earlier, head, upgrade, upgrade_kept
from storage.mysql import MySQLStorage
from storage.mysql_url import parse_url
from tests.faults.server_process import ServerProcess
from tests.mariadb_server import private_mariadb
from tests.server.house import PASSWORD
from tests.server.proxied import needs_nginx, nginx
from tests.server.test_cli import names_in, vestnik
from tests.storage.replication import ask
from tests.storage.store_house import House, expect
from tests.storage.test_backup import furnish


async def test_commands_in_a_wrong_folder_make_nothing_there_and_say_so(tmp_path: Path) -> None:
    """A new ./var and the word "created" would tell nobody that no server will ever look there."""
    commands = (
        ("user", "create", "ann"), ("user", "list"), ("user", "promote", "ann"), ("user", "sessions", "ann"),
        ("audit",), ("invite", "list"), ("index", "status"), ("verify",), ("backup", "f"), ("files", "gc"),
    )  # fmt: skip
    for command in commands:
        code, out, err = await vestnik(tmp_path, *command, said=f"{PASSWORD}\n")
        assert (code, out, err.count("\n"), "there is no database at var/" in err) == (1, "", 1, True), (command, err)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    "url",
    [
        "mysql://a:secret@127.0.0.1/x?tls=foo",
        "mysql://a:sec/ret@127.0.0.1/x",
        "mysql://a:secret@127.0.0.1/x?nonsense=1",
    ],
)
async def test_a_url_that_cannot_be_right_is_told_as_a_wrong_setting(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"VESTNIK_DATABASE_URL": url})
    assert "sec" not in str(caught.value)
    code, _, err = await vestnik(tmp_path, "serve", "--database", url)
    assert (code, err.count("\n"), err.startswith("vestnik: database_url"), "sec" in err) == (2, 1, True, False), err


def old_database(path: Path) -> str:
    """One that an earlier version serves; its revision."""
    upgrade(f"sqlite:///{path}")
    with sqlite3.connect(path) as connection:
        revision = max(earlier())
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.close()
    return revision


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be told")
async def test_a_command_as_root_in_the_folder_of_another_user_says_so(tmp_path: Path) -> None:
    await vestnik(tmp_path, "migrate")
    assert (await vestnik(tmp_path, "user", "list"))[2] == ""
    await trio.to_thread.run_sync(os.chown, tmp_path / "var", 54321, -1)
    code, _, err = await vestnik(tmp_path, "user", "list")
    assert (code, err.count("\n"), "chown -R 54321: var" in err) == (0, 1, True)


async def test_no_command_migrates_what_another_version_serves(tmp_path: Path) -> None:
    revision = await trio.to_thread.run_sync(old_database, tmp_path / "db")
    url = f"sqlite:///{tmp_path}/db"
    for command in (("user", "list"), ("index", "status"), ("backup", "f")):
        code, _, err = await vestnik(tmp_path, *command, "--database", url)
        assert (code, "vestnik migrate" in err) == (1, True), err
    assert await trio.to_thread.run_sync(current, url) == revision


def test_an_sqlite_file_is_copied_before_it_is_migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "db"
    revision = old_database(path)
    (tmp_path / f"db{KEPT}0001").write_text("of the upgrade before")
    monkeypatch.setattr("storage.migrate.upgrade", lambda url: head())  # what it does is tried elsewhere
    assert upgrade_kept(f"sqlite:///{path}") == head()
    [kept] = tmp_path.glob(f"db{KEPT}*")
    assert kept.name == f"db{KEPT}{revision}" and kept.stat().st_mode & 0o777 == 0o600
    assert current(f"sqlite:///{kept}") == revision
    with sqlite3.connect(path) as connection:  # an earlier version went on, after a way back
        connection.execute("INSERT INTO meta (name, value) VALUES ('since', 'then')")
    connection.close()
    upgrade_kept(f"sqlite:///{path}")
    with sqlite3.connect(kept) as connection:
        assert connection.execute("SELECT value FROM meta WHERE name = 'since'").fetchall() == [("then",)]
    connection.close()
    assert [one.name for one in tmp_path.glob("db*.draft")] == []


def test_a_new_sqlite_file_has_no_copy(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/db"
    for _ in range(2):
        assert upgrade_kept(url) == head()
    assert [path.name for path in tmp_path.iterdir() if KEPT in path.name] == []


async def test_few_connections_and_short_idle_times_are_no_outage() -> None:
    """With max_connections = 6 and wait_timeout = 5, less than the pool and the time until it looks after one."""
    server = await trio.to_thread.run_sync(private_mariadb, "--max-connections=6")
    url = await trio.to_thread.run_sync(server.new_database)
    await trio.to_thread.run_sync(upgrade, url)  # between its statements seconds may go by on a busy machine
    await trio.to_thread.run_sync(ask, server, "SET GLOBAL wait_timeout = 5")
    store = MySQLStorage(parse_url(url))
    house = House(store)
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)

    async def read() -> None:
        expect(UsersFound, await store.perform(ListUsers(0, 1)))

    async with trio.open_nursery() as nursery:
        for number in range(40):
            nursery.start_soon(read)
            if number % 4 == 0:
                nursery.start_soon(house.send, chat, ann)
    for _ in range(2):
        await trio.sleep(6.5)  # the server's own clock is what this is about
        assert await store.check() is None
        await read()
        await house.send(chat, bob)
    await store.aclose()
    await trio.to_thread.run_sync(server.kill)


async def test_a_database_that_takes_small_statements_alone_is_told_before_anything_is_lost(tmp_path: Path) -> None:
    source, file = f"sqlite:///{tmp_path}/db", tmp_path / "backup"
    await trio.to_thread.run_sync(upgrade, source)
    await furnish(source)
    await trio.to_thread.run_sync(back_up, source, file)
    server = await trio.to_thread.run_sync(
        lambda: private_mariadb("--max-allowed-packet=64K", "--net-buffer-length=16K")
    )
    url = await trio.to_thread.run_sync(server.new_database)
    await trio.to_thread.run_sync(upgrade, url)
    with pytest.raises(MigrationError, match="set max_allowed_packet to 16M"):
        await trio.to_thread.run_sync(restore, file, url)
    await trio.to_thread.run_sync(server.kill)


@needs_nginx
async def test_the_way_to_https_takes_no_header_out_of_the_path(tmp_path: Path) -> None:
    async with nginx("127.0.0.1:9", tmp_path / "nginx") as proxied, httpx.AsyncClient(timeout=60) as http:
        for path in ("/%0d%0aX-Test:%201", "/%0aX-Test:1/", "/a%0d%0a%0d%0a%3Cscript%3E"):
            answer = await http.get(f"{proxied.plain_url}{path}")
            assert answer.status_code == 301
            assert "X-Test" not in answer.headers and answer.headers["Location"].endswith(path), answer.headers
            assert "<script>" not in answer.text


async def test_a_server_without_free_descriptors_says_so_a_few_times_and_recovers(tmp_path: Path) -> None:
    async with ServerProcess.on_free_port(tmp_path / "var", f"sqlite:///{tmp_path}/var/vestnik.sqlite3") as server:
        address = server.url.removeprefix("http://").split(":")
        server.limit_descriptors(server.descriptors() + 8)
        opened: list[trio.SocketStream] = []
        for _ in range(40):
            opened.append(await trio.open_tcp_stream(address[0], int(address[1])))
        async with httpx.AsyncClient(timeout=120) as http:
            with trio.move_on_after(2):  # so long it tries and tries
                await http.get(f"{server.url}/healthz")
            for one in opened:
                await trio.aclose_forcefully(one)
            assert (await http.get(f"{server.url}/healthz")).status_code == 200
        told = [line for line in server.log().splitlines() if errno.errorcode[errno.EMFILE] in line]
    assert 1 <= len(told) < 5 and "Traceback" not in "".join(told), told
