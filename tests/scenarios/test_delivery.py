"""Messages: once, in order, to everybody, whatever fails (docs/protocol.md sections 3 and 4)."""

from typing import Literal

import pytest

from chatproto.operations import (
    AppendBatch,
    AppendChange,
    Appended,
    AppendMessage,
    FetchPage,
    LoadChat,
    LoadSession,
    LogRead,
    Operation,
    OperationFailed,
    OutcomeUnknown,
    ReadLog,
    Refused,
    Sweep,
)
from chatproto.server.knobs import Knobs
from chatproto.wire.limits import Limits
from chatproto.wire.model import Message
from tests.scenarios.hub_world import World

AWAY = OperationFailed(retryable=True)


def change(
    world: World,
    chat_id: int,
    actor_id: int,
    kind: Literal["add", "remove", "role", "update"],
    *user_ids: int,
    history: Literal["all", "none"] = "all",
) -> Operation:
    cid = f"c{len(world.performed)}"
    return AppendChange(chat_id, actor_id, kind, user_ids, history, None, None, None, cid, world.now)


def test_a_message_goes_to_all_members_once_and_is_acked() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id = world.direct(ann, bob)
    a, a2, b, e = ann.connect(), ann.connect(), bob.connect(), eve.connect()
    for peer in (a, a2, b, e):
        peer.take()
    a.send(type="send", id="f1", chat_id=chat_id, cid="c-1", content="Привет 😀")
    [ack] = a.take("ack")
    assert (ack["ref"], ack["cid"], ack["seq"], ack["dup"], ack["message_id"]) == ("c-1", "c-1", 1, False, 1)
    for peer in (a, a2, b):
        [message] = peer.take("message")
        assert (message["seq"], message["content"], message["cid"], message["sender_id"]) == (
            1,
            "Привет 😀",
            "c-1",
            ann.id,
        )
    assert e.take() == []


def test_the_same_cid_again_is_acked_as_dup_and_told_to_nobody() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    for _ in range(2):
        a.send(type="send", chat_id=chat_id, cid="c-1", content="x")
    assert [(ack["seq"], ack["dup"]) for ack in a.take("ack")] == [(1, False), (1, True)]
    assert b.seqs(chat_id) == [1]
    a.send(type="send", chat_id=chat_id, cid="c-1", content="other")
    assert [error["code"] for error in a.take("error")] == ["cid_conflict"]
    a.send(type="send", chat_id=chat_id, cid="c-1", content=" ")
    assert [error["code"] for error in a.take("error")] == ["cid_conflict"]


@pytest.mark.parametrize(
    ("content", "code"),
    [("", "empty_content"), ("\u200b \n", "empty_content"), ("x" * 4001, "content_too_long"), ("a\0", "bad_unicode")],
)
def test_bad_content_is_a_final_error(content: str, code: str) -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a = ann.connect()
    a.send(type="send", chat_id=chat_id, cid="c-1", content=content)
    [error] = a.take("error")
    assert (error["code"], error["ref"], error["chat_id"], error["retryable"]) == (code, "c-1", chat_id, False)
    a.send(type="send", chat_id=chat_id, cid="c-2", content="x", attachments=["f" * 22])
    a.send(type="send", chat_id=chat_id, cid="c-3", content="x", attachments=["f" * 22, "f" * 22])
    assert [error["code"] for error in a.take("error")] == ["attachment_invalid", "attachment_invalid"]
    assert a.closed is None


def test_strange_and_unknown_chats_answer_alike() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id = world.direct(ann, bob)
    e = eve.connect()
    for strange in (chat_id, 999):
        e.send(type="send", chat_id=strange, cid="c-1", content="x")
        e.send(type="sync", id="s", chat_id=strange, after_seq=0)
        e.send(type="mark", id="m", chat_id=strange, read_seq=0)
        e.send(type="typing", chat_id=strange, on=True)
        errors = e.take("error")
        assert [(error["code"], error["chat_id"]) for error in errors] == [("not_member", strange)] * 3
        assert [error["ref"] for error in errors] == ["c-1", "s", "m"]


def test_a_senders_own_order_is_kept_while_the_first_waits() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    world.hold = {AppendBatch}
    for number in range(3):
        a.send(type="send", chat_id=chat_id, cid=f"c-{number}", content=str(number))
    assert len(world.held) == 1
    world.release(AWAY)
    world.sleep(0.5)
    world.release(OutcomeUnknown())
    world.sleep(0.5)
    while world.held:
        world.release()
    assert [message["content"] for message in b.take("message")] == ["0", "1", "2"]


