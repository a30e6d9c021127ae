"""Edit, delete, react, pin: what late joiners and former members see of them."""

from chatproto.operations import (
    FetchMessages,
    FetchPins,
    FetchRevisions,
    LogRead,
    MessageChange,
    MessagesFound,
    PinsFound,
    ReadLog,
)
from chatproto.wire.model import Event, Hidden, LogItem
from tests.storage.changing import FIRE, HEART, PARTY, THUMB, data_of, pins, texts
from tests.storage.store_house import House, expect, refusal


async def test_a_late_joiner_sees_nothing_of_earlier_messages(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob)
    await house.send(chat, ann, "early")
    await house.changed(house.pin_of(chat, ann, 1))
    await house.change("add", chat, ann, eve, history="none")
    await house.send(chat, ann, "late")
    for command in (
        house.edit_of(chat, ann, 1, "earlier"),
        house.react_of(chat, bob, 1, HEART),
        house.pin_of(chat, ann, 1, on=False),
        house.pin_of(chat, ann, 1),
        house.react_of(chat, bob, 4, HEART),
    ):
        await house.changed(command)
    items = (await house.page(eve, chat)).items
    assert [item.seq for item in items] == list(range(3, 10))
    entries = (await house.page(bob, chat, after=4)).items[:4]
    assert items[2:6] == tuple(Hidden(chat_id=chat, seq=one.seq, created_at=one.created_at) for one in entries)
    assert isinstance(items[6], Event)
    assert (await house.chat(eve, chat)).pinned_seq is None
    assert await pins(house, eve, chat) == []
    unseen: list[MessageChange] = [house.react_of(chat, eve, 1, HEART), house.pin_of(chat, eve, 1)]
    for one in (*unseen, house.delete_of(chat, eve, 2)):
        assert refusal(await house.do(one)) == "bad_seq"
    await house.changed(house.pin_of(chat, ann, 4))
    assert (await house.chat(eve, chat)).pinned_seq == (await house.chat(bob, chat)).pinned_seq == 4
    await house.changed(house.pin_of(chat, ann, 4, on=False))
    last = (await house.page(eve, chat, after=10)).items[0]
    assert data_of(last) == {"pinned_seq": None}, "the highest one is below what they may see"
    assert data_of((await house.page(bob, chat, after=10)).items[0]) == {"pinned_seq": 1}
    await house.change("role", chat, ann, eve, role="admin")
    assert refusal(await house.do(FetchRevisions(eve, chat, 1))) == "not_found"


async def busy_group(house: House) -> tuple[int, list[int]]:
    """ann (admin), bob, eve; three messages, one edited twice, reactions that came and went, two pins."""
    people = ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob, eve)
    for text in ("first", "second", "third"):
        await house.send(chat, bob, text)
    for command in (
        house.edit_of(chat, bob, 1, "first again"),
        house.react_of(chat, ann, 1, HEART),
        house.react_of(chat, eve, 1, FIRE),
        house.react_of(chat, eve, 1, FIRE, on=False),
        house.react_of(chat, ann, 2, THUMB),
        house.pin_of(chat, ann, 1),
        house.pin_of(chat, ann, 2),
        house.edit_of(chat, bob, 3, "third again"),
    ):
        house.wait(seconds=1)
        await house.changed(command)
    return chat, people


async def seen(house: House, user_id: int, chat: int) -> tuple[object, ...]:
    """Everything that tells of messages."""
    shown = await house.chat(user_id, chat)
    items = [(await house.page(user_id, chat, **cursor)).items for cursor in ({"after": 0}, {"before": 99})]
    listed = expect(MessagesFound, await house.do(FetchMessages(user_id, chat, 0, None, 50))).messages
    pinned = expect(PinsFound, await house.do(FetchPins(user_id, chat))).messages
    return shown.last_message, shown.pinned_seq, shown.unread_count, items, listed, pinned


