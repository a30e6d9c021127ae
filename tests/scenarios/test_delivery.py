"""Messages: once, in order, to everybody, whatever fails (docs/protocol.md sections 3 and 4)."""

import pytest

from chatproto.operations import (
    AppendBatch,
    AppendMessage,
    FetchPage,
    LoadSession,
    LogRead,
    OperationFailed,
    OutcomeUnknown,
    ReadLog,
    Sweep,
)
from chatproto.simulation.model_operations import perform
from chatproto.wire.model import Message
from tests.scenarios.hub_world import AWAY, World


def test_what_becomes_of_a_command_is_told_by_its_cid_also_where_the_frame_has_an_id() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a = ann.connect()
    for of, number in ((chat_id, 1), (99, 2)):
        a.send(type="send", id="frame", chat_id=of, cid=f"c-{number}", content="x")
        a.send(
            type="react",
            id="frame",
            chat_id=of,
            cid=f"r-{number}",
            seq=1,
            target_at=world.made_at(of, 1),
            emoji="👍",
            on=True,
        )
    assert [frame["ref"] for frame in a.take("ack")] == ["c-1", "r-1"]
    assert [frame["ref"] for frame in a.take("error")] == ["c-2", "r-2"]


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


def test_b25_strange_and_unknown_chats_answer_alike() -> None:
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
    perform(world.store, world.held[0].operation)
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
    perform(world.store, elsewhere)
    a.send(type="send", chat_id=chat_id, cid="c", content="second")
    assert [message["content"] for message in e.take("message")] == ["first", "second"]


def test_what_is_appended_while_a_session_loads_is_not_missed() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a = ann.connect()
    world.hold = {LoadSession}
    b = bob.connect()
    loaded = perform(world.store, world.held[0].operation)
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
    perform(world.store, AppendMessage(chat_id, ann.id, "c", digest, "elsewhere", None, None, world.now))
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
        perform(world.store, operation)
    world.hold = {ReadLog}
    world.sleep(1)
    world.release(AWAY)
    world.hold = set()
    assert b.seqs(chat_id) == []
    world.sleep(1.5)
    assert b.seqs(chat_id) == list(range(1, 251))


@pytest.mark.parametrize("seqs", [(), (2,)])
def test_a_reading_that_cannot_be_is_neither_pushed_nor_asked_for_in_a_circle(seqs: tuple[int, ...]) -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    b = bob.connect()
    world.hold = {ReadLog}
    perform(world.store, AppendMessage(chat_id, ann.id, "c", b"0" * 32, "x", None, None, world.now))
    world.sleep(1)
    items = [
        Message(id=seq, chat_id=chat_id, seq=seq, sender_id=ann.id, content="?", created_at=world.now, cid="?")
        for seq in seqs
    ]
    world.release(LogRead(chat_id, tuple(items), 0, None))
    assert b.seqs(chat_id) == []
    assert not world.held
