"""Pages: exactly the seqs asked for, however they are asked for (docs/protocol.md section 4, sync)."""

import msgspec
import pytest

from chatproto.operations import FetchMessages, LogRead, MessagesFound, ReadLog, SaveLastSeen
from chatproto.wire.model import Message, Page
from tests.storage.store_house import House, expect, refusal

PAGE_BYTES = 192 * 1024


def size(page: Page) -> int:
    return sum(len(msgspec.json.encode(part)) for part in (*page.items, *page.users))


def seqs(page: Page) -> list[int]:
    assert [item.seq for item in page.items] == list(range(page.from_seq + 1, page.to_seq + 1))
    return [item.seq for item in page.items]


@pytest.fixture
async def ten(house: House) -> tuple[House, int, int]:
    """A chat of ten entries: seq 5 is an event."""
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    for seq in range(1, 11):
        if seq == 5:
            await house.change("update", chat, ann, title="five")
        else:
            await house.send(chat, ann if seq % 2 else bob, f"text {seq}")
    return house, chat, ann


async def test_forward(ten: tuple[House, int, int]) -> None:
    house, chat, ann = ten
    page = await house.page(ann, chat, after=0, limit=4)
    assert (seqs(page), page.more, page.last_seq, page.last_at) == ([1, 2, 3, 4], True, 10, house.now)
    page = await house.page(ann, chat, after=4, limit=6)
    assert (seqs(page), page.more) == ([5, 6, 7, 8, 9, 10], False)
    assert page.chat_id == chat
    page = await house.page(ann, chat, after=10, limit=6)
    assert (page.from_seq, page.to_seq, page.items, page.users, page.more) == (10, 10, (), (), False)
    assert refusal(await house.try_page(ann, chat, after=11)) == "bad_seq"


