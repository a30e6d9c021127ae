"""What rings or answers too late finds nothing, and changes nothing."""

import pytest

from chatproto.operations import AppendBatch, AppendMessage, ChatFound, LoadChat, Mark, Marked, OperationFailed, ReadLog
from chatproto.server.clock import Deadline, Now, Timers
from chatproto.server.dialect import PLAIN
from chatproto.server.hints import HeadMoved, Hint
from chatproto.server.tail import Entry, Tail
from chatproto.simulation.model_operations import perform
from chatproto.wire.model import Event, Message
from tests.scenarios.hub_world import START, World


@pytest.mark.parametrize("kind", ["session", "line", "read", "list", "mark", "marks", "typing", "absent"])
def test_a_deadline_of_what_is_gone(kind: str) -> None:
    world = World()
    world.hub.parts.timers.set(Deadline(kind, 99, 99), 0.0)  # type: ignore[arg-type]
    world.hub.handle_timer(world.moment)
    assert world.hub.outputs() == []
    assert world.hub.next_timer() is None


def test_a_deadline_that_comes_too_early_is_set_again() -> None:
    world = World()
    peer = world.open()
    world.hub.parts.deadlines.fall_due(peer.id, world.moment)
    world.sleep(9)
    assert peer.closed is None
    world.sleep(1)
    assert peer.closed == (4408, "no hello")
    session = world.hub.parts.open(PLAIN, world.moment)
    for _ in range(2):
        world.hub.parts.connections.gone(session)
    assert len(world.hub.parts.connections.ended) == 1


def test_timers_forget_what_was_set_again() -> None:
    timers = Timers()
    for number in range(1_000):
        timers.set(Deadline("sweep"), float(number))
        timers.set(Deadline("sweep"), float(number))
    timers.soonest(Deadline("sweep"), 2_000.0)
    assert len(timers._heap) < 100
    assert list(timers.take_due(998.0)) == []
    assert list(timers.take_due(999.0)) == [Deadline("sweep")]


def test_a_mark_whose_chat_is_not_known_any_more() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a = ann.connect()
    world.hold = {Mark}
    a.send(type="mark", id="m", chat_id=chat_id, read_seq=0)
    a.session.marks.clear()
    world.release()
    assert a.take("marks")[0]["ref"] == "m"
    world.hub.parts.markers.fall_due(a.id, chat_id, world.moment)
    world.hub.parts.typists.fall_due(a.id, chat_id)
    assert world.hub.outputs() == []
    assert isinstance(perform(world.store, Mark(ann.id, chat_id, 0, 0, world.now)), Marked)


def test_an_answer_for_a_line_that_was_given_up() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    world.hold = {AppendBatch}
    a.send(type="send", chat_id=chat_id, cid="1", content="1")
    b.send(type="send", chat_id=chat_id, cid="2", content="2")
    assert [queued.command.cid for queued in world.hub.parts.lines.drop(chat_id)] == ["1", "2"]
    world.release(OperationFailed(retryable=True))
    assert len(world.hub.parts.lines) == 0
    world.hub.parts.lines.retry(chat_id, world.moment)
    assert not world.held


def test_a_listing_that_is_not_awaited() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    a = ann.connect()
    world.hold = {LoadChat}
    chat_id = world.direct(ann, bob)
    world.hub.parts.rooms.unlist(a.session, chat_id)
    a.take()
    world.release()
    assert a.take() == []
    world.hub.parts.listings.again(a.id, chat_id)
    world.pump()
    world.hub.parts.listings.again(a.id, chat_id)
    assert len(world.held) == 1
    assert isinstance(perform(world.store, world.held[0].operation), ChatFound)


def test_a_reading_that_brings_what_was_given_meanwhile() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    world.hold = {ReadLog}
    world.hear(Hint("model", HeadMoved(chat_id, 1)))
    a.send(type="send", chat_id=chat_id, cid="1", content="1")
    world.release()
    world.hub.parts.rooms.read_again(chat_id)
    assert b.seqs(chat_id) == [1]
    assert not world.held


def test_nobody_is_saved_where_nobody_was() -> None:
    world = World()
    world.hub.drain(lambda: 0, "restart", world.moment)
    assert world.hub.outputs() == []


def test_a_tail_that_gave_up_reaches_nowhere() -> None:
    tail = Tail()
    tail.clear()
    assert (len(tail), tail.after(0)) == (0, None)
    message = Message(id=1, chat_id=1, seq=1, sender_id=1, content="x", created_at=START, cid="c")
    event = Event(chat_id=1, seq=2, event="pinned", actor_id=1, created_at=START, data={})
    tail.add([Entry(message), Entry(event)], 9, 9_999)
    assert tail.after(2) == (START, [])
    first = Entry(message)
    assert first.encoded(1) is first.encoded(1)
    assert len(first.encoded(0)) < len(first.encoded(1)), "the words of /ws leave defaults out"
    tail.clear()
    assert (tail.size, tail.floor_at, tail.after(1)) == (0, START, None)


def test_somebody_types_among_many() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    a, b, b2, joined = ann.connect(), bob.connect(), bob.connect(), bob.join(chat_id)
    a.send(type="typing", chat_id=chat_id, on=True)
    assert len(b.take("typing")) == len(b2.take("typing")) == 1
    assert [frame["state"] for frame in joined.take("status") if frame["state"] == "typing"] == ["typing"]
    world.request(AppendMessage(chat_id, ann.id, "c", b"0" * 32, "x", None, None, world.now))
    assert Now(world.now, world.mono) == world.moment
