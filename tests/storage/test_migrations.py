"""The schema's history on SQLite, MariaDB and MySQL: complete, re-runnable, one at a time, never backwards."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pymysql
import pytest
import trio
from alembic.config import Config
from alembic.script import ScriptDirectory

from storage import migrate
from storage.migrate import MigrationError, SchemaMismatch, check_schema, current, differences, earlier, head, upgrade
from storage.mysql import MySQLStorage
from storage.mysql_url import parse_url
from storage.open import open_storage
from storage.tables import metadata
from tests.mariadb_server import shared_mariadb
from tests.mysql_server import shared_mysql
from tests.storage.databases import EPOCH, Kind, migrated_copy, shared_server
from tests.storage.store_house import House

ROOT = Path(__file__).parents[2]
THREE_AT_ONCE = """
import os, sys
from storage.migrate import upgrade
for _ in range(3):
    if os.fork() == 0:
        upgrade(sys.argv[1])
        sys.exit()
sys.exit(max(os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(3)))
"""


@pytest.fixture(params=["sqlite", "mariadb", "mysql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/folder/vestnik.sqlite3"
    return shared_server(request.param).new_database()


@pytest.fixture(params=["sqlite", "mariadb", "mysql"])
def migrated(request: pytest.FixtureRequest, sqlite_file: Path) -> str:
    """A database with today's tables, and without a row that matters."""
    if request.param != "sqlite":
        return migrated_copy(request.param)
    url = f"sqlite:///{sqlite_file}"
    ask(url, "delete from meta")
    return url


@pytest.fixture(params=["mariadb", "mysql"])
def server_url(request: pytest.FixtureRequest) -> str:
    """An empty database on a server."""
    return shared_server(request.param).new_database()


@pytest.fixture(params=["mariadb", "mysql"])
def migrated_on_a_server(request: pytest.FixtureRequest) -> str:
    """A database on a server with today's tables, and without a row that matters."""
    return migrated_copy(request.param)


def ask(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """Run SQL behind the program's back; the rows of the last statement."""
    if url.startswith("sqlite"):
        import sqlite3

        connection: Any = sqlite3.connect(url.removeprefix("sqlite:///"))
    else:
        settings = parse_url(url)
        connection = pymysql.connect(
            host=settings.host,
            port=settings.port,
            user=settings.user,
            password=settings.password,
            database=settings.database,
        )
    try:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        rows = list(cursor.fetchall())
        connection.commit()
        cursor.close()
        return rows
    finally:
        connection.close()


def test_an_empty_database_is_brought_to_the_head_without_a_word(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert current(url) is None
    assert upgrade(url) == current(url) == head()
    check_schema(url)
    assert differences(url) == []
    assert capfd.readouterr() == ("", "")


def test_files_are_named_by_the_revisions_that_alembic_finds_in_them() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "storage/migrations"))
    scripts = ScriptDirectory.from_config(config)
    assert [head()] == scripts.get_heads()
    assert earlier() | {head()} == {script.revision for script in scripts.walk_revisions()}


