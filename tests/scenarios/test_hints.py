"""Two processes on one database: what one did the other is told by hints, which are never more than that (I5, I9)."""

from collections.abc import Callable
from typing import Literal

import pytest

from chatproto.operations import (
    AccountDeleted,
    AppendChange,
    AppendMessage,
    DeleteAccount,
    EndSessions,
    LoadSession,
    Mark,
    Marked,
    Operation,
    OperationFailed,
    ReadLog,
    SessionsEnded,
    SetFlags,
    UpdateUser,
)
from chatproto.server.hints import FlagsSet, HeadMoved, Hint, MembersAdded, ProfileChanged, Typed
from chatproto.simulation.model_operations import perform
from tests.scenarios.hub_world import Person, World

EPOCH = "model"


def two_processes() -> tuple[World, World]:
    here = World()
    return here, World(store=here.store)


def said(world: World, chat_id: int, person: Person, text: str) -> None:
    world.request(AppendMessage(chat_id, person.id, text, b"0" * 32, text, None, None, world.now))


def change(
    world: World, chat_id: int, actor: Person, kind: Literal["add", "remove", "update"], *people: Person
) -> Operation:
    ids = tuple(person.id for person in people)
    title = "New title" if kind == "update" else None
    cid = f"{kind} {ids} {len(world.performed)}"
    return AppendChange(chat_id, actor.id, kind, ids, "all", None, title, None, cid, world.now)


def test_what_one_process_stored_another_reads_at_once() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    chat_id = here.direct(ann, bob)
    a, b = ann.connect(), bob.connect(to=there)
    a.send(type="send", chat_id=chat_id, cid="c-1", content="one")
    assert b.seqs(chat_id) == []
    assert here.hints == [Hint(EPOCH, HeadMoved(chat_id, 1))]
    there.hear(*here.hints)
    assert [message["content"] for message in b.take("message")] == ["one"]
    assert there.hints == [], "what was told is not told on"


def test_hints_that_are_doubled_late_and_out_of_order_change_nothing() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    chat_id = here.direct(ann, bob)
    a, b = ann.connect(), bob.connect(to=there)
    for number in range(1, 5):
        a.send(type="send", chat_id=chat_id, cid=f"c-{number}", content=str(number))
    first, second, third, fourth = here.hints
    there.hear(third, third, first, fourth, second, first)
    assert b.seqs(chat_id) == [1, 2, 3, 4]


def test_hints_that_are_lost_are_made_up_for_by_the_next_one() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    chat_id = here.direct(ann, bob)
    a, b = ann.connect(), bob.connect(to=there)
    for number in range(1, 5):
        a.send(type="send", chat_id=chat_id, cid=f"c-{number}", content=str(number))
    there.hear(here.hints[-1])
    assert b.seqs(chat_id) == [1, 2, 3, 4]


def test_flags_and_profiles_that_were_changed_elsewhere_are_told() -> None:
    here, there = two_processes()
    ann, bob, eve = here.people("ann", "bob", "eve")
    chat_id = here.direct(ann, bob)
    a, b, e = ann.connect(to=there), bob.connect(to=there), eve.connect(to=there)
    ann.connect()
    here.hints.clear()
    here.request(SetFlags(ann.id, chat_id, True, None, None))
    here.request(UpdateUser(ann.id, "New Name", None, None, None, frozenset({"new"}), here.now))
    assert [hint.news for hint in here.hints] == [FlagsSet(ann.id, chat_id), ProfileChanged(ann.id, (chat_id,))]
    there.hear(*here.hints)
    assert [frame["chat"]["muted"] for frame in a.take("chat")] == [True] and b.take("chat") == []
    told = [frame["user"]["display_name"] for peer in (a, b, e) for frame in peer.take("user")]
    assert told == ["New Name", "New Name"]
    assert there.hints == [], "what was told is not told on"
    nobody = World(store=here.store)
    eve.connect(to=nobody)
    nobody.performed.clear()
    nobody.hear(*here.hints)
    assert nobody.performed == [], "nobody there knows her"
    there.away = OperationFailed(retryable=True, detail="away")
    there.hear(*here.hints)
    assert a.take("chat") == a.take("user") == []


