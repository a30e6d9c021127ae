"""Blocks between people: who is told of what (docs/protocol.md section 2, Blocks)."""

from chatproto.operations import (
    BlockSet,
    ChatCreated,
    CreateDirect,
    FindUsers,
    LoadSession,
    SaveLastSeen,
    SetBlock,
    Sweep,
    UpdateUser,
    UsersFound,
)
from chatproto.server.hints import Hint, Typed
from chatproto.simulation.model_operations import perform
from tests.scenarios.hub_world import Frame, Peer, Person, World

EPOCH = "model"


def block(world: World, person: Person, other: Person, on: bool = True) -> None:
    assert world.request(SetBlock(person.id, other.id, on, world.now)) == BlockSet(person.id, other.id, on)


def elsewhere(world: World, person: Person, other: Person, on: bool = True) -> BlockSet:
    """Another process stores it."""
    told = perform(world.store, SetBlock(person.id, other.id, on, world.now))
    assert isinstance(told, BlockSet)
    return told


def quiet(*peers: Peer) -> None:
    for peer in peers:
        peer.take()


def presence(peer: Peer) -> list[tuple[int, bool, object]]:
    return [(frame["user_id"], frame["online"], frame.get("last_seen_at")) for frame in peer.take("presence")]


def told(peer: Peer) -> list[tuple[int, bool]]:
    return [(frame["user_id"], frame["on"]) for frame in peer.take("block")]


def codes(frames: list[Frame]) -> list[tuple[str, str]]:
    return [(frame["ref"], frame["code"]) for frame in frames]


def test_the_blockers_connections_hear_of_it_and_the_other_sees_somebody_go() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    a2 = ann.connect()
    quiet(a, a2, b)
    block(world, ann, bob)
    assert (told(a), told(a2), told(b)) == ([(bob.id, True)], [(bob.id, True)], [])
    assert presence(b) == [(ann.id, False, None)]
    assert (a.take(), a2.take(), b.take()) == ([], [], [])
    block(world, ann, bob)
    assert (a.take(), b.take()) == ([], []), "nothing is new"
    [ready] = ann.connect().take("ready")
    assert ready["blocked"] == [bob.id]
    later = bob.connect()
    assert "blocked" not in later.take("ready")[0] and presence(later) == []
    block(world, ann, bob, on=False)
    assert (told(a), presence(b), presence(later)) == (
        [(bob.id, False)],
        [(ann.id, True, None)],
        [(ann.id, True, None)],
    )


def test_neither_writes_and_what_was_acked_stays() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    b.send(type="send", chat_id=chat_id, cid="1", content="before")
    block(world, ann, bob)
    quiet(a, b)
    for peer in (a, b):
        peer.send(type="send", chat_id=chat_id, cid="2", content="after")
        assert codes(peer.take("error")) == [("2", "forbidden")]
    b.send(type="send", chat_id=chat_id, cid="1", content="before")
    assert b.take("ack")[0]["dup"] is True
    assert (a.take("message"), world.store.rooms[chat_id].last_seq) == ([], 1)


def test_presence_of_the_blocker_is_kept_from_the_blocked_alone() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id, _ = world.direct(ann, bob), world.direct(ann, eve)
    block(world, ann, bob)
    b, e, here = bob.connect(), eve.connect(), bob.join(chat_id)
    a = ann.connect()
    assert presence(a) == [(bob.id, True, None), (eve.id, True, None)]
    assert (presence(b), presence(e)) == ([], [(ann.id, True, None)])
    a.leave()
    world.sleep(31)
    assert (presence(b), [online for _, online, _ in presence(e)]) == ([], [False])
    assert [frame for frame in here.take("status") if frame["user_id"] == ann.id] == []
    perform(world.store, SaveLastSeen(((ann.id, world.now),)))
    for viewer, seen in ((bob, False), (eve, True)):
        outcome = world.request(FindUsers(viewer.id, (ann.id,)))
        assert isinstance(outcome, UsersFound)
        assert (outcome.users[0].online is not None, outcome.users[0].last_seen_at is not None) == (seen, seen)
    block(world, ann, bob, on=False)
    assert presence(b) == [], "who is not here does not come back"


def test_a_connection_of_one_chat_sees_them_go_too() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id, other = world.direct(ann, bob), world.group(bob, eve)
    ann.connect()
    here, there = bob.join(chat_id), bob.join(other)
    quiet(here, there)
    block(world, ann, bob)
    assert [(frame["user_id"], frame["state"]) for frame in here.take("status")] == [(ann.id, "offline")]
    assert there.take() == []


