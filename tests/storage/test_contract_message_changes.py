"""Edit, delete, react, pin: what a store keeps of each."""

import pytest

from chatproto.operations import (
    Appended,
    FetchPins,
    FetchRevisions,
    LogRead,
    MessageChange,
    ReadLog,
    Refused,
)
from chatproto.operations.message_rules import MAX_EMOJI, MAX_OWN_EMOJI, MAX_PINS
from chatproto.wire.model import Event, Message, Reaction
from tests.storage.changing import FIRE, GRIN, HEART, SMILE, THUMB, batch, data_of, everywhere, pins, texts
from tests.storage.store_house import House, expect, refusal

# --- what each does ---


async def test_an_edit_replaces_the_text_everywhere(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    sent = await house.send(chat, ann, "first")
    at = house.wait(seconds=1)
    appended = expect(Appended, await house.do(house.edit_of(chat, ann, 1, "second", target_at=sent.created_at)))
    assert (appended.last_seq, appended.dup, appended.previous_at, appended.unchanged) == (
        2,
        False,
        sent.created_at,
        None,
    )
    (event,) = appended.items
    assert event == Event(
        chat_id=chat, seq=2, event="edited", actor_id=ann, created_at=at, target_seq=1,
        data={"content": "second", "edited_at": at, "rev": 2},
    )  # fmt: skip
    for message in await everywhere(house, bob, chat, 1):
        assert (message.content, message.rev, message.edited_at, message.created_at) == (
            "second",
            2,
            at,
            sent.created_at,
        )
        assert (message.id, message.cid, message.reactions) == (sent.id, sent.cid, ())
    assert (await house.page(bob, chat, after=1)).items == (event,)
    assert expect(LogRead, await house.do(ReadLog(chat, 1, None, 10))).items == (event,)
    assert (await house.chat(bob, chat)).last_at == at


async def test_former_texts_are_kept_for_the_author_and_admins(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob, eve)
    await house.send(chat, bob, "one")
    assert await texts(house, bob, chat, 1) == [(1, "one", None)]
    await house.changed(house.react_of(chat, eve, 1, HEART))
    second = house.wait(seconds=1)
    await house.changed(house.edit_of(chat, bob, 1, "two"))
    third = house.wait(seconds=1)
    await house.changed(house.edit_of(chat, bob, 1, "one"))
    kept = [(1, "one", None), (3, "two", second), (4, "one", third)]
    assert await texts(house, bob, chat, 1) == kept
    assert await texts(house, ann, chat, 1) == kept
    for user_id, seq in ((eve, 1), (bob, 2), (bob, 9)):
        assert refusal(await house.do(FetchRevisions(user_id, chat, seq))) == "not_found"
    direct = await house.direct(ann, bob)
    await house.send(direct, ann, "mine")
    assert refusal(await house.do(FetchRevisions(bob, direct, 1))) == "not_found"
    assert refusal(await house.do(FetchRevisions(bob, direct + 9, 1))) == "not_found"
    assert refusal(await house.do(FetchPins(bob, direct + 9))) == "not_found"


async def test_a_deletion_leaves_a_tombstone_and_nothing_else(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    await house.send(chat, bob, "first")
    await house.changed(house.edit_of(chat, bob, 1, "second"))
    await house.changed(house.react_of(chat, ann, 1, HEART))
    await house.changed(house.pin_of(chat, ann, 1))
    deleted = await house.changed(house.delete_of(chat, ann, 1))
    assert deleted.data == {"sender_id": bob, "rev": 4, "pinned_seq": None}
    for message in await everywhere(house, bob, chat, 1):
        assert (message.content, message.deleted, message.rev, message.reactions) == (None, True, 4, ())
    items = (await house.page(bob, chat, after=1)).items
    assert [data_of(item) for item in items] == [{}, {}, {"pinned_seq": None}, deleted.data]
    assert refusal(await house.do(FetchRevisions(bob, chat, 1))) == "not_found"
    assert await pins(house, bob, chat) == []
    assert (await house.chat(bob, chat)).pinned_seq is None


async def test_reactions_stand_in_the_order_in_which_they_came(house: House) -> None:
    people = await house.people(23)
    ann, bob = people[:2]
    chat = await house.group(*people)
    await house.send(chat, ann)
    first = await house.changed(house.react_of(chat, bob, 1, THUMB))
    assert first.data == {"emoji": THUMB, "reactions": (Reaction(emoji=THUMB, count=1, user_ids=(bob,)),), "rev": 2}
    await house.changed(house.react_of(chat, ann, 1, HEART))
    for user_id in people[2:]:
        await house.changed(house.react_of(chat, user_id, 1, THUMB))
    await house.changed(house.react_of(chat, ann, 1, SMILE))
    await house.changed(house.react_of(chat, ann, 1, GRIN))
    many = Reaction(emoji=THUMB, count=22, user_ids=tuple(people[1:21]))
    alone = [Reaction(emoji=emoji, count=1, user_ids=(ann,)) for emoji in (HEART, SMILE, GRIN)]
    for message in await everywhere(house, bob, chat, 1):
        assert message.reactions == (many, *alone)
        assert message.rev == 1 + 2 + 21 + 2
    removed = await house.changed(house.react_of(chat, bob, 1, THUMB, on=False))
    now = (alone[0], Reaction(emoji=THUMB, count=21, user_ids=tuple(people[2:22])), *alone[1:])
    assert removed.data == {"emoji": THUMB, "reactions": now, "rev": 27}
    await house.changed(house.react_of(chat, bob, 1, THUMB))
    assert (await house.message_at(ann, chat, 1)).reactions[1].user_ids == tuple(people[2:22])
    for message in await everywhere(house, bob, chat, 1):
        assert message.reactions[1].user_ids == (*people[2:22], bob), "what is told to them alone names them too"
    told = (await house.page(bob, chat, after=1)).items[-1]
    assert isinstance(told, Event)
    assert told.data["reactions"][1].user_ids[-1] == bob
    last = (await house.chat(bob, chat)).last_message
    assert last is not None
    assert last.reactions[1].user_ids[-1] == bob
    await house.change("remove", chat, ann, bob)
    assert (await house.message_at(bob, chat, 1)).reactions[1].user_ids[-1] == bob


async def test_pins_are_told_by_the_highest_seq(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    for _ in range(3):
        await house.send(chat, ann)
    assert (await house.chat(bob, chat)).pinned_seq is None
    assert (await house.changed(house.pin_of(chat, bob, 2))).data == {"pinned_seq": 2}
    assert (await house.changed(house.pin_of(chat, ann, 1))).data == {"pinned_seq": 2}
    assert (await house.changed(house.pin_of(chat, ann, 3))).data == {"pinned_seq": 3}
    assert await pins(house, bob, chat) == [1, 2, 3]
    assert (await house.chat(bob, chat)).pinned_seq == 3
    assert (await house.changed(house.pin_of(chat, ann, 3, on=False))).data == {"pinned_seq": 2}
    assert (await house.changed(house.delete_of(chat, ann, 2))).data == {"sender_id": ann, "rev": 2, "pinned_seq": 1}
    assert (await house.changed(house.delete_of(chat, ann, 3))).data == {"sender_id": ann, "rev": 2}, "was not pinned"
    assert await pins(house, ann, chat) == [1]
    events = [item for item in (await house.page(bob, chat)).items if isinstance(item, Event)]
    assert [event.data.get("pinned_seq", 0) for event in events] == [1, 1, 1, 1, 1, 0], "of now, whenever they are sent"
    assert [message.rev for message in await everywhere(house, ann, chat, 1)] == [1] * 3, "a pin is no revision"


async def test_an_event_tells_all_of_a_message_that_was_changed_again(house: House) -> None:
    """Who gets it late may have been told a part of the state only, and goes by `rev`."""
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    await house.send(chat, ann, "one")
    first = await house.changed(house.edit_of(chat, ann, 1, "two"))
    second = await house.changed(house.react_of(chat, bob, 1, HEART))
    third = await house.changed(house.edit_of(chat, ann, 1, "three"))
    told = [set(event.data) for event in (first, second, third)]
    assert told == [{"content", "edited_at", "rev"}, {"emoji", "reactions", "rev"}, {"content", "edited_at", "rev"}]
    late = [data_of(item) for item in (await house.page(bob, chat, after=1)).items]
    message = await house.message_at(bob, chat, 1)
    state = {"content": "three", "edited_at": message.edited_at, "reactions": message.reactions, "rev": 4}
    assert late == [state, state | {"emoji": HEART}, third.data]


async def test_unread_messages_are_the_live_ones(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    for _ in range(3):
        await house.send(chat, ann)
    await house.changed(house.edit_of(chat, ann, 1, "again"))
    assert (await house.head(bob, chat)).unread_count == 3, "events are no messages"
    await house.changed(house.delete_of(chat, ann, 3))
    assert (await house.head(bob, chat)).unread_count == 2
    seen = await house.chat(bob, chat)
    assert seen.unread_count == 2 and seen.last_message is not None
    assert (seen.last_message.seq, seen.last_message.deleted) == (3, True)
    assert (await house.mark(bob, chat, read=1)).unread_count == 1


async def test_what_was_never_touched_stays_as_it_was(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    before = [await house.send(chat, ann, str(number)) for number in range(3)]
    await house.changed(house.edit_of(chat, ann, 2, "x"))
    await house.changed(house.react_of(chat, ann, 2, HEART))
    items = (await house.page(bob, chat)).items
    assert (items[0], items[2]) == (before[0], before[2])


# --- repetitions, and what changes nothing ---


@pytest.mark.parametrize("kind", ["edit", "delete", "react", "pin"])
async def test_a_repetition_gets_the_first_ack_and_the_present_state(house: House, kind: str) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    await house.send(chat, ann, "first")
    commands: dict[str, MessageChange] = {
        "edit": house.edit_of(chat, ann, 1, "second"),
        "delete": house.delete_of(chat, ann, 1),
        "react": house.react_of(chat, ann, 1, HEART),
        "pin": house.pin_of(chat, ann, 1),
    }
    command = commands[kind]
    first = expect(Appended, await house.do(command))
    await house.send(chat, bob)
    again = expect(Appended, await house.do(command))
    assert (again.dup, again.items, again.last_seq, again.unchanged) == (True, first.items, 3, None)
    if kind != "delete":
        await house.changed(house.delete_of(chat, ann, 1))
        (item,) = expect(Appended, await house.do(command)).items
        assert data_of(item) == ({"pinned_seq": None} if kind == "pin" else {})
    for name, other in commands.items():
        if name != kind:
            stolen = house.react_of(chat, ann, 1, FIRE, cid=command.cid)
            assert refusal(await house.do(stolen)) == "cid_conflict"
            assert other.digest != command.digest
    assert refusal(await house.try_send(chat, ann, "second", cid=command.cid)) == "cid_conflict"


async def test_what_changes_nothing_is_acked_and_remembered(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    sent = await house.send(chat, ann, "same")
    at = house.wait(seconds=1)
    await house.send(chat, ann, "to delete")
    await house.changed(house.delete_of(chat, ann, 2))
    for command in (
        house.edit_of(chat, ann, 1, "same"),
        house.delete_of(chat, ann, 2),
        house.react_of(chat, ann, 1, HEART, on=False),
        house.pin_of(chat, ann, 1, on=False),
    ):
        unchanged = Appended(chat, (), dup=False, last_seq=3, unchanged=(3, at))
        assert await house.do(command) == unchanged
    late = house.react_of(chat, ann, 1, HEART, on=False)
    assert expect(Appended, await house.do(late)).unchanged == (3, at)
    house.wait(seconds=1)
    await house.changed(house.react_of(chat, ann, 1, HEART))
    repeated = Appended(chat, (), dup=True, last_seq=4, unchanged=(3, at))
    assert await house.do(late) == repeated, "what did nothing then does nothing later"
    assert [one.emoji for one in (await house.message_at(bob, chat, 1)).reactions] == [HEART]
    assert refusal(await house.do(house.edit_of(chat, ann, 1, "other", cid=late.cid))) == "cid_conflict"
    assert sent.rev == 1


# --- refusals ---


async def test_refusals(house: House) -> None:
    ann, bob, eve = await house.people(3)
    group = await house.group(ann, bob)
    direct = await house.direct(ann, bob)
    for chat in (group, direct):
        await house.send(chat, bob, "of bob")
        await house.send(chat, ann, "of ann")
    await house.change("update", group, ann, title="other")
    wrong = house.wait(seconds=1)
    refused: list[tuple[MessageChange, str]] = [
        (house.edit_of(group, ann, 1, "x"), "forbidden"),
        (house.edit_of(group, eve, 1, "x"), "not_member"),
        (house.edit_of(99, ann, 1, "x"), "not_member"),
        (house.edit_of(group, bob, 1, "", refusal="empty_content"), "empty_content"),
        (house.edit_of(group, bob, 3, "x"), "bad_seq"),
        (house.edit_of(group, bob, 4, "x"), "bad_seq"),
        (house.edit_of(group, bob, 1, "x", target_at=wrong), "bad_seq"),
        (house.delete_of(direct, ann, 1), "forbidden"),
        (house.delete_of(group, bob, 2), "forbidden"),
        (house.delete_of(group, eve, 1), "not_member"),
        (house.delete_of(group, bob, 3), "bad_seq"),
        (house.react_of(group, bob, 3, HEART), "bad_seq"),
        (house.react_of(group, bob, 1, "x", refusal="emoji_invalid"), "emoji_invalid"),
        (house.react_of(group, bob, 1, HEART, target_at=wrong), "bad_seq"),
        (house.pin_of(group, bob, 1), "forbidden"),
        (house.pin_of(group, ann, 3), "bad_seq"),
        (house.pin_of(direct, eve, 1), "not_member"),
    ]
    for command, code in refused:
        assert refusal(await house.do(command)) == code, command
    await house.changed(house.delete_of(group, ann, 1))
    for command in (
        house.edit_of(group, bob, 1, "x"),
        house.react_of(group, ann, 1, HEART),
        house.react_of(group, ann, 1, HEART, on=False),
        house.pin_of(group, ann, 1),
    ):
        assert refusal(await house.do(command)) == "message_deleted"
    assert refusal(await house.do(house.edit_of(group, ann, 1, "x"))) == "forbidden", "the right comes first"
    assert (await house.chat(ann, group)).last_seq == 4


async def test_what_was_refused_may_be_taken_later_under_its_cid(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    await house.send(chat, ann)
    command = house.pin_of(chat, bob, 1)
    assert refusal(await house.do(command)) == "forbidden"
    await house.change("role", chat, ann, bob, role="admin")
    assert (await house.changed(command)).data == {"pinned_seq": 1}


async def test_a_message_has_at_most_so_many_reactions(house: House) -> None:
    people = await house.people(8)
    chat = await house.group(*people)
    await house.send(chat, people[0])
    emoji = [chr(0x1F600 + number) for number in range(MAX_EMOJI + 1)]
    for place, one in enumerate(emoji[:MAX_EMOJI]):
        await house.changed(house.react_of(chat, people[place // MAX_OWN_EMOJI], 1, one))
    first, last = people[0], people[-1]
    assert refusal(await house.do(house.react_of(chat, first, 1, emoji[5]))) == "too_many"
    assert refusal(await house.do(house.react_of(chat, last, 1, emoji[-1]))) == "too_many"
    await house.changed(house.react_of(chat, last, 1, emoji[0]))
    await house.changed(house.react_of(chat, first, 1, emoji[0], on=False))
    assert refusal(await house.do(house.react_of(chat, last, 1, emoji[-1]))) == "too_many"
    await house.changed(house.react_of(chat, first, 1, emoji[1], on=False))
    await house.changed(house.react_of(chat, last, 1, emoji[-1]))
    shown = [one.emoji for one in (await house.message_at(first, chat, 1)).reactions]
    assert shown == [*emoji[2:MAX_EMOJI], emoji[0], emoji[-1]]


async def test_a_chat_has_at_most_so_many_pins(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    await batch(house, chat, *(house.message(chat, ann) for _ in range(MAX_PINS + 1)))
    await batch(house, chat, *(house.pin_of(chat, ann, seq + 1) for seq in range(MAX_PINS)))
    assert refusal(await house.do(house.pin_of(chat, bob, MAX_PINS + 1))) == "too_many"
    assert expect(Appended, await house.do(house.pin_of(chat, bob, 1))).items == ()
    await house.changed(house.pin_of(chat, bob, 7, on=False))
    assert (await house.changed(house.pin_of(chat, bob, MAX_PINS + 1))).data == {"pinned_seq": MAX_PINS + 1}
    assert await pins(house, ann, chat) == [seq for seq in range(1, MAX_PINS + 2) if seq != 7]


# --- several in one transaction ---


async def test_later_commands_of_a_batch_see_the_earlier_ones(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    first = house.edit_of(chat, ann, 1, "two")
    outcomes = await batch(
        house,
        chat,
        house.message(chat, ann, "one"),
        first,
        house.react_of(chat, bob, 1, HEART),
        house.edit_of(chat, ann, 1, "two"),
        house.react_of(chat, bob, 1, HEART),
        house.react_of(chat, bob, 1, HEART, on=False),
        first,
        house.edit_of(chat, ann, 1, "three"),
        house.pin_of(chat, bob, 1),
        house.message(chat, bob, "end"),
    )
    appended = [one for one in outcomes if isinstance(one, Appended)]
    assert len(appended) == 10
    assert [[item.seq for item in one.items] for one in appended] == [[1], [2], [3], [], [], [4], [2], [5], [6], [7]]
    assert [one.last_seq for one in appended] == [1, 2, 3, 3, 3, 4, 4, 5, 6, 7]
    assert [one.unchanged and one.unchanged[0] for one in appended[3:5]] == [3, 3]
    assert appended[6].dup
    told = [item for one in appended for item in one.items]
    assert [getattr(told[place], "content", None) for place in (0, -1)] == ["one", "end"]
    assert [data_of(item).get("content") for item in told[1:7]] == ["two", None, None, "two", "three", None]
    assert [data_of(item).get("rev") for item in told[1:7]] == [2, 3, 4, 4, 5, None]
    assert [len(data_of(item)["reactions"]) for item in told[2:4]] == [1, 0]
    message = await house.message_at(bob, chat, 1)
    assert (message.content, message.rev, message.reactions) == ("three", 5, ())
    assert (await house.page(bob, chat)).last_seq == 7


async def test_nothing_that_a_batch_deletes_is_told(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    outcomes = await batch(
        house,
        chat,
        house.message(chat, ann, "one"),
        house.edit_of(chat, ann, 1, "two"),
        house.react_of(chat, bob, 1, HEART),
        house.pin_of(chat, bob, 1),
        house.delete_of(chat, ann, 1),
        house.delete_of(chat, ann, 1),
        house.edit_of(chat, ann, 1, "three"),
    )
    sent, *changed, deleted, again, refused = outcomes
    assert isinstance(sent, Appended) and isinstance(sent.items[0], Message)
    assert (sent.items[0].content, sent.items[0].deleted, sent.items[0].rev) == (None, True, 4)
    assert [data_of(one.items[0]) for one in changed if isinstance(one, Appended)] == [{}, {}, {"pinned_seq": 1}]
    assert isinstance(deleted, Appended)
    assert data_of(deleted.items[0]) == {"sender_id": ann, "rev": 4, "pinned_seq": None}
    assert isinstance(again, Appended) and again.unchanged == (5, house.now)
    assert refusal(refused) == "message_deleted"
    assert (await house.message_at(bob, chat, 1)).content is None


async def test_rights_given_and_taken_in_the_same_batch_count(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    await house.send(chat, ann)
    outcomes = await batch(
        house,
        chat,
        house.pin_of(chat, bob, 1),
        house.change_of("role", chat, ann, bob, role="admin"),
        house.pin_of(chat, bob, 1),
        house.change_of("remove", chat, ann, bob),
        house.pin_of(chat, bob, 1, on=False),
    )
    assert [one.code if isinstance(one, Refused) else one.last_seq for one in outcomes] == [
        "forbidden", 2, 3, 4, "not_member",
    ]  # fmt: skip
    assert isinstance(outcomes[3], Appended)
    assert outcomes[3].previous_at == house.now
