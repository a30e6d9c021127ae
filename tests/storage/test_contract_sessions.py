"""Sessions and refresh tokens (docs/protocol.md section 2)."""

import trio
from attrs import evolve

from chatproto.operations import (
    AccountDeleted,
    ChangePassword,
    CreateSession,
    DeleteAccount,
    Done,
    EndSessions,
    FindLogin,
    ListSessions,
    LoadSession,
    LoginFound,
    Outcome,
    RenewEpoch,
    RenewHash,
    RotateRefresh,
    SessionCreated,
    SessionLoaded,
    SessionsEnded,
    SessionsFound,
    Sweep,
    Swept,
    TouchSession,
    UserFound,
)
from tests.storage.databases import EPOCH
from tests.storage.store_house import START, House, expect, refusal


async def rotate(house: House, old: bytes, new: bytes) -> Outcome:
    return await house.do(RotateRefresh(old.ljust(32, b"."), new.ljust(32, b"."), house.now))


async def touch(house: House, session: SessionCreated) -> Outcome:
    return await house.do(
        TouchSession(session.user.id, session.session_id, session.session_key, session.refresh_id, house.now)
    )


async def ended(house: House, *session_ids: int) -> tuple[int, ...]:
    return expect(Swept, await house.do(Sweep((), session_ids))).ended


async def test_logging_in_starts_a_session(house: House) -> None:
    ann = await house.user("ann", email="ann@example.org")
    first, second = await house.log_in(ann, b"1"), await house.log_in(ann, b"2")
    assert first.user.email == "ann@example.org"
    assert first.session_id != second.session_id
    assert first.refresh_id != second.refresh_id
    assert expect(UserFound, await touch(house, first)).user == first.user


async def test_each_exchange_continues_the_session(house: House) -> None:
    ann = await house.user("ann")
    session = await house.log_in(ann, b"0")
    for number in range(1, 5):
        house.wait(days=1)
        outcome = await rotate(house, str(number - 1).encode(), str(number).encode())
        rotated = expect(SessionCreated, outcome)
        assert rotated.session_id == session.session_id
        assert rotated.user == session.user
    assert refusal(await rotate(house, b"unknown", b"x")) == "token_invalid"


async def test_within_a_minute_an_exchange_may_be_repeated_even_after_use(house: House) -> None:
    session = await house.log_in(await house.user("ann"), b"0")
    first = expect(SessionCreated, await rotate(house, b"0", b"1"))
    expect(UserFound, await touch(house, first))
    expect(SessionCreated, await rotate(house, b"1", b"2"))
    house.wait(seconds=60)
    for number in range(10):
        again = expect(SessionCreated, await rotate(house, b"0", f"again {number}".encode()))
        assert again.session_id == session.session_id
    house.wait(microseconds=1)
    assert refusal(await rotate(house, b"0", b"late")) == "token_reused"


async def test_later_it_may_be_repeated_five_times_while_nothing_issued_was_used(house: House) -> None:
    session = await house.log_in(await house.user("ann"), b"0")
    expect(SessionCreated, await rotate(house, b"0", b"1"))
    house.wait(days=30)
    for number in range(5):
        expect(SessionCreated, await rotate(house, b"0", f"late {number}".encode()))
    assert refusal(await rotate(house, b"0", b"late 5")) == "token_reused"
    assert await ended(house, session.session_id) == (session.session_id,)


async def test_exchanges_at_once_are_counted_one_by_one(house: House) -> None:
    await house.log_in(await house.user("ann"), b"0")
    expect(SessionCreated, await rotate(house, b"0", b"1"))
    house.wait(days=1)
    outcomes: list[Outcome] = []

    async def exchange(number: int) -> None:
        outcomes.append(await rotate(house, b"0", f"late {number}".encode()))

    async with trio.open_nursery() as nursery:
        for number in range(8):
            nursery.start_soon(exchange, number)
    refused = [refusal(outcome) for outcome in outcomes if not isinstance(outcome, SessionCreated)]
    assert sorted(refused) == ["revoked", "revoked", "token_reused"]


