"""Messages that are removed after their time: who says for how long, what is left, and who removes them."""

import logging
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import trio
import trio.testing
from attrs import Factory, define

from chatproto.operations import (
    CleanFiles,
    EntriesExpired,
    Expire,
    ExpiredFound,
    FilesRemoved,
    FindExpired,
    Operation,
    OperationFailed,
    Outcome,
)
from runtime.background.retention import AGAIN, AWAY, ENTRIES, FEWER, INTERVAL, Run, expire, expire_for_ever
from runtime.metrics import Metrics
from storage.port import Storage
from tests.server.answers import code_of, fields_of
from tests.server.conftest import OpenHouse
from tests.server.house import House
from tests.server.sockets import open_socket
from tests.server.test_search import found
from tests.server.uploads import upload
from tests.storage.store_house import House as StoreHouse
from tests.storage.store_house import expect


def in_two_days() -> datetime:
    return datetime.now(UTC) + timedelta(days=2)


async def test_who_says_for_how_long(house_at: OpenHouse) -> None:
    async with house_at(retention_days=30) as house:
        anna, boris = await house.register("anna"), await house.register("boris")
        path = f"/api/chats/{await anna.group('Club', boris)}"
        assert (await boris.get(path)).json()["retention_days"] == 0
        refused = await boris.patch(path, {"retention_days": 7})
        assert refused.status_code == 403 and code_of(refused) == "forbidden"
        assert (await anna.patch(path, {"retention_days": 7})).json()["retention_days"] == 7
        assert fields_of(await anna.patch(path, {"retention_days": 8})) == {"retention_days": "not_allowed"}
        async with open_socket(house.url) as socket:
            ready = await socket.hello(boris.token)
            assert ready["limits"]["retention_days"] == 30
            await anna.patch(path, {"retention_days": 0})
            assert (await socket.until("event"))["data"] == {"retention_days": 0}
        assert (await house.http.get("/api/server")).json()["limits"]["retention_days"] == 30


async def test_what_is_too_old_is_nowhere(house: House) -> None:
    """Neither in the log nor in a search, and its file is gone; whoever is connected is told."""
    anna, boris = await house.register("anna"), await house.register("boris")
    chat = await anna.direct(boris)
    file = await upload(anna, b"a file of nobody else")
    await anna.send(chat, "an old word", attachment=file["id"])
    async with open_socket(house.url) as socket:
        head = (await socket.hello(boris.token))["chats"][0]
        assert (head["first_seq"], head["unread_count"]) == (1, 1)
        assert await expire(house.driver.request, in_two_days, 3) == Run()
        assert await expire(house.driver.request, in_two_days, 1) == Run(messages=1, chats=1)
        assert await socket.until("expired") == {"type": "expired", "chat_id": chat, "first_seq": 2}
    seen = (await boris.get(f"/api/chats/{chat}")).json()
    assert (seen["last_message"], seen["unread_count"], seen["first_seq"], seen["last_seq"]) == (None, 0, 2, 1)
    assert (await boris.get(f"/api/chats/{chat}/messages")).json()["messages"] == []
    assert (await found(boris, "word"))["results"] == []
    assert (await boris.get(f"/api/files/{file['id']}")).status_code == 404
    assert expect(FilesRemoved, await house.storage.perform(CleanFiles(in_two_days(), 10))).removed == 1
    assert (await anna.get(f"/api/files/{file['id']}")).status_code == 404
    assert (await anna.get(f"/api/chats/{chat}/files")).json()["files"] == []
    assert (await boris.patch(f"/api/chats/{chat}/messages/1", {"content": "x"})).status_code == 404
    assert (await anna.send(chat, "what comes next"))["seq"] == 2


