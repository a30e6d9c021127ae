"""What the SQLite store promises besides the contract: group commit, cancels, trouble with the file, closing."""

import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

import pytest
import trio
import trio.testing
from sqlalchemy import Column, Integer, text

from chatproto.operations import AppendBatch, Appended, ListUsers, OperationFailed, Outcome, SaveLastSeen, UsersFound
from storage.sqlite import JOURNAL_BYTES, SQLiteStorage, _open
from storage.statements import Statement, Steps
from tests.storage.store_house import House, expect, refusal

T = TypeVar("T")


class Gate:
    """Runs in a thread, but lets a writing or reading call in only while it is open."""

    def __init__(self) -> None:
        self.calls = 0
        self.waiting = trio.Event()
        self._open = trio.Event()
        self._open.set()

    async def __call__(self, function: Callable[[], T], /) -> T:
        self.calls += 1
        self.waiting.set()
        await self._open.wait()
        return await trio.to_thread.run_sync(function)

    def shut(self) -> None:
        self._open, self.waiting = trio.Event(), trio.Event()

    def open(self) -> None:
        self._open.set()


async def at_once(function: Callable[[], T], /) -> T:
    """No thread at all."""
    return function()


ENDLESS = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def endless() -> Steps[Outcome]:
    """A statement that would read for ever."""
    yield from Statement(text(ENDLESS).columns(Column("n", Integer))).rows()
    raise AssertionError("it came to an end")


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
async def house(sqlite_file: Path, gate: Gate) -> AsyncIterator[House]:
    """A house on a store behind a gate."""
    store = SQLiteStorage(sqlite_file, run_in_thread=gate, busy_timeout=0.1)
    yield House(store)
    gate.open()
    await store.aclose()


async def settle() -> None:
    await trio.testing.wait_all_tasks_blocked()


async def test_the_file_is_safe_against_a_loss_of_power(sqlite_file: Path) -> None:
    store = SQLiteStorage(sqlite_file)
    for connection in (store._writing_connection, *store._idle):
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    with pytest.raises(sqlite3.OperationalError):
        store._idle[0].execute("DELETE FROM users")
    await store.aclose()


async def test_what_gathers_during_a_commit_is_committed_together(house: House, gate: Gate) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    gate.shut()
    before = gate.calls
    async with trio.open_nursery() as nursery:
        nursery.start_soon(house.send, chat, ann)
        await gate.waiting.wait()
        for _ in range(100):
            nursery.start_soon(house.send, chat, bob)
        await settle()
        gate.open()
    assert gate.calls - before == 2
    assert (await house.chat(ann, chat)).last_seq == 101


async def test_a_line_longer_than_a_batch_is_written_in_order(house: House, gate: Gate) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    gate.shut()
    seqs: list[int] = []

    async def send(number: int) -> None:
        message = await house.send(chat, ann, str(number))
        assert message.seq == number + 1
        seqs.append(message.seq)

    async with trio.open_nursery() as nursery:
        for number in range(300):
            nursery.start_soon(send, number)
            await settle()  # so that they line up in this order
        gate.open()
    assert len(seqs) == 300


async def test_who_is_cancelled_in_line_has_written_nothing(house: House, gate: Gate) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    gate.shut()
    scopes = [trio.CancelScope() for _ in range(3)]

    async def send(scope: trio.CancelScope) -> None:
        with scope:
            await house.send(chat, bob, "cancelled")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(house.send, chat, ann, "first")
        await gate.waiting.wait()
        nursery.start_soon(send, scopes[0])
        await settle()
        nursery.start_soon(house.send, chat, ann, "second")
        nursery.start_soon(send, scopes[1])
        await settle()
        for scope in scopes[:2]:
            scope.cancel()
        await settle()
        gate.open()
    with trio.CancelScope() as scope:
        scope.cancel()
        await house.send(chat, bob, "cancelled before it began")
    assert scopes[0].cancelled_caught
    assert scopes[1].cancelled_caught
    page = await house.page(ann, chat)
    assert [getattr(item, "content", None) for item in page.items] == ["first", "second"]


async def test_who_is_cancelled_while_committing_has_written_and_the_line_goes_on(house: House, gate: Gate) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    gate.shut()
    scope = trio.CancelScope()

    async def send() -> None:
        with scope:
            await house.send(chat, ann, "committing", cid="x")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        await gate.waiting.wait()
        nursery.start_soon(house.send, chat, bob, "next")
        await settle()
        scope.cancel()
        await settle()
        gate.open()
    assert expect(Appended, await house.try_send(chat, ann, "committing", cid="x")).dup
    assert (await house.chat(ann, chat)).last_seq == 2


