"""Edit, delete, react, pin: who is told what, and what is left of a deleted text (docs/protocol.md I4, I8)."""

from typing import Any

from attrs import evolve

from chatproto.operations import (
    AppendBatch,
    AppendChange,
    Appended,
    AppendMessage,
    BatchAppended,
    DeleteMessage,
    ReadLog,
)
from chatproto.server.tail import Entry, Tail
from chatproto.simulation.model_operations import perform
from chatproto.wire.model import Event, Message
from tests.scenarios.changing import PLENTY, SECRET, add, begin, code, do, say, told
from tests.scenarios.hub_world import START

# --- who sees what ---


def test_who_came_late_sees_that_something_happened_and_not_what() -> None:
    world, (ann, _, _), (a, b, e), chat_id = begin()
    tom, zoe = world.people("tom", "zoe")
    t, z = tom.connect(), zoe.connect()
    add(world, chat_id, ann, tom)
    add(world, chat_id, ann, zoe)
    say(t, chat_id, "hello")
    for peer in (a, b, e, t, z):
        peer.take()
    do(a, "edit", chat_id, 1, content="before Tom")
    do(t, "react", chat_id, 4, emoji="👍", on=True)
    everything = [(5, "edited"), (6, "reaction_added")]
    assert [told(peer) for peer in (a, b, e)] == [everything] * 3
    assert [told(peer) for peer in (t, z)] == [[(5, "hidden"), (6, "reaction_added")]] * 2
    again = tom.connect()
    again.send(type="sync", chat_id=chat_id, after_seq=0)
    [page] = again.take("page")
    assert [item["type"] for item in page["items"]] == ["event", "event", "message", "hidden", "event"]
    joined = tom.join(chat_id, after_seq=0)
    kinds = [frame.get("event", frame["type"]) for frame in joined.take() if "seq" in frame]
    assert kinds == ["member_added", "member_added", "message", "hidden", "reaction_added"], "from the tail"
    assert code(do(t, "edit", chat_id, 1, content="y")) == "bad_seq"


def test_frames_are_shared_by_all_who_see_the_same() -> None:
    world, (ann, _, _), (a, b, e), chat_id = begin()
    late = world.people("tom", "zoe", "kim")
    for person in late:
        add(world, chat_id, ann, person)
    t, z, k = [person.connect() for person in late]
    j = late[0].join(chat_id)
    say(t, chat_id, "five")
    seen: list[tuple[tuple[int, ...], int]] = []
    emit = world.hub.parts.out.emit_all

    def watch(outputs: Any) -> None:
        outputs = list(outputs)
        seen.extend((output.connection_ids, len(output.frames)) for output in outputs)
        emit(outputs)

    world.hub.parts.out.emit_all = watch  # type: ignore[method-assign]
    do(t, "react", chat_id, 5, emoji="👍", on=True)
    assert [ids for ids, _ in seen] == [(a.id, b.id, e.id, t.id, z.id, k.id), (j.id,)]
    seen.clear()
    do(b, "react", chat_id, 1, emoji="👍", on=True)
    assert [ids for ids, _ in seen] == [(a.id, b.id, e.id), (t.id, z.id, k.id), (j.id,)]


def test_who_came_late_is_told_of_the_pins_that_they_may_see() -> None:
    world, (ann, _, _), (a, b, _), chat_id = begin()
    tom, zoe = world.people("tom", "zoe")
    t = tom.connect()
    add(world, chat_id, ann, tom)
    j = tom.join(chat_id)
    say(t, chat_id, "three")
    add(world, chat_id, ann, zoe)
    z = zoe.connect()
    for peer in (a, b, t, j, z):
        peer.take()
    for seq, on in ((1, True), (3, True), (3, False)):
        do(a, "pin", chat_id, seq, on=on)
    assert [event["data"]["pinned_seq"] for event in b.take("event")] == [1, 3, 1]
    expected = ["hidden", {"pinned_seq": 3}, {"pinned_seq": None}]
    assert [frame.get("data", frame["type"]) for frame in t.take()] == expected
    assert [frame.get("data", frame["event"]) for frame in j.take()] == expected
    assert [frame["type"] for frame in z.take()] == ["hidden"] * 3


def test_a_former_member_may_do_nothing_and_learns_of_deletions() -> None:
    world, (ann, bob, _), (a, b, _), chat_id = begin()
    do(a, "edit", chat_id, 1, content="as Bob knows it")
    world.request(AppendChange(chat_id, ann.id, "remove", (bob.id,), "all", None, None, None, "out", world.now))
    b.take()
    do(a, "edit", chat_id, 1, content="what Bob must not know")
    for kind in ("edit", "delete", "react", "pin"):
        assert code(do(b, kind, chat_id, 1, content="y", emoji="👍", on=True)) == "not_member"
    b.send(type="sync", chat_id=chat_id, after_seq=0)
    [page] = b.take("page")
    assert [item.get("content") for item in page["items"]] == ["as Bob knows it", None, None]
    do(a, "delete", chat_id, 1)
    b.send(type="sync", chat_id=chat_id, after_seq=0)
    [page] = b.take("page")
    assert [item.get("content", item.get("data")) for item in page["items"]][:2] == [None, {}]
    assert "Bob" not in repr(page["items"])


# --- no text of a deleted message ---


