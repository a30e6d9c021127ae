"""What a former member sees is frozen at the removal, in every answer, until they are added again (I8)."""

import msgspec

from chatproto.operations import (
    Appended,
    ChatCreated,
    ChatFound,
    ChatsFound,
    CreateGroup,
    FetchMessages,
    FindUsers,
    ListChats,
    MessagesFound,
    SaveLastSeen,
    SetFlags,
    UsersFound,
)
from chatproto.wire.model import Chat, Head, Member, Message
from tests.storage.store_house import House, expect

PICTURE = "https://example.org/a.png"
LATER_PICTURE = "https://example.org/later.png"


async def members(house: House, user_id: int, chat_id: int) -> list[tuple[int, str, int, int]]:
    found = (await house.chat(user_id, chat_id, with_members=True)).members
    assert not isinstance(found, msgspec.UnsetType)
    return [(one.user.id, one.role, one.read_seq, one.delivered_seq) for one in found]


async def seen(house: House, user_id: int, chat_id: int) -> tuple[object, ...]:
    """Everything that the operations tell somebody of one chat."""
    chat = await house.chat(user_id, chat_id, with_members=True)
    listed = [one for one in expect(ChatsFound, await house.do(ListChats(user_id))).chats if one.id == chat_id]
    flagged = expect(ChatFound, await house.do(SetFlags(user_id, chat_id, None, None, None))).chat
    messages = expect(MessagesFound, await house.do(FetchMessages(user_id, chat_id, 0, None, 50))).messages
    items = [(await house.page(user_id, chat_id, **cursor)).items for cursor in ({"after": 0}, {"before": 100})]
    return chat, listed, flagged, messages, items, await house.head(user_id, chat_id)


async def busy_group(house: House) -> tuple[int, list[int]]:
    """ann (admin), bob, eve and dan, a title and a picture that were changed, messages, some read."""
    people = ann, bob, eve, _dan = await house.people(4)
    chat = await house.group(*people, title="first")
    await house.change("update", chat, ann, title="second", avatar_url=PICTURE)
    await house.send(chat, ann, "one")
    await house.send(chat, bob, "two")
    await house.mark(eve, chat, read=2)
    await house.mark(bob, chat, delivered=3)
    return chat, people


async def much_happens(house: House, chat: int, people: list[int]) -> None:
    """Whatever can change of a group changes."""
    ann, _bob, eve, dan = people
    zoe = await house.user("zoe")
    house.wait(minutes=1)
    await house.change("update", chat, ann, title="later", avatar_url=LATER_PICTURE)
    await house.send(chat, ann, "three")
    await house.change("add", chat, ann, zoe)
    await house.change("role", chat, ann, eve, role="admin")
    await house.change("remove", chat, ann, dan)
    for user_id in (ann, eve, zoe):
        await house.mark(user_id, chat, read=-1)


async def test_nothing_that_happens_later_is_seen(house: House) -> None:
    chat, people = await busy_group(house)
    ann, bob = people[:2]
    await house.change("remove", chat, ann, bob)
    before = await seen(house, bob, chat)
    await much_happens(house, chat, people)
    assert await seen(house, bob, chat) == before


async def test_what_is_kept_is_what_was_there(house: House) -> None:
    chat, people = await busy_group(house)
    ann, bob, eve, dan = people
    as_member = await house.chat(bob, chat)
    await house.change("remove", chat, ann, bob)
    await much_happens(house, chat, people)
    mine = await house.chat(bob, chat)
    assert (mine.title, mine.avatar_url, mine.role) == ("second", PICTURE, "member")
    assert mine.last_message == as_member.last_message
    assert mine.last_message is not None
    assert (mine.last_message.content, mine.last_message.is_read) == ("two", False), "ann and zoe read it later"
    assert (mine.others_read_seq, mine.others_delivered_seq) == (2, 2)
    assert mine.unread_count == as_member.unread_count == 1
    assert await members(house, bob, chat) == [(ann, "admin", 0, 0), (eve, "member", 2, 2), (dan, "member", 0, 0)]
    read = [item.is_read for item in (await house.page(bob, chat)).items if isinstance(item, Message)]
    assert read == [True, False]


async def test_a_message_read_by_its_sender_and_one_other_is_read_for_ever(house: House) -> None:
    """The one who had read furthest may be the sender: then the second one counts."""
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob, eve)
    for actor in (ann, bob):
        await house.send(chat, actor)
    await house.mark(ann, chat, read=2)
    await house.mark(bob, chat, read=1)
    await house.change("remove", chat, ann, eve)
    await house.mark(ann, chat, read=3)
    await house.mark(bob, chat, read=3)
    items = (await house.page(eve, chat)).items
    assert [item.is_read for item in items if isinstance(item, Message)] == [True, True]
    assert await members(house, eve, chat) == [(ann, "admin", 2, 2), (bob, "member", 1, 1)]