async def test_a_client_that_remembers_another_log_is_told(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    message = await house.send(chat, ann)
    event = (await house.change("update", chat, ann, title="new")).items[0]
    for item in (message, event):
        assert seqs(await house.page(ann, chat, after=item.seq, after_at=item.created_at)) in ([2], [])
    later = house.wait(microseconds=1)
    assert refusal(await house.try_page(ann, chat, after=1, after_at=later)) == "bad_seq"
    assert refusal(await house.try_page(ann, chat, after=2, after_at=later)) == "bad_seq"
    assert seqs(await house.page(ann, chat, after=0, after_at=later)) == [1, 2]


async def test_the_log_itself(ten: tuple[House, int, int]) -> None:
    """Nobody's view of it: for those who were given all that comes before."""
    house, chat, ann = ten
    read = expect(LogRead, await house.do(ReadLog(chat, 3, None, 4)))
    assert ([item.seq for item in read.items], read.last_seq, read.last_at) == ([4, 5, 6, 7], 10, house.now)
    assert read.items == (await house.page(ann, chat, after=3, limit=4)).items
    read = expect(LogRead, await house.do(ReadLog(chat, 10, house.now, 4)))
    assert (read.items, read.last_seq) == ((), 10)
    assert refusal(await house.do(ReadLog(chat, 11, None, 4))) == "bad_seq"
    assert refusal(await house.do(ReadLog(chat, 10, house.wait(microseconds=1), 4))) == "bad_seq"
    assert refusal(await house.do(ReadLog(999, 0, None, 4))) == "bad_seq"


async def test_what_is_read_of_the_log_is_bounded_in_bytes(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    for _ in range(14):
        await house.send(chat, ann, "x" * 16_000)
    read = expect(LogRead, await house.do(ReadLog(chat, 0, None, 200)))
    assert [item.seq for item in read.items] == list(range(1, 13))


async def test_backward(ten: tuple[House, int, int]) -> None:
    house, chat, ann = ten
    page = await house.page(ann, chat, before=11, limit=4)
    assert (seqs(page), page.more) == ([7, 8, 9, 10], True)
    page = await house.page(ann, chat, before=7, limit=6)
    assert (seqs(page), page.more) == ([1, 2, 3, 4, 5, 6], False)
    page = await house.page(ann, chat, before=1, limit=6)
    assert (page.from_seq, page.to_seq, page.items, page.more) == (0, 0, (), False)
    page = await house.page(ann, chat, before=10**15, limit=2)
    assert (seqs(page), page.more) == ([9, 10], True)


async def test_an_empty_chat_has_an_empty_page(house: House) -> None:
    (ann,) = await house.people(1)
    chat = await house.group(ann)
    for page in (await house.page(ann, chat), await house.page(ann, chat, before=1)):
        assert (page.from_seq, page.to_seq, page.items, page.more) == (0, 0, (), False)
        assert (page.last_seq, page.last_at) == (0, None)


async def test_a_page_brings_the_users_it_names(house: House) -> None:
    ann, bob, eve, dan = await house.people(4)
    chat = await house.group(ann, bob)
    await house.change("add", chat, ann, eve)
    await house.change("remove", chat, ann, eve)
    await house.change("add", chat, ann, dan)
    await house.send(chat, bob)
    seen = house.wait(hours=1)
    for user_id in (bob, eve):
        await house.do(SaveLastSeen(((user_id, seen),)))
    page = await house.page(ann, chat)
    assert [user.id for user in page.users] == [ann, bob, eve, dan]
    presence = {user.id: (user.online, user.last_seen_at) for user in page.users}
    assert presence[bob] == (False, seen)
    assert presence[eve] == (None, None)
    page = await house.page(dan, chat, after=3)
    assert [user.id for user in page.users] == [bob]


async def test_a_page_ends_early_where_it_would_be_too_large(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    for _ in range(30):
        await house.send(chat, ann, "я" * 4000)
    forward = await house.page(bob, chat, after=0)
    assert (forward.from_seq, forward.more) == (0, True)
    assert 0.9 * PAGE_BYTES < size(forward) <= PAGE_BYTES
    rest = await house.page(bob, chat, after=forward.to_seq)
    assert seqs(forward) + seqs(rest) == list(range(1, 31))
    backward = await house.page(bob, chat, before=31)
    assert (backward.to_seq, backward.more) == (30, True)
    assert 0.9 * PAGE_BYTES < size(backward) <= PAGE_BYTES
    older = await house.page(bob, chat, before=backward.from_seq + 1)
    assert seqs(older) + seqs(backward) == list(range(1, 31))


async def test_the_users_of_a_page_count(house: House) -> None:
    people = [await house.user(f"user{number}", display_name="ж" * 64) for number in range(100)]
    chat = await house.group(*people)
    for user_id in people:
        await house.send(chat, user_id, "ж" * 950)
    page = await house.page(people[0], chat)
    assert 0.9 * PAGE_BYTES < size(page) <= PAGE_BYTES
    assert len(page.users) == len(page.items) < 100


async def test_by_offset_only_messages_count(ten: tuple[House, int, int]) -> None:
    house, chat, ann = ten

    async def fetch(offset: int | None, before_seq: int | None, limit: int) -> tuple[list[int], bool]:
        outcome = await house.do(FetchMessages(ann, chat, offset, before_seq, limit))
        found = expect(MessagesFound, outcome)
        assert found.last_seq == 10
        assert {user.id for user in found.users} == {message.sender_id for message in found.messages}
        return [message.seq for message in found.messages], found.has_more

    assert await fetch(0, None, 3) == ([8, 9, 10], True)
    assert await fetch(3, None, 3) == ([4, 6, 7], True)
    assert await fetch(6, None, 3) == ([1, 2, 3], False)
    assert await fetch(9, None, 3) == ([], False)
    assert await fetch(0, None, 200) == ([1, 2, 3, 4, 6, 7, 8, 9, 10], False)
    assert await fetch(None, 8, 3) == ([4, 6, 7], True)
    assert await fetch(None, 4, 3) == ([1, 2, 3], False)
    assert await fetch(None, 1, 3) == ([], False)
    assert await fetch(None, 10**15, 1) == ([10], True)


async def test_by_offset_messages_are_those_of_the_log(ten: tuple[House, int, int]) -> None:
    house, chat, ann = ten
    found = expect(MessagesFound, await house.do(FetchMessages(ann, chat, 0, None, 200)))
    page = await house.page(ann, chat)
    assert found.messages == tuple(item for item in page.items if isinstance(item, Message))


async def test_strangers_get_no_page(ten: tuple[House, int, int]) -> None:
    house, chat, _ann = ten
    eve = await house.user("eve")
    for chat_id in (chat, chat + 1000):
        assert refusal(await house.try_page(eve, chat_id)) == "not_member"
        assert refusal(await house.try_page(eve, chat_id, before=5)) == "not_member"
        assert refusal(await house.do(FetchMessages(eve, chat_id, 0, None, 50))) == "not_found"