async def test_a_former_member_sees_what_was_there(house: House) -> None:
    chat, (ann, bob, eve) = await busy_group(house)
    as_member = await seen(house, bob, chat)
    revisions = await texts(house, bob, chat, 1)
    await house.change("remove", chat, ann, bob)
    house.wait(minutes=1)
    for command in (
        house.react_of(chat, ann, 1, HEART, on=False),
        house.react_of(chat, eve, 1, HEART),
        house.react_of(chat, eve, 2, THUMB),
        house.react_of(chat, eve, 3, PARTY),
        house.pin_of(chat, ann, 2, on=False),
        house.pin_of(chat, ann, 3),
        house.pin_of(chat, ann, 1, on=False),
        house.pin_of(chat, ann, 1),
        house.react_of(chat, ann, 2, THUMB, on=False),
    ):
        await house.changed(command)
    last_message, pinned_seq, unread, items, listed, pinned = await seen(house, bob, chat)
    assert (last_message, pinned_seq, unread, listed, pinned) == (*as_member[:3], *as_member[4:])
    assert isinstance(items, list) and isinstance(as_member[3], list)
    assert [one[:-1] for one in items] == as_member[3], "but for their removal"
    assert await texts(house, bob, chat, 1) == revisions
    assert len(revisions) == 2
    late: list[MessageChange] = [house.edit_of(chat, bob, 1, "x"), house.react_of(chat, bob, 1, HEART)]
    for one in late:
        assert refusal(await house.do(one)) == "not_member"


async def test_later_edits_do_not_reach_a_former_member_and_deletions_do(house: House) -> None:
    chat, (ann, bob, eve) = await busy_group(house)
    as_member = await seen(house, eve, chat)
    await house.change("remove", chat, ann, eve)
    for seq in (1, 2, 3):
        await house.changed(house.edit_of(chat, bob, seq, f"later {seq}"))
    after = await seen(house, eve, chat)
    assert (*after[:3], *after[4:]) == (*as_member[:3], *as_member[4:])
    assert (await house.message_at(ann, chat, 3)).content == "later 3"
    await house.changed(house.delete_of(chat, bob, 1))
    await house.changed(house.delete_of(chat, bob, 3))
    erased = [await house.message_at(eve, chat, seq) for seq in (1, 2, 3)]
    assert [(one.content, one.deleted) for one in erased] == [(None, True), ("second", False), (None, True)]
    shown = await house.chat(eve, chat)
    assert shown.last_message is not None
    assert (shown.last_message.seq, shown.last_message.content, shown.unread_count) == (3, None, 1)
    assert (shown.pinned_seq, await pins(house, eve, chat)) == (2, [1, 2]), "a tombstone keeps its pin for them"
    items = (await house.page(eve, chat)).items
    assert [data_of(item) for item in items[3:7]] == [{}] * 4
    assert data_of(items[7])["rev"] == 2
    assert data_of(items[10]) == {}
    await house.change("add", chat, ann, eve)
    assert (await house.chat(eve, chat)).pinned_seq == 2
    assert (await house.message_at(eve, chat, 2)).content == "later 2"
    assert await pins(house, eve, chat) == [2]


async def test_the_log_that_all_read_tells_nobody_what_came_after_their_removal(house: House) -> None:
    """A connection that is behind is given it up to the removal of its user."""
    chat, (ann, bob, eve) = await busy_group(house)
    before = [*(await house.page(eve, chat)).items]
    await house.change("remove", chat, ann, bob)
    end = (await house.chat(ann, chat)).last_seq
    await house.changed(house.edit_of(chat, ann, (await house.send(chat, ann, "new")).seq, "newer"))
    await house.changed(house.pin_of(chat, ann, 3))
    await house.changed(house.react_of(chat, ann, 1, HEART, on=False))
    await house.changed(house.react_of(chat, eve, 2, FIRE))

    async def log(after: int) -> list[LogItem]:
        return [*expect(LogRead, await house.do(ReadLog(chat, after, None, 200))).items]

    items = await log(0)
    assert items[:-1] == before
    assert (items[-1].seq, (await log(2))[0]) == (end, before[2])
    rest = await log(end)
    assert [item.seq for item in rest] == list(range(end + 1, end + 6))
    assert data_of(rest[2]) == {"pinned_seq": 3}
    await house.change("add", chat, ann, bob)
    assert len(await log(0)) == end + 6, "who is back may know"
    assert len((await house.message_at(bob, chat, 2)).reactions) == 2


async def test_a_former_author_and_a_former_admin_see_the_texts_of_then(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob, eve)
    await house.send(chat, ann, "one")
    await house.changed(house.edit_of(chat, ann, 1, "two"))
    await house.change("role", chat, ann, bob, role="admin")
    await house.change("remove", chat, bob, bob)
    await house.changed(house.edit_of(chat, ann, 1, "three"))
    assert [content for _, content, _ in await texts(house, bob, chat, 1)] == ["one", "two"]
    assert [content for _, content, _ in await texts(house, ann, chat, 1)] == ["one", "two", "three"]
    await house.changed(house.delete_of(chat, ann, 1))
    for user_id in (ann, bob):
        assert refusal(await house.do(FetchRevisions(user_id, chat, 1))) == "not_found"