def test_a_store_that_stays_away_ends_in_an_error_and_4503_and_drops_what_came_later() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    world.away = AWAY
    a.send(type="send", chat_id=chat_id, cid="c-0", content="0")
    a.send(type="send", chat_id=chat_id, cid="c-1", content="1")
    world.sleep(9)
    assert a.closed is None
    world.sleep(2)
    assert [(error["code"], error["retryable"], error["ref"]) for error in a.take("error")] == [
        ("store_unavailable", True, "c-0")
    ]
    assert a.closed == (4503, "store unavailable")
    assert b.closed is None
    world.away = None
    world.sleep(2)
    assert b.seqs(chat_id) == []
    again = ann.connect()
    again.send(type="send", chat_id=chat_id, cid="c-0", content="0")
    assert b.seqs(chat_id) == [1]


def test_a_bug_in_the_store_is_a_final_error() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a = ann.connect()
    world.away = OperationFailed(retryable=False)
    a.send(type="send", chat_id=chat_id, cid="c-0", content="0")
    assert [(error["code"], error["retryable"]) for error in a.take("error")] == [("internal", False)]
    assert a.closed is None


def test_a_committed_append_fans_out_though_its_sender_has_left() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    world.hold = {AppendBatch, FetchPage}
    a.send(type="send", chat_id=chat_id, cid="c-0", content="0")
    a.send(type="sync", chat_id=chat_id, after_seq=0)
    a.leave()
    while world.held:
        world.release()
    assert b.seqs(chat_id) == [1]


def test_an_append_that_nobody_was_told_of_is_told_when_it_is_repeated() -> None:
    """The commit was unknown: the first attempt had no fan-out."""
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    world.hold = {AppendBatch}
    a.send(type="send", chat_id=chat_id, cid="c-0", content="0")
    world.store.perform(world.held[0].operation)
    world.release(OutcomeUnknown())
    world.hold = set()
    world.sleep(0.5)
    assert [ack["dup"] for ack in a.take("ack")] == [True]
    assert (a.seqs(chat_id), b.seqs(chat_id)) == ([1], [1])


def test_what_overtook_waits_for_what_is_read_from_the_log() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id = world.group(ann, bob, eve)
    a, e = ann.connect(), eve.connect()
    elsewhere = AppendMessage(chat_id, bob.id, "c", b"0" * 32, "first", None, None, world.now)
    world.store.perform(elsewhere)
    a.send(type="send", chat_id=chat_id, cid="c", content="second")
    assert [message["content"] for message in e.take("message")] == ["first", "second"]


def test_what_is_appended_while_a_session_loads_is_not_missed() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a = ann.connect()
    world.hold = {LoadSession}
    b = bob.connect()
    loaded = world.store.perform(world.held[0].operation)
    a.send(type="send", chat_id=chat_id, cid="c", content="meanwhile")
    other = world.direct(bob, bob)
    world.release(loaded)
    [ready] = b.take("ready")
    assert [head["last_seq"] for head in ready["chats"]] == [0]
    assert b.seqs(chat_id) == [1]
    assert [frame["chat"]["id"] for frame in b.take("chat")] == [other]


def test_the_sweep_brings_what_no_hint_brought() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    b = bob.connect()
    digest = b"0" * 32
    world.store.perform(AppendMessage(chat_id, ann.id, "c", digest, "elsewhere", None, None, world.now))
    world.sleep(1.25)
    assert b.seqs(chat_id) == [1]


def test_a_lost_sweep_does_not_end_sweeping() -> None:
    world = World()
    bob = world.person("bob")
    bob.connect()
    world.away = AWAY
    world.sleep(1)
    world.away = None
    world.performed.clear()
    world.sleep(1)
    assert any(isinstance(operation, Sweep) for operation in world.performed)


def test_a_failed_catch_up_is_repeated_by_the_sweep() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    b = bob.connect()
    for number in range(250):
        operation = AppendMessage(chat_id, ann.id, f"c{number}", b"0" * 32, "x", None, None, world.now)
        world.store.perform(operation)
    world.hold = {ReadLog}
    world.sleep(1)
    world.release(AWAY)
    world.hold = set()
    assert b.seqs(chat_id) == []
    world.sleep(1.5)
    assert b.seqs(chat_id) == list(range(1, 251))


# --- membership ---