async def test_reuse_after_the_access_token_was_used_ends_the_session(house: House) -> None:
    session = await house.log_in(await house.user("ann"), b"0")
    other = await house.log_in(session.user.id, b"other")
    issued = expect(SessionCreated, await rotate(house, b"0", b"1"))
    house.wait(seconds=61)
    expect(UserFound, await touch(house, issued))
    assert refusal(await rotate(house, b"0", b"thief")) == "token_reused"
    assert refusal(await touch(house, issued)) == "revoked"
    assert refusal(await rotate(house, b"1", b"2")) == "revoked"
    assert refusal(await rotate(house, b"0", b"2")) == "revoked"
    assert await ended(house, session.session_id, other.session_id) == (session.session_id,)


async def test_hello_counts_as_use(house: House) -> None:
    session = await house.log_in(await house.user("ann"), b"0")
    issued = expect(SessionCreated, await rotate(house, b"0", b"1"))
    operation = LoadSession(
        session.user.id, session.session_id, session.session_key, issued.refresh_id, "a device", house.now
    )
    expect(SessionLoaded, await house.do(operation))
    house.wait(seconds=61)
    assert refusal(await rotate(house, b"0", b"thief")) == "token_reused"


async def test_reuse_after_the_new_refresh_token_was_exchanged_ends_the_session(house: House) -> None:
    """O5 of docs/security.md."""
    await house.log_in(await house.user("ann"), b"0")
    expect(SessionCreated, await rotate(house, b"0", b"1"))
    expect(SessionCreated, await rotate(house, b"1", b"2"))
    house.wait(seconds=61)
    assert refusal(await rotate(house, b"0", b"thief")) == "token_reused"
    assert refusal(await rotate(house, b"2", b"3")) == "revoked"


async def test_use_of_the_access_token_issued_with_the_token_itself_is_no_reuse(house: House) -> None:
    session = await house.log_in(await house.user("ann"), b"0")
    expect(UserFound, await touch(house, session))
    expect(SessionCreated, await rotate(house, b"0", b"1"))
    house.wait(days=1)
    expect(UserFound, await touch(house, session))
    expect(SessionCreated, await rotate(house, b"0", b"2"))


async def test_touching_tells_strangers_and_ended_sessions_apart_from_live_ones(house: House) -> None:
    ann, bob = await house.people(2)
    session = await house.log_in(ann, b"0")
    wrong_user = TouchSession(bob, session.session_id, session.session_key, session.refresh_id, house.now)
    assert refusal(await house.do(wrong_user)) == "revoked"
    wrong_key = TouchSession(ann, session.session_id, b"x" * 16, session.refresh_id, house.now)
    assert refusal(await house.do(wrong_key)) == "revoked"
    load_wrong_key = LoadSession(ann, session.session_id, b"x" * 16, session.refresh_id, "a device", house.now)
    assert refusal(await house.do(load_wrong_key)) == "revoked"
    no_session = TouchSession(ann, session.session_id + 1000, session.session_key, session.refresh_id, house.now)
    assert refusal(await house.do(no_session)) == "revoked"
    expect(SessionsEnded, await house.do(EndSessions(ann, session.session_id, None, house.now)))
    assert refusal(await touch(house, session)) == "revoked"
    load = LoadSession(ann, session.session_id, session.session_key, session.refresh_id, "a device", house.now)
    assert refusal(await house.do(load)) == "revoked"


async def test_what_an_access_token_names_marks_only_its_own_refresh_token(house: House) -> None:
    """Numbers of tokens are given again after a restore; the token of another session is not touched either."""
    ann, bob = await house.people(2)
    session, other = await house.log_in(ann, b"0"), await house.log_in(bob, b"o")
    issued = expect(SessionCreated, await rotate(house, b"o", b"1"))
    for refresh_id in (issued.refresh_id, b"of another history".ljust(32)):
        used = TouchSession(ann, session.session_id, session.session_key, refresh_id, house.now)
        expect(UserFound, await house.do(used))
    house.wait(days=1)
    again = expect(SessionCreated, await rotate(house, b"o", b"2"))
    assert (again.session_id, again.session_key) == (other.session_id, other.session_key)


async def test_the_time_of_use_is_kept_to_the_minute(house: House) -> None:
    ann = await house.user("ann")
    session = await house.log_in(ann, b"0", device="phone")

    async def last_used() -> object:
        (info,) = expect(SessionsFound, await house.do(ListSessions(ann, session.session_id))).sessions
        return info.last_used_at

    house.wait(seconds=59)
    await touch(house, session)
    assert await last_used() == START
    now = house.wait(seconds=1)
    await touch(house, session)
    assert await last_used() == now


