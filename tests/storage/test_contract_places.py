"""A place in a log, by seq or by time, and who has read a message (docs/protocol.md section 2)."""

from datetime import datetime, timedelta

import msgspec

from chatproto.operations import AroundFound, FetchAround, FetchReaders, Outcome, ReadersFound
from chatproto.wire.limits import MAX_WATCHED
from chatproto.wire.model import Hidden
from tests.storage.store_house import House, expect, refusal

PAGE_BYTES = 192 * 1024


async def around(
    house: House, user_id: int, chat_id: int, *, seq: int | None = None, at: datetime | None = None, limit: int = 4
) -> Outcome:
    return await house.do(FetchAround(user_id, chat_id, seq, at, limit))


def told(outcome: Outcome) -> tuple[list[int], int | None, bool, bool]:
    """Its seqs, the place, and whether there is more before and after."""
    found = expect(AroundFound, outcome)
    seqs = [item.seq for item in found.page.items]
    assert seqs == list(range(found.page.from_seq + 1, found.page.to_seq + 1))
    return seqs, found.seq, found.has_before, found.page.more


async def ten(house: House) -> tuple[int, int, int]:
    """A chat of ten entries, a minute apart, the fifth an event."""
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    for seq in range(1, 11):
        if seq == 5:
            await house.change("update", chat, ann, title="five")
        else:
            await house.send(chat, ann if seq % 2 else bob, f"text {seq}")
        house.wait(minutes=1)
    return chat, ann, bob


async def test_around_a_seq(house: House) -> None:
    chat, ann, _ = await ten(house)
    assert told(await around(house, ann, chat, seq=5)) == ([3, 4, 5, 6], 5, True, True)
    assert told(await around(house, ann, chat, seq=5, limit=1)) == ([5], 5, True, True)
    assert told(await around(house, ann, chat, seq=5, limit=5)) == ([3, 4, 5, 6, 7], 5, True, True)
    assert told(await around(house, ann, chat, seq=1)) == ([1, 2], 1, False, True)
    assert told(await around(house, ann, chat, seq=10)) == ([8, 9, 10], 10, True, False)
    assert told(await around(house, ann, chat, seq=2, limit=200)) == ([*range(1, 11)], 2, False, False)
    found = expect(AroundFound, await around(house, ann, chat, seq=6, limit=6)).page
    assert found == await house.page(ann, chat, after=2, limit=6), "the same entries as any other page"
    for seq in (11, 10**15):
        assert refusal(await around(house, ann, chat, seq=seq)) == "bad_seq"


async def test_around_a_time(house: House) -> None:
    chat, ann, _ = await ten(house)
    first = (await house.page(ann, chat)).items[0]
    assert not isinstance(first, Hidden)
    begin = first.created_at
    places = {-60 * 24 * 365: 1, 0: 1, 1: 2, 3.5: 5, 4: 5, 4.01: 6, 9: 10, 9.1: 10, 60 * 24 * 365: 10}
    for minutes, seq in places.items():
        outcome = await around(house, ann, chat, at=begin + timedelta(minutes=minutes))
        assert told(outcome) == told(await around(house, ann, chat, seq=seq)), minutes
    microsecond = begin + timedelta(minutes=3, microseconds=1)
    assert told(await around(house, ann, chat, at=microsecond))[1] == 5


async def test_a_time_is_found_in_a_log_of_any_length(house: House) -> None:
    """More entries than are looked at together, many of one moment."""
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    times = []
    for number in range(75):
        await house.send(chat, ann, str(number))
        times.append(house.now)
        if number % 3 == 0:
            house.wait(seconds=1)
    for moment in sorted(set(times)):
        for at in (moment, moment - timedelta(microseconds=1)):
            expected = next(seq for seq, time in enumerate(times, 1) if time >= at)
            assert told(await around(house, bob, chat, at=at, limit=1)) == (
                [expected], expected, expected > 1, expected < 75,
            )  # fmt: skip


async def test_around_nothing(house: House) -> None:
    (ann,) = await house.people(1)
    chat = await house.group(ann)
    found = expect(AroundFound, await around(house, ann, chat, at=house.now))
    assert (found.page.items, found.page.from_seq, found.page.to_seq, found.page.more) == ((), 0, 0, False)
    assert (found.seq, found.has_before, found.page.last_seq) == (None, False, 0)
    assert refusal(await around(house, ann, chat, seq=1)) == "bad_seq"