async def test_the_admin_who_hands_over_sees_that_they_did(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob, eve)
    await house.change("remove", chat, ann, ann)
    await house.change("remove", chat, bob, bob)
    assert (await house.chat(ann, chat)).role == "admin"
    assert await members(house, ann, chat) == [(bob, "admin", 0, 0), (eve, "member", 0, 0)]
    assert await members(house, bob, chat) == [(eve, "admin", 0, 0)]
    await house.change("remove", chat, eve, eve)
    assert await members(house, eve, chat) == []


async def test_a_repeated_send_tells_no_more(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    message = await house.send(chat, bob, "once", cid="x")
    await house.changed(house.react_of(chat, bob, message.seq, "🔥"))
    present = expect(Appended, await house.try_send(chat, bob, "once", cid="x"))
    assert present.items == (await house.message_at(bob, chat, message.seq),)
    await house.change("remove", chat, ann, bob)
    then = await house.message_at(bob, chat, message.seq)
    await house.changed(house.react_of(chat, ann, message.seq, "👍"))
    await house.mark(ann, chat, delivered=message.seq, read=message.seq)
    again = expect(Appended, await house.try_send(chat, bob, "once", cid="x"))
    assert (again.dup, again.items) == (True, (then,))
    assert not then.is_read
    assert len(then.reactions) == 1


async def test_who_is_added_again_sees_the_present(house: House) -> None:
    chat, people = await busy_group(house)
    ann, bob, eve = people[:3]
    await house.change("remove", chat, ann, bob)
    await much_happens(house, chat, people)
    await house.change("add", chat, ann, bob)
    mine, theirs = await house.chat(bob, chat), await house.chat(eve, chat)
    assert (mine.title, mine.avatar_url, mine.left_seq) == ("later", LATER_PICTURE, None)
    assert (mine.last_seq, mine.last_message) == (theirs.last_seq, theirs.last_message)
    assert [user_id for user_id, *_ in await members(house, bob, chat)] == [
        user_id for user_id, *_ in await members(house, eve, chat)
    ]
    await house.change("update", chat, ann, title="last")
    assert (await house.chat(bob, chat)).title == "last"
    await house.change("remove", chat, ann, bob)
    await house.change("update", chat, ann, title="after the last")
    assert (await house.chat(bob, chat)).title == "last", "the second removal counts, not the first"


async def test_a_group_made_again_with_its_key_is_the_one_that_was_left(house: House) -> None:
    ann, bob = await house.people(2)
    create = CreateGroup(ann, "mine", (bob,), "key", house.now)
    chat = expect(ChatCreated, await house.do(create)).chat.id
    await house.change("remove", chat, ann, ann)
    await house.change("update", chat, bob, title="his")
    again = expect(ChatCreated, await house.do(create))
    assert (again.created, again.chat.id, again.chat.title) == (False, chat, "mine")


async def test_presence_ends_with_the_last_chat_that_is_shared(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob, eve)
    await house.send(chat, eve)
    await house.do(SaveLastSeen(((eve, house.now),)))

    async def presence() -> list[tuple[bool | None, object]]:
        found = expect(UsersFound, await house.do(FindUsers(bob, (eve,)))).users
        page, listed = await house.page(bob, chat), expect(ChatsFound, await house.do(ListChats(bob)))
        inside = (await house.chat(bob, chat, with_members=True)).members
        assert not isinstance(inside, msgspec.UnsetType)
        everywhere = [*found, *page.users, *listed.users, *(member.user for member in inside)]
        return [(user.online, user.last_seen_at) for user in everywhere if user.id == eve]

    assert await presence() == [(False, house.now)] * 4
    await house.change("remove", chat, ann, bob)
    assert await presence() == [(None, None)] * 4
    await house.direct(bob, eve)
    assert await presence() == [(False, house.now)] * 4


async def test_a_large_group_is_remembered_whole(house: House) -> None:
    people = await house.people(60)
    chat = await house.group(*people)
    house.wait(microseconds=1)
    await house.change("remove", chat, people[0], people[-1])
    assert [user_id for user_id, *_ in await members(house, people[-1], chat)] == people[:-1]
    then = (await house.chat(people[-1], chat, with_members=True)).members
    now = (await house.chat(people[0], chat, with_members=True)).members
    assert not isinstance(then, msgspec.UnsetType) and not isinstance(now, msgspec.UnsetType)
    assert [(one.role, one.joined_at) for one in then] == [(one.role, one.joined_at) for one in now]


def test_every_field_of_a_chat_is_thought_of() -> None:
    """A field added to one of these must be frozen too: add it to `seen` or to the tests above, then here."""
    assert len(Chat.__struct_fields__) == 28
    assert len(Head.__struct_fields__) == 11
    assert len(Member.__struct_fields__) == 5
