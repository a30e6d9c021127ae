"""Mentions, forwarding, and one's own choice of what to be told of."""

from typing import Any

from attrs import evolve

from chatproto.operations import (
    AppendBatch,
    Appended,
    BatchAppended,
    ChatFound,
    FetchMessages,
    ForwardSource,
    MessagesFound,
    SetFlags,
)
from chatproto.operations.append_rules import OPEN_TO_ALL
from chatproto.wire.markup import mentions
from chatproto.wire.model import Chat, Event, Forwarded, Message
from storage.transactions.naming import FEW_NAMES
from tests.storage.store_house import House, expect, refusal

HEART = "\u2764\ufe0f"


async def write(house: House, chat: int, actor: int, text: str, **fields: Any) -> Message:
    """A message with its mentions as the core finds them."""
    command = evolve(house.message(chat, actor, text, **fields), mentions=mentions(text))
    (item,) = expect(Appended, await house.do(command)).items
    assert isinstance(item, Message)
    return item


async def counts(house: House, user_id: int, chat: int) -> int:
    """How many unread messages name them, which every answer tells alike."""
    found = {
        (await house.chat(user_id, chat)).mention_count,
        (await house.head(user_id, chat)).mention_count,
        (await house.mark(user_id, chat)).mention_count,
    }
    (count,) = found
    return count


async def forward(house: House, chat: int, actor: int, source: ForwardSource, **fields: Any) -> Any:
    """The outcome of forwarding."""
    return await house.do(evolve(house.message(chat, actor, "", **fields), forward=source))


async def counts_then(house: House, user_id: int, chat: int) -> int:
    """Of a former member, who marks nothing."""
    (count,) = {(await house.chat(user_id, chat)).mention_count, (await house.head(user_id, chat)).mention_count}
    return count


async def test_members_are_mentioned_and_nobody_else(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob)
    message = await write(house, chat, ann, "@user1 and @user2, @nobody, `@user0`, @user1")
    assert (message.mentions, message.mentions_all) == ((bob,), False)
    assert await house.message_at(bob, chat, 1) == message
    assert expect(MessagesFound, await house.do(FetchMessages(bob, chat, 0, None, 9))).messages == (message,)
    await house.change("add", chat, ann, eve)
    both = await write(house, chat, bob, "@user2 @user0 @user1")
    assert both.mentions == (eve, ann, bob), "in the order of the text"
    assert (await house.chat(ann, chat)).last_message == both
    assert [await counts(house, user_id, chat) for user_id in (ann, bob, eve)] == [1, 1, 1]


async def test_mentions_are_counted_while_they_are_unread(house: House) -> None:
    ann, bob = await house.people(2)
    chat, quiet = await house.direct(ann, bob), await house.group(ann, bob)
    for text in ("@user1", "nothing", "@user1 again", "@all", "@все и @user1", "@user0"):
        await write(house, chat, ann, text)
    await write(house, quiet, ann, "@user1")
    assert [await counts(house, bob, one) for one in (chat, quiet)] == [4, 1]
    assert await counts(house, ann, chat) == 0, "one's own do not count"
    assert (await house.mark(bob, chat, read=2)).mention_count == 3
    await house.changed(house.delete_of(chat, ann, 3))
    assert await counts(house, bob, chat) == 2
    assert (await house.message_at(bob, chat, 3)).mentions == ()
    assert (await house.mark(bob, chat, read=-1)).mention_count == 0
    assert await counts(house, bob, quiet) == 1