def test_ones_own_devices_elsewhere_are_told_all_of_ones_profile() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    here.direct(ann, bob)
    a, b = ann.connect(to=there), bob.connect(to=there)
    ann.connect()
    here.hints.clear()
    here.request(UpdateUser(ann.id, None, None, None, None, None, here.now, None, None, True))
    there.hear(*here.hints)
    assert [frame["user"]["hide_reads"] for frame in a.take("user")] == [True]
    assert b.take("user") == [], "others see no difference"
    here.hints.clear()
    here.request(UpdateUser(ann.id, "New", None, None, None, frozenset({"new"}), here.now))
    there.hear(*here.hints)
    assert [frame["user"]["hide_reads"] for frame in a.take("user")] == [True]
    assert [("hide_reads" in frame["user"]) for frame in b.take("user")] == [False]


def test_who_may_have_missed_hints_sweeps_at_once() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    chat_id = here.direct(ann, bob)
    there.hub.miss_hints(there.moment)
    assert there.hub.next_timer() is None, "nobody is here"
    a, b = ann.connect(), bob.connect(to=there)
    a.send(type="send", chat_id=chat_id, cid="c-1", content="one")
    there.hub.miss_hints(there.moment)
    there.hub.handle_timer(there.moment)
    there.pump()
    assert b.seqs(chat_id) == [1]


def test_an_item_that_comes_before_its_hint_is_given_once() -> None:
    """Both processes write to one chat, and each hears of the other too late."""
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    chat_id = here.direct(ann, bob)
    a, b = ann.connect(), bob.connect(to=there)
    a.send(type="send", chat_id=chat_id, cid="c-1", content="1")
    b.send(type="send", chat_id=chat_id, cid="c-2", content="2")
    there.hear(*here.hints)
    here.hear(*there.hints)
    assert (a.seqs(chat_id), b.seqs(chat_id)) == ([1, 2], [1, 2])


def test_a_hint_of_a_chat_that_nobody_here_is_in_asks_for_nothing() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    b = bob.connect(to=there)
    there.performed.clear()
    there.hear(Hint(EPOCH, HeadMoved(77, 9)), Hint(EPOCH, MembersAdded(77, (ann.id,))))
    there.hear(Hint(EPOCH, Marked(77, ann.id, 1, 1, 0, 1, True, True)), Hint(EPOCH, SessionsEnded((77,))))
    assert there.performed == []
    assert b.closed is None


def test_a_hint_of_what_is_not_there_is_looked_after_once_and_believed_by_nobody() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    chat_id = here.direct(ann, bob)
    a, b = ann.connect(), bob.connect(to=there)
    there.performed.clear()
    there.hear(Hint(EPOCH, HeadMoved(chat_id, 500)))
    assert [type(operation) for operation in there.performed] == [ReadLog]
    a.send(type="send", chat_id=chat_id, cid="c-1", content="1")
    there.hear(*here.hints)
    assert b.seqs(chat_id) == [1]


def test_what_is_said_while_such_a_hint_is_looked_after_is_not_missed() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    chat_id = here.direct(ann, bob)
    b = bob.connect(to=there)
    there.hold = {ReadLog}
    there.hear(Hint(EPOCH, HeadMoved(chat_id, 5)))
    empty = perform(there.store, there.held[0].operation)
    for number in range(1, 7):
        said(there, chat_id, ann, str(number))
    there.hold = set()
    there.release(empty)
    assert b.seqs(chat_id) == [1, 2, 3, 4, 5, 6]


def test_a_hint_of_another_history_is_void() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    chat_id = here.direct(ann, bob)
    b = bob.connect(to=there)
    there.performed.clear()
    b.take()
    there.hear(Hint("another", HeadMoved(chat_id, 1)), Hint("another", SessionsEnded((bob.session_id,))))
    there.hear(Hint("another", Marked(chat_id, bob.id, 9, 9, 0, 9, True, False)))
    assert (there.performed, b.closed, b.take()) == ([], None, [])


def test_a_process_that_does_not_know_its_history_tells_nothing() -> None:
    here, _ = two_processes()
    ann, bob = here.people("ann", "bob")
    said(here, here.direct(ann, bob), ann, "one")
    assert here.hints == []


