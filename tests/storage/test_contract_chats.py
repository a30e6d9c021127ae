"""Making and listing chats, one's own flags, watermarks and unread counts (docs/protocol.md I6, I7)."""

from functools import partial

import msgspec
import pytest
import trio

from chatproto.operations import (
    ChatCreated,
    ChatFound,
    ChatsFound,
    CreateDirect,
    CreateGroup,
    FindUsers,
    ListChats,
    LoadChat,
    Outcome,
    SaveLastSeen,
    SetFlags,
    UsersFound,
)
from chatproto.simulation import store_chats
from chatproto.wire.model import Chat
from storage.transactions import people
from tests.storage.databases import EPOCH
from tests.storage.store_house import START, House, expect, refusal


async def flags(house: House, user_id: int, chat_id: int, **fields: bool) -> Chat:
    operation = SetFlags(user_id, chat_id, fields.get("muted"), fields.get("favourite"), fields.get("hidden"))
    return expect(ChatFound, await house.do(operation)).chat


async def listed(house: House, user_id: int) -> ChatsFound:
    return expect(ChatsFound, await house.do(ListChats(user_id)))


# --- making ----------------------------------------------------------------------------------------------------


async def test_a_direct_chat_is_one_for_both(house: House) -> None:
    ann, bob = await house.people(2)
    first = expect(ChatCreated, await house.do(CreateDirect(ann, bob, house.now)))
    assert first.created
    assert first.member_ids == (ann, bob)
    again = expect(ChatCreated, await house.do(CreateDirect(bob, ann, house.wait(days=1))))
    assert not again.created
    assert again.chat.id == first.chat.id
    assert again.member_ids == (ann, bob)
    peer = expect(UsersFound, await house.do(FindUsers(ann, (bob,)))).users[0]
    assert first.chat == Chat(
        id=first.chat.id, type="direct", is_group=False, title=None, avatar_url=None, created_at=START, role="member",
        first_seq=1, last_seq=0, last_at=None, left_seq=None, last_message=None, read_seq=0, delivered_seq=0,
        others_read_seq=0, others_delivered_seq=0, unread_count=0, muted=False, favourite=False, hidden=False,
        peer=peer,
    )  # fmt: skip
    assert again.chat.peer is not None
    assert again.chat.peer.id == ann


async def test_a_direct_chat_made_by_both_at_once_is_one(house: House) -> None:
    people = await house.people(4)
    outcomes: dict[tuple[int, int], list[ChatCreated]] = {}

    async def create(user_id: int, peer_id: int) -> None:
        outcome = expect(ChatCreated, await house.do(CreateDirect(user_id, peer_id, house.now)))
        pair = (min(user_id, peer_id), max(user_id, peer_id))
        outcomes.setdefault(pair, []).append(outcome)

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            for user_id in people:
                for peer_id in people:
                    nursery.start_soon(create, user_id, peer_id)
    assert len(outcomes) == 10
    for made in outcomes.values():
        assert len({outcome.chat.id for outcome in made}) == 1
        assert sum(outcome.created for outcome in made) == 1


async def test_a_direct_chat_with_oneself_keeps_saved_messages(house: House) -> None:
    (ann,) = await house.people(1)
    made = expect(ChatCreated, await house.do(CreateDirect(ann, ann, house.now)))
    assert made.created
    assert made.member_ids == (ann,)
    assert made.chat.peer is not None
    assert made.chat.peer.id == ann
    assert await house.direct(ann, ann) == made.chat.id
    await house.send(made.chat.id, ann, "note")
    chat = await house.chat(ann, made.chat.id)
    assert (chat.last_seq, chat.unread_count, chat.others_read_seq) == (1, 0, 0)


async def test_a_direct_chat_needs_a_peer_who_exists(house: House) -> None:
    (ann,) = await house.people(1)
    assert refusal(await house.do(CreateDirect(ann, ann + 1000, house.now))) == "not_found"
    assert (await listed(house, ann)).chats == ()


async def test_a_group_has_its_creator_as_admin(house: House) -> None:
    ann, bob, eve = await house.people(3)
    operation = CreateGroup(bob, "Поход 😀", (eve, ann, eve, bob), None, house.now)
    made = expect(ChatCreated, await house.do(operation))
    assert made.created
    assert made.member_ids == (ann, bob, eve)
    assert (made.chat.type, made.chat.is_group, made.chat.title) == ("group", True, "Поход 😀")
    assert (made.chat.role, made.chat.last_seq, made.chat.first_seq, made.chat.peer) == ("admin", 0, 1, None)
    chat = await house.chat(ann, made.chat.id, with_members=True)
    assert chat.role == "member"
    assert not isinstance(chat.members, msgspec.UnsetType)
    assert [(member.user.id, member.role) for member in chat.members] == [
        (ann, "member"),
        (bob, "admin"),
        (eve, "member"),
    ]
    assert {member.joined_at for member in chat.members} == {START}
    assert isinstance((await house.chat(ann, chat.id)).members, msgspec.UnsetType)


