"""Coming, going and roles; what former members keep (docs/protocol.md I4, I8)."""

from datetime import timedelta
from functools import partial

import msgspec
import trio

from chatproto.operations import (
    AppendBatch,
    AppendChange,
    Appended,
    BatchAppended,
    ChatFound,
    ChatsFound,
    FetchMessages,
    FindUsers,
    ListChats,
    MessagesFound,
    Outcome,
    Refused,
    SetFlags,
    UsersFound,
)
from chatproto.wire.model import Event, Message, User
from tests.storage.store_house import House, expect, refusal


async def public(house: House, user_id: int) -> User:
    """As events show them: without presence."""
    user = expect(UsersFound, await house.do(FindUsers(user_id, (user_id,)))).users[0]
    return msgspec.structs.replace(user, online=None, last_seen_at=None)


async def roles(house: House, user_id: int, chat_id: int) -> dict[int, str]:
    members = (await house.chat(user_id, chat_id, with_members=True)).members
    assert not isinstance(members, msgspec.UnsetType)
    return {member.user.id: member.role for member in members}


def told(outcome: Appended) -> list[tuple[int, str, dict[str, object]]]:
    events = [item for item in outcome.items if isinstance(item, Event)]
    assert len(events) == len(outcome.items)
    return [(event.seq, event.event, event.data) for event in events]


# --- coming ----------------------------------------------------------------------------------------------------


async def test_adding_members_is_told_in_the_log(house: House) -> None:
    ann, bob, eve, dan = await house.people(4)
    chat = await house.group(ann, bob)
    await house.send(chat, ann)
    outcome = await house.change("add", chat, ann, dan, eve, bob, dan)
    assert told(outcome) == [
        (2, "member_added", {"user": await public(house, dan), "role": "member"}),
        (3, "member_added", {"user": await public(house, eve), "role": "member"}),
    ]
    assert all(isinstance(item, Event) and item.actor_id == ann for item in outcome.items)
    assert (outcome.last_seq, outcome.dup) == (3, False)
    assert outcome.member_ids == (ann, bob, eve, dan)
    assert (outcome.added_ids, outcome.removed_ids) == ((dan, eve), ())
    assert (await house.page(ann, chat)).items[1:] == outcome.items
    assert await roles(house, eve, chat) == {ann: "admin", bob: "member", dan: "member", eve: "member"}


async def test_with_all_history_everything_can_be_read_and_nothing_is_unread(house: House) -> None:
    ann, eve = await house.people(2)
    chat = await house.group(ann)
    for _ in range(3):
        await house.send(chat, ann)
    await house.change("add", chat, ann, eve, history="all")
    head = await house.head(eve, chat)
    assert (head.first_seq, head.last_seq, head.read_seq, head.delivered_seq) == (1, 4, 4, 4)
    assert head.unread_count == 0
    page = await house.page(eve, chat)
    assert [item.seq for item in page.items] == [1, 2, 3, 4]
    last = (await house.chat(eve, chat)).last_message
    assert last is not None
    assert last.seq == 3


async def test_without_history_nothing_before_can_be_read(house: House) -> None:
    ann, eve = await house.people(2)
    chat = await house.group(ann)
    for _ in range(3):
        await house.send(chat, ann)
    await house.change("add", chat, ann, eve, history="none")
    head = await house.head(eve, chat)
    assert (head.first_seq, head.last_seq, head.read_seq, head.delivered_seq) == (4, 4, 4, 4)
    assert (await house.chat(eve, chat)).last_message is None
    for page in (await house.page(eve, chat, after=0), await house.page(eve, chat, before=5)):
        assert (page.from_seq, page.to_seq, page.more) == (3, 4, False)
        assert [item.seq for item in page.items] == [4]
    page = await house.page(eve, chat, before=3)
    assert (page.from_seq, page.to_seq, page.items, page.more) == (3, 3, (), False)
    for offset, before in ((0, None), (None, 4)):
        found = expect(MessagesFound, await house.do(FetchMessages(eve, chat, offset, before, 50)))
        assert (found.messages, found.has_more) == ((), False)
    await house.send(chat, ann, "now")
    assert (await house.head(eve, chat)).unread_count == 1


