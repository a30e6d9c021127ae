"""Messages are searched over HTTP: results, pages and faults; and the index follows what is stored."""

from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from attrs import define, field

from chatproto.operations import (
    AppendBatch,
    FindUnindexed,
    MessagesMatched,
    Operation,
    OperationFailed,
    Outcome,
    OutdateIndex,
    ReadUnindexed,
    SearchMessages,
    StoreIndex,
    UnindexedFound,
    UnindexedRead,
)
from chatproto.operations.indexed import index_of
from chatproto.wire.query import read_query
from runtime.background import indexing
from runtime.background.indexing import IndexedStorage
from storage.port import Storage
from storage.sqlite import SQLiteStorage
from tests.server.answers import code_of
from tests.server.house import House, Person, copy_database
from tests.server.uploads import try_upload
from tests.storage.store_house import House as StoreHouse
from tests.storage.store_house import expect


async def found(person: Person, query: str, **more: Any) -> dict[str, Any]:
    answer = await person.get("/api/search", query=query, **more)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_message_is_found_as_soon_as_it_is_acked(house: House) -> None:
    anna, boris = [await house.register(name) for name in ("anna", "boris")]
    chat = await anna.direct(boris)
    sent = await anna.send(chat, "Отчёт 😀 будет завтра: docs.rs/trio")
    answer = await found(boris, "ОТЧЕТА завт", has="link", sender_id=anna.id, chat_id=chat)
    assert answer == {
        "results": [{"message": sent, "chat_id": chat, "matches": [[0, 5], [14, 6]]}],
        "users": [(await boris.get(f"/api/users/{anna.id}")).json()],
        "next_cursor": None,
        "complete": True,
    }
    await anna.send(chat, "отчёт готов")
    first = await found(boris, "отчёты", limit=1)
    (rest,) = (await found(boris, "отчёты", limit=1, cursor=first["next_cursor"]))["results"]
    assert (first["results"][0]["message"]["seq"], rest["message"]) == (2, sent)
    assert (await found(boris, "отчёты", before=sent["created_at"]))["results"] == []


async def test_files_are_found_without_a_word(house: House) -> None:
    anna, boris = [await house.register(name) for name in ("anna", "boris")]
    chat = await anna.direct(boris)
    file = (await try_upload(anna, b"numbers", name="Отчёт.txt")).json()
    sent = await anna.post(f"/api/chats/{chat}/messages", {"content": "", "attachments": [file["id"]]})
    answers = [
        await boris.get("/api/search", **params)
        for params in ({"has": "file"}, {"sender_id": anna.id}, {"query": "отчеты"}, {"has": "image"}, {"has": "link"})
    ]
    results = [answer.json()["results"] for answer in answers]
    assert results == [[{"message": sent.json(), "chat_id": chat, "matches": []}]] * 3 + [[], []]


async def test_a_stranger_finds_nothing(house: House) -> None:
    """O8 of docs/security.md."""
    anna, boris, eve = [await house.register(name) for name in ("anna", "boris", "eve")]
    chat = await anna.group("Secret plans", boris)
    await anna.send(chat, "nobody else may read this")
    assert await found(eve, "nobody") == {"results": [], "users": [], "next_cursor": None, "complete": True}
    answers = [await eve.get("/api/search", query="nobody", chat_id=chat + more) for more in (0, 1000)]
    assert code_of(answers[0]) == "not_found"
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "query"),
        ({"query": ""}, "query"),
        ({"query": "!?"}, "query"),
        ({"query": "x" * 201}, "query"),
        ({"query": "a\x00b"}, "query"),
        ({"query": "!?", "has": "file"}, "query"),
        ({"chat_id": 1}, "query"),
        ({"query": "a", "limit": 51}, "limit"),
        ({"query": "a", "has": "none"}, "has"),
        ({"query": "a", "after": "yesterday"}, "after"),
        ({"query": "a", "before": "2026-01-01T00:00:00"}, "before"),
        ({"query": "a", "cursor": "1-2"}, "cursor"),
        ({"query": "a", "cursor": "9" * 18 + "-1-1"}, "cursor"),
        ({"query": "a", "chat_id": "0"}, "chat_id"),
    ],
)
async def test_faults_are_named(house: House, params: dict[str, str], field: str) -> None:
    anna = await house.register("anna")
    answer = await anna.get("/api/search", **params)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@define
class Gate:
    """A store that is away for the first pieces of the index; `done`: nothing is lacking."""

    inner: Storage
    away: int = 3
    done: trio.Event = field(factory=trio.Event)

    async def perform(self, operation: Operation) -> Outcome:
        if not isinstance(operation, StoreIndex):
            return await self.inner.perform(operation)
        if self.away:
            self.away -= 1
            return OperationFailed(retryable=True, detail="away")
        outcome = await self.inner.perform(operation)
        if await self.inner.perform(FindUnindexed(0, 100)) == UnindexedFound((), None, ()):
            self.done.set()
        return outcome

    async def check(self) -> str | None:
        return await self.inner.check()

    async def aclose(self) -> None:
        await self.inner.aclose()


