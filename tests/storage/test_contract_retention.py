"""Messages that are removed after their time (chatproto/operations/retention.py)."""

import pytest
from attrs import evolve

from chatproto.operations import (
    ExpiredFound,
    FetchMessages,
    FetchPins,
    FetchRevisions,
    FindExpired,
    MessagesFound,
    PinsFound,
    ReadLog,
    Sweep,
    Swept,
)
from chatproto.operations.outcomes import LogRead
from chatproto.wire.limits import MAX_FILES
from chatproto.wire.markup import Mentions
from chatproto.wire.model import Event, Hidden, Message
from tests.storage.store_house import House, expect, refusal
from tests.storage.test_contract_files import add, clean, send
from tests.storage.test_contract_search import index


async def found(house: House, days: int = 0, after_id: int = 0, limit: int = 100) -> ExpiredFound:
    return expect(ExpiredFound, await house.do(FindExpired(house.now, days, after_id, limit)))


async def test_nothing_is_removed_without_a_time(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    await house.send(chat, ann)
    house.wait(days=10_000)
    assert await found(house) == ExpiredFound((), None)
    assert not (await house.expire(chat)).messages
    assert (await house.expire(10**12, days=1)).first_seq == 1
    assert (await house.message_at(bob, chat, 1)).content == "hello"


async def test_the_shorter_time_counts(house: House) -> None:
    """That of the server is for every chat, that of a group for it alone."""
    ann, bob = await house.people(2)
    short, long, direct = await house.group(ann, bob), await house.group(ann, bob), await house.direct(ann, bob)
    for chat in (short, long, direct):
        await house.send(chat, ann)
    await house.change("update", short, ann, retention_days=1)
    await house.change("update", long, ann, retention_days=365)
    assert (await house.chat(bob, short)).retention_days == 1
    house.wait(days=1)
    assert await found(house, days=30) == ExpiredFound((), None), "to the microsecond"
    house.wait(microseconds=1)
    assert await found(house, days=30) == ExpiredFound((short,), None)
    assert await found(house) == ExpiredFound((short,), None)
    house.wait(days=29)
    assert await found(house, days=30) == ExpiredFound((short, long, direct), None)
    assert await found(house, days=30, limit=2) == ExpiredFound((short, long), long)
    assert await found(house, days=30, after_id=long, limit=2) == ExpiredFound((direct,), None)
    for chat in (short, long, direct):
        assert (await house.expire(chat, days=30)).messages == 1
    assert await found(house, days=30) == ExpiredFound((), None), "also not by what is left"


async def test_a_log_begins_behind_what_was_removed(house: House) -> None:
    """For everybody, in pieces; its seqs, marks and counts stay."""
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob)
    for number in range(5):
        await house.send(chat, ann, f"old {number}")
    await house.changed(house.delete_of(chat, ann, 2))
    await house.mark(bob, chat, read=2, delivered=4)
    house.wait(days=8)
    await house.send(chat, ann, "young")
    await house.changed(house.pin_of(chat, ann, 7))
    assert (await house.chat(bob, chat)).unread_count == 4
    first = await house.expire(chat, days=7, limit=4)
    assert (first.messages, first.first_seq, first.more) == (3, 5, True)
    second = await house.expire(chat, days=7, limit=4)
    assert (second.messages, second.first_seq, second.more) == (1, 7, False)
    assert await house.expire(chat, days=7, limit=4) == second.__class__(chat, 0, 7, more=False)
    seen = await house.chat(bob, chat)
    assert (seen.first_seq, seen.last_seq, seen.read_seq, seen.delivered_seq) == (7, 8, 2, 4)
    assert (seen.unread_count, seen.pinned_seq) == (1, 7)
    assert seen.last_message is not None
    page = await house.page(bob, chat)
    assert (page.from_seq, page.to_seq, [item.seq for item in page.items]) == (6, 8, [7, 8])
    assert (await house.page(bob, chat, before=7)).items == ()
    assert refusal(await house.do(house.edit_of(chat, ann, 1, "again"))) == "bad_seq"
    assert refusal(await house.try_send(chat, bob, reply_to=1)) == "bad_seq"
    swept = expect(Swept, await house.do(Sweep((chat,), ())))
    assert (swept.begins, swept.heads[chat][0]) == ({chat: 7}, 8)
    await house.change("add", chat, ann, eve)
    assert (await house.chat(eve, chat)).first_seq == 7, "with all of the history there is"
    log = expect(LogRead, await house.do(ReadLog(chat, 0, None, 100)))
    assert [item.seq for item in log.items] == list(range(1, 10))
    removed = [item for item in log.items[:5] if isinstance(item, Message)]
    assert [(item.content, item.deleted, item.rev) for item in removed] == [(None, True, 2)] * 5