def test_typing_is_not_told_between_the_two() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    group = world.group(eve, ann, bob)
    a, b, e = ann.connect(), bob.connect(), eve.connect()
    block(world, ann, bob)
    quiet(a, b, e)
    a.send(type="typing", chat_id=group, on=True)
    b.send(type="typing", chat_id=group, on=True)
    b.send(type="typing", chat_id=group, on=False)
    assert (a.take("typing"), b.take("typing")) == ([], [])
    assert [(frame["user_id"], frame["on"]) for frame in e.take("typing")] == [
        (ann.id, True), (bob.id, True), (bob.id, False),
    ]  # fmt: skip
    world.hear(Hint(EPOCH, Typed(group, bob.id, on=True)))
    assert a.take("typing") == []


def test_a_new_profile_tells_the_blocked_nothing_of_presence() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    world.group(eve, ann, bob)
    ann.connect()
    b, e = bob.connect(), eve.connect()
    block(world, ann, bob)
    quiet(b, e)
    world.request(UpdateUser(ann.id, "Anna", None, None, None, frozenset(), world.now))
    [for_bob], [for_eve] = b.take("user"), e.take("user")
    assert (for_bob["user"]["display_name"], for_bob["user"]["online"], for_eve["user"]["online"]) == (
        "Anna",
        None,
        True,
    )


def test_another_process_hears_of_it() -> None:
    here, there = World(), World()
    there.store = here.store
    ann, bob = here.people("ann", "bob")
    here.direct(ann, bob)
    ann.connect()
    a, b = ann.connect(to=there), bob.connect(to=there)
    quiet(a, b)
    block(here, ann, bob)
    hint = Hint(EPOCH, BlockSet(ann.id, bob.id, on=True))
    assert here.hints[-1] == hint
    there.hear(hint, hint)
    assert (told(a), presence(b)) == ([(bob.id, True)], [(ann.id, False, None)])
    assert there.hints == [], "what was told is not told on"
    there.hear(Hint(EPOCH, BlockSet(98, 99, on=True)))
    there.sleep(3)
    assert (a.take("block"), b.take("presence")) == ([], [])


def test_the_sweep_brings_what_no_hint_brought() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    world.direct(ann, bob)
    a, b, e = ann.connect(), bob.connect(), eve.connect()
    quiet(a, b, e)
    elsewhere(world, ann, bob)
    world.sleep(1.25)
    assert (told(a), presence(b)) == ([(bob.id, True)], [(ann.id, False, None)])
    elsewhere(world, ann, bob, on=False)
    world.sleep(1.25)
    assert (told(a), presence(b)) == ([(bob.id, False)], [(ann.id, True, None)])
    assert e.take() == []
    assert all(world.hub.parts.blocks.of(person.id) == frozenset() for person in (ann, bob, eve))


def test_a_sweep_that_is_older_than_a_block_changes_nothing() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    world.direct(ann, bob)
    a, b = ann.connect(), bob.connect()
    quiet(a, b)
    world.hold = {Sweep}
    world.sleep(1.25)
    found = perform(world.store, world.held[0].operation)
    block(world, ann, bob)
    quiet(a, b)
    world.hold = set()
    world.release(found)
    assert (a.take("block"), b.take("presence")) == ([], [])
    world.sleep(2)
    assert (a.take("block"), b.take("presence")) == ([], [])


def test_a_block_while_the_blocker_loads_is_told_by_ready() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    world.direct(ann, bob)
    world.hold = {LoadSession}
    a = ann.connect()
    loaded = perform(world.store, world.held[0].operation)
    block(world, ann, bob)
    assert a.take() == []
    world.release(loaded)
    assert a.take("ready")[0]["blocked"] == [bob.id]


def test_who_has_gone_is_swept_for_no_more() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    a, b = ann.connect(), bob.connect()
    world.hold = {Sweep}
    world.sleep(1.25)
    elsewhere(world, ann, bob)
    a.leave()
    world.hold = set()
    world.release()
    assert world.hub.parts.blocks.of(ann.id) == frozenset()
    assert world.hub.parts.blocks.of(bob.id) == {(ann.id, bob.id)}
    b.leave()
    assert world.hub.parts.blocks.of(bob.id) == frozenset()


def test_a_direct_chat_is_begun_where_the_block_is_over() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    a, b = ann.connect(), bob.connect()
    block(world, bob, ann)
    assert not isinstance(world.request(CreateDirect(ann.id, bob.id, world.now)), ChatCreated)
    block(world, bob, ann, on=False)
    world.direct(ann, bob)
    assert len(a.take("chat")) == len(b.take("chat")) == 1