async def test_the_index_follows_what_is_stored(
    empty_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was there before, and what comes, in small pieces; what could not be written is written later, and what an
    earlier version made is made anew."""
    monkeypatch.setattr(indexing, "AGAIN", 0.01)
    monkeypatch.setattr(indexing, "GATHER", 0.01)
    for size in ("MESSAGES", "LARGE"):
        monkeypatch.setattr(indexing, size, 7)
    copy_database(empty_sqlite, tmp_path / "index.db")
    gate = Gate(SQLiteStorage(tmp_path / "index.db"))
    storage, quiet = IndexedStorage(gate), StoreHouse(gate)
    ann, bob = await quiet.people(2)
    chat, other = await quiet.direct(ann, bob), await quiet.group(ann, bob)
    for number in range(20):
        await quiet.send(other, ann, f"слово {number}")
        if number == 10:
            (read,) = expect(UnindexedRead, await gate.inner.perform(ReadUnindexed((other,), 20))).chats
            await gate.inner.perform(StoreIndex((index_of(read),)))
            await gate.inner.perform(OutdateIndex(0, 20))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(storage.run)
        await StoreHouse(storage).send(chat, ann, "слово последнее")
        with trio.fail_after(60):
            await gate.done.wait()
        nursery.cancel_scope.cancel()
    query = read_query("слова")
    assert query is not None and gate.away == 0
    outcome = await storage.perform(SearchMessages(bob, query, 50))
    assert isinstance(outcome, MessagesMatched) and len(outcome.matches) == 21
    await storage.aclose()


@define
class Counted:
    """A store that tells what the index asks of it."""

    inner: Storage
    looked: trio.Event = field(factory=trio.Event)
    reads: int = 0
    stored: trio.Event = field(factory=trio.Event)

    async def perform(self, operation: Operation) -> Outcome:
        self.reads += isinstance(operation, ReadUnindexed)
        outcome = await self.inner.perform(operation)
        if isinstance(operation, FindUnindexed):
            self.looked.set()
        elif isinstance(operation, StoreIndex):
            self.stored.set()
            self.stored = trio.Event()
        return outcome

    async def check(self) -> str | None:
        return await self.inner.check()

    async def aclose(self) -> None:
        await self.inner.aclose()


async def test_what_is_new_gathers_before_it_is_indexed(
    empty_sqlite: Path, tmp_path: Path, mock_clock: trio.testing.MockClock
) -> None:
    """A few messages wait some seconds; many in one chat do not, nor do many in all of them."""
    copy_database(empty_sqlite, tmp_path / "index.db")
    counted = Counted(SQLiteStorage(tmp_path / "index.db"))
    storage, quiet = IndexedStorage(counted), StoreHouse(counted)
    house = StoreHouse(storage)
    ann, bob = await quiet.people(2)
    chats = [await quiet.group(ann, bob) for _ in range(6)]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(storage.run)
        await counted.looked.wait()
        await house.send(chats[0], ann)
        await house.send(chats[1], ann)
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(indexing.GATHER - 0.1)
        await trio.testing.wait_all_tasks_blocked()
        assert counted.reads == 0
        stored = counted.stored
        mock_clock.jump(0.2)
        await stored.wait()
        for each, count in ((chats[:1], indexing.OF_ONE), (chats, indexing.OF_ALL // len(chats) + 1)):
            stored = counted.stored
            for chat in each:
                await house.do(AppendBatch(chat, tuple(house.message(chat, ann, "hello") for _ in range(count))))
            await stored.wait()  # though the clock stands still
        nursery.cancel_scope.cancel()
    await storage.aclose()


def test_the_index_takes_what_time_senders_leave(mock_clock: trio.testing.MockClock) -> None:
    """Most of it where nobody sends, hardly any while somebody does without a pause; never none, so that it ends."""
    assert indexing.rest_after(3.0, 0.0) == pytest.approx(1.0)
    assert indexing.rest_after(3.0, 0.5) == pytest.approx(3 / 0.1875 - 3)
    assert indexing.rest_after(1.0, 0.8) == pytest.approx(19.0)
    assert indexing.rest_after(1.0, 1.0) == pytest.approx(19.0)

    async def measure() -> None:
        load = indexing.Load()
        load.restart()
        assert load.share() == 0.0
        mock_clock.jump(1.0)
        with load.storing(), load.storing():
            mock_clock.jump(3.0)
        assert load.share() == pytest.approx(0.75)
        with load.storing():
            mock_clock.jump(2.0)
            assert load.share() == pytest.approx(5 / 6)
            load.restart()
            assert load.share() == 1.0
            mock_clock.jump(1.0)
            assert load.share() == 1.0
        mock_clock.jump(1.0)
        assert load.share() == pytest.approx(0.5)

    trio.run(measure, clock=mock_clock)