def test_alembic_is_not_loaded_where_nothing_is_to_be_migrated(sqlite_file: Path) -> None:
    program = "import sys, runtime.compose; from storage.migrate import upgrade; upgrade(sys.argv[1]);"
    program += "print([name for name in sys.modules if name.startswith('alembic')])"
    command = [sys.executable, "-c", program, f"sqlite:///{sqlite_file}"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_epoch_is_made_once(migrated: str) -> None:
    upgrade(migrated, epoch="first")
    upgrade(migrated, epoch="second")
    assert ask(migrated, "select name, value from meta") == [("epoch", "first")]


def test_an_epoch_is_not_the_same_twice(tmp_path: Path) -> None:
    urls = [f"sqlite:///{tmp_path}/{name}" for name in "ab"]
    assert len({ask(url, "select value from meta")[0] for url in urls if upgrade(url)}) == 2


@pytest.mark.parametrize("kept", [0, 1, 5, len(metadata.tables) - 1])
def test_a_migration_killed_half_way_is_finished_by_the_next(migrated_on_a_server: str, kept: int) -> None:
    """MySQL keeps each finished DDL statement: the first `kept` tables stand, the last of them without its indexes."""
    database = migrated_on_a_server
    assert differences(database) == []
    tables = [table.name for table in metadata.sorted_tables]
    ask(
        database,
        "set foreign_key_checks = 0",
        *(f"drop table {name}" for name in tables[kept:]),
        "delete from alembic_version",
    )
    if kept:
        last = metadata.tables[tables[kept - 1]]
        ask(
            database,
            *(f"alter table {key.table.name} drop foreign key {key.name}" for key in last.foreign_key_constraints),
            *(f"drop index {index.name} on {last.name}" for index in last.indexes),
            *(
                f"alter table {key.table.name} add constraint {key.name} foreign key ({key.column_keys[0]}) "
                f"references {key.referred_table.name} (id)"
                for key in last.foreign_key_constraints
            ),
            "select 1",
        )
    upgrade(database)
    assert differences(database) == []
    check_schema(database)


def test_sqlite_migrates_whole_or_not_at_all(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/db"
    ask(url, "create table chat_users (id integer)", "create view messages as select 1")  # in the way half-way
    with pytest.raises(MigrationError):
        upgrade(url)
    assert ask(url, "select name from sqlite_master order by name") == [("chat_users",), ("messages",)]


def test_several_at_once_are_put_in_line(url: str) -> None:
    """Three processes of one that has imported what they need, which is most of their start."""
    command = [sys.executable, "-c", THREE_AT_ONCE, url]
    run = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, timeout=300, check=False)
    assert (run.stderr, run.returncode) == (b"", 0)
    assert differences(url) == []
    assert ask(url, "select count(*) from meta") == [(1,)]


def test_a_lock_held_too_long_is_an_error(server_url: str) -> None:
    with (
        migrate.connected(server_url, 1),
        pytest.raises(MigrationError, match="another migration"),
        migrate.connected(server_url, 1),
    ):
        pytest.fail("two have the lock")


def test_a_newer_schema_is_refused_and_left_alone(migrated: str) -> None:
    ask(migrated, "update alembic_version set version_num = '9999'")
    for work in (upgrade, check_schema):
        with pytest.raises(SchemaMismatch, match=r"9999.*newer than this program"):
            work(migrated)
    assert current(migrated) == "9999"


def test_an_empty_database_is_told_what_to_run(url: str) -> None:
    with pytest.raises(SchemaMismatch, match="vestnik migrate --database URL"):
        check_schema(url)


def test_a_database_out_of_reach_is_an_error_without_the_password() -> None:
    url = f"mysql://app:secret@127.0.0.1:{shared_mariadb().port}/t"
    for work in (upgrade, check_schema):
        with pytest.raises(MigrationError) as caught:
            work(url)
        assert "secret" not in str(caught.value)


def test_a_long_log_in_without_tls_needs_consent() -> None:
    """As for the server's own connections: an RSA key in clear text could be anyone's."""
    url = shared_mysql().new_database("?tls=off&rsa=allow")
    name = f"slow{os.urandom(6).hex()}"  # the server has not cached their password; one that is shared forgets nobody's
    ask(url, f"create user '{name}'@'%' identified with caching_sha2_password by 'x'")
    slow = url.replace(url.split("//")[1].split("@")[0], f"{name}:x").replace("&rsa=allow", "")
    with pytest.raises(MigrationError, match="rsa=allow"):
        current(slow)


def test_the_sqlite_file_is_for_its_owner_only(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path}/new/db")
    assert (tmp_path / "new" / "db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("url", ["sqlite://x", "sqlite:///", "sqlite:///:memory:", "postgres://u@h/d", "sqlite:///a/"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError):
        upgrade(url)


DEPARTED = "select * from departures order by chat_id, user_id"


async def people_who_left(url: str) -> None:
    """Two groups with changes of everything, and members who were removed in between."""
    storage = await open_storage(url)
    try:
        house = House(storage)
        ann, bob, eve, dan, zoe = await house.people(5)
        chat, quiet = await house.group(ann, bob, eve), await house.group(ann, zoe, title="quiet")
        await house.send(chat, bob)
        await house.change("update", chat, ann, title="second", avatar_url="https://example.org/a.png")
        await house.change("add", chat, ann, dan, history="none")
        await house.mark(ann, chat, read=3)
        await house.change("remove", chat, ann, bob)
        await house.change("role", chat, ann, eve, role="admin")
        house.wait(hours=1)
        await house.change("remove", chat, eve, ann)
        await house.change("update", chat, eve, title="third")
        await house.change("add", chat, eve, zoe)
        await house.change("remove", chat, dan, dan)
        await house.change("add", chat, eve, ann)
        await house.change("remove", chat, eve, ann)
        await house.change("remove", quiet, zoe, zoe)
    finally:
        await storage.aclose()


async def test_former_members_of_the_first_version_see_what_the_log_tells(migrated: str) -> None:
    await trio.to_thread.run_sync(partial(upgrade, migrated, epoch=EPOCH))
    await people_who_left(migrated)
    written = ask(migrated, DEPARTED)
    assert len(written) == 4
    ask(migrated, "delete from departures where user_id > 1", "update alembic_version set version_num = '0001'")
    await trio.to_thread.run_sync(upgrade, migrated)
    assert ask(migrated, DEPARTED) == written


async def test_a_title_that_the_log_does_not_tell_stays_unknown(migrated: str) -> None:
    """The first title of a group stands nowhere, once it was changed."""
    await trio.to_thread.run_sync(partial(upgrade, migrated, epoch=EPOCH))
    storage = await open_storage(migrated)
    try:
        house = House(storage)
        ann, bob = await house.people(2)
        chat = await house.group(ann, bob, title="first")
        await house.mark(ann, chat, read=0)
        await house.change("remove", chat, ann, bob)
        await house.change("update", chat, ann, title="secret", avatar_url="https://example.org/secret.png")
        await house.send(chat, ann)
        await house.mark(ann, chat, read=3)
    finally:
        await storage.aclose()
    ask(migrated, "update alembic_version set version_num = '0001'")
    await trio.to_thread.run_sync(upgrade, migrated)
    told = "title, avatar_url, last_message_seq, others_read_seq, reader_id, reader_seq, second_reader_seq"
    assert ask(migrated, f"select {told} from departures") == [(None, None, 0, 1, ann, 1, 0)]


async def test_other_readers_find_groups_and_roles_in_words(migrated: str) -> None:
    await trio.to_thread.run_sync(partial(upgrade, migrated, epoch=EPOCH))
    storage = await open_storage(migrated)
    try:
        house = House(storage)
        ann, bob = await house.people(2)
        await house.direct(ann, bob)
        await house.group(ann, bob)
    finally:
        await storage.aclose()
    assert [bool(row[0]) for row in ask(migrated, "SELECT is_group FROM chats ORDER BY id")] == [False, True]
    roles = ask(migrated, "SELECT role FROM chat_users ORDER BY chat_id, user_id")
    assert [row[0] for row in roles] == ["member", "member", "admin", "member"]
    with pytest.raises(Exception, match=r"role|CHECK|truncated"):
        ask(migrated, "UPDATE chat_users SET role = 'owner'")


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
async def test_a_server_that_runs_goes_on_where_another_one_has_migrated(kind: Kind) -> None:
    """Several machines are updated one by one: the first new one migrates."""
    url = await trio.to_thread.run_sync(lambda: shared_server(kind).new_database())
    await trio.to_thread.run_sync(upgrade, url)
    later, unseen = await open_storage(url), MySQLStorage(parse_url(url))
    try:
        ask(url, "update alembic_version set version_num = '9999'")
        assert await later.check() is None
        assert "newer than this program" in (await unseen.check() or ""), "it has never served this database"
        with pytest.raises(SchemaMismatch):
            await open_storage(url)
        for lost in ("update alembic_version set version_num = '0001'", "drop table alembic_version"):
            ask(url, lost)
            assert "vestnik migrate" in (await later.check() or "")
    finally:
        await later.aclose()
        await unseen.aclose()