async def test_a_session_keeps_where_it_was_used_last_until_it_ends(house: House) -> None:
    ann = await house.user("ann")
    session = await house.log_in(ann, b"0", address="192.0.2.1")
    await house.log_in(ann, b"o")

    async def listed() -> list[tuple[str | None, object]]:
        found = expect(SessionsFound, await house.do(ListSessions(ann, session.session_id))).sessions
        return [(info.address, info.last_used_at) for info in found]

    assert await listed() == [("192.0.2.1", START), (None, START)]
    now = house.wait(seconds=1)
    elsewhere = RotateRefresh(b"0".ljust(32, b"."), b"1".ljust(32, b"."), now, "2001:db8::1")
    expect(SessionCreated, await house.do(elsewhere))
    assert await listed() == [("2001:db8::1", now), (None, START)], "another address is written at once"
    house.wait(seconds=1)
    expect(SessionCreated, await rotate(house, b"1", b"2"))
    assert await listed() == [("2001:db8::1", now), (None, START)], "none given, none changed"
    expect(SessionsEnded, await house.do(EndSessions(ann, session.session_id, None, house.now)))
    assert await listed() == [(None, START)]


async def test_the_list_of_sessions_shows_live_ones_and_the_label_of_hello(house: House) -> None:
    ann, bob = await house.people(2)
    first, second = await house.log_in(ann, b"1", device="phone"), await house.log_in(ann, b"2", device="desk")
    third = await house.log_in(ann, b"3")
    await house.log_in(bob, b"4")
    await house.do(EndSessions(ann, third.session_id, None, house.now))
    await house.do(LoadSession(ann, first.session_id, first.session_key, first.refresh_id, "телефон 😀", house.now))
    sessions = expect(SessionsFound, await house.do(ListSessions(ann, second.session_id))).sessions
    assert [(info.id, info.device, info.current) for info in sessions] == [
        (first.session_id, "телефон 😀", False),
        (second.session_id, "desk", True),
    ]
    assert sessions[0].created_at == START


async def test_ending_one_session_or_all_but_one(house: House) -> None:
    ann, bob = await house.people(2)
    a, b, c = [(await house.log_in(ann, token)).session_id for token in (b"a", b"b", b"c")]
    other = (await house.log_in(bob, b"d")).session_id
    assert await house.do(EndSessions(ann, a, None, house.now)) == SessionsEnded((a,))
    assert refusal(await house.do(EndSessions(ann, a, None, house.now))) == "not_found"
    assert refusal(await house.do(EndSessions(ann, other, None, house.now))) == "not_found"
    assert await house.do(EndSessions(ann, None, c, house.now)) == SessionsEnded((b,))
    assert await house.do(EndSessions(ann, None, c, house.now)) == SessionsEnded(())
    assert await house.do(EndSessions(ann, None, None, house.now)) == SessionsEnded((c,))
    assert await ended(house, a, b, c, other) == (a, b, c)


async def test_a_new_password_ends_the_other_sessions(house: House) -> None:
    ann = await house.user("ann")
    a, b = [(await house.log_in(ann, token)).session_id for token in (b"a", b"b")]
    assert await house.do(ChangePassword(ann, "another hash", a, house.now)) == SessionsEnded((b,))
    assert await house.do(FindLogin("ann")) == LoginFound(ann, "another hash")
    assert refusal(await rotate(house, b"b", b"c")) == "revoked"
    expect(SessionCreated, await rotate(house, b"a", b"d"))


async def test_a_password_that_was_checked_and_then_changed_opens_nothing(house: House) -> None:
    ann = await house.user("ann")
    old = expect(LoginFound, await house.do(FindLogin("ann"))).password_hash
    own = (await house.log_in(ann, b"a")).session_id
    assert await house.do(ChangePassword(ann, "mine", own, house.now, old)) == SessionsEnded(())
    log_in = CreateSession(ann, "x", b"1" * 32, b"k" * 16, house.now, checked_hash=old)
    change, deletion = ChangePassword(ann, "theirs", None, house.now, old), DeleteAccount(ann, house.now, old)
    for late in (log_in, change, deletion):
        assert refusal(await house.do(late)) == "invalid_credentials"
    assert await house.do(FindLogin("ann")) == LoginFound(ann, "mine")
    assert [one.id for one in expect(SessionsFound, await house.do(ListSessions(ann, own))).sessions] == [own]
    expect(SessionCreated, await house.do(evolve(log_in, checked_hash="mine")))
    expect(AccountDeleted, await house.do(evolve(deletion, checked_hash="mine")))


