"""A deleted account: what goes, what stays, and who may take its name when."""

from datetime import timedelta
from hashlib import sha256

from attrs import evolve

from chatproto.operations import (
    AccountDeleted,
    Administer,
    ChatFound,
    CleanedUp,
    CleanUp,
    CreateDirect,
    DeleteAccount,
    FindLogin,
    FindUsers,
    ForwardSource,
    GroupsToLeave,
    ListAudit,
    LoadChat,
    MakeCode,
    MeasureServer,
    Outcome,
    SaveLastSeen,
    ServerMeasured,
    SetAccount,
    UsersFound,
)
from chatproto.operations.accounts import NAME_KEPT
from chatproto.operations.outcomes import AuditFound
from chatproto.wire.model import DELETED_NAME, Forwarded, deleted_user
from tests.storage.store_house import START, House, expect, refusal
from tests.storage.test_contract_recovery import all_letters, order, set_email, verified


async def delete(house: House, user_id: int) -> Outcome:
    return await house.do(DeleteAccount(user_id, house.now))


async def test_a_deleted_account_is_a_name_that_nobody_has(house: House) -> None:
    ann = await house.user("ann", email="ann@example.org")
    bob = await house.user("bob")
    session = await house.log_in(ann, b"token")
    chat = await house.direct(ann, bob)
    await house.send(chat, ann, "what stays")
    gone = await delete(house, ann)
    assert gone == AccountDeleted(ann, START, (chat,), (session.session_id,))
    assert refusal(await delete(house, ann)) == "not_found"
    assert await house.do(SaveLastSeen(((ann, house.now),))) is not None
    nobody = deleted_user(ann, START)
    (found,) = expect(UsersFound, await house.do(FindUsers(bob, (ann,)))).users
    assert (found, found.deleted) == (nobody, True)
    seen = expect(ChatFound, await house.do(LoadChat(bob, chat, with_members=True))).chat
    assert (seen.peer, seen.writers) == (nobody, "none")
    for login in ("ann", "ann@example.org", "~1"):
        assert refusal(await house.do(FindLogin(login))) == "not_found"


async def test_a_direct_chat_of_a_deleted_account_is_read_and_not_written(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    await house.send(chat, bob, "before")
    await delete(house, ann)
    assert refusal(await house.try_send(chat, bob)) == "peer_deleted"
    assert refusal(await house.do(house.edit_of(chat, bob, 1, "other"))) == "peer_deleted"
    page = await house.page(bob, chat)
    assert [item.seq for item in page.items] == [1]


async def test_nobody_talks_to_or_adds_a_deleted_account(house: House) -> None:
    ann, bob, eve = await house.people(3)
    group = await house.group(bob, eve)
    await delete(house, ann)
    assert refusal(await house.do(CreateDirect(bob, ann, house.now))) == "not_found"
    assert refusal(await house.try_change("add", group, bob, ann)) == "not_found"
    code = MakeCode(sha256(b"code").digest(), "reset", ann, house.now, house.now + timedelta(hours=1))
    assert refusal(await house.do(code)) == "not_found"
    assert refusal(await house.do(SetAccount(ann, False, None, house.now))) == "not_found"


async def test_groups_are_left_first(house: House) -> None:
    ann, bob = await house.people(2)
    group = await house.group(ann, bob)
    assert await delete(house, ann) == GroupsToLeave((group,))
    await house.change("remove", group, ann, ann)
    assert expect(AccountDeleted, await delete(house, ann)).chat_ids == (group,)


async def test_whoever_alone_keeps_the_server_stays(house: House) -> None:
    ann, bob = await house.people(2)
    await house.do(SetAccount(ann, None, "admin", house.now))
    assert refusal(await delete(house, ann)) == "last_admin"
    await house.do(SetAccount(bob, None, "admin", house.now))
    expect(AccountDeleted, await delete(house, ann))
    assert refusal(await delete(house, bob)) == "last_admin"
    sizes = expect(ServerMeasured, await house.do(MeasureServer(bob))).sizes
    assert (sizes.people, sizes.disabled) == (1, 0)


async def test_the_username_is_kept_from_others_for_a_while(house: House) -> None:
    ann = await house.user("ann", email="ann@example.org")
    await delete(house, ann)
    assert refusal(await house.try_user("ann")) == "username_taken"
    await house.user("anna", email="ann@example.org")
    names = CleanUp("names", 0, 10, house.now + NAME_KEPT)
    assert await house.do(evolve(names, now=house.now)) == CleanedUp(0)
    assert refusal(await house.try_user("ann")) == "username_taken"
    house.now += NAME_KEPT
    second = await house.user("ann")
    await delete(house, second)
    assert [await house.do(names), await house.do(names)] == [CleanedUp(1), CleanedUp(0)]
    assert refusal(await house.try_user("ann")) == "username_taken"


async def test_forwarded_messages_name_nobody(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat, other = await house.direct(ann, bob), await house.direct(bob, eve)
    await house.send(chat, ann, "to be told on")
    await house.do(evolve(house.message(other, bob, ""), forward=ForwardSource(chat, 1)))
    await delete(house, ann)
    item = await house.message_at(eve, other, 1)
    assert item.forwarded == Forwarded(user_id=ann, display_name=DELETED_NAME)


async def test_letters_to_a_deleted_account_are_not_sent(house: House) -> None:
    ann = await verified(house, "ann", "ann@example.org")
    await verified(house, "bob", "bob@example.org")
    await set_email(house, ann, "other@example.org")
    for login in ("ann", "ann@example.org", "bob"):
        await order(house, login)
    await delete(house, ann)
    assert [letter.address for letter in await all_letters(house)] == ["bob@example.org"]


async def test_a_deletion_by_those_who_keep_the_server_leaves_a_line(house: House) -> None:
    ann, bob, eve = await house.people(3)
    group = await house.group(bob, eve)
    await house.do(SetAccount(ann, None, "admin", house.now))
    act = Administer(ann, "192.0.2.7", DeleteAccount(bob, house.now), house.now)
    assert refusal(await house.do(evolve(act, actor_id=eve))) == "forbidden"
    assert await house.do(act) == GroupsToLeave((group,))
    assert expect(AuditFound, await house.do(ListAudit(ann, None, 10))).lines == ()
    await house.change("remove", group, bob, bob)
    assert expect(AccountDeleted, await house.do(act)).user_id == bob
    assert refusal(await house.do(act)) == "not_found"
    [line] = expect(AuditFound, await house.do(ListAudit(ann, None, 10))).lines
    assert line.subject is not None
    assert (line.action, line.subject.id, line.subject.display_name) == ("account_deleted", bob, DELETED_NAME)
