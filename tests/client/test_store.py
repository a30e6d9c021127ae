"""What outlives a client: cursors and outbox in a file, and a bot on top of it."""

import gc
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
import trio
from msgspec.structs import replace

from chatproto.client.session_outputs import (
    Apply,
    Begins,
    DropRow,
    Expire,
    Forget,
    Jump,
    Row,
    SaveEpoch,
    SaveMarks,
    SaveRow,
)
from chatproto.client.snapshot import ChatSnapshot, Snapshot
from chatproto.client.timing import Timing
from chatproto.wire.model import Message
from client.account import register
from client.bot import Bot
from client.connection import Client, connect
from client.examples import echo_bot
from client.exceptions import ChatError
from client.store import SQLiteStore, StoreError
from tests.server.conftest import OpenHouse
from tests.server.house import PASSWORD, House
from tests.vectors.server_frames import at, change, hidden, message, row

FAST = Timing(backoff_first=10, backoff_ceiling=100)


def test_what_is_saved_is_loaded_by_the_next_life(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "deep" / "chat.sqlite3")
    assert store.load() is None
    store.save([SaveEpoch(1, "e1"), Jump(5, 3), Apply(message(5, 4)), Jump(6, 9), Apply(hidden(7, 1)), SaveMarks(5, 2)])
    store.save([SaveRow(row(1)), SaveRow(row(2, reply_to=3, target_at=at(3))), SaveRow(row(3))])
    store.save([DropRow("mine-1"), SaveRow(row(2)), Forget(6), Begins(5, 3)])
    store.save([Apply(message(5, 5)), Expire(5, 4)])
    store.save([])
    store.close()
    again = SQLiteStore(tmp_path / "deep" / "chat.sqlite3")
    assert again.load() == Snapshot(
        user_id=1,
        epoch="e1",
        chats=(
            ChatSnapshot(chat_id=5, first_seq=4, applied=5, applied_at=at(5), read=2),
            ChatSnapshot(chat_id=7, first_seq=1, applied=1, applied_at=at(1)),
        ),
        rows=(row(2), row(3)),
    )
    again.save([SaveEpoch(1, "e2")])
    loaded = again.load()
    assert loaded is not None
    assert loaded.epoch == "e2"
    again.close()
    assert stat.S_IMODE((tmp_path / "deep" / "chat.sqlite3").stat().st_mode) == 0o600


def test_rows_of_all_kinds_are_loaded_and_those_of_version_1_are_sends(tmp_path: Path) -> None:
    path = tmp_path / "old"
    store = SQLiteStore(path)
    store.save([SaveEpoch(1, "e1"), SaveRow(change(2, "react", emoji="👍", on=False, tried=False))])
    store.close()
    with closing(sqlite3.connect(path)) as old, old:
        old.execute("pragma user_version = 1")
        old.execute("alter table chat drop column first_seq")
        old.execute("insert into chat (chat_id, applied) values (5, 3)")
        body = '{"cid":"mine-1","chat_id":5,"content":"hello 1"}'
        old.execute("insert into outbox (cid, body) values ('mine-1', ?)", (body,))
    store = SQLiteStore(path)
    loaded = store.load()
    assert loaded is not None
    assert loaded.rows == (change(2, "react", emoji="👍", on=False, tried=False), row(1))
    assert loaded.rows[1].kind == "send"
    assert loaded.chats == (ChatSnapshot(chat_id=5, first_seq=1, applied=3),)
    store.close()
    with closing(sqlite3.connect(path)) as new:
        assert new.execute("pragma user_version").fetchone() == (4,)