async def test_a_hash_is_renewed_only_where_it_is_still_the_same(house: House) -> None:
    ann, bob = await house.user("ann"), await house.user("bob")
    found = expect(LoginFound, await house.do(FindLogin("ann")))
    assert await house.do(RenewHash(ann, found.password_hash, "at a higher cost")) == Done()
    assert await house.do(RenewHash(ann, found.password_hash, "too late")) == Done()
    assert await house.do(FindLogin("ann")) == LoginFound(ann, "at a higher cost")
    assert expect(LoginFound, await house.do(FindLogin("bob"))).user_id == bob


async def test_a_sweep_tells_heads_ended_sessions_and_the_epoch(house: House) -> None:
    ann, bob = await house.people(2)
    chat, empty = await house.direct(ann, bob), await house.group(ann)
    await house.send(chat, ann)
    house.wait(seconds=1)
    last = await house.send(chat, bob)
    live = (await house.log_in(ann, b"0")).session_id
    swept = await house.do(Sweep((empty, chat, 10**12), (live, 10**12)))
    assert swept == Swept({chat: (2, last.created_at), empty: (0, None)}, (), EPOCH)
    assert await house.do(Sweep((), ())) == Swept({}, (), EPOCH)
    many = tuple(range(10**6, 10**6 + 2500))
    assert await house.do(Sweep((*many, chat), many)) == Swept({chat: (2, last.created_at)}, (), EPOCH)


async def test_loading_a_session_lists_heads_and_peers(house: House) -> None:
    ann, bob, eve = await house.people(3)
    session = await house.log_in(ann, b"0")
    assert await house.do(
        LoadSession(ann, session.session_id, session.session_key, session.refresh_id, "x", house.now)
    ) == SessionLoaded(session.user, (), (), EPOCH)
    saved, older = await house.direct(ann, ann), await house.direct(ann, eve)
    house.wait(seconds=1)
    group, newer = await house.group(ann, bob), await house.direct(bob, ann)
    house.wait(seconds=1)
    await house.send(older, eve, "now the newest")
    loaded = await house.do(
        LoadSession(ann, session.session_id, session.session_key, session.refresh_id, "x", house.now)
    )
    loaded = expect(SessionLoaded, loaded)
    assert [head.chat_id for head in loaded.heads] == [older, newer, group, saved]
    assert loaded.peer_ids == (bob, eve)
    assert loaded.heads[0].unread_count == 1
    assert loaded.heads[0].last_at == house.now


async def test_nobody_has_no_session(house: House) -> None:
    ann = await house.user("ann")
    assert (
        refusal(await house.do(CreateSession(ann + 1, "a device", b"1".ljust(32, b"."), b"k" * 16, house.now)))
        == "not_found"
    )


async def test_a_session_is_alive_though_its_token_row_is_gone(house: House) -> None:
    """Access tokens outlive the sweep of old refresh tokens."""
    session = await house.log_in(await house.user("ann"), b"1")
    unknown = TouchSession(session.user.id, session.session_id, session.session_key, b"unknown", house.now)
    assert expect(UserFound, await house.do(unknown)).user == session.user


async def test_an_epoch_is_renewed_by_whoever_knows_the_old_one(house: House) -> None:
    async def epoch() -> str:
        return expect(Swept, await house.do(Sweep((), ()))).epoch

    assert await house.do(RenewEpoch("another", "too late")) == Done()
    assert await epoch() == EPOCH
    assert await house.do(RenewEpoch(EPOCH, "restored")) == Done()
    assert await epoch() == "restored"
    assert await house.do(RenewEpoch(EPOCH, "late")) == Done()
    assert await epoch() == "restored"
    assert await house.do(RenewEpoch("restored", EPOCH)) == Done(), "others use this database too"