async def test_a_woken_leader_that_is_cancelled_wakes_the_next(house: House, gate: Gate) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    gate.shut()
    scope = trio.CancelScope()
    done: list[int] = []

    async def first() -> None:
        await house.send(chat, ann, "first")
        scope.cancel()  # runs as the line is woken, before the woken one does

    async def second() -> None:
        with scope:
            await house.send(chat, bob, "second")

    async def third() -> None:
        done.append((await house.send(chat, bob, "third")).seq)

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(first)
            await gate.waiting.wait()
            nursery.start_soon(second)
            await settle()
            nursery.start_soon(third)
            await settle()
            gate.open()
    assert len(done) == 1


async def test_a_bug_in_one_operation_undoes_nothing_of_the_others(house: House, gate: Gate) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    gate.shut()
    errors: list[Exception] = []

    async def naive() -> None:
        try:
            await house.do(SaveLastSeen(((ann, house.now.replace(tzinfo=None)),)))
        except ValueError as error:
            errors.append(error)

    async def unwritable() -> None:
        try:
            await house.send(chat, ann, "\ud800", cid="x")  # fails after its cid was written down
        except UnicodeEncodeError as error:
            errors.append(error)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(house.send, chat, ann)
        await gate.waiting.wait()
        for task in (naive, unwritable):
            nursery.start_soon(house.send, chat, ann)
            nursery.start_soon(task)
        nursery.start_soon(house.send, chat, bob)
        await settle()
        gate.open()
    assert len(errors) == 2
    assert (await house.chat(ann, chat)).last_seq == 4
    assert (await house.send(chat, ann, "fine", cid="x")).seq == 5


async def test_a_thread_that_cannot_start_fails_everybody_and_not_the_next(sqlite_file: Path) -> None:
    broken = False

    async def run(function: Callable[[], T], /) -> T:
        if broken:
            raise RuntimeError("can't start new thread")
        return function()

    store = SQLiteStorage(sqlite_file, run_in_thread=run)
    house = House(store)
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    broken = True
    failed: list[str] = []

    async def send() -> None:
        try:
            await house.send(chat, ann)
        except RuntimeError as error:
            failed.append(str(error))

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(send)
    assert failed == ["can't start new thread"] * 5
    broken = False
    assert (await house.send(chat, ann)).seq == 1
    await store.aclose()


