"""What is removed with time, and that reuse of a refresh token is recognised as long as docs/protocol.md says."""

import pytest

from chatproto.operations import (
    ChatCreated,
    CleanedUp,
    CleanUp,
    CreateGroup,
    EndSessions,
    ListSessions,
    Outcome,
    RotateRefresh,
    SessionCreated,
    SessionsEnded,
    SessionsFound,
    Sweep,
    Swept,
    TouchSession,
    UserFound,
)
from runtime.background.hourly_cleaning import clean
from tests.storage.store_house import House, expect, refusal

SIZES = pytest.mark.parametrize("size", [2, 500])


async def rotate(house: House, old: bytes, new: bytes) -> Outcome:
    return await house.do(RotateRefresh(old.ljust(32, b"."), new.ljust(32, b"."), house.now))


async def touch(house: House, session: SessionCreated) -> Outcome:
    named = (session.user.id, session.session_id, session.session_key, session.refresh_id)
    return await house.do(TouchSession(*named, house.now))


async def cleaned(house: House, size: int = 500) -> dict[str, int]:
    """What one run removes, as the server runs it."""
    counts = await clean(house.do, lambda: house.now, size, pause=0)
    return {name: count for name, count in counts.items() if count}


@SIZES
async def test_reuse_is_recognised_for_a_week_after_the_exchange(house: House, size: int) -> None:
    session = await house.log_in(await house.user("ann"), b"0")
    for number in range(1, 5):
        expect(SessionCreated, await rotate(house, b"%d" % (number - 1), b"%d" % number))
    house.wait(days=7)
    assert await cleaned(house, size) == {}
    house.wait(seconds=1)
    assert await cleaned(house, size) == {"old_tokens": 3}
    assert await cleaned(house, size) == {}
    assert refusal(await rotate(house, b"0", b"thief")) == "token_invalid"
    expect(UserFound, await touch(house, session))
    assert refusal(await rotate(house, b"2", b"thief")) == "token_invalid"
    again = expect(SessionCreated, await rotate(house, b"4", b"5"))
    assert again.session_id == session.session_id


async def test_until_then_it_ends_the_session(house: House) -> None:
    await house.log_in(await house.user("ann"), b"0")
    for number in range(1, 4):
        expect(SessionCreated, await rotate(house, b"%d" % (number - 1), b"%d" % number))
    house.wait(days=7)
    await cleaned(house)
    assert refusal(await rotate(house, b"0", b"thief")) == "token_reused"
    assert refusal(await rotate(house, b"3", b"4")) == "revoked"


@SIZES
async def test_a_token_whose_answer_was_lost_is_kept_as_long_as_any(house: House, size: int) -> None:
    """Nothing that was issued for it was used: its client may still have nothing else."""
    await house.log_in(await house.user("ann"), b"0")
    expect(SessionCreated, await rotate(house, b"0", b"lost"))
    house.wait(days=60)
    assert await cleaned(house, size) == {}
    again = expect(SessionCreated, await rotate(house, b"0", b"1"))
    expect(UserFound, await touch(house, again))
    house.wait(days=1)
    assert await cleaned(house, size) == {"old_tokens": 1}, "it was exchanged 61 days ago, and its successor was used"
    expect(SessionCreated, await rotate(house, b"1", b"2"))


@SIZES
async def test_what_nobody_used_for_90_days_ends(house: House, size: int) -> None:
    ann = await house.user("ann")
    unused, used = await house.log_in(ann, b"u"), await house.log_in(ann, b"0")
    house.wait(days=45)
    expect(SessionCreated, await rotate(house, b"0", b"1"))
    house.wait(days=45)
    assert await cleaned(house, size) == {}
    house.wait(seconds=1)
    assert refusal(await rotate(house, b"u", b"u2")) == "token_invalid", "with or without a run of the clean-up"
    assert await cleaned(house, size) == {"old_tokens": 1, "unused_sessions": 1}
    assert refusal(await touch(house, unused)) == "revoked"
    live = expect(SessionsFound, await house.do(ListSessions(ann, used.session_id))).sessions
    assert [one.id for one in live] == [used.session_id]
    swept = expect(Swept, await house.do(Sweep((), (unused.session_id, used.session_id))))
    assert swept.ended == (unused.session_id,), "those who are connected with it are sent away"
    expect(SessionCreated, await rotate(house, b"1", b"2"))


@SIZES
async def test_ended_sessions_go_after_a_year_and_stay_ended(house: House, size: int) -> None:
    ann = await house.user("ann")
    sessions = [await house.log_in(ann, b"%d" % number) for number in range(5)]
    for number, session in enumerate(sessions):
        for place in range(3):
            await rotate(house, b"%d" % number + b"+" * place, b"%d" % number + b"+" * (place + 1))
        expect(SessionsEnded, await house.do(EndSessions(ann, session.session_id, None, house.now)))
    assert await cleaned(house, size) == {}
    assert refusal(await rotate(house, b"4+++", b"x")) == "revoked"
    house.wait(days=7, seconds=1)
    assert await cleaned(house, size) == {"old_tokens": 10}, "a client that lost an answer has the last but one"
    assert refusal(await rotate(house, b"4+", b"x")) == "token_invalid"
    house.wait(days=357)
    assert await cleaned(house, size) == {}
    assert refusal(await rotate(house, b"4+++", b"x")) == "revoked", "a device that comes late is told"
    house.wait(days=1)
    assert await cleaned(house, size) == {"old_tokens": 10, "old_sessions": 5}
    assert refusal(await rotate(house, b"4+++", b"x")) == "token_invalid"
    new = await house.log_in(ann, b"new")
    for session in sessions:
        assert refusal(await touch(house, session)) == "revoked", "even if the new one has got its number"
    expect(UserFound, await touch(house, new))


async def test_idempotency_keys_go_after_a_day(house: House) -> None:
    ann, bob = await house.people(2)
    create = [
        CreateGroup(user_id, "g", (), f"key {number}", house.now) for user_id in (ann, bob) for number in range(3)
    ]
    for operation in create:
        expect(ChatCreated, await house.do(operation))
    house.wait(hours=23)
    assert await cleaned(house, 2) == {}
    house.wait(hours=1)
    assert await cleaned(house, 2) == {"old_keys": 6}


async def test_a_slice_looks_at_no_more_than_it_was_told(house: House) -> None:
    ann = await house.user("ann")
    for number in range(5):
        await house.log_in(ann, b"%d" % number)
    house.wait(days=100)
    removed = []
    place: int | None = 0
    while place is not None:
        outcome = expect(CleanedUp, await house.do(CleanUp("tokens", place, 2, house.now)))
        removed.append(outcome.removed)
        place = outcome.next_id
    assert removed in ([2, 2, 1], [5]), "the model has one slice for all"
