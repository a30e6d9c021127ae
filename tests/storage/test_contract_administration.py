"""Those who keep the server: what they do leaves a line, what they look at holds no text (FAULTS.md O28)."""

from datetime import timedelta
from typing import Any

import trio

from chatproto.operations import (
    Account,
    AccountDeleted,
    Administer,
    AuditLine,
    ChangePassword,
    CleanedUp,
    CleanUp,
    CreateInvite,
    CreateUser,
    DeleteAccount,
    Done,
    EndSessions,
    FileAdded,
    InvitesFound,
    ListAccounts,
    ListAudit,
    LookAtSessions,
    MakeCode,
    MeasureServer,
    Operation,
    Outcome,
    RevokeInvite,
    SaveLastSeen,
    SessionsEnded,
    SessionsFound,
    SetAccount,
    Sizes,
    UserFound,
)
from chatproto.operations.administration import Act, ExportData
from chatproto.operations.outcomes import AccountsFound, AuditFound, ServerMeasured
from tests.storage.store_house import House, expect, refusal
from tests.storage.test_contract_files import adding

YEAR = timedelta(days=365)


async def act(
    house: House, actor_id: int | None, act: Act, address: str | None = "192.0.2.7", *, own: bool = False
) -> Outcome:
    return await house.do(Administer(actor_id, address, act, house.now, own))


async def promote(house: House, user_id: int) -> None:
    await act(house, None, SetAccount(user_id, None, "admin", house.now), None)


async def lines(house: House, actor_id: int | None = None) -> list[AuditLine]:
    return list(expect(AuditFound, await house.do(ListAudit(actor_id, None, 100))).lines)


async def accounts(house: House, actor_id: int, *prefixes: str, **more: Any) -> list[Account]:
    asked: dict[str, Any] = {"email_key": None, "role": None, "disabled": None, "after_id": 0, "limit": 50, **more}
    return list(expect(AccountsFound, await house.do(ListAccounts(actor_id, prefixes, **asked))).accounts)


async def test_every_act_leaves_its_line(house: House) -> None:
    ann, bob = await house.user("ann"), await house.user("bob", display_name="Bob B")
    await house.log_in(bob, b"b")
    await promote(house, ann)
    until = house.now + timedelta(hours=1)
    made = expect(InvitesFound, await act(house, ann, CreateInvite(ann, b"i" * 32, None, 1, house.now, until)))
    invite_id = made.invites[0].id
    house.wait(minutes=1)
    assert await act(house, ann, RevokeInvite(ann, invite_id, house.now)) == Done()
    assert await act(house, ann, MakeCode(b"r" * 32, "reset", bob, house.now, until)) == Done()
    ended = expect(SessionsEnded, await act(house, ann, EndSessions(bob, None, None, house.now)))
    assert len(ended.session_ids) == 1
    expect(SessionsEnded, await act(house, ann, SetAccount(bob, True, "admin", house.now)))
    expect(SessionsEnded, await act(house, ann, SetAccount(bob, False, "member", house.now)))
    expect(SessionsEnded, await act(house, None, ChangePassword(bob, "hash", None, house.now), None))
    new = CreateUser("eve", "eve", None, None, "hash", "Eve", frozenset({"eve"}), house.now)
    eve = expect(UserFound, await act(house, None, new, None)).user.id
    told = [(line.action, line.subject and line.subject.id, line.invite_id) for line in reversed(await lines(house))]
    assert told == [
        ("admin_granted", ann, None),
        ("invite_created", None, invite_id),
        ("invite_revoked", None, invite_id),
        ("reset_link", bob, None),
        ("sessions_ended", bob, None),
        ("account_disabled", bob, None),
        ("admin_granted", bob, None),
        ("account_enabled", bob, None),
        ("admin_taken", bob, None),
        ("password_set", bob, None),
        ("account_created", eve, None),
    ]
    line = (await lines(house, ann))[4]
    assert line.actor is not None and line.subject is not None
    assert (line.actor.id, line.actor.username, line.subject.display_name) == (ann, "ann", "Bob B")
    assert (line.at, line.address) == (house.now, "192.0.2.7")
    first = (await lines(house))[-1]
    assert first.actor is None and first.address is None
    page = expect(AuditFound, await house.do(ListAudit(ann, line.id, 2)))
    assert [one.action for one in page.lines] == ["account_disabled", "sessions_ended"] and page.has_more
    rest = expect(AuditFound, await house.do(ListAudit(ann, page.lines[-1].id, 100)))
    assert len(rest.lines) == 4 and not rest.has_more