async def test_a_hundred_mentions_stand_for_more(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    texts = ["@user1 @all" if number % 2 else "@all" for number in range(130)]
    commands = tuple(evolve(house.message(chat, ann, text), mentions=mentions(text)) for text in texts)
    await house.do(AppendBatch(chat, commands))
    assert await counts(house, bob, chat) == 100
    assert (await house.mark(bob, chat, read=31)).mention_count == 99


async def test_in_a_large_group_only_admins_mention_everybody(house: House) -> None:
    people = await house.people(OPEN_TO_ALL + 1)
    ann, bob = people[:2]
    chat = await house.group(*people[:-1])
    assert (await write(house, chat, bob, "@all")).mentions_all
    await house.change("add", chat, ann, people[-1])
    assert not (await write(house, chat, bob, "@all")).mentions_all
    assert (await write(house, chat, ann, "@all")).mentions_all
    assert await counts(house, people[2], chat) == 2


async def test_an_edit_names_others(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob, eve)
    await write(house, chat, ann, "@user1")

    async def edit(text: str) -> Event:
        return await house.changed(evolve(house.edit_of(chat, ann, 1, text), mentions=mentions(text)))

    first = await edit("@user2 and @all")
    assert (first.data["mentions"], first.data["mentions_all"]) == ((eve,), True)
    assert [await counts(house, user_id, chat) for user_id in (bob, eve)] == [1, 1]
    await house.change("remove", chat, ann, eve)
    assert await counts_then(house, eve, chat) == 1
    second = await edit("@user1 @user2")
    assert (second.data["mentions"], "mentions_all" in second.data) == ((bob,), False)
    plain = await edit("nobody")
    assert await counts_then(house, eve, chat) == 1, "what a former member was told last does not change"
    assert not {"mentions", "mentions_all"} & set(plain.data)
    assert await counts(house, bob, chat) == 0
    then = await house.message_at(eve, chat, 1)
    assert (then.content, then.mentions, then.mentions_all) == ("@user2 and @all", (eve,), True)
    await edit("@user1")
    assert [one.mentions for one in [await house.message_at(bob, chat, 1)]] == [(bob,)]
    await house.changed(house.delete_of(chat, ann, 1))
    assert [(await house.message_at(one, chat, 1)).mentions for one in (bob, eve)] == [(), ()]


async def test_former_members_count_what_named_them_then(house: House) -> None:
    """Of each kind: never edited, edited before the removal, edited after it, or deleted."""
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)

    async def edit(seq: int, text: str) -> None:
        await house.changed(evolve(house.edit_of(chat, ann, seq, text), mentions=mentions(text)))

    for text in ("@user1", "plain", "@user1", "@all", "@user1 @user0", "@user0", "@user1"):
        await write(house, chat, ann, text)
    await edit(2, "@user1 now")  # before the removal: it names them
    await edit(3, "nobody now")
    await edit(5, "@user0 and @user1")
    await write(house, chat, bob, "@user1 I am")
    assert await counts(house, bob, chat) == 5
    await house.change("remove", chat, ann, bob)
    assert await counts_then(house, bob, chat) == 5
    for seq in (1, 2, 3, 4, 5):
        await edit(seq, "@user1 " * (seq == 3) + "after")
    await edit(6, "@all, after")
    assert await counts_then(house, bob, chat) == 5
    await edit(1, "after that")
    for seq in (1, 7):
        await house.changed(house.delete_of(chat, ann, seq))
    assert await counts_then(house, bob, chat) == 3
    await house.change("add", chat, ann, bob)
    assert await counts(house, bob, chat) == 0


async def test_many_names_in_few_texts(house: House) -> None:
    """So many that the members are looked through instead."""
    ann, bob, eve = await house.people(3)
    chat, other = await house.group(ann, bob), await house.direct(ann, eve)
    await house.change("add", chat, ann, eve)
    await house.change("remove", chat, ann, eve)
    strangers = " ".join(f"@nobody{number}" for number in range(FEW_NAMES))
    crowded = await write(house, chat, ann, f"@user2 {strangers} @user1 @user0")
    assert crowded.mentions == (bob, ann)
    both = [evolve(house.message(of, ann), mentions=mentions(f"@user1 @user2 {strangers}")) for of in (chat, other)]
    for command, named in zip(both, ((bob,), (eve,)), strict=True):
        (item,) = expect(Appended, await house.do(command)).items
        assert isinstance(item, Message) and item.mentions == named


async def test_mentions_within_a_batch(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann)
    named = [evolve(house.message(chat, ann, "@user1"), mentions=mentions("@user1")) for _ in range(3)]
    batch = AppendBatch(chat, (named[0], house.change_of("add", chat, ann, bob), named[1], named[2], named[0]))
    outcomes = expect(BatchAppended, await house.do(batch)).outcomes
    items = [one.items[0] for one in outcomes if isinstance(one, Appended)]
    assert [item.mentions for item in items if isinstance(item, Message)] == [(), (bob,), (bob,), ()]
    again = expect(Appended, await house.do(named[1]))
    assert again.dup and again.items == (items[2],)
    assert await counts(house, bob, chat) == 2


