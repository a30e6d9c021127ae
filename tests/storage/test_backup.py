"""Backup and restore between all kinds of databases."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import pytest
import trio

from chatproto.operations import (
    ChatsFound,
    ListChats,
    LoadSession,
    RotateRefresh,
    SessionCreated,
    SessionLoaded,
    Sweep,
    Swept,
    TouchSession,
    UserFound,
)
from storage.backup import back_up, new_epoch, restore
from storage.backup_seal import check_seal
from storage.migrate import MigrationError, SchemaMismatch, connected, differences, upgrade
from storage.open import open_storage
from tests.storage.databases import Kind as ServerKind
from tests.storage.databases import shared_server
from tests.storage.store_house import House, expect
from tests.storage.test_migrations import ask

ROOT: Final = Path(__file__).parents[2]
Kind = Literal["sqlite"] | ServerKind
KINDS: Final[tuple[Kind, ...]] = ("sqlite", "mariadb", "mysql")


def url_of(kind: Kind, folder: Path, name: str) -> str:
    return f"sqlite:///{folder}/{name}.sqlite3" if kind == "sqlite" else shared_server(kind).new_database()


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if "backup" in path.name]


async def furnish(url: str) -> None:
    """People, chats, texts of every kind, marks, sessions, changes."""
    storage = await open_storage(url)
    try:
        house = House(storage)
        ann, bob, eve = await house.people(3)
        chat = await house.group(ann, bob)
        direct = await house.direct(ann, eve)
        for text in ("Привет 😀", "שלום", "a\tb\r\nc", "x" * 4000, "'; drop table users; --"):
            await house.send(chat, ann, text)
        await house.send(direct, eve, "hello")
        await house.change("add", chat, ann, eve)
        await house.change("remove", chat, ann, bob)
        await house.mark(eve, chat, delivered=6)
        await house.log_in(ann, b"1")
        for old, new in ((b"1", b"2"), (b"2", b"3"), (b"1", b"4")):  # tokens refer to those they were issued for
            rotated = await house.do(RotateRefresh(old.ljust(32, b"."), new.ljust(32, b"."), house.now))
            assert isinstance(rotated, SessionCreated)
    finally:
        await storage.aclose()


async def seen(url: str) -> tuple[tuple[Any, ...], str]:
    """What a user sees, and the epoch."""
    storage = await open_storage(url)
    try:
        house = House(storage)
        chats = expect(ChatsFound, await house.do(ListChats(1)))
        pages = [(await house.page(1, chat.id, after=0)).items for chat in chats.chats]
        epoch = expect(Swept, await house.do(Sweep((), ()))).epoch
        return (chats.chats, chats.users, pages), epoch
    finally:
        await storage.aclose()


@pytest.mark.parametrize(("source", "target"), [("sqlite", "mariadb"), ("mariadb", "mysql"), ("mysql", "sqlite")])
async def test_everything_comes_back_under_a_new_epoch(source: Kind, target: Kind, tmp_path: Path) -> None:
    """A backup does not know where it comes from and goes to: each kind writes one that another reads."""
    old, new, file = url_of(source, tmp_path, "old"), url_of(target, tmp_path, "new"), tmp_path / "backup"
    for url in (old, new):
        await trio.to_thread.run_sync(upgrade, url)
    await furnish(old)
    told: list[tuple[int, int]] = []
    rows = back_up(old, file, lambda done, total: told.append((done, total)))
    assert told[-1][0] == rows > 20
    assert oct(file.stat().st_mode)[-3:] == "600"
    assert names(tmp_path) == ["backup"], "no draft is left"
    epoch = restore(file, new)
    before, old_epoch = await seen(old)
    after, found_epoch = await seen(new)
    assert before == after
    assert found_epoch == epoch != old_epoch
    storage = await open_storage(new)
    try:
        house = House(storage)
        assert (await house.send(1, 1, "and life goes on", cid="fresh")).seq == 8, "ids go on as well"
    finally:
        await storage.aclose()


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
async def test_the_documented_rights_are_enough(kind: ServerKind, tmp_path: Path) -> None:
    """Those of docs/installing.md: fewer to serve and to save than to migrate."""
    url = url_of(kind, tmp_path, "db")
    place, _, options = url.rpartition("@")[2].partition("?")
    database = place.rpartition("/")[2]
    granted = re.search(r"GRANT (.+) ON vestnik\.\*", (ROOT / "docs" / "installing.md").read_text())
    assert granted is not None
    rights = {"migrator": granted[1], "server": "SELECT, INSERT, UPDATE, DELETE"}
    as_user = {name: f"mysql://{name[0]}{database}:x1@{place}?{options}" for name in rights}
    for name, some in rights.items():
        user = f"'{name[0]}{database}'@'%'"
        # written down as GRANT would, which the user of the tests may not
        columns = [f"{right.strip().capitalize()}_priv" for right in some.split(",")]
        yes = ", 'Y'" * len(columns)
        row = f"insert into mysql.db (Host, Db, User, {', '.join(columns)}) values "
        row += f"('%', '{database}', '{name[0]}{database}'{yes})"
        make = f"create user {user} identified by 'x1'"
        await trio.to_thread.run_sync(ask, url, make, row, "flush privileges")
    await trio.to_thread.run_sync(upgrade, as_user["migrator"])
    await furnish(as_user["server"])
    assert await trio.to_thread.run_sync(back_up, as_user["server"], tmp_path / "backup") > 20
    with pytest.raises(MigrationError, match="denied"):
        await trio.to_thread.run_sync(ask_denied, as_user["server"])


def ask_denied(url: str) -> None:
    with connected(url) as connection:
        connection.exec_driver_sql("create table more (id int)")


async def test_what_is_there_is_not_overwritten_by_mistake(tmp_path: Path) -> None:
    url, file = url_of("sqlite", tmp_path, "db"), tmp_path / "backup"
    upgrade(url)
    await furnish(url)
    back_up(url, file)
    with pytest.raises(MigrationError, match="there already"):
        back_up(url, file)
    with pytest.raises(MigrationError, match="not empty"):
        restore(file, url)
    before, _ = await seen(url)
    restore(file, url, replace=True)
    assert (await seen(url))[0] == before


@pytest.mark.parametrize("kind", KINDS)
async def test_a_database_in_use_is_replaced(kind: Kind, tmp_path: Path) -> None:
    url, file = url_of(kind, tmp_path, "db"), tmp_path / "backup"
    await trio.to_thread.run_sync(upgrade, url)
    await furnish(url)
    before, old_epoch = await seen(url)
    rows = back_up(url, file)
    on_to_a_later_one = "update refresh_tokens set parent_id = 3 where id = 2"
    ask(f"sqlite:///{file}", "drop table backup_seal", on_to_a_later_one)
    epoch = restore(file, url, replace=True)
    assert await seen(url) == (before, epoch)
    assert epoch != old_epoch
    assert ask(url, "select parent_id from refresh_tokens order by id") == [(None,), (3,), (2,), (1,)]
    assert back_up(url, tmp_path / "again") == rows


async def test_a_backup_of_an_earlier_version_is_brought_up_to_date_in_a_copy(tmp_path: Path) -> None:
    url, file = url_of("sqlite", tmp_path, "db"), tmp_path / "backup"
    upgrade(url)
    await furnish(url)
    back_up(url, file)
    old = f"sqlite:///{file}"
    ask(
        old,
        "drop table backup_seal",
        "drop table departures",
        "drop index uq_sessions_key",
        'alter table sessions drop column "key"',
        "update alembic_version set version_num = '0001'",
    )
    used = list[list[str]]()

    @contextmanager
    def drafts() -> Iterator[Path]:
        folder = tmp_path / "drafts"
        folder.mkdir()
        yield folder
        used.append([path.name for path in folder.iterdir()])

    restore(file, url, replace=True, drafts=drafts)
    assert used == [["of-an-earlier-version"]], "texts are copied to nowhere else"
    assert ask(old, "select version_num from alembic_version") == [("0001",)], "the file itself is left alone"
    (chats, *_), _epoch = await seen(url)
    assert len(chats) == 2
    ask(old, "update alembic_version set version_num = '9999'")
    with pytest.raises(SchemaMismatch, match="newer than this program"):
        restore(file, url, replace=True)


@pytest.mark.parametrize("kind", KINDS)
async def test_the_tables_of_a_later_version_are_made_anew_where_they_are_to_be_replaced(
    kind: Kind, tmp_path: Path
) -> None:
    """The way back from an update."""
    url, file = url_of(kind, tmp_path, "db"), tmp_path / "backup"
    await trio.to_thread.run_sync(upgrade, url)
    await furnish(url)
    back_up(url, file)
    before, _ = await seen(url)
    later = (
        "create table later (id bigint primary key, user_id bigint not null references users (id))",
        "insert into later values (1, 1)",
        "alter table users add column later integer not null default 0",
        "drop table departures",
        "update alembic_version set version_num = '9999'",
    )
    ask(url, *later)
    called = list[str]()
    with pytest.raises(SchemaMismatch, match=r"9999.*--replace"):
        restore(file, url, prepare=lambda: called.append("too early"))
    assert ask(url, "select id from later") == [(1,)]
    epoch = restore(file, url, replace=True, prepare=lambda: called.append("done"))
    assert called == ["done"]
    assert await seen(url) == (before, epoch)
    assert differences(url) == []
    ask(url, "update alembic_version set version_num = 'another program'")
    with pytest.raises(SchemaMismatch):
        restore(file, url, replace=True, prepare=lambda: called.append("not ours"))
    assert called == ["done"]


@pytest.mark.parametrize("harm", ["not empty", "run `vestnik migrate"])
async def test_nothing_is_done_beside_a_restore_that_is_refused(harm: str, tmp_path: Path) -> None:
    url, file = url_of("mariadb", tmp_path, "db"), tmp_path / "backup"
    upgrade(url)
    if harm == "not empty":
        await furnish(url)
    back_up(url, file)
    if harm != "not empty":
        ask(url, "update alembic_version set version_num = '0001'")
    called = list[str]()
    with pytest.raises(MigrationError, match=harm):
        restore(file, url, prepare=lambda: called.append("too early"))
    assert called == []


async def test_a_backup_whose_rows_refer_to_nothing_is_refused(tmp_path: Path) -> None:
    url, file = url_of("sqlite", tmp_path, "db"), tmp_path / "backup"
    upgrade(url)
    await furnish(url)
    back_up(url, file)
    ask(
        f"sqlite:///{file}", "drop table backup_seal", "delete from users where id = 1"
    )  # as an earlier version made it
    with pytest.raises(MigrationError, match=r"damaged: a row of \w+ refers to one of users"):
        restore(file, url, replace=True)
    assert (await seen(url))[0], "the database is as it was"


def test_what_is_no_backup_of_ours(tmp_path: Path) -> None:
    url = url_of("sqlite", tmp_path, "db")
    upgrade(url)
    with pytest.raises(MigrationError, match="no such file"):
        restore(tmp_path / "none", url)
    (tmp_path / "text").write_text("this is no backup" * 100)
    with pytest.raises(MigrationError):
        restore(tmp_path / "text", url)
    sqlite3.connect(tmp_path / "empty").close()
    with pytest.raises(MigrationError):
        restore(tmp_path / "empty", url)
    with pytest.raises((SchemaMismatch, MigrationError)):
        back_up(url_of("sqlite", tmp_path, "never made"), tmp_path / "file")
    assert not (tmp_path / "file").exists()


async def test_what_is_done_beside_a_restore_waits_until_the_backup_is_found_whole(tmp_path: Path) -> None:
    url, file, bad = url_of("sqlite", tmp_path, "db"), tmp_path / "backup", tmp_path / "bad"
    upgrade(url)
    await furnish(url)
    back_up(url, file)
    bad.write_bytes(file.read_bytes().replace(b"hello", b"hallo"))
    before, called = await seen(url), list[str]()

    def fails() -> None:
        called.append("fails")
        raise OSError("no space for the bytes of files")

    with pytest.raises(MigrationError, match="damaged"):
        restore(bad, url, replace=True, prepare=fails)
    assert called == []
    with pytest.raises(OSError, match="no space"):
        restore(file, url, replace=True, prepare=fails)
    assert await seen(url) == before
    restore(file, url, replace=True, prepare=lambda: called.append("done"))
    assert called == ["fails", "done"]


async def test_a_new_epoch(tmp_path: Path) -> None:
    url = url_of("sqlite", tmp_path, "db")
    upgrade(url)
    await furnish(url)
    (before, old), epoch = await seen(url), new_epoch(url)
    assert await seen(url) == (before, epoch)
    assert epoch != old


@pytest.mark.parametrize("kind", KINDS)
async def test_a_session_made_after_the_backup_is_nobodys_after_the_restore(kind: Kind, tmp_path: Path) -> None:
    """Its number, its user's and its refresh token's are given again; its key is not."""
    url, file = url_of(kind, tmp_path, "db"), tmp_path / "backup"
    await trio.to_thread.run_sync(upgrade, url)
    sessions = []
    for name in ("eve", "ann", "bob"):
        storage = await open_storage(url)
        try:
            house = House(storage)
            sessions.append(await house.log_in(await house.user(name), name.encode()))
        finally:
            await storage.aclose()
        if name == "eve":
            back_up(url, file)
        elif name == "ann":
            restore(file, url, replace=True)
    storage = await open_storage(url)
    try:
        house = House(storage)
        eve, ann, bob = sessions
        if kind == "sqlite":
            assert (ann.session_id, ann.user.id) == (bob.session_id, bob.user.id), "the test tries nothing otherwise"
        for session, found in ((eve, True), (ann, False), (bob, True)):
            named = (bob.user.id if session is ann else session.user.id, session.session_id, session.session_key)
            touched = await house.do(TouchSession(*named, session.refresh_id, house.now))
            loaded = await house.do(LoadSession(*named, session.refresh_id, "x", house.now))
            assert isinstance(touched, UserFound) is isinstance(loaded, SessionLoaded) is found
    finally:
        await storage.aclose()


async def test_no_flipped_byte_and_no_cut_is_restored(tmp_path: Path) -> None:
    """Wherever the damage is, either it is refused or what is restored is what was saved."""
    url, file, bad = url_of("sqlite", tmp_path, "db"), tmp_path / "backup", tmp_path / "bad"
    upgrade(url)
    await furnish(url)
    back_up(url, file)
    assert check_seal(file)
    good, refused = file.read_bytes(), set[int]()
    texts = {good.index(text.encode()) for text in ("Привет", "שלום", "x" * 4000, "drop table users", "hello")}
    for place in (*texts, *range(150, len(good), len(good) // 40)):
        bad.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        try:
            check_seal(bad)
        except MigrationError:
            refused.add(place)
            if place in texts:
                with pytest.raises(MigrationError, match="damaged"):
                    restore(bad, url, replace=True)
    assert refused >= texts
    for size in (0, 100, len(good) // 2, len(good) - 4096):
        bad.write_bytes(good[:size])
        with pytest.raises(MigrationError):
            restore(bad, url, replace=True)
    before, _ = await seen(url)
    restore(file, url, replace=True)
    assert (await seen(url))[0] == before
