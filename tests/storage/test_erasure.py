"""A message that was deleted, or removed after its time, is gone from all tables, the file, and later backups."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import evolve
from sqlalchemy import BINARY, VARBINARY, LargeBinary, String, Table, inspect, text

from chatproto.operations import (
    CleanUp,
    DeleteAccount,
    EndSessions,
    ForwardSource,
    OrderReset,
    Refused,
    RotateRefresh,
    UpdateUser,
)
from storage.backup import back_up
from storage.migrate import connected, sqlite_path, upgrade
from storage.open import open_storage
from storage.sqlite import SQLiteStorage
from storage.tables import metadata
from tests.storage.store_house import House
from tests.storage.test_backup import KINDS, Kind, url_of
from tests.storage.test_contract_search import index
from tests.storage.test_migrations import ask

SECRETS = ("canary of the first text", "canary of the second text", "canary of the third text")
WORD = "canary\n"
"""As the index of words holds it."""
PERSON = ("wilhelmina", "Wilhelmina Quartz", "mina@quartz.example", "the quartz phone", "192.0.2.77")
"""Username, shown name, email, device and network address of somebody."""
TEXTUAL = (String, LargeBinary, BINARY, VARBINARY)
EMOJI = "\U0001f9a4"
"""A dodo, which nobody else uses."""


async def write_and_remove(url: str, *, by_time: bool) -> None:
    """A message with former texts, reactions that came and went, a pin, and somebody who left before the end."""
    storage = await open_storage(url)
    try:
        house = House(storage)
        ann, bob, eve = await house.people(3)
        chat = await house.group(ann, bob, eve)
        await house.send(chat, bob, SECRETS[0])
        if not by_time:
            await house.send(chat, bob, "what stays")
        await house.changed(house.edit_of(chat, bob, 1, SECRETS[1]))
        await house.changed(house.react_of(chat, eve, 1, EMOJI))
        await house.changed(house.react_of(chat, ann, 1, EMOJI))
        await house.changed(house.pin_of(chat, ann, 1))
        await index(house, chat)
        await house.change("remove", chat, ann, eve)
        await house.changed(house.react_of(chat, ann, 1, EMOJI, on=False))
        await house.changed(house.edit_of(chat, bob, 1, SECRETS[2]))
        if by_time:
            house.wait(days=2)
            await house.send(chat, bob, "what stays")
        assert_found(await trio.to_thread.run_sync(all_text, url), there=True)
        if by_time:
            await house.expire(chat, days=1)
        else:
            await house.changed(house.delete_of(chat, ann, 1))
    finally:
        await storage.aclose()


def all_text(url: str) -> bytes:
    """The values of every column of every table that may hold text, those of the migrations included."""
    with connected(url) as connection:
        names = inspect(connection).get_table_names()
        assert set(names) >= set(metadata.tables)
        found = []
        for name in names:
            columns = inspect(connection).get_columns(name)
            textual = [one["name"] for one in columns if isinstance(one["type"], TEXTUAL)]
            for column in textual:
                quoted = connection.dialect.identifier_preparer.quote
                values = connection.scalars(text(f"SELECT {quoted(column)} FROM {quoted(name)}"))
                found += [value if isinstance(value, bytes) else str(value).encode() for value in values]
        return b"".join(value + b"\n" for value in found)


def assert_found(content: bytes, *, there: bool) -> None:
    """All of it, or nothing."""
    found = [one for one in (*SECRETS, WORD, EMOJI) if one.encode() in content]
    assert found == ([*SECRETS, WORD, EMOJI] if there else [])
    assert b"what stays" in content


@pytest.mark.parametrize("by_time", [False, True], ids=["deleted", "by time"])
@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_holds_what_was_removed(kind: Kind, tmp_path: Path, by_time: bool) -> None:
    url = url_of(kind, tmp_path, "erased")
    await trio.to_thread.run_sync(upgrade, url)
    await write_and_remove(url, by_time=by_time)
    assert_found(await trio.to_thread.run_sync(all_text, url), there=False)
    backup = tmp_path / "backup"
    await trio.to_thread.run_sync(back_up, url, backup)
    assert_found(backup.read_bytes(), there=False)
    assert WORD.strip().encode() not in backup.read_bytes()
    if kind == "sqlite":
        with connected(url) as connection:
            connection.commit()
            connection.connection.driver_connection.execute("vacuum")  # type: ignore[union-attr]
        assert_found(sqlite_path(url).read_bytes(), there=False)
        assert WORD.strip().encode() not in sqlite_path(url).read_bytes()


async def test_nothing_holds_the_address_of_a_session_that_ended(tmp_path: Path) -> None:
    """Whether somebody ended it, its token was misused, or nobody used it."""
    url = url_of("sqlite", tmp_path, "addresses")
    await trio.to_thread.run_sync(upgrade, url)
    storage = await open_storage(url)
    try:
        house = House(storage)
        ann = await house.user("ann")
        for number, refresh in enumerate((b"unused", b"m", b"ended")):
            ended = await house.log_in(ann, refresh, address=f"192.0.2.{number}")
        assert (await trio.to_thread.run_sync(all_text, url)).count(b"192.0.2.") == 3
        await house.do(EndSessions(ann, ended.session_id, None, house.now))
        for old, new, refused in ((b"m", b"n", None), (b"n", b"o", None), (b"m", b"p", "token_reused")):
            house.wait(minutes=2)
            rotate = RotateRefresh(old.ljust(32, b"."), new.ljust(32, b"."), house.now)
            outcome = await house.do(rotate)
            assert (outcome.code if isinstance(outcome, Refused) else None) == refused
        house.wait(days=91)
        await house.do(CleanUp("sessions", 0, 100, house.now))
        assert b"192.0.2." not in await trio.to_thread.run_sync(all_text, url)
    finally:
        await storage.aclose()


async def write_and_go(url: str) -> None:
    """An account with all that is kept of one, and then without."""
    storage = await open_storage(url)
    try:
        house = House(storage)
        ann = await house.user(PERSON[0], display_name=PERSON[1], email=PERSON[2])
        bob, eve = await house.people(2)
        await house.log_in(ann, b"token", device=PERSON[3], address=PERSON[4])
        chat, other = await house.direct(ann, bob), await house.direct(bob, eve)
        await house.send(chat, ann, "what stays")
        await house.do(evolve(house.message(other, bob, ""), forward=ForwardSource(chat, 1)))
        for login in (PERSON[0], PERSON[2]):
            await house.do(OrderReset(login, "en", house.now))
        before = await trio.to_thread.run_sync(all_text, url)
        assert all(one.encode() in before for one in PERSON)
        await house.do(UpdateUser(ann, None, None, None, None, None, house.now, None, True, True, False))
        await house.do(DeleteAccount(ann, house.now))
    finally:
        await storage.aclose()


LONG = "canary of a long text \u2713 " * 300
"""It fills pages of its own, and these are free when it goes."""


async def test_what_was_removed_is_overwritten_in_the_file(keeping: None, tmp_path: Path) -> None:
    """Without VACUUM, and whatever the SQLite of this machine does unless it is told."""
    url = url_of("sqlite", tmp_path, "overwritten")
    await trio.to_thread.run_sync(upgrade, url)
    path = sqlite_path(url)
    wal = path.with_name(f"{path.name}-wal")
    storage = await open_storage(url)
    assert isinstance(storage, SQLiteStorage)
    writing = storage._writing_connection
    try:
        for connection in (writing, *storage._idle):
            assert connection.execute("PRAGMA secure_delete").fetchone() == (1,)
        house = House(storage)
        ann, bob = await house.people(2)
        chat = await house.group(ann, bob)
        for said in (SECRETS[0], LONG, "what stays"):
            await house.send(chat, bob, said)
        await house.changed(house.edit_of(chat, bob, 1, SECRETS[1]))
        await index(house, chat)
        writing.execute("PRAGMA wal_checkpoint")  # as SQLite does by itself after some megabytes
        assert all(one.encode() in path.read_bytes() for one in (*SECRETS[:2], LONG[:100], WORD.strip()))
        for seq in (1, 2):
            await house.changed(house.delete_of(chat, ann, seq))
        writing.execute("PRAGMA wal_checkpoint")
        assert b"what stays" in path.read_bytes() and b"canary" not in path.read_bytes()
        assert b"canary" in wal.read_bytes()
        reading = storage._idle[0]
        reading.execute("BEGIN")
        assert reading.execute("SELECT count(*) FROM messages").fetchone() == (3,)
        await house.send(chat, ann, "what the reader does not see")
        await house.do(CleanUp("names", 0, 500, house.now))
        assert b"canary" in wal.read_bytes(), "somebody reads"
        reading.execute("ROLLBACK")
        await house.do(CleanUp("names", 0, 500, house.now))
        assert b"canary" not in wal.read_bytes() + path.read_bytes()
    finally:
        await storage.aclose()
    with connected(url) as opened:
        assert opened.exec_driver_sql("PRAGMA secure_delete").scalar() == 1


@pytest.fixture
def keeping(monkeypatch: pytest.MonkeyPatch) -> None:
    """An SQLite that was built without SQLITE_SECURE_DELETE."""
    connect = sqlite3.connect

    def keeps(*args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **options)
        connection.execute("PRAGMA secure_delete = OFF")
        return connection

    monkeypatch.setattr("sqlite3.connect", keeps)
    monkeypatch.setattr("sqlite3.dbapi2.connect", keeps)


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_names_a_deleted_account(kind: Kind, tmp_path: Path) -> None:
    url = url_of(kind, tmp_path, "erased_account")
    await trio.to_thread.run_sync(upgrade, url)
    await write_and_go(url)
    wishes = "select hide_last_seen, hide_reads, login_letters from users where id = 1"
    assert ask(url, wishes) == [(False, False, True)]
    texts = [await trio.to_thread.run_sync(all_text, url)]
    if kind == "sqlite":
        with connected(url) as connection:
            connection.commit()
            connection.connection.driver_connection.execute("vacuum")  # type: ignore[union-attr]
        texts.append(sqlite_path(url).read_bytes())
    for content in texts:
        assert b"what stays" in content
        assert [one for one in PERSON if one.encode() in content] == []


def test_every_text_column_is_looked_at() -> None:
    """The tables of migrations are those of the program."""
    tables: list[Table] = metadata.sorted_tables
    assert any(isinstance(column.type, String) for table in tables for column in table.columns)