def test_what_one_batch_writes_and_deletes_is_told_without_its_text() -> None:
    world, _, (a, b, _), chat_id = begin()
    world.hold = {AppendBatch}
    say(a, chat_id, "first")
    for kind, more in (("send", {"content": SECRET}), ("edit", {"content": "secret too"}), ("delete", {})):
        frame = {
            "type": kind,
            "chat_id": chat_id,
            "cid": f"b-{kind}",
            "seq": 3,
            "target_at": "2026-01-01T00:00:00.000002Z",
        }
        a.send(**frame, **more)
    world.release()
    world.release()
    assert [ack["seq"] for ack in a.take("ack")] == [2, 3, 4, 5]
    items = [frame for frame in b.take() if "seq" in frame]
    assert [(item["seq"], item.get("event")) for item in items] == [(2, None), (3, None), (4, "edited"), (5, "deleted")]
    assert (items[1]["content"], items[1]["deleted"], items[2]["data"]) == (None, True, {})


def test_the_tail_gives_no_deleted_text_to_those_who_catch_up() -> None:
    world, (_, bob, _), (a, b, _), chat_id = begin()
    live = bob.join(chat_id)
    do(a, "edit", chat_id, 1, content="a second secret")
    do(b, "react", chat_id, 1, emoji="👍", on=True)
    say(b, chat_id, "stays")
    do(a, "delete", chat_id, 1)
    reads = sum(isinstance(operation, ReadLog) for operation in world.performed)
    for after_seq, expected in ((0, [None, {}, {}, "stays"]), (2, [{}, "stays"])):
        j = bob.join(chat_id, after_seq=after_seq)
        items = [frame for frame in j.take() if "seq" in frame]
        assert [item.get("content", item.get("data")) for item in items][:-1] == expected
        assert "secret" not in repr(items)
        j.leave()
    assert live.closed is None
    assert reads == sum(isinstance(operation, ReadLog) for operation in world.performed) == 0, "all from the tail"
    room = world.hub.parts.rooms._rooms[chat_id]
    assert room.tail.size == sum(entry.size for entry in room.tail._entries)


def test_what_came_too_early_gives_no_deleted_text() -> None:
    """The outcome of an append and the hint of another process come in any order."""
    world, _, (a, b, _), chat_id = begin()
    world.hold = {AppendBatch}
    say(a, chat_id, SECRET + " 2")
    run = world.held.popleft()
    outcome = perform(world.store, run.operation)
    assert isinstance(outcome, BatchAppended)
    message = outcome.outcomes[0]
    assert isinstance(message, Appended) and isinstance(message.items[0], Message)
    delete = DeleteMessage(chat_id, message.items[0].sender_id, "d", b"0" * 32, 2, None, world.now)
    deleted = perform(world.store, delete)
    assert isinstance(deleted, Appended)
    world.hub.parts.rooms.told(chat_id, deleted.items)
    world.pump()
    world.complete(run, outcome)
    world.pump()
    items = [frame for frame in b.take() if "seq" in frame]
    assert [(item["seq"], item.get("content")) for item in items] == [(2, None), (3, None)]
    assert "secret" not in repr(items)


def test_what_stands_behind_a_gap_erases_what_comes_before_it() -> None:
    world, (ann, _, _), (_, b, _), chat_id = begin()
    texts = [AppendMessage(chat_id, ann.id, f"t{seq}", b"0" * 32, SECRET, None, None, world.now) for seq in (2, 3)]
    secret, other = [perform(world.store, text) for text in texts]
    deleted = perform(world.store, DeleteMessage(chat_id, ann.id, "d", b"0" * 32, 2, None, world.now))
    for outcome in (deleted, secret, other):
        assert isinstance(outcome, Appended)
        world.hub.parts.rooms.told(chat_id, outcome.items)
    world.pump()
    items = [frame for frame in b.take() if "seq" in frame]
    assert [(item["seq"], item.get("content")) for item in items] == [(2, None), (3, SECRET), (4, None)]


def test_who_came_late_and_catches_up_gets_each_change_once_and_in_order() -> None:
    world, (ann, _, _), (a, _, _), chat_id = begin(evolve(PLENTY, tail_items=1))
    tom = world.person("tom")
    add(world, chat_id, ann, tom)
    for number in range(3):
        say(a, chat_id, str(number))
    world.hold = {ReadLog}
    t = tom.join(chat_id, after_seq=1)
    do(a, "react", chat_id, 1, emoji="👍", on=True)
    assert [frame for frame in t.take() if "seq" in frame] == []
    world.release()
    frames = [(frame["seq"], frame.get("event")) for frame in t.take() if "seq" in frame]
    assert frames == [(2, "member_added"), (3, None), (4, None), (5, None), (6, "hidden")]


def test_who_came_late_and_left_is_told_nothing() -> None:
    world, (ann, _, _), (a, b, _), chat_id = begin()
    tom = world.person("tom")
    add(world, chat_id, ann, tom)
    tom.connect().leave()
    do(a, "react", chat_id, 1, emoji="👍", on=True)
    assert told(b)[-1] == (3, "reaction_added")
    assert [note.event for note in world.notes] == []


def test_a_tail_erases_within_its_bound() -> None:
    """What a deletion makes smaller need not go."""
    tail = Tail()
    long = Message(id=1, chat_id=1, seq=1, sender_id=1, content="x" * 5000, created_at=START, cid="c")
    gone = Event(chat_id=1, seq=2, event="deleted", actor_id=1, created_at=START, target_seq=1, data={"rev": 2})
    tail.add([Entry(long)], 10, 20_000)
    tail.add([Entry(gone)], 10, 5_000)
    assert len(tail) == 2 and tail.size < 3000
    found = tail.after(0)
    assert found is not None and b"xxx" not in found[1][0].plain