async def test_a_forward_copies_the_text_and_names_its_author(house: House) -> None:
    ann, bob, eve = await house.people(3)
    source, target = await house.direct(ann, bob), await house.group(bob, eve)
    sent = await write(house, source, ann, "@user1 see this")
    await house.changed(house.edit_of(source, ann, 1, "see that"))
    await house.changed(house.react_of(source, bob, 1, HEART))
    await house.send(target, eve)
    appended = expect(
        Appended, await forward(house, target, bob, ForwardSource(source, 1, sent.created_at), reply_to=1)
    )
    (message,) = appended.items
    assert isinstance(message, Message)
    assert (message.content, message.sender_id, message.reply_to, message.rev) == ("see that", bob, 1, 1)
    assert message.forwarded == Forwarded(user_id=ann, display_name="user0")
    assert (message.mentions, message.reactions, message.edited_at) == ((), (), None)
    assert await house.message_at(eve, target, 2) == message
    again = expect(Appended, await forward(house, await house.direct(eve, bob), eve, ForwardSource(target, 2)))
    assert isinstance(again.items[0], Message)
    assert again.items[0].forwarded == message.forwarded, "the first author"
    await house.changed(house.edit_of(source, ann, 1, "later"))
    assert (await house.message_at(eve, target, 2)).content == "see that", "later edits do not follow"
    await house.changed(house.delete_of(target, bob, 2))
    assert (await house.message_at(eve, target, 2)).forwarded is None


async def test_only_what_one_may_see_can_be_forwarded(house: House) -> None:
    ann, bob, eve = await house.people(3)
    source, target = await house.group(ann, bob), await house.group(bob, eve)
    sent = await house.send(source, ann, "one")
    await house.send(source, ann, "two")
    await house.change("update", source, ann, title="three")
    later = house.wait(seconds=1)
    wrong = [
        (eve, ForwardSource(source, 1)),
        (bob, ForwardSource(source, 1, later)),
        (bob, ForwardSource(source, 3)),
        (bob, ForwardSource(source, 9)),
        (bob, ForwardSource(999, 1)),
    ]
    for actor, where in wrong:
        assert refusal(await forward(house, target, actor, where)) == "bad_seq"
    await house.change("add", source, ann, eve, history="none")
    assert refusal(await forward(house, target, eve, ForwardSource(source, 1))) == "bad_seq"
    await house.change("remove", source, ann, bob)
    await house.changed(house.edit_of(source, ann, 1, "edited since"))
    kept = expect(Appended, await forward(house, target, bob, ForwardSource(source, 1, sent.created_at), cid="f"))
    assert getattr(kept.items[0], "content", None) == "one", "as it was when they left"
    assert refusal(await forward(house, target, bob, ForwardSource(source, 6))) == "bad_seq"
    await house.changed(house.delete_of(source, ann, 1))
    assert refusal(await forward(house, target, bob, ForwardSource(source, 1))) == "message_deleted"
    again = expect(Appended, await forward(house, target, bob, ForwardSource(source, 1, sent.created_at), cid="f"))
    assert again.dup and again.items == kept.items
    assert refusal(await forward(house, source, bob, ForwardSource(target, 1))) == "not_member"


async def test_what_was_just_written_can_be_forwarded_in_the_same_batch(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    first = house.message(chat, ann, "one")
    second = evolve(house.message(chat, ann, "", cid="second"), forward=ForwardSource(chat, 1))
    third = evolve(house.message(chat, bob, "", cid="third"), forward=ForwardSource(chat, 2))
    outcomes = expect(BatchAppended, await house.do(AppendBatch(chat, (first, second, third)))).outcomes
    items = [one.items[0] for one in outcomes if isinstance(one, Appended)]
    assert [getattr(item, "content", None) for item in items] == ["one", "one", "one"]
    assert [item.forwarded and item.forwarded.user_id for item in items if isinstance(item, Message)] == [
        None,
        ann,
        ann,
    ]


async def test_what_to_be_told_of(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)

    async def set_flags(**flags: Any) -> Chat:
        fields = {"muted": None, "favourite": None, "hidden": None} | flags
        return expect(ChatFound, await house.do(SetFlags(ann, chat, **fields))).chat

    def told(found: Chat) -> tuple[object, ...]:
        return (found.muted, found.muted_until, found.notify)

    until = house.wait(hours=1)
    assert told(await house.chat(ann, chat)) == (False, None, "all")
    assert told(await set_flags(muted=True, muted_until=until)) == (True, until, "all")
    assert told(await set_flags(notify="mentions", favourite=True)) == (True, until, "mentions")
    assert told(await set_flags(muted=True)) == (True, None, "mentions"), "for ever"
    assert told(await set_flags(notify="none", muted=False)) == (False, None, "none")
    assert told(await house.chat(ann, chat)) == (False, None, "none")
    assert told(await house.chat(bob, chat)) == (False, None, "all")