async def test_a_start_value_is_no_sign_of_reading(house: House) -> None:
    ann, eve = await house.people(2)
    chat = await house.group(ann)
    await house.send(chat, ann)
    await house.change("add", chat, ann, eve)
    head = await house.head(ann, chat)
    assert (head.others_read_seq, head.others_delivered_seq) == (0, 0)
    assert not getattr((await house.page(ann, chat)).items[0], "is_read", True)
    marked = await house.mark(eve, chat, delivered=2)
    assert (marked.changed, marked.delivered_seq, marked.read_seq) == (True, 2, 2)
    head = await house.head(ann, chat)
    assert (head.others_read_seq, head.others_delivered_seq) == (0, 2)
    assert (await house.mark(eve, chat, read=1)).changed  # now she vouches for the start value
    assert (await house.mark(eve, chat, read=2)).changed is False
    head = await house.head(ann, chat)
    assert (head.others_read_seq, head.others_delivered_seq) == (2, 2)
    assert getattr((await house.page(ann, chat)).items[0], "is_read", False)


async def test_adding_needs_an_admin_and_users_who_exist(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob)
    assert refusal(await house.try_change("add", chat, bob, eve)) == "forbidden"
    assert refusal(await house.try_change("add", chat, ann, eve, eve + 1000)) == "not_found"
    assert refusal(await house.try_change("add", chat, eve, eve)) == "not_found"
    assert (await house.chat(ann, chat)).last_seq == 0
    assert refusal(await house.try_page(eve, chat)) == "not_member"