async def test_who_sees_a_part_of_the_log_finds_places_in_it_only(house: House) -> None:
    """A stranger, one who was added later, and one who was removed."""
    chat, ann, bob = await ten(house)
    eve, late = await house.user("eve"), await house.user("late")
    for chat_id in (chat, chat + 1000):
        assert refusal(await around(house, eve, chat_id, seq=1)) == "not_member"
        assert refusal(await around(house, eve, chat_id, at=house.now)) == "not_member"
    await house.change("add", chat, ann, late, history="none")
    house.wait(minutes=1)
    await house.change("remove", chat, ann, bob)
    house.wait(minutes=1)
    await house.send(chat, ann, "later")
    first = (await house.chat(late, chat)).first_seq
    assert told(await around(house, late, chat, seq=first, limit=6)) == (
        [*range(first, first + 3)],
        first,
        False,
        False,
    )
    assert refusal(await around(house, late, chat, seq=first - 1)) == "bad_seq"
    assert told(await around(house, late, chat, at=house.now - timedelta(days=900)))[1] == first
    end = (await house.chat(bob, chat)).last_seq
    assert told(await around(house, bob, chat, seq=end))[1:] == (end, True, False)
    assert refusal(await around(house, bob, chat, seq=end + 1)) == "bad_seq"
    assert told(await around(house, bob, chat, at=house.now))[1] == end


async def test_a_place_fits_into_a_page(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    for _ in range(30):
        await house.send(chat, ann, "я" * 4000)
    page = expect(AroundFound, await around(house, bob, chat, seq=15, limit=200)).page
    assert sum(len(msgspec.json.encode(part)) for part in (*page.items, *page.users)) <= PAGE_BYTES
    assert 15 - page.from_seq > 5 and page.to_seq - 15 > 5 and page.more
    assert [item.seq for item in page.items] == list(range(page.from_seq + 1, page.to_seq + 1))


# --- who has read ---


async def readers(house: House, user_id: int, chat_id: int, seq: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    found = expect(ReadersFound, await house.do(FetchReaders(user_id, chat_id, seq)))
    assert {user.id for user in found.users} == {*found.read, *found.received}
    return found.read, found.received


async def test_who_has_read_and_who_received(house: House) -> None:
    ann, bob, eve, dan = await house.people(4)
    chat = await house.group(ann, bob, eve, dan)
    for _ in range(3):
        await house.send(chat, ann)
    await house.mark(bob, chat, read=2)
    await house.mark(eve, chat, delivered=3)
    await house.mark(ann, chat, read=3)
    for who in (ann, bob, dan):
        assert await readers(house, who, chat, 2) == ((bob,), (eve,))
        assert await readers(house, who, chat, 3) == ((), (eve,)), "one's own mark says nothing of one's own message"
    await house.mark(dan, chat, read=3)
    assert await readers(house, ann, chat, 2) == ((bob, dan), (eve,))


async def test_where_one_was_added_is_no_mark(house: House) -> None:
    """Nor are those who left there any more; who came back is, with what they read before."""
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob)
    await house.send(chat, ann)
    await house.mark(bob, chat, read=1)
    await house.change("add", chat, ann, eve)
    assert await readers(house, ann, chat, 1) == ((bob,), ())
    await house.change("remove", chat, ann, bob)
    assert await readers(house, ann, chat, 1) == ((), ())
    await house.change("add", chat, ann, bob)
    assert await readers(house, ann, chat, 1) == ((bob,), ())


async def test_who_may_not_know_who_has_read(house: House) -> None:
    """Strangers, former members, and those for whom the message is not there."""
    ann, bob, eve, late = await house.people(4)
    chat = await house.group(ann, bob)
    await house.send(chat, ann)
    await house.change("add", chat, ann, late, history="none")
    await house.change("remove", chat, bob, bob)
    for who, seq in ((eve, 1), (bob, 1), (late, 1), (ann, 2), (ann, 9), (ann, 10**15)):
        assert refusal(await house.do(FetchReaders(who, chat, seq))) == "not_found", (who, seq)
    assert refusal(await house.do(FetchReaders(ann, chat + 1000, 1))) == "not_found"
    await house.changed(house.delete_of(chat, ann, 1))
    assert refusal(await house.do(FetchReaders(ann, chat, 1))) == "not_found"


async def test_in_large_groups_nobody_is_told(house: House) -> None:
    people = await house.people(MAX_WATCHED + 1)
    chat = await house.group(*people[:-1])
    await house.send(chat, people[0])
    assert await readers(house, people[1], chat, 1) == ((), ())
    await house.change("add", chat, people[0], people[-1])
    assert refusal(await house.do(FetchReaders(people[1], chat, 1))) == "too_many"