async def test_nothing_is_left(house: House) -> None:
    """All of a log is old: there is no last message, and nothing pinned; what comes next is as ever."""
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    await house.send(chat, ann, "one")
    await house.changed(house.pin_of(chat, bob, 1))
    house.wait(days=31)
    assert (await house.expire(chat, days=30)).first_seq == 3
    seen = await house.chat(bob, chat)
    assert (seen.last_message, seen.pinned_seq, seen.unread_count, seen.first_seq) == (None, None, 0, 3)
    assert expect(PinsFound, await house.do(FetchPins(ann, chat))).messages == ()
    messages = expect(MessagesFound, await house.do(FetchMessages(ann, chat, 0, None, 50)))
    assert (messages.messages, messages.has_more) == ((), False)
    assert (await house.send(chat, ann, "two")).seq == 3
    assert (await house.chat(bob, chat)).unread_count == 1


async def test_what_is_told_of_removed_messages_is_hidden(house: House) -> None:
    """Events behind the beginning, about messages before it; and texts, mentions and words are gone."""
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    await house.send(chat, ann, "the first text")
    command = house.message(chat, ann, "hello @user1")
    await house.do(evolve(command, mentions=Mentions(("user1",), True)))
    await index(house, chat)
    house.wait(days=3)
    await house.changed(house.edit_of(chat, ann, 1, "the second text"))
    await house.changed(house.react_of(chat, bob, 1, "\U0001f44d"))
    assert (await house.chat(bob, chat)).mention_count == 1
    house.wait(days=5)
    await house.send(chat, ann, "the third text")
    await house.expire(chat, days=7)
    page = await house.page(bob, chat)
    assert [type(item) for item in page.items] == [Hidden, Hidden, Message]
    assert (await house.chat(bob, chat)).mention_count == 0
    assert refusal(await house.do(FetchRevisions(ann, chat, 1))) == "not_found"
    log = expect(LogRead, await house.do(ReadLog(chat, 2, None, 100)))
    assert [item.data for item in log.items if isinstance(item, Event)] == [{}, {}]
    house.wait(days=3)
    assert (await house.expire(chat, days=7)).first_seq == 5, "what is told of them is old by now"


async def test_former_members_keep_no_more(house: House) -> None:
    """What they were left with goes by its own time, as for everybody."""
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob, eve)
    await house.send(chat, ann, "one")
    await house.changed(house.pin_of(chat, ann, 1))
    await house.change("remove", chat, ann, bob)
    house.wait(days=2)
    await house.send(chat, ann, "two")
    await house.change("remove", chat, ann, eve)
    house.wait(days=6)
    await house.expire(chat, days=7)
    seen = await house.chat(bob, chat)
    assert (seen.first_seq, seen.left_seq, seen.last_seq) == (4, 3, 3)
    assert (seen.last_message, seen.pinned_seq, seen.unread_count, seen.mention_count) == (None, None, 0, 0)
    page = await house.page(bob, chat)
    assert (page.from_seq, page.to_seq, page.items, page.more) == (3, 3, (), False)
    assert (await house.head(bob, chat)).first_seq == 4
    assert [item.seq for item in (await house.page(eve, chat)).items] == [4, 5]
    house.wait(days=3)
    await house.expire(chat, days=7)
    assert (await house.chat(bob, chat)).first_seq == 4
    assert (await house.page(eve, chat)).items == ()
    await house.change("add", chat, ann, bob)
    assert (await house.chat(bob, chat)).first_seq == 6, "and who comes back sees what the others see"


async def test_how_long_is_said_by_admins_of_groups(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    assert refusal(await house.try_change("update", chat, bob, retention_days=7)) == "forbidden"
    assert refusal(await house.try_change("update", await house.direct(ann, bob), ann, retention_days=7)) == "forbidden"
    change = house.change_of("update", chat, ann, retention_days=7)
    appended = await house.do(change)
    assert [item.data for item in appended.items] == [{"retention_days": 7}]  # type: ignore[union-attr]
    assert (await house.do(change)).dup  # type: ignore[union-attr]
    assert (await house.change("update", chat, ann, retention_days=7)).items == ()
    assert (await house.change("update", chat, ann, retention_days=0)).items[0].seq == 2
    assert (await house.chat(bob, chat)).retention_days == 0
    await house.change("update", chat, ann, retention_days=30)
    await house.change("remove", chat, ann, bob)
    assert (await house.chat(bob, chat)).retention_days == 0, "what a former member is left with has no time of its own"


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_messages_with_very_many_files_are_removed_together(house: House) -> None:
    """SQLite takes no more than 1,000 conditions in one statement."""
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    for _ in range(52):
        await send(house, chat, ann, *[await add(house, ann, house.cid().encode()) for _ in range(MAX_FILES)])
    house.wait(days=2)
    assert (await house.expire(chat, days=1, limit=200)).messages == 52
    assert (await clean(house, 1000)).removed == 52 * MAX_FILES