def test_somebody_who_is_added_learns_of_the_chat_in_another_process() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    chat_id = here.group(ann)
    ann.connect()
    b = bob.connect(to=there)
    b.take()
    here.request(change(here, chat_id, ann, "add", bob))
    head, added = here.hints
    assert added == Hint(EPOCH, MembersAdded(chat_id, (bob.id,)))
    there.hear(added, head, added)
    assert [frame["chat"]["id"] for frame in b.take() if frame["type"] == "chat"] == [chat_id]
    said(here, chat_id, ann, "welcome")
    there.hear(here.hints[-1])
    assert [message["content"] for message in b.take("message")] == ["welcome"]


def test_a_new_chat_is_told_to_its_members_everywhere_but_not_twice() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    ann.connect()
    b = bob.connect(to=there)
    chat_id = here.direct(ann, bob)
    here.direct(bob, ann)
    there.hear(*here.hints)
    assert [hint.news for hint in here.hints] == [MembersAdded(chat_id, (ann.id, bob.id))]
    assert [frame["chat"]["id"] for frame in b.take("chat")] == [chat_id]


def test_somebody_who_was_removed_elsewhere_gets_their_removal_last() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    chat_id = here.group(ann, bob)
    ann.connect()
    b = bob.connect(to=there)
    here.request(change(here, chat_id, ann, "remove", bob))
    said(here, chat_id, ann, "secret")
    there.hear(*here.hints)
    assert b.seqs(chat_id) == [1]
    assert chat_id not in b.session.chats


def test_a_hint_that_somebody_was_added_comes_when_they_are_out_again() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    chat_id = here.group(ann)
    ann.connect()
    b = bob.connect(to=there)
    here.request(change(here, chat_id, ann, "add", bob))
    here.request(change(here, chat_id, ann, "remove", bob))
    there.hear(*here.hints)
    assert [frame["chat"]["left_seq"] for frame in b.take("chat")] == [2]
    said(here, chat_id, ann, "secret")
    there.hear(here.hints[-1])
    assert b.seqs(chat_id) == []


@pytest.mark.parametrize("told", [lambda hints: hints, lambda hints: [hint for hint in hints if added(hint) is None]])
def test_removed_and_added_again_elsewhere_is_told_as_a_new_chat(told: Callable[[list[Hint]], list[Hint]]) -> None:
    """Also where the hint that they were added is lost: their log begins later than what they were given."""
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    chat_id = here.group(ann, bob)
    ann.connect()
    b = bob.connect(to=there)
    b.take()
    here.request(change(here, chat_id, ann, "remove", bob))
    said(here, chat_id, ann, "secret")
    again = AppendChange(chat_id, ann.id, "add", (bob.id,), "none", None, None, None, "again", here.now)
    here.request(again)
    there.hear(*told(here.hints))
    assert [frame["chat"]["first_seq"] for frame in b.take("chat")] == [3]
    said(here, chat_id, ann, "welcome back")
    there.hear(here.hints[-1])
    assert [message["content"] for message in b.take("message")] == ["welcome back"]


def added(hint: Hint) -> MembersAdded | None:
    return hint.news if isinstance(hint.news, MembersAdded) else None


def test_marks_are_told_to_ones_own_devices_and_to_the_other_everywhere() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    chat_id = here.direct(ann, bob)
    here_a, a, b = ann.connect(), ann.connect(to=there), bob.connect(to=there)
    said(here, chat_id, bob, "one")
    a.take(), b.take()
    here_a.send(type="mark", chat_id=chat_id, read_seq=1)
    there.hear(here.hints[-1], here.hints[-1])
    own, again = a.take("marks")
    assert (own["user_id"], own["read_seq"], own["unread_count"], own["last_seq"]) == (ann.id, 1, 0, 1)
    assert own == again
    assert [(frame["user_id"], frame["read_seq"]) for frame in b.take("marks")] == [(ann.id, 1)] * 2
    hints = len(here.hints)
    here_a.send(type="mark", chat_id=chat_id, read_seq=1)
    assert len(here.hints) == hints, "nothing rose"