async def test_people_are_given_their_own_data_and_the_audit_tells(house: House) -> None:
    ann, bob = await house.people(2)
    assert await act(house, bob, ExportData(bob), own=True) == Done()
    for one in (ExportData(ann), DeleteAccount(ann, house.now)):
        assert refusal(await act(house, bob, one, own=True)) == "forbidden"
    for one in (ExportData(bob), DeleteAccount(bob, house.now)):
        assert refusal(await act(house, bob, one)) == "forbidden", "as an admin, who needs no password"
    assert refusal(await act(house, bob, EndSessions(bob, None, None, house.now), own=True)) == "forbidden"
    assert await act(house, None, ExportData(bob), None) == Done()
    assert expect(AccountDeleted, await act(house, bob, DeleteAccount(bob, house.now), own=True)).user_id == bob
    for one in (ExportData(bob), DeleteAccount(bob, house.now)):
        assert refusal(await act(house, bob, one, own=True)) == "not_found"
    told = [
        (line.action, line.actor and line.actor.id, line.subject and line.subject.id, line.address)
        for line in reversed(await lines(house))
    ]
    assert told == [
        ("data_exported", bob, bob, "192.0.2.7"),
        ("data_exported", None, bob, None),
        ("account_deleted", bob, bob, "192.0.2.7"),
    ]


async def test_where_somebody_is_logged_in_is_seen_and_one_log_in_ended(house: House) -> None:
    ann, bob = await house.people(2)
    await promote(house, ann)
    first = await house.log_in(bob, b"1", device="Web, Firefox, Linux", address="192.0.2.1")
    second = await house.log_in(bob, b"2", device="Vestnik, Windows")
    for actor_id in (ann, None):
        found = expect(SessionsFound, await house.do(LookAtSessions(actor_id, bob, second.session_id))).sessions
        assert [(one.id, one.device, one.address, one.current) for one in found] == [
            (first.session_id, "Web, Firefox, Linux", "192.0.2.1", False),
            (second.session_id, "Vestnik, Windows", None, True),
        ]
    ended = await act(house, ann, EndSessions(bob, first.session_id, None, house.now))
    assert ended == SessionsEnded((first.session_id,))
    assert refusal(await act(house, ann, EndSessions(bob, first.session_id, None, house.now))) == "not_found"
    assert refusal(await act(house, ann, EndSessions(ann, second.session_id, None, house.now))) == "not_found"
    (left,) = expect(SessionsFound, await house.do(LookAtSessions(ann, bob, 0))).sessions
    assert left.id == second.session_id
    line, before = (await lines(house))[:2]
    assert (line.action, line.subject and line.subject.id, before.action) == ("session_ended", bob, "admin_granted")


async def test_nobody_else_does_or_sees_anything(house: House) -> None:
    ann, bob = await house.people(2)
    await promote(house, ann)
    before = await lines(house)
    asked: list[Operation] = [
        Administer(bob, None, SetAccount(ann, True, None, house.now), house.now),
        Administer(bob, None, EndSessions(ann, None, None, house.now), house.now),
        Administer(bob, None, EndSessions(ann, 1, None, house.now), house.now),
        LookAtSessions(bob, ann, 0),
        ListAccounts(bob, (), None, None, None, 0, 10),
        MeasureServer(bob),
        ListAudit(bob, None, 10),
    ]
    for operation in asked:
        assert refusal(await house.do(operation)) == "forbidden", operation
    await act(house, None, SetAccount(bob, None, "admin", house.now), None)
    await act(house, None, SetAccount(bob, True, None, house.now), None)
    for operation in asked:
        assert refusal(await house.do(operation)) == "forbidden", "an admin who was shut out"
    assert refusal(await house.do(LookAtSessions(ann, 999, 0))) == "not_found"
    for subject in (
        EndSessions(999, None, None, house.now),
        EndSessions(bob, 999, None, house.now),
        SetAccount(999, True, None, house.now),
    ):
        assert refusal(await act(house, ann, subject)) == "not_found"
    assert refusal(await act(house, ann, SetAccount(ann, None, "member", house.now))) == "forbidden", "the last one"
    assert len(await lines(house)) == len(before) + 2, "what was refused leaves no line"


