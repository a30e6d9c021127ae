"""The log: density, cids, byte-exact content (docs/protocol.md I1..I4)."""

from datetime import datetime, timedelta
from functools import partial

import trio

from chatproto.operations import AppendBatch, Appended, AppendMessage, BatchAppended, Sweep, Swept
from chatproto.wire.digest import command_digest
from chatproto.wire.model import Message
from tests.storage.store_house import House, expect, refusal


async def test_a_message_is_stored_and_read_by_all_members(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob)
    outcome = expect(Appended, await house.try_send(chat, ann, "hi", cid="a:1"))
    (message,) = outcome.items
    assert isinstance(message, Message)
    assert message == Message(
        id=message.id, chat_id=chat, seq=1, sender_id=ann, content="hi", created_at=house.now, cid="a:1"
    )
    assert (outcome.dup, outcome.last_seq, outcome.member_ids) == (False, 1, ())
    assert (outcome.added_ids, outcome.removed_ids) == ((), ())
    for reader in (ann, bob):
        assert (await house.page(reader, chat)).items == (message,)
    assert refusal(await house.try_page(eve, chat)) == "not_member"


async def test_only_members_write(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob)
    assert refusal(await house.try_send(chat, eve)) == "not_member"
    assert refusal(await house.try_send(chat + 1000, ann)) == "not_member"
    assert (await house.chat(ann, chat)).last_seq == 0