def test_a_removed_member_gets_his_removal_last_and_nothing_after() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id = world.group(ann, bob, eve)
    a, b = ann.connect(), bob.connect()
    a.send(type="send", chat_id=chat_id, cid="c1", content="1")
    assert isinstance(world.request(change(world, chat_id, ann.id, "remove", bob.id)), Appended)
    a.send(type="send", chat_id=chat_id, cid="c2", content="2")
    assert (a.seqs(chat_id), b.seqs(chat_id)) == ([1, 2, 3], [1, 2])
    [event] = b.take("event")
    assert (event["event"], event["data"]) == ("member_removed", {"user_id": bob.id, "reason": "removed"})
    b.send(type="send", chat_id=chat_id, cid="c1", content="x")
    assert [error["code"] for error in b.take("error")] == ["not_member"]


def test_an_added_member_gets_the_chat_before_its_items() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id = world.group(ann, bob)
    a, e = ann.connect(), eve.connect()
    world.hold = {LoadChat}
    world.request(change(world, chat_id, ann.id, "add", eve.id, history="none"))
    e.take()
    a.send(type="send", chat_id=chat_id, cid="c1", content="1")
    assert e.take() == []
    world.release()
    chat, *items = e.take()
    assert (chat["type"], chat["chat"]["first_seq"], chat["chat"]["last_seq"]) == ("chat", 1, 2)
    assert items == []
    a.send(type="send", chat_id=chat_id, cid="c2", content="2")
    assert e.seqs(chat_id) == [3]


def test_a_chat_that_was_left_before_it_was_listed_is_told_once() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann)
    b = bob.connect()
    world.hold = {LoadChat}
    world.request(change(world, chat_id, ann.id, "add", bob.id))
    world.request(change(world, chat_id, ann.id, "remove", bob.id))
    world.release()
    assert [frame["chat"]["left_seq"] for frame in b.take("chat")] == [2]
    a = ann.connect()
    a.send(type="send", chat_id=chat_id, cid="c", content="secret")
    assert b.seqs(chat_id) == []


def test_a_chat_that_cannot_be_read_is_not_listed() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann)
    b = bob.connect()
    world.hold = {LoadChat}
    world.request(change(world, chat_id, ann.id, "add", bob.id))
    world.release(Refused("not_found"))
    assert b.take("chat") == []
    world.request(change(world, chat_id, ann.id, "remove", bob.id))
    world.request(change(world, chat_id, ann.id, "add", bob.id))
    b.leave()
    world.release()


@pytest.mark.parametrize("history", ["all", "none"])
def test_removed_and_added_again_while_catching_up(history: Literal["all", "none"]) -> None:
    """Both changes are in the log that is being read: the removal ends the first part, `chat` begins the second."""
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    b = bob.connect()
    world.hold = {ReadLog}
    world.store.perform(AppendMessage(chat_id, ann.id, "c", b"0" * 32, "x", None, None, world.now))
    world.request(change(world, chat_id, ann.id, "update"))
    world.sleep(1)
    assert len(world.held) == 1
    world.request(change(world, chat_id, ann.id, "remove", bob.id))
    world.request(change(world, chat_id, ann.id, "add", bob.id, history=history))
    world.hold = set()
    world.release()
    assert [frame["type"] for frame in b.take() if frame["type"] in ("chat", "event", "message")] == [
        "message",
        "event",
        "chat",
    ]
    a = ann.connect()
    a.send(type="send", chat_id=chat_id, cid="c9", content="after")
    assert [message["content"] for message in b.take("message")] == ["after"]
    world.request(change(world, chat_id, ann.id, "remove", bob.id))
    assert [frame["type"] for frame in b.take() if frame["type"] in ("chat", "event")] == ["event"]


@pytest.mark.parametrize("seqs", [(), (2,)])
def test_a_reading_that_cannot_be_is_neither_pushed_nor_asked_for_in_a_circle(seqs: tuple[int, ...]) -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    b = bob.connect()
    world.hold = {ReadLog}
    world.store.perform(AppendMessage(chat_id, ann.id, "c", b"0" * 32, "x", None, None, world.now))
    world.sleep(1)
    items = [
        Message(id=seq, chat_id=chat_id, seq=seq, sender_id=ann.id, content="?", created_at=world.now, cid="?")
        for seq in seqs
    ]
    world.release(LogRead(chat_id, tuple(items), 0, None))
    assert b.seqs(chat_id) == []
    assert not world.held


def test_a_member_removed_by_another_process_is_routed_no_more() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    a, b = ann.connect(), bob.connect()
    world.store.perform(change(world, chat_id, ann.id, "remove", bob.id))
    a.send(type="send", chat_id=chat_id, cid="c", content="secret")
    assert (a.seqs(chat_id), b.seqs(chat_id)) == ([1, 2], [1])
    assert chat_id not in b.session.chats


# --- slow readers ---


