"""Blocks between people: what they refuse, to whom, and until when."""

from typing import Any

import pytest
import trio

from chatproto.operations import (
    AppendBatch,
    BatchAppended,
    BlockSet,
    BlocksFound,
    ChatCreated,
    CreateDirect,
    CreateGroup,
    FindUsers,
    ListBlocks,
    LoadSession,
    Outcome,
    Refused,
    SessionLoaded,
    SetBlock,
    Sweep,
    Swept,
    UsersFound,
    block_rules,
)
from chatproto.operations.block_rules import CLOSED, NOT_ADDED, ONESELF
from tests.storage.store_house import House, expect, refusal


async def try_block(house: House, user_id: int, peer_id: int, on: bool = True) -> Outcome:
    return await house.do(SetBlock(user_id, peer_id, on, house.now))


async def block(house: House, user_id: int, peer_id: int, on: bool = True) -> None:
    assert await try_block(house, user_id, peer_id, on) == BlockSet(user_id, peer_id, on)


async def blocked(house: House, user_id: int) -> list[int]:
    return [one.user.id for one in expect(BlocksFound, await house.do(ListBlocks(user_id))).blocks]


async def begin(house: House, user_id: int, peer_id: int) -> Outcome:
    return await house.do(CreateDirect(user_id, peer_id, house.now))


async def pairs(house: House, user_id: int) -> set[tuple[int, int]]:
    """As a connection is told of them, and a sweep."""
    session = await house.log_in(user_id, house.cid().encode())
    operation = LoadSession(user_id, session.session_id, session.session_key, session.refresh_id, "", house.now)
    loaded = expect(SessionLoaded, await house.do(operation))
    swept = expect(Swept, await house.do(Sweep((), (), (user_id,))))
    assert loaded.blocks == swept.blocks
    return set(loaded.blocks)


async def test_a_block_is_set_and_lifted_and_each_may_be_repeated(house: House) -> None:
    ann, bob, eve = await house.people(3)
    assert await blocked(house, ann) == []
    for _ in range(2):
        await block(house, ann, bob)
    house.wait(seconds=1)
    await block(house, ann, eve)
    assert await blocked(house, ann) == [eve, bob]  # the newest first
    assert await blocked(house, bob) == []
    assert await pairs(house, ann) == {(ann, bob), (ann, eve)}
    assert await pairs(house, bob) == {(ann, bob)}
    swept = expect(Swept, await house.do(Sweep((), (), (bob, eve))))
    assert swept.blocks == ((ann, bob), (ann, eve))
    for _ in range(2):
        await block(house, ann, bob, on=False)
    assert await blocked(house, ann) == [eve]
    assert await pairs(house, bob) == set()


async def test_nobody_blocks_themselves_nor_nobody(house: House) -> None:
    ann = await house.user("ann")
    assert await try_block(house, ann, ann) == ONESELF
    assert refusal(await try_block(house, ann, ann + 1000)) == "not_found"
    assert refusal(await try_block(house, ann, ann + 1000, on=False)) == "not_found"
    assert await blocked(house, ann) == []


async def test_neither_begins_a_direct_chat_while_there_is_a_block(house: House) -> None:
    ann, bob = await house.people(2)
    await block(house, ann, bob)
    assert await begin(house, bob, ann) == CLOSED
    assert await begin(house, ann, bob) == CLOSED
    await block(house, bob, ann)
    await block(house, ann, bob, on=False)
    assert await begin(house, ann, bob) == CLOSED  # the other block is still there
    await block(house, bob, ann, on=False)
    chat = expect(ChatCreated, await begin(house, bob, ann)).chat
    assert (await house.send(chat.id, bob)).seq == 1