async def test_the_same_cid_is_answered_with_the_first_entry_for_ever(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    first = await house.send(chat, ann, "once", cid="x")
    await house.send(chat, bob, "between")
    house.wait(days=400)
    again = expect(Appended, await house.try_send(chat, ann, "once", cid="x"))
    assert again.dup
    assert again.items == (first,)
    assert again.last_seq == 2
    assert again.member_ids == ()
    assert (await house.chat(ann, chat)).last_seq == 2


async def test_the_same_cid_with_other_content_is_a_conflict(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    await house.send(chat, ann, "one", cid="x")
    assert refusal(await house.try_send(chat, ann, "two", cid="x")) == "cid_conflict"
    assert (await house.chat(ann, chat)).last_seq == 1


async def test_a_cid_belongs_to_its_actor_and_its_chat(house: House) -> None:
    ann, bob = await house.people(2)
    chat, other = await house.direct(ann, bob), await house.group(ann, bob)
    assert (await house.send(chat, ann, "one", cid="x")).seq == 1
    assert (await house.send(chat, bob, "two", cid="x")).seq == 2
    assert (await house.send(other, ann, "three", cid="x")).seq == 1


async def test_cids_are_compared_byte_by_byte(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    cids = ["a", "A", "a.", "a-", "a:", "a" * 64, "a" * 63]
    for seq, cid in enumerate(cids, 1):
        message = await house.send(chat, ann, "the same", cid=cid)
        assert (message.seq, message.cid) == (seq, cid)


async def test_one_cid_serves_messages_and_changes(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob)
    await house.send(chat, ann, "one", cid="x")
    assert refusal(await house.try_change("add", chat, ann, eve, cid="x")) == "cid_conflict"
    await house.change("add", chat, ann, eve, cid="y")
    assert refusal(await house.try_send(chat, ann, "one", cid="y")) == "cid_conflict"


async def test_a_cid_answers_its_author_even_after_they_left(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    message = await house.send(chat, bob, "one", cid="x")
    await house.change("remove", chat, ann, bob)
    again = expect(Appended, await house.try_send(chat, bob, "one", cid="x"))
    assert again.dup
    assert again.items == (message,)
    assert refusal(await house.try_send(chat, bob, "two", cid="y")) == "not_member"


async def test_sends_of_the_same_cid_at_once_make_one_entry(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    outcomes: list[Appended] = []

    async def send() -> None:
        outcomes.append(expect(Appended, await house.try_send(chat, ann, "once", cid="x")))

    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(send)
    assert sorted(outcome.dup for outcome in outcomes) == [False] + [True] * 9
    assert {outcome.items[0].seq for outcome in outcomes} == {1}
    assert (await house.chat(ann, chat)).last_seq == 1


async def test_fifty_appends_at_once_leave_no_hole(house: House) -> None:
    people = await house.people(5)
    chats = [await house.group(*people), await house.group(*people)]
    seqs: dict[int, list[int]] = {chat: [] for chat in chats}

    async def send(chat: int, actor: int) -> None:
        seqs[chat].append((await house.send(chat, actor)).seq)

    async with trio.open_nursery() as nursery:
        for position in range(50):
            for chat in chats:
                nursery.start_soon(send, chat, people[position % 5])
    for chat in chats:
        assert sorted(seqs[chat]) == list(range(1, 51))
        page = await house.page(people[0], chat)
        assert [item.seq for item in page.items] == list(range(1, 51))
        assert page.last_seq == 50


async def test_what_one_actor_sends_in_order_stays_in_order(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob, eve)

    async def talk(actor: int) -> None:
        for number in range(15):
            await house.send(chat, actor, f"{number}")

    async with trio.open_nursery() as nursery:
        for actor in (ann, bob, eve):
            nursery.start_soon(talk, actor)
    items = (await house.page(ann, chat)).items
    assert len(items) == 45
    for actor in (ann, bob, eve):
        said = [item.content for item in items if isinstance(item, Message) and item.sender_id == actor]
        assert said == [f"{number}" for number in range(15)]


async def test_texts_come_back_byte_by_byte(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    texts = [
        "😀",
        "😁",
        "👩‍👩‍👧‍👦 семья",
        "é",
        "e\u0301",
        "ёж и ЁЖ",
        "trailing   ",
        "  leading\ttab\r\nlines\n",
        "%s %% %(x)s ' \" \\ ; -- ? :name",
        "\u202eright to left\u202c עברית",
        "𠜎𠜱𝒳",
        "z̴̢͠ą̷",
        "я" * 4000,
        "😀" * 4000,
    ]
    for text in texts:
        await house.send(chat, ann, text)
    page = await house.page(bob, chat)
    assert [item.content for item in page.items if isinstance(item, Message)] == texts


async def test_a_reply_names_a_message_of_the_same_chat(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat, other = await house.group(ann, bob), await house.group(ann, bob)
    target = await house.send(chat, ann, "question")
    await house.change("add", chat, ann, eve)
    reply = await house.send(chat, bob, "answer", reply_to=target.seq, reply_at=target.created_at)
    assert reply.reply_to == target.seq
    assert (await house.page(ann, chat)).items[-1] == reply
    assert refusal(await house.try_send(chat, bob, "to an event", reply_to=2)) == "bad_seq"
    assert refusal(await house.try_send(chat, bob, "to nothing", reply_to=99)) == "bad_seq"
    assert refusal(await house.try_send(other, bob, "elsewhere", reply_to=target.seq)) == "bad_seq"
    late = house.wait(seconds=1)
    wrong = await house.try_send(chat, bob, "another time", reply_to=target.seq, reply_at=late)
    assert refusal(wrong) == "bad_seq"
    assert (await house.chat(ann, chat)).last_seq == 3


async def test_nobody_replies_to_what_they_may_not_see(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob)
    await house.send(chat, ann, "secret")
    await house.change("add", chat, ann, eve, history="none")
    assert refusal(await house.try_send(chat, eve, "peek", reply_to=1)) == "bad_seq"


async def test_a_refused_send_leaves_its_cid_free(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann)
    digest = command_digest("send", content="hi")
    send = partial(AppendMessage, chat, bob, "x", digest, "hi", None, None)
    assert refusal(await house.do(send(house.now))) == "not_member"
    await house.change("add", chat, ann, bob)
    assert expect(Appended, await house.do(send(house.now))).dup is False


async def test_content_is_judged_after_cid_and_membership(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann)
    await house.send(chat, ann, "fine", cid="x")
    again = await house.try_send(chat, ann, "fine", cid="x", refusal="content_too_long")
    assert expect(Appended, again).dup
    assert refusal(await house.try_send(chat, ann, "long", cid="x", refusal="content_too_long")) == "cid_conflict"
    assert refusal(await house.try_send(chat, bob, "long", refusal="content_too_long")) == "not_member"
    assert refusal(await house.try_send(chat, ann, "long", refusal="content_too_long")) == "content_too_long"
    assert (await house.chat(ann, chat)).last_seq == 1


async def test_a_mark_of_nothing_tells_how_things_are(house: House) -> None:
    ann, bob = await house.people(2)
    chat_id = await house.direct(ann, bob)
    await house.send(chat_id, ann)
    marked = await house.mark(bob, chat_id)
    assert (marked.delivered_seq, marked.read_seq, marked.changed) == (0, 0, False)


async def test_each_append_tells_when_the_entry_before_it_was_made(house: House) -> None:
    """By that, and by the head in a sweep, a process knows that the log is still the one it knew."""
    ann, bob = await house.people(2)
    chat = await house.group(ann)

    async def head() -> tuple[int, datetime | None]:
        return expect(Swept, await house.do(Sweep((chat,), ()))).heads[chat]

    before: datetime | None = None
    for number in range(1, 6):
        house.wait(seconds=1)
        if number % 2:
            outcome = expect(Appended, await house.try_send(chat, ann, "x", cid=f"c{number}"))
        else:
            outcome = await house.change("update", chat, ann, title=f"Title {number}")
        assert outcome.previous_at == before
        before = outcome.items[-1].created_at
        assert await head() == (number, before) == (number, house.now)
    again = expect(Appended, await house.try_send(chat, ann, "x", cid="c5"))
    assert (again.dup, again.previous_at) == (True, None)
    both = await house.change("add", chat, ann, bob)
    assert both.previous_at == before


async def test_appends_of_one_batch_tell_when_the_one_before_each_was_made(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    outcomes: list[Appended] = []

    async def send(number: int) -> None:
        at = house.now + timedelta(milliseconds=number)
        digest = command_digest("send", content="x", reply_to=None)
        operation = AppendMessage(chat, ann, f"c{number}", digest, "x", None, None, at)
        outcomes.append(expect(Appended, await house.do(operation)))

    async with trio.open_nursery() as nursery:
        for number in range(20):
            nursery.start_soon(send, number)
    outcomes.sort(key=lambda outcome: outcome.items[0].seq)
    times = [outcome.items[0].created_at for outcome in outcomes]
    assert [outcome.previous_at for outcome in outcomes] == [None, *times[:-1]]


async def test_a_batch_ends_command_by_command_as_if_each_were_alone(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob)
    first, conflict, stranger, repeated = (
        house.message(chat, ann, "one", cid="x"),
        house.message(chat, ann, "two", cid="x"),
        house.message(chat, eve, "let me in", cid="y"),
        house.message(chat, ann, "one", cid="x"),
    )
    last = house.message(chat, bob, "three", cid="z")
    batch = AppendBatch(chat, (first, conflict, stranger, repeated, last))
    outcomes = expect(BatchAppended, await house.do(batch)).outcomes
    assert expect(Appended, outcomes[0]).items[0].seq == 1
    assert refusal(outcomes[1]) == "cid_conflict"
    assert refusal(outcomes[2]) == "not_member"
    again = expect(Appended, outcomes[3])
    assert (again.dup, again.items[0].seq) == (True, 1)
    assert expect(Appended, outcomes[4]).items[0].seq == 2
    assert (await house.chat(ann, chat)).last_seq == 2
