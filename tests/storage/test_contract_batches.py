"""Batches of commands: bugs cost only their own command, order is kept, and statements do not grow with rows."""

from datetime import timedelta
from typing import Any

import pytest
import trio
from attrs import evolve

import storage.mysql_run
import storage.sqlite
from chatproto.operations import AppendBatch, Appended, AppendMessage, BatchAppended, Mark, Marked, OperationFailed
from storage.port import Storage
from storage.statements import MYSQL, Query, Result, Script
from tests.storage.model_backend import ModelStorage
from tests.storage.store_house import House, expect, refusal


def broken(command: AppendMessage) -> AppendMessage:
    """One that no database takes: its text is no text. Fails when its cid is written down already."""
    return evolve(command, content="\ud800")


@pytest.fixture
def sql_house(house: House) -> House:
    """A house on a database."""
    if isinstance(house.store, ModelStorage):
        pytest.skip("the model has no transactions")
    return house


async def test_a_bug_costs_its_own_command_and_is_logged_once(
    sql_house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house = sql_house
    ann, bob = await house.people(2)
    chat, other = await house.direct(ann, bob), await house.group(ann, bob)
    good = [house.message(chat, ann, str(number)) for number in range(4)]
    batch = AppendBatch(chat, (good[0], good[1], broken(house.message(chat, ann, cid="bad")), good[2], good[3]))
    outcomes: list[Any] = []

    async def send() -> None:
        outcomes.extend(expect(BatchAppended, await house.do(batch)).outcomes)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        nursery.start_soon(house.send, other, bob)
        nursery.start_soon(house.change, "update", other, ann)
    assert [getattr(outcome, "last_seq", None) for outcome in outcomes] == [1, 2, None, 3, 4]
    assert outcomes[2] == OperationFailed(retryable=False, detail="internal")
    assert len(caplog.records) == 1
    assert [getattr(item, "content", "") for item in (await house.page(bob, chat)).items] == ["0", "1", "2", "3"]
    assert (await house.chat(ann, other)).last_seq == 1
    assert (await house.send(chat, ann, "fine", cid="bad")).seq == 5


async def test_a_single_command_with_a_bug_fails_for_good(sql_house: House) -> None:
    house = sql_house
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    failed = expect(OperationFailed, await house.do(broken(house.message(chat, ann, cid="x"))))
    assert not failed.retryable
    assert (await house.send(chat, ann, cid="x")).seq == 1


async def test_a_batch_holds_commands_of_its_chat_only(sql_house: House) -> None:
    house = sql_house
    ann, bob = await house.people(2)
    chat, other = await house.direct(ann, bob), await house.group(ann, bob)
    batch = AppendBatch(chat, (house.message(chat, ann), house.message(other, ann)))
    done, strayed = expect(BatchAppended, await house.do(batch)).outcomes
    assert expect(Appended, done).last_seq == 1
    assert isinstance(strayed, OperationFailed)
    assert (await house.chat(ann, other)).last_seq == 0


async def test_messages_and_changes_keep_their_order_and_times(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann)
    house.wait(seconds=1)
    before, after = house.message(chat, bob, "too early"), house.message(chat, bob, "in time")
    add = house.change_of("add", chat, ann, bob)
    late = evolve(after, now=house.now + timedelta(seconds=1))
    outcomes = expect(BatchAppended, await house.do(AppendBatch(chat, (before, add, late)))).outcomes
    assert refusal(outcomes[0]) == "not_member"
    added, sent = expect(Appended, outcomes[1]), expect(Appended, outcomes[2])
    assert (added.added_ids, added.last_seq, sent.last_seq, sent.previous_at) == ((bob,), 1, 2, house.now)


async def test_many_repetitions_and_replies_are_answered_as_each_would_be(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    first = [house.message(chat, ann, f"text {number}") for number in range(40)]
    told = expect(BatchAppended, await house.do(AppendBatch(chat, tuple(first)))).outcomes
    await house.mark(bob, chat, read=10)
    replies = [house.message(chat, bob, "re", reply_to=number + 1, reply_at=house.now) for number in range(41)]
    again = expect(BatchAppended, await house.do(AppendBatch(chat, (*first[::-1], *replies)))).outcomes
    for number, (one, two) in enumerate(zip(told, again[39::-1], strict=True)):
        assert isinstance(one, Appended) and isinstance(two, Appended)
        (was,), (now,) = one.items, two.items
        assert (two.dup, now.seq, getattr(now, "is_read", None)) == (True, was.seq, number < 10)
        assert getattr(now, "id", 0) == getattr(was, "id", 1)
    assert [outcome.last_seq for outcome in again[40:] if isinstance(outcome, Appended)] == list(range(41, 82))


class Statements:
    """Counts what is asked of the database, apart from a BEGIN or COMMIT that stands alone: each is a round trip."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        in_file, on_server = storage.sqlite.run, storage.mysql_run._run

        def count_in_file(connection: Any, query: Query | Script) -> Result:
            self.asked += 1
            return in_file(connection, query)

        async def count_on_server(connection: Any, query: Query | Script) -> Result:
            self.asked += 1
            for part in [query] if isinstance(query, Query) else query.queries:
                assert not part.many or part.statement.on(MYSQL).repeated is not None
            return await on_server(connection, query)

        monkeypatch.setattr(storage.sqlite, "run", count_in_file)
        monkeypatch.setattr(storage.mysql_run, "_run", count_on_server)

    def take(self) -> int:
        taken, self.asked = self.asked, 0
        return taken


@pytest.fixture
def statements(store: Storage, monkeypatch: pytest.MonkeyPatch) -> Statements:
    return Statements(monkeypatch)


async def test_a_batch_takes_two_round_trips_however_long_it_is(sql_house: House, statements: Statements) -> None:
    house = sql_house
    people = await house.people(5)
    chat = await house.group(*people)
    for size in (1, 2, 20, 256):
        commands = tuple(house.message(chat, people[number % 5]) for number in range(size))
        statements.take()
        outcomes = expect(BatchAppended, await house.do(AppendBatch(chat, commands))).outcomes
        assert statements.take() == 2, "one reads under the lock, one writes and commits"
        assert all(isinstance(outcome, Appended) for outcome in outcomes)
    again = expect(BatchAppended, await house.do(AppendBatch(chat, commands))).outcomes
    assert statements.take() == 6, "the unique key speaks up, then cids, messages, readers and who hides it are read"
    assert all(isinstance(outcome, Appended) and outcome.dup for outcome in again)


async def test_many_marks_take_as_many_statements_as_few(sql_house: House, statements: Statements) -> None:
    house = sql_house
    people = await house.people(16)
    chats = [await house.group(*people) for _ in range(4)]
    for chat in chats:
        for _ in range(3):
            await house.send(chat, people[0])
    statements.take()
    marked: list[Marked] = []

    async def mark(user_id: int, chat: int) -> None:
        marked.append(expect(Marked, await house.do(Mark(user_id, chat, 3, 2, house.now))))

    async with trio.open_nursery() as nursery:
        for user_id in people[1:]:
            for chat in chats:
                nursery.start_soon(mark, user_id, chat)
    taken = statements.take()
    assert taken <= 6, "60 marks in at most three transactions, each of one round that locks and one that writes"
    assert {(one.read_seq, one.delivered_seq, one.unread_count, one.changed) for one in marked} == {(2, 3, 1, True)}
    assert (await house.head(people[1], chats[0])).read_seq == 2
    assert (await house.head(people[0], chats[0])).others_delivered_seq == 3


async def test_marks_of_one_person_at_once_are_all_told_the_state_after_them(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    for _ in range(5):
        await house.send(chat, ann)
    outcomes: list[Any] = []

    async def mark(**seqs: int) -> None:
        outcomes.append(await house.try_mark(bob, chat, **seqs))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: mark(read=2))
        nursery.start_soon(lambda: mark(delivered=5))
        nursery.start_soon(lambda: mark(read=9))
        nursery.start_soon(lambda: mark(read=3))
    assert sorted(refusal(one) for one in outcomes if not isinstance(one, Marked)) == ["bad_seq"]
    after = await house.mark(bob, chat)
    assert (after.read_seq, after.delivered_seq, after.unread_count, after.changed) == (3, 5, 2, False)
