"""Hiding when one was last seen, and what one read: one way and the other (docs/protocol.md, "Privacy"; O29)."""

from functools import partial

import trio
from attrs import frozen
from msgspec import UNSET

from chatproto.operations import (
    AppendBatch,
    Appended,
    FetchMessages,
    FetchPins,
    FetchReaders,
    FindUsers,
    Hides,
    LogRead,
    MessagesFound,
    MessagesMatched,
    PinsFound,
    ReadersFound,
    ReadLog,
    SaveLastSeen,
    SearchMessages,
    SearchUsers,
    Sweep,
    Swept,
    UpdateUser,
    UsersFound,
    UserUpdated,
)
from chatproto.wire.model import Message
from chatproto.wire.query import read_query
from tests.storage.store_house import House, expect


async def hide(house: House, user_id: int, *, last_seen: bool | None = None, reads: bool | None = None) -> UserUpdated:
    operation = UpdateUser(user_id, None, None, None, None, None, house.now, None, last_seen, reads)
    return expect(UserUpdated, await house.do(operation))


async def test_a_setting_is_ones_own_and_is_kept(house: House) -> None:
    ann, bob = await house.people(2)
    await house.direct(ann, bob)
    set_ = await hide(house, ann, last_seen=True)
    assert (set_.user.hide_last_seen, set_.user.hide_reads, set_.chat_ids) == (True, UNSET, ())
    assert set_.hides == Hides(last_seen=True, reads=False)
    again = await hide(house, ann, reads=True)
    assert again.hides == Hides(last_seen=True, reads=True) == Hides.of(again.user)
    renamed = expect(
        UserUpdated, await house.do(UpdateUser(ann, "Ann", None, None, None, frozenset({"ann"}), house.now))
    )
    assert Hides.of(renamed.user) == Hides(last_seen=True, reads=True)
    assert renamed.hides is None and len(renamed.chat_ids) == 1
    shown = await hide(house, ann, last_seen=False, reads=False)
    assert shown.hides == Hides() and shown.user.hide_last_seen is UNSET
    swept = expect(Swept, await house.do(Sweep((), (), (ann, bob))))
    assert swept.hides == {ann: Hides(), bob: Hides()}
    await hide(house, bob, reads=True)
    assert expect(Swept, await house.do(Sweep((), (), (ann, bob)))).hides[bob] == Hides(reads=True)


async def test_neither_is_told_when_the_other_was_last_seen_where_one_hides_it(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob, eve)
    await house.send(chat, bob)
    await house.do(SaveLastSeen(tuple((one, house.now) for one in (ann, bob, eve))))

    async def seen(viewer: int, other: int) -> set[tuple[object, object]]:
        """What each way of asking tells of somebody."""
        found = list(expect(UsersFound, await house.do(FindUsers(viewer, (other,)))).users)
        found += [one.user for one in (await house.chat(viewer, chat, with_members=True)).members or ()]
        found += expect(UsersFound, await house.do(SearchUsers(viewer, ("user",), None, 20))).users
        found += (await house.page(viewer, chat)).users
        return {(user.online, user.last_seen_at) for user in found if user.id == other}

    told, nothing = {(False, house.now)}, {(None, None)}
    assert await seen(ann, bob) == await seen(bob, ann) == told
    await hide(house, bob, last_seen=True)
    assert await seen(ann, bob) == await seen(bob, ann) == nothing
    assert await seen(ann, eve) == await seen(eve, ann) == told
    await hide(house, bob, last_seen=False)
    assert await seen(ann, bob) == await seen(bob, ann) == told


@frozen
class Reads:
    """Everything that tells one person of a chat what the others have read of it."""

    others: int
    is_read: tuple[bool, ...]
    readers: tuple[int, ...]
    members: tuple[tuple[int, int], ...]


async def reads(house: House, viewer: int, chat: int) -> Reads:
    """The first message is pinned, and read of by `FetchReaders`; who received it is told in any case."""
    page = [item for item in (await house.page(viewer, chat)).items if isinstance(item, Message)]
    listed = expect(MessagesFound, await house.do(FetchMessages(viewer, chat, 0, None, 50))).messages
    pins = expect(PinsFound, await house.do(FetchPins(viewer, chat))).messages
    query = read_query("hello")
    assert query is not None
    found = expect(MessagesMatched, await house.do(SearchMessages(viewer, query, 20, chat))).matches
    head, shown = await house.head(viewer, chat), await house.chat(viewer, chat, with_members=True)
    is_read = tuple(item.is_read for item in page)
    assert is_read == tuple(item.is_read for item in listed)
    assert is_read == tuple(match.message.is_read for match in found[::-1])
    assert shown.last_message is not None and shown.members
    assert (pins[0].is_read, shown.last_message.is_read) == (is_read[0], is_read[-1])
    assert head.others_read_seq == shown.others_read_seq
    who = ReadersFound((), (), ())
    if shown.left_seq is None:
        who = expect(ReadersFound, await house.do(FetchReaders(viewer, chat, 1)))
        assert {*who.read, *who.received} == {one.user.id for one in shown.members} - {page[0].sender_id}
    members = tuple((one.user.id, one.read_seq) for one in shown.members if one.user.id != viewer)
    return Reads(head.others_read_seq, is_read, who.read, members)


