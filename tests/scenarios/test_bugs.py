"""One bug costs one connection, or one room: the rest goes on, and those who were closed come back."""

from typing import Any

import pytest

from chatproto.operations import (
    AppendBatch,
    AppendMessage,
    CreateGroup,
    LoadChat,
    Mark,
    OutcomeUnknown,
    ReadLog,
    Refused,
    SaveLastSeen,
    Sweep,
)
from chatproto.server.hints import HeadMoved, Hint
from chatproto.simulation.model_operations import perform
from tests.scenarios.hub_world import Peer, Person, World

INTERNAL = (1011, "internal")


class Bug(Exception):
    """Planted."""


def broken(*_arguments: Any, **_named: Any) -> Any:
    raise Bug


def begin() -> tuple[World, Person, Person, int, int, Peer, Peer, Peer]:
    """Ann and Bob in one chat, Eve and Tom in another."""
    world = World()
    ann, bob, eve, tom = world.people("ann", "bob", "eve", "tom")
    one, other = world.direct(ann, bob), world.direct(eve, tom)
    return world, ann, bob, one, other, ann.connect(), bob.connect(), eve.connect()


def bugs(world: World) -> list[str]:
    return [type(note.error).__name__ for note in world.notes if note.event == "bug"]


def say(peer: Peer, chat_id: int, text: str) -> None:
    peer.send(type="send", chat_id=chat_id, cid=text, content=text)


def works(world: World, person: Person, chat_id: int, peer: Peer) -> bool:
    """Somebody comes back and says something, and it is heard."""
    again = person.connect()
    say(again, chat_id, f"after-{len(world.performed)}")
    return bool(again.take("ack")) and (peer.closed is not None or bool(peer.take("message")))


def test_while_a_frame_is_handled(monkeypatch: pytest.MonkeyPatch) -> None:
    world, ann, _, one, _, a, b, _ = begin()
    with monkeypatch.context() as patch:
        patch.setattr(world.hub.parts.appends, "send", broken)
        say(a, one, "x")
    assert (a.closed, b.closed, bugs(world)) == (INTERNAL, None, ["Bug"])
    assert works(world, ann, one, b)


def test_a_line_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    world, ann, _, one, _, a, b, _ = begin()
    command = AppendMessage(one, ann.id, "h", b"0" * 32, "x", None, None, world.now)
    with monkeypatch.context() as patch:
        patch.setattr(world.hub.parts.lines, "_launch", broken)
        assert isinstance(world.request(command), OutcomeUnknown)
        say(a, one, "x")
    world.sleep(0.5)
    assert len(world.hub.parts.lines) == 0
    assert works(world, ann, one, b)