def test_marks_of_a_group_are_told_elsewhere_once_a_second() -> None:
    here, there = two_processes()
    ann, bob, eve = here.people("ann", "bob", "eve")
    chat_id = here.group(ann, bob, eve)
    a, e = ann.connect(), eve.connect(to=there)
    said(here, chat_id, bob, "one")
    a.send(type="mark", chat_id=chat_id, delivered_seq=1)
    here.request(Mark(ann.id, chat_id, None, 1, here.now))
    there.hear(*here.hints)
    assert e.take("marks") == []
    there.sleep(1)
    assert [(frame["user_id"], frame["read_seq"]) for frame in e.take("marks")] == [(ann.id, 1)]


def test_an_account_that_was_deleted_elsewhere_is_out_and_its_chats_are_told() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    chat_id = here.direct(ann, bob)
    ann.connect()
    a, b = ann.connect(to=there), bob.connect(to=there)
    here.request(DeleteAccount(ann.id, here.now))
    [hint] = here.hints
    assert isinstance(hint.news, AccountDeleted) and hint.news.chat_ids == (chat_id,)
    there.hear(hint)
    [frame] = b.take("user")
    assert (frame["user"]["id"], frame["user"]["deleted"]) == (ann.id, True)
    assert (a.closed, b.closed) == ((4403, "revoked"), None)


def test_a_session_that_was_ended_elsewhere_is_out_at_once() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    ann.connect()
    a, b = ann.connect(to=there), bob.connect(to=there)
    here.request(EndSessions(ann.id, None, None, here.now))
    here.request(EndSessions(ann.id, None, None, here.now))
    assert [hint.news for hint in here.hints] == [SessionsEnded((ann.session_id,))], "an empty end is no news"
    there.hear(*here.hints)
    assert (a.closed, b.closed) == ((4403, "revoked"), None)


def test_what_failed_or_changed_nothing_is_no_news() -> None:
    here, _ = two_processes()
    ann, bob = here.people("ann", "bob")
    chat_id = here.group(ann, bob)
    ann.connect()
    here.request(change(here, chat_id, ann, "add", bob))
    here.away = OperationFailed(retryable=True)
    here.request(Mark(ann.id, chat_id, 0, 0, here.now))
    assert here.hints == []
    here.away = None
    here.request(change(here, chat_id, ann, "update"))
    assert here.hints == [Hint(EPOCH, HeadMoved(chat_id, 1))]


def test_whoever_logs_in_while_a_hint_comes_is_caught_up_from_the_room() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    chat_id = here.direct(ann, bob)
    ann.connect()
    bob.connect(to=there)
    there.hold = {LoadSession}
    b = bob.connect(to=there)
    loaded = perform(there.store, there.held[0].operation)
    said(here, chat_id, ann, "meanwhile")
    there.hear(*here.hints)
    there.release(loaded)
    assert b.seqs(chat_id) == [1]


def typing(frames: list[dict[str, object]]) -> list[tuple[object, object]]:
    return [(frame["user_id"], frame["on"]) for frame in frames]


def test_typing_crosses_and_ends_by_itself_where_its_end_is_lost() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    chat_id = here.direct(ann, bob)
    a, b, own = ann.connect(), bob.connect(to=there), ann.connect(to=there)
    a.send(type="typing", chat_id=chat_id, on=True)
    assert here.hints == [Hint(EPOCH, Typed(chat_id, ann.id, on=True))]
    there.hear(*here.hints)
    assert typing(b.take("typing")) == [(ann.id, True)] and own.take("typing") == []
    assert there.hints == [], "what was told is not told on"
    a.send(type="typing", chat_id=chat_id, on=False)
    there.hear(here.hints[-1])
    assert typing(b.take("typing")) == [(ann.id, False)]
    there.sleep(10)
    assert b.take("typing") == []
    there.hear(here.hints[0])
    assert typing(b.take("typing")) == [(ann.id, True)]
    there.sleep(there.hub.knobs.typing_expiry + 2)
    assert typing(b.take("typing")) == [(ann.id, False)], "its process has died"
    there.hear(Hint(EPOCH, Typed(chat_id + 1, ann.id, on=True)))
    there.sleep(10)
    assert b.take("typing") == [], "nobody here is in that chat"