async def test_a_locked_file_is_tried_again_later_and_can_be_read(house: House, sqlite_file: Path) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    with closing(sqlite3.connect(sqlite_file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        failed = expect(OperationFailed, await house.try_send(chat, ann))
        assert (failed.retryable, failed.detail) == (True, "SQLITE_BUSY")
        assert (await house.chat(ann, chat)).last_seq == 0
        other.execute("ROLLBACK")
    assert (await house.send(chat, ann)).seq == 1


async def test_a_full_disk_fails_what_does_not_fit_and_nothing_else(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    store = house.store
    assert isinstance(store, SQLiteStorage)
    (pages,) = store._writing_connection.execute("PRAGMA page_count").fetchone()
    store._writing_connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    stored, failed = 0, 0
    outcomes: list[Outcome] = []

    async def send(text: str) -> None:
        outcomes.append(await house.try_send(chat, ann, text))

    async with trio.open_nursery() as nursery:
        for _ in range(40):
            nursery.start_soon(send, "я" * 1000)
            await settle()
    for outcome in outcomes:
        if isinstance(outcome, Appended):
            stored += 1
        else:
            failed += 1
            assert outcome == OperationFailed(retryable=True, detail="SQLITE_FULL")
    assert failed > 0
    assert (await house.chat(bob, chat)).last_seq == stored
    store._writing_connection.execute("PRAGMA max_page_count = 1000000")
    assert (await house.send(chat, ann)).seq == stored + 1


def descriptors(path: Path) -> set[int]:
    """Under which this process has it open."""
    found = set()
    for entry in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # the one by which they are listed
            if os.readlink(f"/proc/self/fd/{entry}") == str(path):
                found.add(int(entry))
    return found


async def test_a_disk_that_cannot_be_read_is_trouble_and_no_bug(sqlite_file: Path, tmp_path: Path) -> None:
    """SQLite rolls back by itself then."""
    store = SQLiteStorage(sqlite_file, readers=1)
    house = House(store)
    await house.people(3)
    store._writing_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    others = descriptors(sqlite_file)
    store._idle.append(_open(sqlite_file, 0.1, read_only=True))
    store._idle[-1].execute("PRAGMA cache_size = 1")
    assert len(expect(UsersFound, await house.do(ListUsers(0, 10))).users) == 3
    (its_own,) = descriptors(sqlite_file) - others
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        os.dup2(folder, its_own)
    finally:
        os.close(folder)
    failed = await house.do(ListUsers(0, 10))
    assert failed == OperationFailed(retryable=True, detail="SQLITE_IOERR_READ")
    await store.aclose()


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"this is not a database" * 1000)
    with pytest.raises(sqlite3.DatabaseError):
        SQLiteStorage(path)
    with pytest.raises(sqlite3.OperationalError):
        SQLiteStorage(tmp_path / "missing.db")
    assert not (tmp_path / "missing.db").exists()


async def test_check_tells_whether_the_file_was_set_up(house: House, tmp_path: Path) -> None:
    assert await house.store.check() is None
    path = tmp_path / "empty.db"
    path.touch()
    store = SQLiteStorage(path)
    assert "does not answer" in (await store.check() or "")
    await store.aclose()


async def test_closing_finishes_what_is_in_line_and_refuses_what_comes(house: House, gate: Gate) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    gate.shut()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(house.send, chat, ann)
        await gate.waiting.wait()
        nursery.start_soon(house.send, chat, bob)
        nursery.start_soon(house.chat, ann, chat)
        await settle()
        nursery.start_soon(house.store.aclose)
        await settle()
        for refused in (await house.try_send(chat, ann), await house.do(ListUsers(0, 1))):
            assert expect(OperationFailed, refused).retryable
        gate.open()
    assert await house.store.check() is not None
    await house.store.aclose()


async def test_what_was_acked_is_there_after_opening_again(sqlite_file: Path) -> None:
    first = House(SQLiteStorage(sqlite_file))
    ann, bob = await first.people(2)
    chat = await first.direct(ann, bob)
    message = await first.send(chat, ann, "durable", cid="x")
    await first.store.aclose()
    second = House(SQLiteStorage(sqlite_file))
    assert (await second.page(bob, chat)).items == (message,)
    assert refusal(await second.try_send(chat, ann, "other", cid="x")) == "cid_conflict"
    await second.store.aclose()


async def test_no_thread_is_needed(sqlite_file: Path) -> None:
    house = House(SQLiteStorage(sqlite_file, run_in_thread=at_once))
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(house.send, chat, ann)
    assert (await house.chat(bob, chat)).last_seq == 20
    assert len(expect(UsersFound, await house.do(ListUsers(0, 10))).users) == 2
    await house.store.aclose()


async def test_readers_see_whole_transactions_only(sqlite_file: Path) -> None:
    house = House(SQLiteStorage(sqlite_file, readers=2))
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    stop = False

    async def read() -> None:
        while not stop:
            page = await house.page(bob, chat)
            assert [item.seq for item in page.items] == list(range(1, page.last_seq + 1))

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(read)
        for _ in range(100):
            await house.send(chat, ann)
        stop = True
    await house.store.aclose()


async def test_the_write_ahead_file_shrinks_again(sqlite_file: Path) -> None:
    house = House(SQLiteStorage(sqlite_file))
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    wal = sqlite_file.with_name(sqlite_file.name + "-wal")

    async def fill(number: int) -> None:
        for _ in range(number):
            commands = tuple(house.message(chat, ann, "я" * 4000) for _ in range(100))
            await house.do(AppendBatch(chat, commands))

    with closing(sqlite3.connect(sqlite_file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM messages").fetchone()
        await fill(15)
        assert wal.stat().st_size > JOURNAL_BYTES
    await fill(2)  # the first is followed by a checkpoint, the second begins the file anew
    assert wal.stat().st_size <= JOURNAL_BYTES
    await house.store.aclose()


async def test_a_read_that_takes_too_long_is_given_up(sqlite_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """O20 of docs/security.md: those who wait behind it have their turn."""
    monkeypatch.setattr("storage.sqlite.READ_TIMEOUT", 0.05)
    store = SQLiteStorage(sqlite_file, readers=1)
    with trio.fail_after(60):
        outcome = await store._read(endless)
    assert isinstance(outcome, OperationFailed) and outcome.retryable and outcome.detail == "SQLITE_INTERRUPT"
    monkeypatch.undo()
    expect(UsersFound, await store.perform(ListUsers(0, 1)))
    await store.aclose()
