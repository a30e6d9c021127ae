"""Invitations, the first admin, and who is shut out (FAULTS.md O10, O30)."""

from datetime import timedelta
from hashlib import sha256

import trio
from attrs import evolve

from chatproto.operations import (
    Appended,
    AuditFound,
    CheckCode,
    CreateInvite,
    CreateSession,
    CreateUser,
    Done,
    Invite,
    InviteOpened,
    InvitesFound,
    ListAudit,
    ListInvites,
    MakeCode,
    OpenInvite,
    Outcome,
    RevokeInvite,
    SessionsEnded,
    SetAccount,
    SetBlock,
    UserFound,
)
from chatproto.operations.invites import MAX_INVITES
from tests.storage.store_house import House, expect, refusal


def hashed(name: str) -> bytes:
    return sha256(name.encode()).digest()


async def invite(
    house: House, actor_id: int | None, code: str, chat_id: int | None = None, uses: int = 1, hours: int = 1
) -> Outcome:
    expires_at = house.now + timedelta(hours=hours)
    return await house.do(CreateInvite(actor_id, hashed(code), chat_id, uses, house.now, expires_at))


async def come(house: House, name: str, code: str) -> Outcome:
    return await house.do(
        CreateUser(name, name, None, None, "hash", name, frozenset({name}), house.now, invite_hash=hashed(code))
    )


async def opened(house: House, user_id: int, code: str) -> Outcome:
    return await house.do(OpenInvite(hashed(code), user_id, house.now))


async def join(house: House, inviter_id: int, group: int, user_id: int, code: str) -> Outcome:
    change = house.change_of("add", group, inviter_id, user_id)
    return await house.do(evolve(change, invite_hash=hashed(code)))


async def listed(house: House, actor_id: int | None) -> list[Invite]:
    return list(expect(InvitesFound, await house.do(ListInvites(actor_id, 10))).invites)


async def admin(house: House, name: str) -> int:
    user_id = await house.user(name)
    assert await house.do(SetAccount(user_id, None, "admin", house.now)) == SessionsEnded(())
    return user_id


async def test_people_come_by_an_invitation_as_often_as_it_says(house: House) -> None:
    made = expect(InvitesFound, await invite(house, None, "two", uses=2)).invites[0]
    assert (made.uses, made.used, made.chat_id, made.created_by, made.revoked) == (2, 0, None, None, False)
    expect(UserFound, await come(house, "ann", "two"))
    assert refusal(await come(house, "ann", "two")) == "username_taken"
    bob = expect(UserFound, await come(house, "bob", "two")).user
    assert not bob.role
    assert refusal(await come(house, "eve", "two")) == "invite_invalid"
    assert refusal(await come(house, "eve", "none")) == "invite_invalid"
    assert refusal(await come(house, "ann", "none")) == "invite_invalid", "names are told to who is invited"
    assert [one.used for one in await listed(house, None)] == [2]
    expect(InvitesFound, await invite(house, None, "hour"))
    house.wait(hours=1)
    assert refusal(await come(house, "eve", "hour")) == "invite_invalid"
    assert refusal(await opened(house, bob.id, "two")) == "invite_invalid", "it leads to no group"


async def test_one_use_for_many_at_once(house: House) -> None:
    expect(InvitesFound, await invite(house, None, "one"))
    outcomes: list[Outcome] = []

    async def register(number: int) -> None:
        outcomes.append(await come(house, f"user{number}", "one"))

    async with trio.open_nursery() as nursery:
        for number in range(6):
            nursery.start_soon(register, number)
    assert sum(isinstance(outcome, UserFound) for outcome in outcomes) == 1
    assert {refusal(one) for one in outcomes if not isinstance(one, UserFound)} == {"invite_invalid"}