async def test_what_a_block_closes_in_the_chat_that_is_there(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    sent = house.message(chat, bob, "before")
    await house.do(sent)
    await house.changed(house.react_of(chat, bob, 1, "👍"))
    await block(house, ann, bob)
    again = expect(BatchAppended, await house.do(AppendBatch(chat, (sent,)))).outcomes[0]
    assert not isinstance(again, Refused)  # what was accepted stays so
    for who in (ann, bob):
        commands: list[Any] = [
            house.message(chat, who),
            house.edit_of(chat, bob, 1, "after"),
            house.react_of(chat, who, 1, "🎉"),
            house.react_of(chat, bob, 1, "👍", on=False),
            house.pin_of(chat, who, 1),
        ]
        assert [await house.do(command) for command in commands] == [CLOSED] * 5
    assert expect(ChatCreated, await begin(house, bob, ann)).created is False  # it is theirs, with what it holds
    assert (await house.page(bob, chat)).last_seq == 2
    await house.mark(bob, chat, read=2)
    await house.changed(house.delete_of(chat, bob, 1))  # what one wrote, one may take back
    await block(house, bob, ann)
    await block(house, ann, bob, on=False)
    assert await house.try_send(chat, ann) == CLOSED
    await block(house, bob, ann, on=False)
    await house.send(chat, ann)


async def test_saved_messages_and_other_chats_go_on(house: House) -> None:
    ann, bob, eve = await house.people(3)
    own, group = await house.direct(ann, ann), await house.group(eve, ann, bob)
    others = await house.direct(bob, eve)
    await block(house, ann, bob)
    for chat, who in ((own, ann), (group, ann), (group, bob), (others, bob)):
        await house.send(chat, who)
    await house.changed(house.react_of(group, bob, 1, "👍"))


async def test_who_is_blocked_takes_their_blocker_into_no_group(house: House) -> None:
    ann, bob, eve = await house.people(3)
    await block(house, ann, bob)
    assert await house.do(CreateGroup(bob, "A group", (ann,), None, house.now)) == NOT_ADDED
    group = await house.group(bob, eve)
    assert await house.try_change("add", group, bob, ann) == NOT_ADDED
    assert (await house.chat(eve, group)).last_seq == 0
    expect(ChatCreated, await house.do(CreateGroup(ann, "Hers", (bob,), None, house.now)))  # the other way it is fine
    await house.change("role", group, bob, eve, role="admin")
    await house.change("add", group, eve, ann)  # and by others
    await house.change("add", group, bob, ann, bob)  # who is in it already is not added
    assert (await house.chat(ann, group)).last_seq == 2


async def test_who_is_blocked_does_not_see_when_the_other_was_here(house: House) -> None:
    ann, bob = await house.people(2)
    await house.direct(ann, bob)
    await block(house, ann, bob)

    async def online(viewer_id: int, user_id: int) -> bool | None:
        (user,) = expect(UsersFound, await house.do(FindUsers(viewer_id, (user_id,)))).users
        return user.online

    assert await online(bob, ann) is None
    assert await online(ann, bob) is False
    await block(house, ann, bob, on=False)
    assert await online(bob, ann) is False


async def test_there_is_a_bound(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_rules, "MAX_BLOCKS", 2)
    ann, *others = await house.people(4)
    for user_id in others[:2]:
        await block(house, ann, user_id)
    assert refusal(await try_block(house, ann, others[2])) == "too_many"
    await block(house, ann, others[0])  # who is blocked already counts once
    await block(house, ann, others[0], on=False)
    await block(house, ann, others[2])


async def test_a_block_beside_messages_and_the_making_of_the_chat(house: House) -> None:
    """Whatever comes first: behind the block there is no message, and no chat without the knowledge of it."""
    for number in range(6):
        ann, bob = await house.user(f"ann{number}"), await house.user(f"bob{number}")
        if number % 2:
            await house.direct(ann, bob)
        made: list[Outcome] = []

        async def write(ann: int = ann, bob: int = bob, made: list[Outcome] = made) -> None:
            made.append(await begin(house, bob, ann))
            if isinstance(made[0], ChatCreated):
                for _ in range(4):
                    made.append(await house.try_send(made[0].chat.id, bob))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(write)
            nursery.start_soon(block, house, ann, bob)
        if isinstance(made[0], ChatCreated):
            assert await house.try_send(made[0].chat.id, bob) == CLOSED
            assert await house.try_send(made[0].chat.id, ann) == CLOSED
            refused = [isinstance(outcome, Refused) for outcome in made[1:]]
            assert refused == sorted(refused), "one was written after another was refused"
        else:
            assert made == [CLOSED]
            assert await begin(house, ann, bob) == CLOSED