async def test_a_group_needs_users_who_exist_and_holds_a_thousand(house: House) -> None:
    (ann,) = await house.people(1)
    assert refusal(await house.do(CreateGroup(ann, "x", (ann + 1000,), None, house.now))) == "not_found"
    assert (await listed(house, ann)).chats == ()
    alone = expect(ChatCreated, await house.do(CreateGroup(ann, "x", (), None, house.now)))
    assert alone.member_ids == (ann,)


async def test_a_group_holds_at_most_a_thousand(house: House) -> None:
    people: list[int] = []
    few = trio.CapacityLimiter(20)  # a busy machine lets none wait for a connection for longer than it may

    async def register(number: int) -> None:
        async with few:
            people.append(await house.user(f"user{number}"))

    async with trio.open_nursery() as nursery:
        for number in range(1001):
            nursery.start_soon(register, number)
    ann, *others = people
    too_many = CreateGroup(ann, "x", tuple(others), "key", house.now)
    assert refusal(await house.do(too_many)) == "validation_failed"
    chat = await house.group(ann, *others[:998])
    assert refusal(await house.try_change("add", chat, ann, *others[998:])) == "validation_failed"
    await house.change("add", chat, ann, others[998])
    assert refusal(await house.try_change("add", chat, ann, others[999])) == "validation_failed"
    assert (await house.change("add", chat, ann, others[998])).items == ()
    await house.change("remove", chat, ann, others[0])
    assert len((await house.change("add", chat, ann, others[999])).member_ids) == 1000


async def test_a_key_makes_one_group_for_a_day(house: House) -> None:
    ann, bob = await house.people(2)

    async def create(user_id: int, key: str | None) -> ChatCreated:
        return expect(ChatCreated, await house.do(CreateGroup(user_id, "x", (), key, house.now)))

    first = await create(ann, "key")
    assert first.created
    again = await create(ann, "key")
    assert not again.created
    assert again.chat == first.chat
    assert again.member_ids == (ann,)
    for other in (
        await create(bob, "key"),
        await create(ann, "Key"),
        await create(ann, "key "),
        await create(ann, None),
    ):
        assert other.created
    for key, told in (("key", True), ("new", False)):
        asked = CreateGroup(ann, "y", (0,), key, house.now)
        assert isinstance(await house.do(asked), ChatCreated) is told, "a key is looked for before all else"
    house.wait(hours=23, minutes=59)
    assert (await create(ann, "key")).chat.id == first.chat.id
    house.wait(minutes=1)
    assert (await create(ann, "key")).created


async def test_a_key_used_at_once_makes_one_group(house: House) -> None:
    ann, bob = await house.people(2)
    outcomes: list[Outcome] = []

    async def create() -> None:
        outcomes.append(await house.do(CreateGroup(ann, "x", (bob,), "key 😀", house.now)))

    async with trio.open_nursery() as nursery:
        for _ in range(6):
            nursery.start_soon(create)
    made = [expect(ChatCreated, outcome) for outcome in outcomes]
    assert len({outcome.chat.id for outcome in made}) == 1
    assert sum(outcome.created for outcome in made) == 1


# --- listing ---------------------------------------------------------------------------------------------------


async def test_chats_are_listed_by_their_last_message(house: House) -> None:
    ann, bob, eve = await house.people(3)
    empty = await house.group(ann)
    house.wait(seconds=1)
    direct, group = await house.direct(ann, bob), await house.group(eve, ann)
    assert [chat.id for chat in (await listed(house, ann)).chats] == [group, direct, empty]
    house.wait(seconds=1)
    message = await house.send(direct, bob)
    house.wait(seconds=1)
    await house.change("update", group, eve, title="events do not move a chat")
    found = await listed(house, ann)
    assert [chat.id for chat in found.chats] == [direct, group, empty]
    assert found.chats[0].last_message == message
    assert (found.chats[0].unread_count, found.chats[1].unread_count) == (1, 0)
    assert found.chats[1].last_seq == 1
    assert found.chats[1].last_at == house.now
    assert [user.id for user in found.users] == [bob]
    assert found.epoch == EPOCH
    assert found.chats == tuple([await house.chat(ann, chat.id) for chat in found.chats])
    assert [chat.id for chat in (await listed(house, bob)).chats] == [direct]