async def test_who_came_later_has_not_read_what_they_may_not_see(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob)
    before = await house.send(chat, ann)
    await house.change("add", chat, ann, eve, history="none")
    after = await house.send(chat, ann)
    await house.mark(eve, chat, delivered=after.seq, read=after.seq)
    for seq, who in ((before.seq, ()), (after.seq, (eve,))):
        found = expect(ReadersFound, await house.do(FetchReaders(ann, chat, seq)))
        assert (found.read, found.received) == (who, ())


async def test_who_hides_what_they_read_is_told_to_nobody_and_told_nothing(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob, eve)
    sent = [house.message(chat, ann), house.message(chat, ann)]
    await house.do(AppendBatch(chat, tuple(sent)))
    await house.changed(house.pin_of(chat, ann, 1))
    for member in (bob, eve):
        await house.mark(member, chat, delivered=3)

    async def repeated() -> bool:
        (item,) = expect(Appended, await house.do(sent[0])).items
        return isinstance(item, Message) and item.is_read

    nothing = Reads(0, (False, False), (), ((bob, 0), (eve, 0)))
    assert await reads(house, ann, chat) == nothing
    await house.mark(bob, chat, read=2)
    assert await reads(house, ann, chat) == Reads(2, (True, True), (bob,), ((bob, 2), (eve, 0)))
    assert await reads(house, eve, chat) == Reads(2, (True, True), (bob,), ((ann, 0), (bob, 2)))
    assert await repeated()
    await hide(house, bob, reads=True)
    assert await reads(house, ann, chat) == nothing and not await repeated()
    await house.send(chat, ann)
    marked = await house.mark(bob, chat, read=4)
    assert (marked.read_seq, marked.unread_count, marked.told_read_seq, marked.received) == (4, 0, 0, True)
    again = await house.mark(bob, chat, read=4)
    assert (again.changed, again.received) == (False, False)
    await house.mark(eve, chat, read=4)
    assert await reads(house, ann, chat) == Reads(4, (True,) * 3, (eve,), ((bob, 0), (eve, 4)))
    assert await reads(house, bob, chat) == Reads(0, (False,) * 3, (), ((ann, 0), (eve, 0)))
    assert (await house.head(bob, chat)).read_seq == 4
    await hide(house, ann, reads=True)
    assert await reads(house, ann, chat) == Reads(0, (False,) * 3, (), ((bob, 0), (eve, 0))) and not await repeated()
    await hide(house, ann, reads=False)
    await hide(house, bob, reads=False)
    assert (await reads(house, ann, chat)).readers == (eve,), "what was read in hiding is not told afterwards"
    assert await reads(house, bob, chat) == Reads(4, (True,) * 3, (eve,), ((ann, 0), (eve, 4)))
    assert (await house.mark(bob, chat, delivered=4)).told_read_seq == 0
    assert (await house.mark(bob, chat, read=4)).told_read_seq == 4
    assert (await reads(house, ann, chat)).readers == (bob, eve)


async def test_who_only_reads_what_they_had_received_tells_nobody_that_they_did(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    await house.send(chat, ann)
    for hidden in (False, True):
        await hide(house, bob, reads=hidden)
        await house.send(chat, ann)
        received, read = await house.mark(bob, chat, delivered=2 + hidden), await house.mark(bob, chat, read=2 + hidden)
        assert (received.received, received.told_read_seq) == (True, 0)
        assert (read.received, read.changed, read.told_read_seq) == (False, True, 0 if hidden else 2)


async def test_of_members_who_were_there_when_somebody_left(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob, eve)
    await house.send(chat, ann)
    await house.changed(house.pin_of(chat, ann, 1))
    await house.mark(bob, chat, read=1)
    await house.change("remove", chat, ann, eve)
    then = Reads(1, (True,), (), ((ann, 0), (bob, 1)))
    assert await reads(house, eve, chat) == then
    await hide(house, eve, reads=True)
    assert await reads(house, eve, chat) == Reads(0, (False,), (), ((ann, 0), (bob, 0)))
    await hide(house, eve, reads=False)
    assert await reads(house, eve, chat) == then, "what a former member was told stays"
    await hide(house, bob, reads=True)
    assert (await reads(house, eve, chat)).members == ((ann, 0), (bob, 0)), "but whose it was"
    await house.change("add", chat, ann, eve)
    await house.mark(bob, chat, read=2)
    await house.change("remove", chat, ann, eve)
    assert await reads(house, eve, chat) == Reads(0, (False,), (), ((ann, 0), (bob, 0)))


async def test_what_is_read_for_all_says_of_no_message_that_it_was_read(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    await house.send(chat, ann)
    await house.mark(bob, chat, read=1)
    (item,) = expect(LogRead, await house.do(ReadLog(chat, 0, None, 10))).items
    assert isinstance(item, Message) and not item.is_read


async def test_marks_that_are_made_while_it_is_being_hidden_are_hidden_or_forgotten(house: House) -> None:
    ann, bob = await house.people(2)
    chats = [await house.group(ann, bob) for _ in range(8)]
    for chat in chats:
        await house.send(chat, ann)
    async with trio.open_nursery() as nursery:
        for number, chat in enumerate(chats):
            nursery.start_soon(partial(house.mark, bob, chat, read=1))
            if number == len(chats) // 2:
                nursery.start_soon(partial(hide, house, bob, reads=True))
    for chat in chats:
        head = await house.head(bob, chat)
        assert (head.read_seq, (await house.head(ann, chat)).others_read_seq) == (1, 0)