async def test_of_two_admins_who_demote_each_other_one_stays(house: House) -> None:
    ann, bob = await house.people(2)
    for user_id in (ann, bob):
        await promote(house, user_id)
    outcomes: list[Outcome] = []

    async def demote(actor_id: int, user_id: int) -> None:
        outcomes.append(await act(house, actor_id, SetAccount(user_id, None, "member", house.now)))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(demote, ann, bob)
        nursery.start_soon(demote, bob, ann)
    assert sum(isinstance(one, SessionsEnded) for one in outcomes) == 1
    assert [refusal(one) for one in outcomes if not isinstance(one, SessionsEnded)] == ["forbidden"]


async def test_accounts_as_their_keepers_see_them(house: House) -> None:
    ann = await house.user("ann", email="Ann@example.org")
    bob, vera = await house.user("bob", display_name="Robert Ray"), await house.user("vera", display_name="Vera Ray")
    await promote(house, ann)
    for refresh in (b"1", b"2"):
        await house.log_in(bob, refresh)
    for blob, data in (("a", b"123"), ("a", b"123"), ("b", b"45")):
        expect(FileAdded, await house.do(adding(house, bob, data, name=f"{blob}.txt")))
    await house.do(SaveLastSeen(((vera, house.wait(minutes=1)),)))
    await act(house, ann, SetAccount(vera, True, None, house.now))
    shown = await accounts(house, ann)
    assert [one.id for one in shown] == [ann, bob, vera]
    first, second, third = shown
    assert (first.email, first.role, first.email_verified, first.sessions, first.file_bytes) == (
        "Ann@example.org", "admin", False, 0, 0,
    )  # fmt: skip
    assert (second.role, second.sessions, second.disabled_at, second.last_seen_at) == ("member", 2, None, None)
    assert second.file_bytes == 5, "equal bytes are kept once"
    assert (third.disabled_at, third.last_seen_at) == (house.now, house.now)
    for asked, found in (
        ({"role": "admin"}, [ann]),
        ({"role": "member", "disabled": False}, [bob]),
        ({"disabled": True}, [vera]),
        ({"email_key": "ann@example.org"}, [ann]),
        ({"email_key": "nobody@example.org"}, []),
        ({"after_id": ann, "limit": 1}, [bob]),
    ):
        assert [one.id for one in await accounts(house, ann, **asked)] == found, asked
    for prefixes, found in ((("ray",), [bob, vera]), (("ray", "ro"), [bob]), (("%",), [])):
        assert [one.id for one in await accounts(house, ann, *prefixes)] == found, prefixes
    page = expect(AccountsFound, await house.do(ListAccounts(ann, (), None, None, None, 0, 2)))
    assert page.has_more and len(page.accounts) == 2


async def test_how_much_there_is(house: House) -> None:
    ann, bob = await house.people(2)
    await promote(house, ann)
    assert expect(ServerMeasured, await house.do(MeasureServer(ann))).sizes == Sizes(
        people=2, disabled=0, sessions=0, chats=0, messages=0, files=0, file_bytes=0
    )
    await house.log_in(ann, b"a")
    await house.send(await house.direct(ann, bob), bob, "hello")
    for owner_id in (ann, bob):
        expect(FileAdded, await house.do(adding(house, owner_id, b"1234")))
    await act(house, ann, SetAccount(bob, True, None, house.now))
    assert expect(ServerMeasured, await house.do(MeasureServer(ann))).sizes == Sizes(
        people=2, disabled=1, sessions=1, chats=1, messages=1, files=2, file_bytes=8
    )


async def test_a_line_is_kept_for_a_year(house: House) -> None:
    ann = await house.user("ann")
    for disabled in (True, False, True):
        await act(house, None, SetAccount(ann, disabled, None, house.now), None)
        house.wait(days=1)
    house.now += YEAR - timedelta(days=2)
    assert await house.do(CleanUp("audit", 0, 1, house.now)) in (CleanedUp(1, next_id=0), CleanedUp(2))
    assert await house.do(CleanUp("audit", 0, 10, house.now)) in (CleanedUp(1), CleanedUp(0))
    assert [line.action for line in await lines(house)] == ["account_disabled"]