async def test_a_long_log_goes_in_pieces_and_a_store_that_is_away_is_asked_again(house: House) -> None:
    asked: list[Operation] = []
    away, metrics, again = True, Metrics(), trio.Event()

    class Watched(Storage):
        async def perform(self, operation: Operation) -> Outcome:
            asked.append(operation)
            if sum(isinstance(one, FindExpired) for one in asked) == 3:
                again.set()  # the run before is over
            if away and len(asked) > 2:
                return OperationFailed(retryable=True)
            return await house.storage.perform(operation)

        async def check(self) -> str | None:
            return None

        async def aclose(self) -> None: ...

    people = StoreHouse(house.storage)
    ann, bob = await people.people(2)
    chat = await people.group(ann, bob)
    people.now = datetime.now(UTC)
    for _ in range(ENTRIES + 1):
        await people.send(chat, ann)
    watched = Watched()
    assert await expire(watched.perform, in_two_days, 1) == Run(ENTRIES, 1, failed=True)
    assert [one.limit for one in asked if isinstance(one, Expire)] == [ENTRIES, ENTRIES, FEWER]
    away = False
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            run = partial(expire_for_ever, interval=0.001, again=0.001)
            nursery.start_soon(run, watched.perform, in_two_days, 1, metrics.messages_expired)
            await again.wait()
            nursery.cancel_scope.cancel()
    assert metrics.registry.get_sample_value("vestnik_messages_expired_total") == 1


@define
class Chats:
    """A store of some chats with an old message each; in those of `failing` none can be removed, in those of `large`
    not so many at a time. `runs` tells when each began, and the chats that were tried in it."""

    old: set[int]
    failing: set[int] = Factory(set)
    large: set[int] = Factory(set)
    away: bool = False
    runs: list[tuple[float, list[int]]] = Factory(list)
    most: int = 0
    enough: trio.Event = Factory(trio.Event)

    async def perform(self, operation: Operation) -> Outcome:
        await trio.lowlevel.checkpoint()
        if isinstance(operation, FindExpired):
            self.runs.append((trio.current_time(), []))
            if len(self.runs) > self.most:
                self.enough.set()
            if self.away:
                return OperationFailed(retryable=True, detail="away")
            return ExpiredFound(tuple(sorted(one for one in self.old if one > operation.after_id)), None)
        assert isinstance(operation, Expire)
        chat_id = operation.chat_id
        tried = self.runs[-1][1]
        if chat_id not in tried:
            tried.append(chat_id)
        if chat_id in self.failing or (chat_id in self.large and operation.limit > FEWER):
            return OperationFailed(retryable=False, detail="it cannot be")
        self.old.discard(chat_id)
        return EntriesExpired(chat_id, 1, 2, more=False)

    async def watch(self, runs: int) -> list[tuple[int, list[int]]]:
        """The first runs: after how many seconds, and which chats."""
        self.most = runs
        run = partial(expire_for_ever, self.perform, in_two_days, 1, Metrics().messages_expired)
        with trio.fail_after(100 * INTERVAL):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(run)
                await self.enough.wait()
                nursery.cancel_scope.cancel()
        first = self.runs[0][0]
        return [(int(began - first), chats) for began, chats in self.runs[:runs]]


async def test_a_chat_that_fails_holds_up_no_other_one(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    chats = Chats({1, 2, 3, 4}, failing={1}, large={3})
    with caplog.at_level(logging.WARNING, "runtime.background.retention"):
        (_, first), (again, second), (_, third) = await chats.watch(3)
    assert first == [1, 2, 3, 4] and chats.old == {1}
    assert second == third == [1] and AGAIN <= again < AGAIN + 5
    assert "expiry_failed" in caplog.text and "'chat_id': 1" in caplog.text and "'chat_id': 3" not in caplog.text


async def test_what_is_due_is_removed_within_an_hour(autojump_clock: trio.testing.MockClock) -> None:
    """Also what becomes due just after a run has looked at its chat."""
    chats = Chats({1})
    (_, first), (later, _), _ = await chats.watch(3)
    assert first == [1] and AGAIN < later <= 1800


async def test_many_chats_that_fail_are_left_for_the_next_run(autojump_clock: trio.testing.MockClock) -> None:
    """It goes on behind them, and begins anew after that."""
    failing = set(range(1, AWAY + 1))
    chats = Chats({*failing, 10, 11}, failing=failing)
    (_, first), (_, second), (third, _) = await chats.watch(3)
    assert first == sorted(failing) and second == [10, 11] and chats.old == failing
    assert third < 3 * AGAIN


async def test_a_store_that_is_away_is_asked_again_soon(autojump_clock: trio.testing.MockClock) -> None:
    chats = Chats({1}, away=True)
    _, (again, _), _ = await chats.watch(3)
    assert AGAIN <= again < AGAIN + 5