async def test_a_direct_chat_stays_as_it_is(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.direct(ann, bob)
    assert refusal(await house.try_change("add", chat, ann, eve)) == "forbidden"
    assert refusal(await house.try_change("remove", chat, ann, ann)) == "forbidden"
    assert refusal(await house.try_change("remove", chat, ann, bob)) == "forbidden"
    assert refusal(await house.try_change("role", chat, ann, bob, role="admin")) == "forbidden"
    assert refusal(await house.try_change("update", chat, ann, title="ours")) == "forbidden"


# --- going -----------------------------------------------------------------------------------------------------


async def test_removing_and_leaving_are_told_apart(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob, eve)
    outcome = await house.change("remove", chat, ann, bob)
    assert told(outcome) == [(1, "member_removed", {"user_id": bob, "reason": "removed"})]
    assert (outcome.member_ids, outcome.removed_ids) == ((ann, eve), (bob,))
    outcome = await house.change("remove", chat, eve, eve)
    assert told(outcome) == [(2, "member_removed", {"user_id": eve, "reason": "left"})]
    assert (await house.page(ann, chat)).items[1:] == outcome.items
    assert await roles(house, ann, chat) == {ann: "admin"}


async def test_removing_others_needs_an_admin_and_a_member(house: House) -> None:
    ann, bob, eve, dan = await house.people(4)
    chat = await house.group(ann, bob, eve)
    assert refusal(await house.try_change("remove", chat, bob, eve)) == "forbidden"
    assert refusal(await house.try_change("remove", chat, ann, dan)) == "not_found"
    assert refusal(await house.try_change("remove", chat, dan, dan)) == "not_found"
    await house.change("remove", chat, ann, bob)
    assert refusal(await house.try_change("remove", chat, ann, bob)) == "not_found"
    assert refusal(await house.try_change("remove", chat, bob, bob)) == "not_found"


async def test_a_former_member_keeps_what_they_had_and_writes_nothing(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob, eve)
    await house.send(chat, ann, "one")
    await house.send(chat, bob, "two")
    await house.mark(ann, chat, read=2)
    await house.change("remove", chat, ann, bob)
    left_at = house.now
    house.wait(minutes=1)
    await house.send(chat, ann, "later")
    await house.mark(eve, chat, read=4)
    await house.mark(ann, chat, read=4)
    mine = await house.chat(bob, chat)
    head = await house.head(bob, chat)
    assert (mine.left_seq, mine.last_seq, mine.last_at, mine.unread_count) == (3, 3, left_at, 1)
    assert (head.left_seq, head.last_seq, head.last_at, head.unread_count) == (3, 3, left_at, 1)
    assert mine.last_message is not None
    assert mine.last_message.content == "two"
    assert (mine.others_read_seq, mine.others_delivered_seq) == (2, 2), "as at the removal, whatever they read later"
    assert (head.others_read_seq, head.others_delivered_seq) == (2, 2)
    page = await house.page(bob, chat)
    assert [item.seq for item in page.items] == [1, 2, 3]
    assert (page.more, page.last_seq, page.last_at) == (False, 3, left_at)
    assert [item.seq for item in (await house.page(bob, chat, before=100)).items] == [1, 2, 3]
    assert refusal(await house.try_page(bob, chat, after=4)) == "bad_seq"
    found = expect(MessagesFound, await house.do(FetchMessages(bob, chat, 0, None, 50)))
    assert [message.seq for message in found.messages] == [1, 2]
    assert found.last_seq == 3
    listed = expect(ChatsFound, await house.do(ListChats(bob))).chats
    assert listed == (mine,)
    assert refusal(await house.try_send(chat, bob)) == "not_member"
    assert refusal(await house.try_mark(bob, chat, read=3)) == "not_member"
    assert refusal(await house.try_change("update", chat, bob, title="x")) == "not_found"


async def test_a_former_member_sees_who_was_there_with_them(house: House) -> None:
    ann, bob, eve, dan = await house.people(4)
    chat = await house.group(ann, bob, eve)
    await house.change("remove", chat, ann, bob)
    await house.change("add", chat, ann, dan)
    assert list(await roles(house, bob, chat)) == [ann, eve]


async def test_a_former_member_may_hide_the_chat_for_good(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    await house.send(chat, ann)
    await house.change("remove", chat, ann, bob)
    assert expect(ChatFound, await house.do(SetFlags(bob, chat, None, None, True))).chat.hidden
    await house.send(chat, ann)
    assert (await house.chat(bob, chat)).hidden


async def test_coming_back_starts_anew(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    await house.send(chat, ann)
    await house.mark(bob, chat, read=1)
    await house.change("remove", chat, ann, bob)
    await house.send(chat, ann)
    await house.do(SetFlags(bob, chat, True, None, True))
    outcome = await house.change("add", chat, ann, bob, history="none")
    assert (outcome.added_ids, outcome.last_seq) == ((bob,), 4)
    mine = await house.chat(bob, chat)
    assert (mine.left_seq, mine.first_seq, mine.read_seq, mine.delivered_seq) == (None, 4, 4, 4)
    assert (mine.last_seq, mine.last_message, mine.hidden) == (4, None, False)
    assert [item.seq for item in (await house.page(bob, chat)).items] == [4]
    assert (await house.head(ann, chat)).others_read_seq == 1  # what they had read once, they have read
    await house.change("remove", chat, ann, bob)
    await house.change("add", chat, ann, bob, history="all")
    assert (await house.head(bob, chat)).first_seq == 1
    assert [item.seq for item in (await house.page(bob, chat)).items] == [1, 2, 3, 4, 5, 6]


async def test_coming_back_makes_a_former_admin_a_plain_member(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    await house.change("role", chat, ann, bob, role="admin")
    await house.change("remove", chat, ann, bob)
    await house.change("add", chat, ann, bob)
    assert await roles(house, ann, chat) == {ann: "admin", bob: "member"}


# --- roles and looks -------------------------------------------------------------------------------------------


async def test_roles_are_given_by_admins_and_told(house: House) -> None:
    ann, bob, eve, dan = await house.people(4)
    chat = await house.group(ann, bob, eve)
    assert refusal(await house.try_change("role", chat, bob, bob, role="admin")) == "forbidden"
    outcome = await house.change("role", chat, ann, bob, role="admin")
    assert told(outcome) == [(1, "role_changed", {"user_id": bob, "role": "admin"})]
    assert (await house.change("role", chat, ann, bob, role="admin")).items == ()
    assert refusal(await house.try_change("role", chat, ann, dan, role="admin")) == "not_found"
    await house.change("role", chat, bob, ann, role="member")
    assert await roles(house, eve, chat) == {ann: "member", bob: "admin", eve: "member"}
    assert refusal(await house.try_change("role", chat, bob, bob, role="member")) == "forbidden"


async def test_the_last_admin_hands_over_to_the_longest_standing_member(house: House) -> None:
    ann, bob, eve, dan = await house.people(4)
    chat = await house.group(dan, eve)
    await house.change("add", chat, dan, bob)
    await house.change("add", chat, dan, ann)
    outcome = await house.change("remove", chat, dan, dan)
    assert told(outcome) == [
        (3, "role_changed", {"user_id": eve, "role": "admin"}),
        (4, "member_removed", {"user_id": dan, "reason": "left"}),
    ]
    assert (outcome.member_ids, outcome.removed_ids, outcome.last_seq) == ((ann, bob, eve), (dan,), 4)
    assert await roles(house, eve, chat) == {eve: "admin", bob: "member", ann: "member"}
    assert (await house.chat(dan, chat)).left_seq == 4
    await house.change("remove", chat, eve, eve)
    assert await roles(house, bob, chat) == {bob: "admin", ann: "member"}


async def test_an_admin_among_others_just_leaves_and_the_last_member_too(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    await house.change("role", chat, ann, bob, role="admin")
    assert len((await house.change("remove", chat, ann, ann)).items) == 1
    outcome = await house.change("remove", chat, bob, bob)
    assert (len(outcome.items), outcome.member_ids) == (1, ())


async def test_a_new_title_or_avatar_is_told_with_what_changed(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob, title="old")
    outcome = await house.change("update", chat, ann, title="new 😀", avatar_url="https://example.org/a.png")
    assert told(outcome) == [(1, "chat_updated", {"title": "new 😀", "avatar_url": "https://example.org/a.png"})]
    outcome = await house.change("update", chat, ann, title="new 😀", avatar_url="")
    assert told(outcome) == [(2, "chat_updated", {"avatar_url": None})]
    assert (await house.page(bob, chat)).items[1:] == outcome.items
    mine = await house.chat(bob, chat)
    assert (mine.title, mine.avatar_url, mine.last_seq) == ("new 😀", None, 2)
    assert refusal(await house.try_change("update", chat, bob, title="mine")) == "forbidden"


async def test_what_changes_nothing_takes_no_seq(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob, title="same")
    await house.send(chat, ann)
    for attempt in (
        house.change("update", chat, ann, title="same", avatar_url=""),
        house.change("add", chat, ann, bob, ann),
        house.change("add", chat, ann),
        house.change("role", chat, ann, bob, role="member"),
    ):
        outcome = await attempt
        assert (outcome.items, outcome.last_seq, outcome.dup) == ((), 1, False)
        assert outcome.member_ids == (ann, bob)
    assert (await house.chat(ann, chat)).last_seq == 1


async def test_a_change_run_again_is_not_made_again(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann)
    add = partial(house.change, "add", chat, ann, bob, eve, cid="x")
    first = await add()
    await house.change("remove", chat, ann, bob)
    again = await add()
    assert again.dup
    assert again.items == first.items
    assert (again.last_seq, again.member_ids) == (3, (ann, eve))
    assert refusal(await house.try_change("add", chat, ann, bob, cid="x")) == "cid_conflict"


async def test_changes_and_messages_at_once_leave_no_hole(house: House) -> None:
    ann, bob, *others = await house.people(12)
    chat = await house.group(ann, bob)
    outcomes: list[Outcome] = []

    async def send(actor: int) -> None:
        outcomes.append(await house.try_send(chat, actor))

    async def change(kind: str, user_id: int) -> None:
        operation = AppendChange(chat, ann, kind, (user_id,), "all", None, None, None, house.cid(), house.now)  # type: ignore[arg-type]
        outcomes.append(await house.do(operation))

    async with trio.open_nursery() as nursery:
        for user_id in others:
            nursery.start_soon(send, ann)
            nursery.start_soon(change, "add", user_id)
            nursery.start_soon(send, user_id)
            nursery.start_soon(send, bob)
    appended = [outcome for outcome in outcomes if isinstance(outcome, Appended)]
    seqs = [item.seq for outcome in appended for item in outcome.items]
    assert sorted(seqs) == list(range(1, len(seqs) + 1))
    assert {refusal(outcome) for outcome in outcomes if not isinstance(outcome, Appended)} <= {"not_member"}
    items = (await house.page(ann, chat)).items
    assert [item.seq for item in items] == sorted(seqs)
    present = {ann, bob}
    for item in items:
        if isinstance(item, Message):
            assert item.sender_id in present
        elif isinstance(item, Event):
            present.add(item.data["user"].id)


async def test_nobody_writes_after_the_entry_that_removed_them(house: House) -> None:
    ann, bob = await house.people(2)
    for _ in range(5):
        chat = await house.group(ann, bob)
        async with trio.open_nursery() as nursery:
            for position in range(10):
                nursery.start_soon(house.try_send, chat, bob, f"{position}")
                if position == 5:
                    nursery.start_soon(house.try_change, "remove", chat, ann, bob)
        items = (await house.page(ann, chat)).items
        assert [item.seq for item in items] == list(range(1, len(items) + 1))
        assert isinstance(items[-1], Event)
        assert (await house.chat(bob, chat)).left_seq == items[-1].seq


async def test_times_are_kept_to_the_microsecond(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    for microsecond in (0, 1, 999999, 500000):
        house.now = house.now.replace(microsecond=microsecond) + timedelta(days=1)
        message = await house.send(chat, ann)
        assert message.created_at == house.now
        assert (await house.page(bob, chat, before=message.seq + 1, limit=1)).items == (message,)
        assert (await house.chat(bob, chat)).last_at == house.now


# --- who writes -----------------------------------------------------------------------------------------------------


async def test_where_only_admins_write_others_are_refused(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob, eve)
    before = house.message(chat, bob, "before")
    await house.do(before)
    outcome = await house.change("update", chat, ann, writers="admins")
    assert told(outcome) == [(2, "chat_updated", {"writers": "admins"})]
    assert (await house.chat(bob, chat)).writers == "admins"
    assert refusal(await house.try_send(chat, bob)) == "read_only"
    assert refusal(await house.try_send(chat, bob, refusal="content_too_long")) == "read_only"
    assert refusal(await house.do(house.edit_of(chat, bob, 1, "other"))) == "read_only"
    assert expect(Appended, await house.do(before)).dup
    assert (await house.changed(house.react_of(chat, bob, 1, "👍"))).seq == 3
    assert (await house.send(chat, ann)).seq == 4
    await house.change("role", chat, ann, eve, role="admin")
    assert (await house.send(chat, eve)).seq == 6
    assert (await house.changed(house.delete_of(chat, bob, 1))).seq == 7


async def test_who_writes_holds_from_its_entry_on_in_one_batch(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.group(ann, bob)
    house.wait(seconds=1)
    close = house.change_of("update", chat, ann, writers="admins")
    again = house.change_of("update", chat, ann, writers="admins", title="News")
    reopen = house.change_of("update", chat, ann, writers="all")
    texts = [house.message(chat, bob, f"text {number}") for number in range(3)]
    batch = AppendBatch(chat, (texts[0], close, texts[1], again, reopen, texts[2]))
    outcomes = expect(BatchAppended, await house.do(batch)).outcomes
    words = [
        one.code if isinstance(one, Refused) else [item.seq for item in expect(Appended, one).items] for one in outcomes
    ]
    assert words == [[1], [2], "read_only", [3], [4], [5]]
    assert told(expect(Appended, outcomes[3])) == [(3, "chat_updated", {"title": "News"})]
    assert (await house.chat(bob, chat)).writers == "all"


async def test_who_writes_is_for_admins_of_groups_and_former_members_are_not_told(house: House) -> None:
    ann, bob = await house.people(2)
    chat, direct = await house.group(ann, bob), await house.direct(ann, bob)
    assert refusal(await house.try_change("update", chat, bob, writers="admins")) == "forbidden"
    assert refusal(await house.try_change("update", direct, ann, writers="admins")) == "forbidden"
    await house.change("remove", chat, ann, bob)
    await house.change("update", chat, ann, writers="admins")
    assert (await house.chat(bob, chat)).writers == "all"
    assert refusal(await house.try_send(chat, bob)) == "not_member"
    await house.change("add", chat, ann, bob)
    assert (await house.chat(bob, chat)).writers == "admins"