def test_an_update_of_the_file_is_done_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was killed in the middle of it opens the file as if they had not begun."""
    path = tmp_path / "old"
    SQLiteStore(path).close()
    with closing(sqlite3.connect(path)) as old, old:
        old.execute("pragma user_version = 3")
        old.execute("alter table chat drop column first_seq")
    with monkeypatch.context() as patched:
        patched.setattr("client.store.SCHEMA", "this is no statement")
        with pytest.raises(StoreError):
            SQLiteStore(path)
        gc.collect()  # the connection of what was not made
    store = SQLiteStore(path)
    assert store.load() is None
    store.close()


def test_a_save_is_all_or_nothing(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "a")
    store.save([SaveRow(row(1))])
    broken = Row(cid="mine-2", chat_id=5, content="\ud800")
    with pytest.raises(UnicodeEncodeError):
        store.save([DropRow("mine-1"), SaveRow(broken)])
    store.save([SaveEpoch(1, "e1")])
    loaded = store.load()
    assert loaded is not None
    assert loaded.rows == (row(1),)
    store.close()


def test_what_has_left_the_outbox_is_overwritten_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the SQLite of this machine does unless it is told."""
    connect_to = sqlite3.connect

    def keeping(*args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect_to(*args, **options)
        connection.execute("pragma secure_delete = off")
        return connection

    monkeypatch.setattr(sqlite3, "connect", keeping)
    path = tmp_path / "a"
    store = SQLiteStore(path)
    assert store._connection.execute("pragma secure_delete").fetchone() == (1,)
    short, long = row(1), replace(row(2), content="a long canary " * 1000)
    edited = replace(row(3), content="what a canary was")
    store.save([SaveRow(replace(short, content="a short canary")), SaveRow(long), SaveRow(edited)])
    store._connection.execute("pragma wal_checkpoint")  # as SQLite does by itself after some megabytes
    assert path.read_bytes().count(b"canary") > 990  # some lie over the edges of pages
    store.save([SaveRow(replace(edited, content="what it is")), DropRow(short.cid), DropRow(long.cid)])
    store.close()
    assert [one.name for one in tmp_path.iterdir()] == ["a"]
    assert b"canary" not in path.read_bytes() and b"what it is" in path.read_bytes()


def test_files_that_are_no_store_of_ours(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("this is no database" * 100)
    with pytest.raises(StoreError, match="cannot be used"):
        SQLiteStore(tmp_path / "text")
    with sqlite3.connect(tmp_path / "newer") as connection:
        connection.execute("pragma user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="newer version"):
        SQLiteStore(tmp_path / "newer")
    store = SQLiteStore(tmp_path / "busy")
    with pytest.raises(StoreError, match="locked"):
        SQLiteStore(tmp_path / "busy")
    store.close()


def test_a_store_that_cannot_be_read_is_told_as_one(tmp_path: Path) -> None:
    spoilt = (
        "insert into outbox (cid, body) values ('a', '{bad')",
        "insert into chat (chat_id, applied, applied_at) values (5, 1, 'yesterday')",
        "drop table chat",
    )
    for number, damage in enumerate(spoilt):
        store = SQLiteStore(tmp_path / str(number))
        store.save([SaveEpoch(1, "e1")])
        store._connection.execute(damage)
        with pytest.raises(StoreError, match="the store cannot be read"):
            store.load()
        store.close()


async def test_what_was_enqueued_before_a_crash_is_sent_after_it_once(house: House, tmp_path: Path) -> None:
    person = await house.register("ann")
    chat_id = await person.direct(person)
    path = tmp_path / "ann.sqlite3"
    async with connect(house.url, "ann", PASSWORD, store=path, timing=FAST) as ann:
        assert (await ann.send(chat_id, "first")).seq == 1
        house.storage.broken = True
        ann.enqueue(chat_id, "second", cid="second")
        ann.enqueue(chat_id, "third", cid="third")
    house.storage.broken = False
    async with connect(house.url, "ann", PASSWORD, store=path, timing=FAST) as ann:
        await ann.flushed()
        await ann.reached(chat_id, 3)
        assert ann.unsent == ()
        assert [item.seq for item in ann.log(chat_id)] == [2, 3], "what was applied before is not applied again"
    page = (await person.get(f"/api/chats/{chat_id}/messages")).json()
    assert [one["content"] for one in page["messages"]] == ["first", "second", "third"]


async def test_a_store_of_another_user_is_refused(house: House, tmp_path: Path) -> None:
    await house.register("ann"), await house.register("bob")
    async with connect(house.url, "ann", PASSWORD, store=tmp_path / "x", timing=FAST):
        pass
    with pytest.raises(ChatError, match="wrong_store"):
        async with connect(house.url, "bob", PASSWORD, store=tmp_path / "x", timing=FAST):
            pass


async def test_events_marks_and_typing(house: House) -> None:
    await house.register("ann"), await house.register("bob")
    async with (
        connect(house.url, "ann", PASSWORD, timing=FAST) as ann,
        connect(house.url, "bob", PASSWORD, timing=FAST) as bob,
    ):
        chat_id = await ann.create_direct(bob.user_id)
        await bob.until(lambda: chat_id in bob.session.replica.chats)
        events = ann.events()
        await ann.send(chat_id, "hello")
        await bob.reached(chat_id, 1)
        bob.typing(chat_id)
        bob.read(chat_id, 1)
        seen = set()
        with trio.fail_after(60):
            async for event in events:
                frame = getattr(event, "frame", None)
                seen.add(frame.__struct_config__.tag if frame is not None else event.__struct_config__.tag)
                if getattr(frame, "read_seq", 0) == 1:
                    break
        assert {"apply", "sent", "typing", "marks"} <= seen


async def test_a_bot_answers_each_message_once_also_after_its_restart(house: House, tmp_path: Path) -> None:
    await house.register("ann"), await house.register("bot")
    async with connect(house.url, "ann", PASSWORD, timing=FAST, random=Random(1)) as ann:
        for life in range(2):
            bot = Bot()

            @bot.on_message
            async def fail(message: Message, chat: Client) -> None:
                raise ValueError("a handler of no use")

            @bot.on_message
            async def answer(message: Message, chat: Client) -> None:
                await chat.send(message.chat_id, f"you said {message.content}", cid=f"answer-{message.id}")

            async with trio.open_nursery() as nursery:
                robot = await nursery.start(bot.run, house.url, "bot", PASSWORD, tmp_path / "bot.sqlite3", FAST)
                chat_id = await ann.create_direct(robot.user_id)
                await ann.send(chat_id, f"hello {life}")
                with trio.fail_after(60):
                    await ann.reached(chat_id, 2 * life + 2)
                nursery.cancel_scope.cancel()
        texts = [getattr(item, "content", None) for item in ann.log(chat_id)]
        assert texts == ["hello 0", "you said hello 0", "hello 1", "you said hello 1"]


async def test_the_echo_bot_makes_its_account_and_answers(house: House, tmp_path: Path) -> None:
    await house.register("ann")
    async with connect(house.url, "ann", PASSWORD, timing=FAST) as ann:
        for life in range(2):
            async with trio.open_nursery() as nursery:
                robot = await nursery.start(echo_bot.run, house.url, tmp_path)
                chat_id = await ann.create_direct(robot.user_id)
                await ann.send(chat_id, f"Привет {life}")
                with trio.fail_after(60):
                    await ann.reached(chat_id, 2 * life + 2)
                nursery.cancel_scope.cancel()
        last = ann.log(chat_id)[-1]
        assert isinstance(last, Message)
        assert (last.content, last.reply_to, last.sender_id) == ("Привет 1", 3, robot.user_id)


async def test_the_echo_bot_starts_where_nobody_may_register_any_more(house_at: OpenHouse, tmp_path: Path) -> None:
    for registration in ("open", "closed"):
        async with house_at(registration=registration) as house, trio.open_nursery() as nursery:
            with trio.fail_after(60):
                robot = await nursery.start(echo_bot.run, house.url, tmp_path / "echo")
            assert robot.account.user["username"] == "echo"
            assert len(await robot.account.sessions()) == 1, "nothing is left of what it needed to begin"
            nursery.cancel_scope.cancel()


async def test_the_echo_bot_says_that_its_name_is_somebody_elses(house: House, tmp_path: Path) -> None:
    async with httpx.AsyncClient(base_url=house.url, timeout=60) as http:
        await register(http, "echo", PASSWORD)
    with pytest.raises(ChatError, match="username_taken"):
        await echo_bot.run(house.url, tmp_path)