def test_while_a_batch_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its room is given up: all in it come back; HTTP has its answer; another room hears nothing of it."""
    world, ann, _, one, other, a, b, e = begin()
    world.hold = {AppendBatch}
    say(a, one, "first")
    request = world.hub.request(AppendMessage(one, ann.id, "h", b"0" * 32, "x", None, None, world.now), world.moment)
    with monkeypatch.context() as patch:
        patch.setattr(world.hub.parts.rooms, "told", broken)
        world.hold = set()
        world.release()
    assert (a.closed, b.closed, e.closed) == (INTERNAL, INTERNAL, None)
    assert isinstance(world.replies.pop(request), OutcomeUnknown)
    assert one not in world.hub.parts.rooms
    say(e, other, "still-here")
    assert e.take("ack")
    assert works(world, ann, one, b)


@pytest.mark.parametrize(
    ("part", "method", "frame"),
    [
        ("pages", "paged", {"type": "sync", "after_seq": 0}),
        ("markers", "marked", {"type": "mark", "read_seq": 0}),
    ],
)
def test_while_an_outcome_is_handled(
    part: str, method: str, frame: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, ann, _, one, _, a, b, _ = begin()
    with monkeypatch.context() as patch:
        patch.setattr(getattr(world.hub.parts, part), method, broken)
        a.send(chat_id=one, **frame)
    assert (a.closed, b.closed, bugs(world)) == (INTERNAL, None, ["Bug"])
    assert works(world, ann, one, b)


def test_while_a_connection_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    world, ann, _, one, _, _, b, _ = begin()
    with monkeypatch.context() as patch:
        patch.setattr(world.hub.parts.handshake, "loaded", broken)
        assert ann.connect().closed == INTERNAL
        patch.setattr(world.hub.parts.handshake, "join", broken)
        assert ann.join(one).closed == INTERNAL
    assert works(world, ann, one, b)


def test_while_the_log_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    world, ann, _, one, _, a, b, _ = begin()
    perform(world.store, AppendMessage(one, ann.id, "c", b"0" * 32, "x", None, None, world.now))
    world.hold = {ReadLog}
    world.hear(Hint("model", HeadMoved(one, 1)))
    with monkeypatch.context() as patch:
        patch.setattr(world.hub.parts.rooms, "read", broken)
        world.hold = set()
        world.release()
    assert (a.closed, b.closed) == (INTERNAL, INTERNAL)
    assert works(world, ann, one, b)


def test_while_a_hint_is_handled(monkeypatch: pytest.MonkeyPatch) -> None:
    world, ann, _, one, _, a, b, e = begin()
    with monkeypatch.context() as patch:
        patch.setattr(world.hub.parts.rooms, "_fill", broken)
        world.hear(Hint("model", HeadMoved(one, 1)))
    assert (a.closed, b.closed, e.closed) == (INTERNAL, INTERNAL, None)
    assert works(world, ann, one, b)


def test_a_request_is_answered_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    world, ann, bob, _, _, a, _, _ = begin()
    monkeypatch.setattr(world.hub.parts.presence, "overlay", broken)
    assert not isinstance(world.request(CreateGroup(ann.id, "Group", (bob.id,), None, world.now)), Refused)
    assert (a.closed, bugs(world)) == (None, ["Bug"])


@pytest.mark.parametrize(
    ("part", "method", "closed"),
    [("deadlines", "fall_due", INTERNAL), ("sweeper", "run", None), ("watermarks", "flush", None)],
)
def test_while_a_deadline_is_handled(part: str, method: str, closed: object, monkeypatch: pytest.MonkeyPatch) -> None:
    world, ann, _, one, _, a, b, _ = begin()
    with monkeypatch.context() as patch:
        patch.setattr(getattr(world.hub.parts, part), method, broken)
        world.sleep(80 if part == "deadlines" else 2)
    assert a.closed == closed
    world.performed.clear()
    world.sleep(2)
    b.leave()
    bob_back = world.hub.parts.connections.by_id
    assert part == "deadlines" or any(isinstance(operation, Sweep) for operation in world.performed), bob_back
    assert works(world, ann, one, b) or b.closed is None


def test_while_an_absence_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    world, ann, _, _, _, a, _, _ = begin()
    a.leave()
    with monkeypatch.context() as patch:
        patch.setattr(world.hub.parts.presence, "expire", broken)
        world.sleep(31)
    assert not world.hub.parts.presence.online(ann.id)


@pytest.mark.parametrize("part", ["typists", "presence"])
def test_while_a_connection_ends(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world, ann, _, one, _, a, b, _ = begin()
    with monkeypatch.context() as patch:
        patch.setattr(getattr(world.hub.parts, part), "forget", broken)
        a.leave()
    assert bugs(world) == ["Bug"]
    assert len(world.hub.parts.rooms.members(one)) == 1
    assert works(world, ann, one, b)


def test_while_a_line_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world, ann, _, one, _, a, b, _ = begin()
    world.hold = {AppendBatch}
    say(a, one, "x")
    world.release(OutcomeUnknown())
    with monkeypatch.context() as patch:
        patch.setattr(world.hub.parts.lines, "retry", broken)
        world.sleep(0.5)
    world.hold = set()
    assert a.closed == INTERNAL
    assert works(world, ann, one, b)


def test_while_a_room_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world, ann, _, one, _, a, b, _ = begin()
    perform(world.store, AppendMessage(one, ann.id, "c", b"0" * 32, "x", None, None, world.now))
    world.hold = {ReadLog}
    world.hear(Hint("model", HeadMoved(one, 1)))
    world.release(OutcomeUnknown())
    with monkeypatch.context() as patch:
        patch.setattr(world.hub.parts.rooms, "read_again", broken)
        world.sleep(1.1)
    world.hold = set()
    assert (a.closed, b.closed) == (INTERNAL, INTERNAL)
    assert works(world, ann, one, b)


def test_while_pages_or_lags_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    world, _, _, one, _, a, b, _ = begin()
    monkeypatch.setattr(world.hub.parts.rooms, "lag", broken)
    world.hub.report_lag(a.id, one, 1, world.moment)
    monkeypatch.setattr(world.hub.parts.pages, "written", broken)
    world.hub.report_pages_written(b.id, world.moment)
    world.pump()
    assert (a.closed, b.closed) == (INTERNAL, INTERNAL)


def test_a_room_that_was_being_changed_is_given_up_whatever_the_input_was_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A lag is of one connection, yet its room may be left half done: all in it come back."""
    world, ann, _, one, other, a, b, e = begin()
    with monkeypatch.context() as patch:
        patch.setattr("chatproto.server.room.Room.fall_back", broken)
        world.hub.report_lag(a.id, one, 1, world.moment)
        world.pump()
    assert (a.closed, b.closed, e.closed, bugs(world)) == (INTERNAL, INTERNAL, None, ["Bug"])
    assert one not in world.hub.parts.rooms and other in world.hub.parts.rooms
    assert works(world, ann, one, b)


def test_a_batch_that_ends_in_something_else_is_a_bug() -> None:
    world, ann, _, one, _, a, b, _ = begin()
    world.hold = {AppendBatch}
    say(a, one, "x")
    world.hold = set()
    world.release(Refused("what?"))
    assert (a.closed, bugs(world)) == (INTERNAL, ["LocalProtocolError"])
    assert works(world, ann, one, b)


def test_the_last_seen_are_saved_once_when_the_server_stops() -> None:
    world, ann, bob, _, _, a, _, _ = begin()
    a.leave()
    left = world.now
    world.sleep(5)
    world.performed.clear()
    world.hub.drain(lambda: 0, "restart", world.moment)
    world.pump()
    world.sleep(60)
    saved = [operation for operation in world.performed if isinstance(operation, SaveLastSeen)]
    assert len(saved) == 1
    assert world.store.accounts[ann.id].last_seen_at == left
    assert world.store.accounts[bob.id].last_seen_at is not None


def test_a_mark_and_a_listing_whose_connection_is_gone() -> None:
    world, ann, _, one, _, a, _, _ = begin()
    world.hold = {Mark, LoadChat}
    a.send(type="mark", chat_id=one, read_seq=0)
    a.send(type="mark", chat_id=one, read_seq=0)
    world.direct(ann, ann)
    a.leave()
    world.hold = set()
    while world.held:
        world.release()
    world.sleep(2)
    assert bugs(world) == []