async def test_the_senders_of_last_messages_come_along(house: House) -> None:
    ann, bob, eve = await house.people(3)
    group = await house.group(ann, bob, eve)
    await house.send(group, eve)
    seen = house.wait(hours=1)
    await house.do(SaveLastSeen(((eve, seen),)))
    (user,) = (await listed(house, ann)).users
    assert (user.id, user.online, user.last_seen_at) == (eve, False, seen)


async def test_a_strange_chat_is_like_none(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann)
    for user_id, chat_id in ((bob, chat), (ann, chat + 1000)):
        assert refusal(await house.do(LoadChat(user_id, chat_id))) == "not_found"
        assert refusal(await house.do(LoadChat(user_id, chat_id, True))) == "not_found"
        assert refusal(await house.do(SetFlags(user_id, chat_id, True, None, None))) == "not_found"
        assert refusal(await house.try_mark(user_id, chat_id, read=0)) == "not_member"
        assert refusal(await house.try_change("update", chat_id, user_id, title="mine")) == "not_found"


# --- flags -----------------------------------------------------------------------------------------------------


async def test_flags_are_ones_own(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    changed = await flags(house, ann, chat, muted=True, favourite=True)
    assert (changed.muted, changed.favourite, changed.hidden) == (True, True, False)
    changed = await flags(house, ann, chat, muted=False)
    assert (changed.muted, changed.favourite) == (False, True)
    assert changed == await house.chat(ann, chat)
    other = await house.chat(bob, chat)
    assert (other.muted, other.favourite, other.hidden) == (False, False, False)


async def test_flags_set_at_once_are_all_kept(house: House) -> None:
    ann, bob = await house.people(2)
    for _ in range(5):
        chat = await house.group(ann, bob)
        async with trio.open_nursery() as nursery:
            for operation in (
                SetFlags(ann, chat, True, None, None),
                SetFlags(ann, chat, None, True, None),
                SetFlags(ann, chat, None, None, True),
            ):
                nursery.start_soon(house.do, operation)
        mine = await house.chat(ann, chat)
        assert (mine.muted, mine.favourite, mine.hidden) == (True, True, True)


async def test_hiding_lasts_until_the_next_message(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    for _ in range(2):
        assert (await flags(house, ann, chat, hidden=True)).hidden
        assert (await house.chat(ann, chat)).hidden
        await house.change("update", chat, ann, title=house.cid())
        assert (await house.chat(ann, chat)).hidden
        await house.send(chat, bob)
        assert not (await house.chat(ann, chat)).hidden
    await flags(house, ann, chat, hidden=True)
    assert not (await flags(house, ann, chat, hidden=False)).hidden
    assert not (await house.chat(bob, chat)).hidden


# --- marks -----------------------------------------------------------------------------------------------------


async def test_marks_only_grow_and_reading_is_receiving(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    for _ in range(5):
        await house.send(chat, ann)
    marked = await house.mark(bob, chat, delivered=3)
    assert (marked.delivered_seq, marked.read_seq, marked.unread_count, marked.last_seq) == (3, 0, 5, 5)
    assert (marked.changed, marked.is_group) == (True, False)
    marked = await house.mark(bob, chat, read=4)
    assert (marked.delivered_seq, marked.read_seq, marked.unread_count, marked.changed) == (4, 4, 1, True)
    marked = await house.mark(bob, chat, delivered=1, read=2)
    assert (marked.delivered_seq, marked.read_seq, marked.unread_count, marked.changed) == (4, 4, 1, False)
    marked = await house.mark(bob, chat, delivered=5, read=4)
    assert (marked.delivered_seq, marked.read_seq, marked.changed) == (5, 4, True)
    marked = await house.mark(bob, chat, read=-1)
    assert (marked.delivered_seq, marked.read_seq, marked.unread_count, marked.changed) == (5, 5, 0, True)
    head = await house.head(bob, chat)
    assert (head.delivered_seq, head.read_seq, head.unread_count) == (5, 5, 0)


async def test_marks_at_once_end_at_the_highest(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    for _ in range(20):
        await house.send(chat, ann)
    async with trio.open_nursery() as nursery:
        for seq in range(1, 21):
            nursery.start_soon(partial(house.mark, bob, chat, read=21 - seq))
            nursery.start_soon(partial(house.mark, bob, chat, delivered=seq))
    head = await house.head(bob, chat)
    assert (head.read_seq, head.delivered_seq, head.unread_count) == (20, 20, 0)


@pytest.mark.parametrize("seqs", [{"read": 2}, {"delivered": 2}, {"delivered": 0, "read": 2}, {"read": -2}])
async def test_a_mark_beyond_the_log_is_refused(house: House, seqs: dict[str, int]) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    await house.send(chat, ann)
    assert refusal(await house.try_mark(bob, chat, **seqs)) == "bad_seq"
    head = await house.head(bob, chat)
    assert (head.delivered_seq, head.read_seq) == (0, 0)


async def test_others_marks_are_the_highest_of_the_others(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob, eve)
    for _ in range(4):
        await house.send(chat, ann)
    await house.mark(ann, chat, read=4)
    await house.mark(bob, chat, read=1, delivered=3)
    await house.mark(eve, chat, read=2)

    async def others(user_id: int) -> tuple[int, int]:
        head, chat_ = await house.head(user_id, chat), await house.chat(user_id, chat)
        assert head.others_read_seq == chat_.others_read_seq
        assert head.others_delivered_seq == chat_.others_delivered_seq
        return head.others_read_seq, head.others_delivered_seq

    assert await others(ann) == (2, 3)
    assert await others(bob) == (4, 4)
    assert await others(eve) == (4, 4)
    await house.change("remove", chat, ann, eve)
    assert await others(ann) == (2, 3)


async def test_a_message_is_read_when_somebody_else_has_read_it(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob, eve)
    await house.send(chat, ann)
    await house.send(chat, bob)
    await house.send(chat, ann)

    async def read(reader: int) -> list[bool]:
        return [getattr(item, "is_read", False) for item in (await house.page(reader, chat)).items]

    await house.mark(ann, chat, read=3)
    assert await read(ann) == await read(eve) == [False, True, False]
    await house.mark(bob, chat, read=1)
    assert await read(ann) == await read(bob) == [True, True, False]
    last = (await house.chat(eve, chat)).last_message
    assert last is not None
    assert not last.is_read
    await house.mark(bob, chat, read=3)
    for reader in (ann, bob, eve):
        assert await read(reader) == [True, True, True]
        last = (await house.chat(reader, chat)).last_message
        assert last is not None
        assert last.is_read


async def test_unread_are_others_messages_after_the_mark(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat, other = await house.group(ann, bob), await house.direct(ann, bob)
    await house.send(chat, ann)
    await house.send(chat, bob)
    await house.change("add", chat, ann, eve)
    await house.send(chat, ann)
    await house.send(other, ann)
    assert (await house.head(bob, chat)).unread_count == 2
    assert (await house.head(ann, chat)).unread_count == 1
    assert (await house.head(eve, chat)).unread_count == 1
    chats = {entry.id: entry.unread_count for entry in (await listed(house, bob)).chats}
    assert chats == {chat: 2, other: 1}
    assert (await house.mark(bob, chat, read=1)).unread_count == 1
    assert (await house.mark(bob, chat, read=4)).unread_count == 0
    await house.send(chat, bob)
    assert (await house.head(bob, chat)).unread_count == 0


async def test_nobody_is_in_more_chats_than_the_bound(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (people, store_chats):
        monkeypatch.setattr(module, "MAX_CHATS", 3)
    ann, bob, eve = await house.people(3)
    chats = [await house.group(ann, bob) for _ in range(3)]
    for refused in (
        CreateDirect(eve, bob, house.now),
        CreateDirect(ann, eve, house.now),
        CreateGroup(ann, "x", (), None, house.now),
        CreateGroup(eve, "x", (bob,), None, house.now),
    ):
        assert refusal(await house.do(refused)) == "too_many"
    other = await house.group(eve)
    assert refusal(await house.try_change("add", other, eve, bob)) == "too_many"
    assert (await house.chat(eve, other)).last_seq == 0, "nothing was written"
    await house.change("remove", chats[0], bob, bob)
    await house.change("add", other, eve, bob)
    assert refusal(await house.try_change("add", chats[0], ann, bob)) == "too_many"


async def test_unread_is_exact_to_999_and_1000_means_more(house: House) -> None:
    ann, bob = await house.people(2)
    many, few, plenty = await house.direct(ann, bob), await house.group(ann, bob), await house.group(ann, bob)

    async def send(chat: int, number: int) -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(number):
                nursery.start_soon(house.send, chat, ann)

    await send(many, 999)
    await send(few, 3)
    await send(plenty, 2010)

    async def counts() -> dict[int, int]:
        chats = {entry.id: entry.unread_count for entry in (await listed(house, bob)).chats}
        for chat_id, unread in chats.items():
            assert (await house.chat(bob, chat_id)).unread_count == unread
        return chats

    assert await counts() == {many: 999, few: 3, plenty: 1000}
    await send(many, 2)
    assert await counts() == {many: 1000, few: 3, plenty: 1000}
    assert (await house.mark(bob, many, delivered=5)).unread_count == 1000
    assert (await house.mark(bob, many, read=2)).unread_count == 999
    assert (await house.mark(bob, plenty, read=1500)).unread_count == 510