async def test_who_may_invite_see_and_revoke(house: House) -> None:
    ann, bob = await admin(house, "ann"), await house.user("bob")
    assert refusal(await invite(house, bob, "b")) == "forbidden"
    first = expect(InvitesFound, await invite(house, ann, "a")).invites[0]
    group, direct = await house.group(bob, ann), await house.direct(bob, ann)
    second = expect(InvitesFound, await invite(house, bob, "g", group)).invites[0]
    assert (second.chat_id, second.created_by) == (group, bob)
    for chat_id, code in ((group, "forbidden"), (direct, "forbidden"), (group + direct + 1, "not_found")):
        assert refusal(await invite(house, ann, "x", chat_id)) == code
    assert await listed(house, bob) == [second]
    assert await listed(house, ann) == await listed(house, None) == [second, first]
    assert refusal(await house.do(RevokeInvite(bob, first.id, house.now))) == "not_found"
    assert refusal(await house.do(RevokeInvite(ann, second.id + 1, house.now))) == "not_found"
    for _ in range(2):
        assert await house.do(RevokeInvite(bob, second.id, house.now)) == Done()
    assert await house.do(RevokeInvite(None, first.id, house.now)) == Done()
    assert [one.revoked for one in await listed(house, ann)] == [True, True]
    for code in ("a", "g"):
        assert refusal(await come(house, "eve", code)) == "invite_invalid"
    assert refusal(await opened(house, ann, "g")) == "invite_invalid"


async def test_invitations_of_one_person_are_bounded(house: House) -> None:
    ann = await admin(house, "ann")
    for number in range(MAX_INVITES):
        expect(InvitesFound, await invite(house, ann, f"{number}"))
    assert refusal(await invite(house, ann, "more")) == "too_many"
    expect(UserFound, await come(house, "bob", "0"))
    expect(InvitesFound, await invite(house, ann, "more"))


async def test_into_a_group_as_long_as_its_admin_is_one(house: House) -> None:
    ann, bob, eve, tom = await house.people(4)
    group, other = await house.group(ann, bob), await house.group(ann)
    expect(InvitesFound, await invite(house, ann, "g", group, uses=2))
    assert await opened(house, bob, "g") == InviteOpened(group, ann), "a member comes to no harm"
    assert expect(Appended, await join(house, ann, group, bob, "g")).items == ()
    for _ in range(2):
        assert await opened(house, eve, "g") == InviteOpened(group, ann)
    assert [one.used for one in await listed(house, ann)] == [0], "who has looked has not come"
    assert refusal(await join(house, ann, other, eve, "g")) == "invite_invalid", "it leads to another group"
    assert expect(Appended, await join(house, ann, group, eve, "g")).added_ids == (eve,)
    assert [one.used for one in await listed(house, ann)] == [1]
    zoe = expect(UserFound, await come(house, "zoe", "g")).user.id
    assert await opened(house, zoe, "g") == InviteOpened(group, ann), "registered, and not in the group yet"
    assert expect(Appended, await join(house, ann, group, zoe, "g")).added_ids == (zoe,)
    assert [one.used for one in await listed(house, ann)] == [2], "counted once"
    assert refusal(await opened(house, tom, "g")) == "invite_invalid", "all are used"
    assert refusal(await join(house, ann, group, tom, "g")) == "invite_invalid"
    expect(InvitesFound, await invite(house, ann, "h", group))
    await house.do(SetAccount(ann, True, None, house.now))
    assert refusal(await opened(house, tom, "h")) == "invite_invalid"
    await house.do(SetAccount(ann, False, None, house.now))
    await house.change("role", group, ann, bob, role="admin")
    await house.change("role", group, bob, ann, role="member")
    assert refusal(await come(house, "max", "h")) == "invite_invalid"
    await house.change("remove", group, bob, ann)
    assert refusal(await opened(house, tom, "h")) == "invite_invalid"


async def test_nobody_comes_back_by_an_invitation(house: House) -> None:
    """Not even who opened it before they were removed: joining is judged by the group as it is then."""
    ann, bob, eve = await house.people(3)
    group = await house.group(ann, bob)
    expect(InvitesFound, await invite(house, ann, "g", group))
    for user_id in (bob, eve):
        assert await opened(house, user_id, "g") == InviteOpened(group, ann)
    await house.change("remove", group, ann, bob)
    await house.change("add", group, ann, eve)
    await house.change("remove", group, ann, eve)
    for user_id in (bob, eve):
        assert refusal(await join(house, ann, group, user_id, "g")) == "invite_invalid"
        assert refusal(await opened(house, user_id, "g")) == "invite_invalid"
    assert [one.used for one in await listed(house, ann)] == [0]