def test_a_slow_reader_gets_one_lag_and_goes_on_after_it_synced() -> None:
    world = World(Limits(queue_items=8), knobs=Knobs(burst=1000))
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    b.take()
    b.reading = False
    for number in range(1, 21):
        a.send(type="send", chat_id=chat_id, cid=f"c{number}", content=str(number))
    assert a.seqs(chat_id) == list(range(1, 21))
    b.read_all()
    [lag] = b.take("lag")
    assert lag["last_seq"] == 9
    applied = max(b.seqs(chat_id), default=0)
    b.take("message")
    more = True
    while more:
        b.send(type="sync", chat_id=chat_id, after_seq=applied, limit=6)
        [page] = b.take("page")
        assert page["from_seq"] == applied
        applied, more = page["to_seq"], page["more"]
    assert applied == 20
    a.send(type="send", chat_id=chat_id, cid="live", content="live")
    assert b.seqs(chat_id) == [21]


def test_a_backlog_above_the_bound_ends_in_a_lag_without_a_gap() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    b = bob.connect()
    for number in range(300):
        world.store.perform(AppendMessage(chat_id, ann.id, f"c{number}", b"0" * 32, "x", None, None, world.now))
    world.sleep(1.25)
    assert b.seqs(chat_id) == []
    assert [lag["last_seq"] for lag in b.take("lag")] == [300]


def test_the_removal_among_the_lost_items_is_still_told_by_lag() -> None:
    world = World(Limits(queue_items=2))
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    a, b = ann.connect(), bob.connect()
    b.take()
    b.reading = False
    for number in range(2):
        a.send(type="send", chat_id=chat_id, cid=f"c{number}", content="x")
    world.request(change(world, chat_id, ann.id, "remove", bob.id))
    b.read_all()
    assert [lag["last_seq"] for lag in b.take("lag")] == [1]
    b.send(type="sync", chat_id=chat_id, after_seq=0)
    [page] = b.take("page")
    assert [item["type"] for item in page["items"]] == ["message", "message", "event"]


def test_reports_of_an_unknown_connection_are_nothing() -> None:
    world = World()
    world.hub.report_lag(999, 1, 1, world.moment)
    world.hub.report_pages_written(999, world.moment)
    assert world.hub.outputs() == []


def test_pages_are_read_one_after_the_other() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a = ann.connect()
    a.reading = False
    for number in range(3):
        a.send(type="sync", id=f"s{number}", chat_id=chat_id, after_seq=0)
    fetched = [operation for operation in world.performed if isinstance(operation, FetchPage)]
    assert len(fetched) == 1
    a.read_all()
    assert [page["ref"] for page in a.take("page")] == ["s0", "s1", "s2"]


def test_sync_backwards_and_bad_syncs() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a = ann.connect()
    for number in range(3):
        a.send(type="send", chat_id=chat_id, cid=f"c{number}", content="x")
    a.take()
    a.send(type="sync", chat_id=chat_id, before_seq=3, limit=1)
    [page] = a.take("page")
    assert (page["from_seq"], page["to_seq"], page["more"], page["last_seq"]) == (1, 2, True, 3)
    a.send(type="sync", id="s", chat_id=chat_id, after_seq=4)
    assert [(error["code"], error["ref"], error["field"]) for error in a.take("error")] == [
        ("bad_seq", "s", "after_seq")
    ]
    a.send(type="sync", chat_id=chat_id, after_seq=1, after_at="2020-01-01T00:00:00Z")
    assert [error["code"] for error in a.take("error")] == ["bad_seq"]
    a.send(type="sync", id="both", chat_id=chat_id, after_seq=1, before_seq=2)
    assert [(error["code"], error["ref"]) for error in a.take("error")] == [("bad_frame", "both")]


def test_a_retry_waits_its_time_and_ends_with_its_connection() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    world.away = AWAY
    a.send(type="send", chat_id=chat_id, cid="c-0", content="0")
    asked = len(world.performed)
    world.hub.handle_timer(world.moment)  # no time has gone by
    world.pump()
    assert [type(operation) for operation in world.performed[asked:]].count(AppendBatch) == 0
    a.leave()
    world.sleep(5)
    world.away = None
    world.sleep(1)
    assert b.seqs(chat_id) == []


def test_a_catch_up_that_ends_after_its_connection_is_nothing() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    b = bob.connect()
    world.hold = {ReadLog}
    world.store.perform(AppendMessage(chat_id, ann.id, "c", b"0" * 32, "x", None, None, world.now))
    world.sleep(1)
    b.leave()
    world.release()
    assert world.hub.parts.connections.by_id == {}


