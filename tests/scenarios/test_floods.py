"""Nothing that a stranger sends is free: floods, counted in operations of storage (docs/protocol.md section 4)."""

from typing import Any

from chatproto.operations import AppendBatch, FetchPage, LoadSession, Mark, Sweep, TouchSession
from tests.scenarios.hub_world import Peer, World

SECONDS = 10
ALLOWED = 100 + 20 * SECONDS + 5
"""Of one user in that time: the burst, the rate, and a few that were free."""


def flood(world: World, peer: Peer, frames: int, **frame: Any) -> int:
    """Send as fast as the server reads, for a while; how many frames it took."""
    end, taken = world.mono + SECONDS, 0
    while world.mono < end and taken < frames and peer.closed is None:
        delay = world.hub.read_delay(peer.id, peer.queue.answers, world.moment)
        if delay == 0:
            peer.send(**{name: value(taken) if callable(value) else value for name, value in frame.items()})
            taken += 1
        else:
            world.sleep(0.05 if delay is None else max(delay, 0.001))
    return taken


def count(world: World, kind: type) -> int:
    return sum(isinstance(operation, kind) for operation in world.performed)


def test_marks_of_unknown_chats() -> None:
    world = World()
    ann = world.person("ann")
    a = ann.connect()
    flood(world, a, 50_000, type="mark", chat_id=lambda n: 1000 + n, read_seq=1)
    assert 100 <= count(world, Mark) <= ALLOWED


def test_marks_of_one_chat_are_one_a_second() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a = ann.connect()
    flood(world, a, 50_000, type="mark", chat_id=chat_id, read_seq=0)
    assert count(world, Mark) <= SECONDS + 1


def test_marks_that_wait_for_storage_are_in_flight() -> None:
    world = World()
    ann = world.person("ann")
    a = ann.connect()
    world.hold = {Mark}
    taken = flood(world, a, 50_000, type="mark", chat_id=lambda n: 1000 + n, read_seq=1)
    assert (taken, len(world.held)) == (41, 1)


def test_marks_of_a_chat_that_was_left_meanwhile_are_answered() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann, bob)
    b = bob.connect()
    b.send(type="mark", id="1", chat_id=chat_id, read_seq=0)
    b.send(type="mark", id="2", chat_id=chat_id, read_seq=0)
    world.sleep(1)
    assert [frame["ref"] for frame in b.take("marks")] == ["1", "2"]
    assert b.session.admission.in_flight == 0


def test_typing_on_and_off() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    world.performed.clear()
    taken = flood(world, a, 4_000, type="typing", chat_id=chat_id, on=lambda n: n % 2 == 0)
    assert taken <= ALLOWED + SECONDS
    assert len(b.take("typing")) <= 2 * (SECONDS // 3 + 1)
    assert not [operation for operation in world.performed if not isinstance(operation, Sweep)]


def test_typing_in_unknown_chats_costs_too() -> None:
    world = World()
    ann = world.person("ann")
    assert flood(world, ann.connect(), 4_000, type="typing", chat_id=99, on=True) <= ALLOWED


def test_syncs() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    flood(world, ann.connect(), 50_000, type="sync", chat_id=chat_id, after_seq=0)
    assert count(world, FetchPage) <= ALLOWED


def test_pings_and_renewals() -> None:
    world = World()
    ann = world.person("ann")
    a = ann.connect()
    assert flood(world, a, 50_000, type="ping") <= ALLOWED + SECONDS
    world.sleep(10)
    flood(world, a, 50_000, type="auth", token=ann.token())
    assert count(world, TouchSession) <= ALLOWED + SECONDS


def test_the_bucket_is_one_for_all_connections_of_a_user() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    peers = [ann.connect() for _ in range(10)]
    taken = sum(
        flood(world, peer, 30, type="send", chat_id=chat_id, cid=lambda n, p=peer: f"{p.id}-{n}", content="x")
        for peer in peers
    )
    assert taken <= 100 + 20 * (world.mono + 1)
    assert count(world, AppendBatch) == taken


def test_hello_over_and_over() -> None:
    world = World()
    ann = world.person("ann")
    for _ in range(2_000):
        ann.connect().leave()
    assert count(world, LoadSession) <= 102
    stranger = world.open()
    stranger.send(type="hello", v=[1], token="nonsense")
    assert count(world, LoadSession) <= 102