async def test_what_keeps_somebody_from_a_group_uses_up_no_invitation(house: House) -> None:
    ann, bob, eve = await house.people(3)
    group = await house.group(ann)
    expect(InvitesFound, await invite(house, ann, "g", group))
    await house.do(SetBlock(bob, ann, True, house.now))
    assert refusal(await join(house, ann, group, bob, "g")) == "forbidden"
    assert [one.used for one in await listed(house, ann)] == [0]
    expect(Appended, await join(house, ann, group, eve, "g"))


async def test_one_place_for_many_who_join_at_once(house: House) -> None:
    ann, *others = await house.people(5)
    group = await house.group(ann)
    expect(InvitesFound, await invite(house, ann, "g", group))
    outcomes: list[Outcome] = []

    async def enter(user_id: int) -> None:
        outcomes.append(await join(house, ann, group, user_id, "g"))

    async with trio.open_nursery() as nursery:
        for user_id in others:
            nursery.start_soon(enter, user_id)
    assert sum(isinstance(outcome, Appended) for outcome in outcomes) == 1
    assert {refusal(one) for one in outcomes if not isinstance(one, Appended)} == {"invite_invalid"}


async def test_the_first_admin_comes_by_a_code_once(house: House) -> None:
    later = house.now + timedelta(days=1)
    for code in ("old", "new"):
        assert await house.do(MakeCode(hashed(code), "setup", None, house.now, later)) == Done()
    assert await house.do(CheckCode(hashed("new"), "setup", house.now)) == Done()
    assert refusal(await come(house, "eve", "old")) == "invite_invalid", "a later start made another"
    ann = expect(UserFound, await come(house, "ann", "new")).user
    assert ann.role == "admin"
    (line,) = expect(AuditFound, await house.do(ListAudit(ann.id, None, 10))).lines
    assert (line.action, line.actor, line.subject and line.subject.id) == ("admin_granted", None, ann.id)
    assert refusal(await come(house, "eve", "new")) == "invite_invalid"


async def test_a_code_for_the_first_admin_ends_where_there_is_one(house: House) -> None:
    """It may stand in a log for days."""
    bob, later = await house.user("bob"), house.now + timedelta(days=1)
    assert await house.do(MakeCode(hashed("code"), "setup", None, house.now, later)) == Done()
    for change in (SetAccount(bob, None, "member", house.now), SetAccount(bob, False, None, house.now)):
        await house.do(change)
        assert await house.do(CheckCode(hashed("code"), "setup", house.now)) == Done()
    await house.do(SetAccount(bob, None, "admin", house.now))
    assert refusal(await house.do(CheckCode(hashed("code"), "setup", house.now))) == "code_used"
    assert refusal(await come(house, "eve", "code")) == "invite_invalid"


async def test_who_is_shut_out_cannot_log_in_and_the_last_admin_stays(house: House) -> None:
    ann, bob = await admin(house, "ann"), await house.user("bob")
    session = await house.log_in(bob, b"1")
    assert await house.do(SetAccount(bob, True, None, house.now)) == SessionsEnded((session.session_id,))
    assert refusal(await house.do(CreateSession(bob, "x", b"2" * 32, b"2" * 16, house.now))) == "account_disabled"
    assert await house.do(SetAccount(bob, False, None, house.now)) == SessionsEnded(())
    assert (await house.log_in(bob, b"3")).user.id == bob
    for change in (SetAccount(ann, True, None, house.now), SetAccount(ann, None, "member", house.now)):
        assert refusal(await house.do(change)) == "forbidden"
    assert refusal(await house.do(SetAccount(bob + 1, True, None, house.now))) == "not_found"
    await house.do(SetAccount(bob, None, "admin", house.now))
    assert (await house.log_in(bob, b"4")).user.role == "admin"
    await house.do(SetAccount(ann, None, "member", house.now))
    assert refusal(await invite(house, ann, "a")) == "forbidden"
    await house.do(SetAccount(bob, None, None, house.now))