def test_a_page_that_overlaps_what_was_sent_since_is_not_told_twice() -> None:
    """A lag takes over the cursor while its page is on the way; the page then finds another state."""
    world = World(Limits(queue_items=2))
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    a, b = ann.connect(), bob.connect()
    b.reading = False
    for n in range(3):
        a.send(type="send", chat_id=chat_id, cid=f"c-{n}", content=str(n))
    world.hold = {FetchPage}
    b.send(type="sync", chat_id=chat_id, after_seq=0, id="s")
    a.send(type="send", chat_id=chat_id, cid="c-9", content="9")
    world.hold = set()
    world.release()
    b.read_all()
    pages = [item["seq"] for page in b.take("page") for item in page["items"]]
    assert pages == [1, 2, 3, 4]
    assert b.seqs(chat_id) == []
    a.send(type="send", chat_id=chat_id, cid="c-10", content="10")
    assert b.seqs(chat_id) == [5]


def test_the_direct_chat_that_exists_is_told_to_nobody_again() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    world.direct(ann, bob)
    b = bob.connect()
    world.direct(bob, ann)
    assert b.take("chat") == []


def test_a_member_removed_while_he_lagged_gets_nothing_after_his_removal() -> None:
    """The removal comes by the member's own page, not by a push; what is said later is not for them."""
    world = World(Limits(queue_items=2))
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    a, b = ann.connect(), bob.connect()
    b.reading = False
    for number in range(4):
        a.send(type="send", chat_id=chat_id, cid=f"c-{number}", content=str(number))
    world.request(change(world, chat_id, ann.id, "remove", bob.id))
    b.read_all()
    assert b.take("lag")
    b.send(type="sync", id="s", chat_id=chat_id, after_seq=0)
    [page] = b.take("page")
    assert [item["seq"] for item in page["items"]] == [1, 2, 3, 4, 5]
    a.send(type="send", chat_id=chat_id, cid="secret", content="secret")
    world.sleep(3)
    assert b.seqs(chat_id) == []
    world.request(change(world, chat_id, ann.id, "add", bob.id))
    assert b.take("chat")


def test_a_member_who_read_of_their_removal_before_a_lag_gets_nothing_after_it() -> None:
    """Their own sync was ahead of the room; the one after the lag finds nothing more, and no removal."""
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    a, b = ann.connect(), bob.connect()
    b.take()
    for number in range(4):  # by another process, of which this one has not heard yet
        world.store.perform(AppendMessage(chat_id, ann.id, f"theirs-{number}", b"0" * 32, "x", None, None, world.now))
    world.store.perform(change(world, chat_id, ann.id, "remove", bob.id))
    b.send(type="sync", chat_id=chat_id, after_seq=0)
    [page] = b.take("page")
    assert [item["seq"] for item in page["items"]] == [1, 2, 3, 4, 5]
    world.hub.report_lag(b.id, chat_id, 1, world.moment)
    world.pump()
    world.sleep(1.25)
    assert (a.seqs(chat_id), b.seqs(chat_id), len(b.take("lag"))) == ([1, 2, 3, 4, 5], [], 1)
    b.send(type="sync", chat_id=chat_id, after_seq=5)
    [page] = b.take("page")
    assert page["items"] == []
    [told] = b.take("chat")
    assert told["chat"]["left_seq"] == 5
    a.send(type="send", chat_id=chat_id, cid="secret", content="secret")
    world.sleep(3)
    assert b.seqs(chat_id) == []


def test_a_chat_that_could_not_be_read_for_now_is_listed_a_second_later() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id = world.group(ann)
    b, e = bob.connect(), eve.connect()
    world.hold = {LoadChat, Sweep}
    world.request(change(world, chat_id, ann.id, "add", bob.id, eve.id))
    world.release(AWAY)
    world.release(AWAY)
    e.leave()
    world.hold = {Sweep}
    world.sleep(0.5)
    assert b.take("chat") == []
    world.sleep(1)
    assert [frame["chat"]["id"] for frame in b.take("chat")] == [chat_id]
    a = ann.connect()
    a.send(type="send", chat_id=chat_id, cid="c", content="welcome")
    assert [message["content"] for message in b.take("message")] == ["welcome"]


def test_a_chat_to_which_another_process_added_somebody_is_listed_by_the_sweep() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann)
    b, joined = bob.connect(), bob.join(world.direct(ann, bob))
    b.take(), joined.take()
    world.store.perform(change(world, chat_id, ann.id, "add", bob.id))
    world.sleep(2)
    assert [frame["chat"]["id"] for frame in b.take("chat")] == [chat_id]
    world.sleep(3)
    assert b.take("chat") == joined.take("chat") == []
