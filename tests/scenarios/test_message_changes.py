"""Edit, delete, react, pin: who may, who is told what, and what is left of a deleted text (docs/protocol.md I4, I8)."""

from hashlib import sha256
from typing import Any

import pytest
from attrs import evolve

from chatproto.operations import (
    AppendBatch,
    AppendChange,
    Appended,
    AppendMessage,
    AroundFound,
    BatchAppended,
    DeleteMessage,
    EditMessage,
    FetchAround,
    FetchPins,
    FetchReaders,
    ForwardSource,
    Mark,
    PinsFound,
    ReadersFound,
    ReadLog,
    Refused,
    composing,
)
from chatproto.operations.message_rules import MAX_EMOJI, MAX_OWN_EMOJI, MAX_PINS
from chatproto.server.hints import HeadMoved, Hint
from chatproto.server.knobs import Knobs
from chatproto.server.tail import Entry, Tail
from chatproto.wire.emoji import MAX_EMOJI_BYTES
from chatproto.wire.limits import Limits
from chatproto.wire.markup import NOBODY
from chatproto.wire.model import Event, Message
from tests.scenarios.hub_world import START, Frame, Peer, Person, World

SECRET = "the secret text"
AT = "2026-01-01T00:00:00Z"
PLENTY = Knobs(rate=1000, burst=100_000)


def begin(knobs: Knobs | None = None, limits: Limits | None = None) -> tuple[World, list[Person], list[Peer], int]:
    """A group of three, each with one connection; Ann is its admin, and has said one thing."""
    world = World(limits, knobs or PLENTY)
    people = world.people("ann", "bob", "eve")
    chat_id = world.group(*people)
    peers = [person.connect() for person in people]
    say(peers[0], chat_id, SECRET)
    for peer in peers:
        peer.take()
    return world, people, peers, chat_id


def say(peer: Peer, chat_id: int, text: str) -> None:
    peer.send(type="send", chat_id=chat_id, cid=f"say-{len(peer.world.performed)}", content=text)


def do(peer: Peer, kind: str, chat_id: int, seq: int, cid: str = "", **more: Any) -> Frame:
    """A command about a message that was made when the world began, and its answer."""
    cid = cid or f"{kind}-{seq}-{len(peer.world.performed)}"
    target_at = more.pop("target_at", f"{START:%Y-%m-%dT%H:%M:%SZ}")
    peer.send(type=kind, chat_id=chat_id, cid=cid, seq=seq, target_at=target_at, **more)
    [answer] = [frame for frame in peer.frames if frame.get("ref") == cid]
    peer.frames.remove(answer)
    return answer


def code(answer: Frame) -> str:
    assert answer["type"] == "error", answer
    return str(answer["code"])


def add(world: World, chat_id: int, admin: Person, person: Person) -> None:
    """Somebody who may see nothing of what was before."""
    operation = AppendChange(chat_id, admin.id, "add", (person.id,), "none", None, None, None, person.name, world.now)
    assert isinstance(world.request(operation), Appended)


def told(peer: Peer) -> list[tuple[int, str]]:
    """What was pushed: seq, and the word of the event or the type."""
    items = [frame for frame in peer.take() if frame["type"] in ("message", "event", "hidden")]
    return [(item["seq"], item.get("event") or item["type"]) for item in items]


def text_of(peer: Peer) -> str:
    return repr(peer.frames)


# --- each command ---


def test_i4_each_change_takes_a_seq_and_is_told_to_all() -> None:
    world, (ann, bob, _), (a, b, e), chat_id = begin()
    ack = do(a, "edit", chat_id, 1, content="another text")
    assert (ack["type"], ack["seq"], ack["dup"], ack.get("message_id")) == ("ack", 2, False, None)
    assert do(b, "react", chat_id, 1, emoji="👍", on=True)["seq"] == 3
    assert do(b, "react", chat_id, 1, emoji="👍", on=False)["seq"] == 4
    assert do(a, "pin", chat_id, 1, on=True)["seq"] == 5
    assert do(a, "pin", chat_id, 1, on=False)["seq"] == 6
    assert do(a, "delete", chat_id, 1)["seq"] == 7
    at = f"{world.now:%Y-%m-%dT%H:%M:%SZ}"
    thumb = {"emoji": "👍", "count": 1, "user_ids": [bob.id]}
    expected = [
        ("edited", ann.id, {"content": "another text", "edited_at": at, "rev": 2}),
        ("reaction_added", bob.id, {"emoji": "👍", "reactions": [thumb], "rev": 3}),
        ("reaction_removed", bob.id, {"emoji": "👍", "reactions": [], "rev": 4}),
        ("pinned", ann.id, {"pinned_seq": 1}),
        ("unpinned", ann.id, {"pinned_seq": None}),
        ("deleted", ann.id, {"sender_id": ann.id, "rev": 5}),
    ]
    for peer in (a, b, e):
        events = peer.take("event")
        assert [(event["event"], event["actor_id"], event["data"]) for event in events] == expected
        assert {event["target_seq"] for event in events} == {1}
    e.send(type="sync", chat_id=chat_id, after_seq=0)
    [page] = e.take("page")
    tombstone = page["items"][0]
    assert (tombstone["content"], tombstone["deleted"], tombstone["rev"]) == (None, True, 5)
    assert [item["data"] for item in page["items"][1:4]] == [{}, {}, {}], "I4: a deleted target gives {}"


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("edit", {"content": SECRET}),
        ("react", {"emoji": "👍", "on": False}),
        ("pin", {"on": False}),
        ("delete", {}),
    ],
)
def test_i4_what_changes_nothing_is_acked_with_the_present_last_seq(kind: str, more: dict[str, Any]) -> None:
    world, _, (a, b, _), chat_id = begin()
    if kind == "delete":
        do(a, "delete", chat_id, 1)
    b.take()
    last_seq = world.hub.parts.rooms.place(chat_id)
    for dup in (False, True):
        ack = do(a, kind, chat_id, 1, cid="nothing", **more)
        assert (ack["type"], ack["seq"], ack["dup"]) == ("ack", last_seq, dup)
        assert ack["created_at"] == f"{START:%Y-%m-%dT%H:%M:%SZ}"
        say(a, chat_id, f"{kind} {dup}")
        assert told(b) == [(last_seq + 1 + dup, "message")], "it took no seq"


@pytest.mark.parametrize("kind", ["edit", "delete", "react", "pin"])
def test_a_repetition_is_acked_as_the_first_time_and_told_to_nobody(kind: str) -> None:
    _, _, (a, b, _), chat_id = begin()
    more: dict[str, Any] = {"edit": {"content": "y"}, "react": {"emoji": "👍", "on": True}, "pin": {"on": True}}
    first = do(a, kind, chat_id, 1, cid="c", **more.get(kind, {}))
    assert len(told(b)) == 1
    again = do(a, kind, chat_id, 1, cid="c", **more.get(kind, {}))
    assert again == {**first, "dup": True}
    assert told(b) == []
    assert code(do(a, "delete" if kind == "pin" else "pin", chat_id, 1, cid="c", on=True)) == "cid_conflict"


def test_an_emoji_is_kept_fully_qualified_whatever_was_typed() -> None:
    _, _, (a, b, _), chat_id = begin()
    do(a, "react", chat_id, 1, cid="c", emoji="❤", on=True)
    assert [event["data"]["emoji"] for event in b.take("event")] == ["❤️"]
    assert do(a, "react", chat_id, 1, cid="c", emoji="❤️", on=True)["dup"], "the digest is of what is kept"
    assert do(b, "react", chat_id, 1, emoji="❤️", on=True)["type"] == "ack"
    assert [event["data"]["reactions"][0]["count"] for event in b.take("event")] == [2]


# --- what is refused ---


def test_what_is_refused() -> None:
    world, _, (a, b, _), chat_id = begin()
    say(b, chat_id, "two")
    assert code(do(b, "edit", chat_id, 1, content="y")) == "forbidden"
    assert code(do(b, "delete", chat_id, 1)) == "forbidden"
    assert code(do(b, "pin", chat_id, 1, on=True)) == "forbidden"
    assert code(do(a, "edit", chat_id, 1, content=" ")) == "empty_content"
    assert code(do(a, "edit", chat_id, 1, content="x" * 4001)) == "content_too_long"
    assert code(do(a, "react", chat_id, 1, emoji="ab", on=True)) == "emoji_invalid"
    for seq, target_at in ((3, "2026-01-01T00:00:00Z"), (1, "2026-01-01T00:00:01Z"), (1, "2026-01-01T00:00:00")):
        answer = do(a, "edit", chat_id, seq, content="y", target_at=target_at)
        assert (code(answer), answer["field"], answer["retryable"]) == ("bad_seq", "seq", False)
    do(a, "delete", chat_id, 2)  # of somebody else: an admin may
    assert code(do(b, "edit", chat_id, 2, content="y")) == "message_deleted"
    assert code(do(b, "react", chat_id, 2, emoji="👍", on=True)) == "message_deleted"
    assert code(do(a, "pin", chat_id, 2, on=True)) == "message_deleted"
    assert code(do(a, "delete", chat_id, 3)) == "bad_seq", "that is no message"
    assert a.closed is b.closed is None, "none of it is a violation"
    assert world.hub.parts.rooms.place(chat_id) == 3


@pytest.mark.parametrize("kind", ["edit", "delete", "react", "pin"])
def test_strange_and_unknown_chats_answer_alike(kind: str) -> None:
    world, _, _, chat_id = begin()
    tom = world.person("tom").connect()
    more = {"content": "y", "emoji": "👍", "on": True}
    known, unknown = [do(tom, kind, number, 1, cid="c", **more) for number in (chat_id, 999)]
    assert known == {**unknown, "chat_id": chat_id}
    assert code(known) == "not_member"


def test_b26_an_emoji_of_5_kib_is_a_bad_frame() -> None:
    _, _, (a, _, _), chat_id = begin()
    answers = [do(a, "react", chat_id, 1, emoji="👍" * times, on=True) for times in (1280, 17)]
    assert [(code(answer), answer["field"]) for answer in answers] == [("bad_frame", "emoji")] * 2
    assert (
        a.closed is None and code(do(a, "react", chat_id, 1, emoji="x" * MAX_EMOJI_BYTES, on=True)) == "emoji_invalid"
    )
    assert code(do(a, "react", chat_id, 1, emoji="é" * (MAX_EMOJI_BYTES // 2 + 1), on=True)) == "bad_frame"
    assert a.closed is not None and a.closed[0] == 4400, "three violations"


EMOJI = [
    "😀",
    "😃",
    "😄",
    "😁",
    "😆",
    "😅",
    "🤣",
    "😂",
    "🙂",
    "🙃",
    "😉",
    "😊",
    "😇",
    "🥰",
    "😍",
    "🤩",
    "😘",
    "😗",
    "😚",
    "😙",
    "🥲",
]


def test_b26_10_000_reactions_end_at_the_caps() -> None:
    world, people, peers, chat_id = begin()
    for number in range(5):
        people.append(world.person(f"p{number}"))
        world.request(
            AppendChange(
                chat_id, people[0].id, "add", (people[-1].id,), "all", None, None, None, f"add-{number}", world.now
            )
        )
        peers.append(people[-1].connect())
    codes: dict[str, int] = {}
    for number in range(10_000 // len(peers)):
        for place, peer in enumerate(peers):
            answer = do(peer, "react", chat_id, 1, cid=f"r{number}", emoji=EMOJI[(number + 3 * place) % 21], on=True)
            codes[answer.get("code", "ack")] = codes.get(answer.get("code", "ack"), 0) + 1
            peer.frames.clear()
    assert set(codes) == {"ack", "too_many"}
    found = world.store.rooms[chat_id].log
    added = [item for item in found if isinstance(item, Event) and item.event == "reaction_added"]
    assert len({item.data["emoji"] for item in added}) == MAX_EMOJI
    assert all(sum(item.actor_id == person.id for item in added) <= MAX_OWN_EMOJI for person in people)


def test_a_chat_has_so_many_pins_and_no_more() -> None:
    _, _, (a, _, _), chat_id = begin()
    for number in range(2, MAX_PINS + 2):
        say(a, chat_id, str(number))
    for seq in range(1, MAX_PINS + 1):
        assert do(a, "pin", chat_id, seq, on=True)["type"] == "ack"
    assert code(do(a, "pin", chat_id, MAX_PINS + 1, on=True)) == "too_many"


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
        frame = {"type": kind, "chat_id": chat_id, "cid": f"b-{kind}", "seq": 3, "target_at": "2026-01-01T00:00:00Z"}
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
    outcome = world.store.perform(run.operation)
    assert isinstance(outcome, BatchAppended)
    message = outcome.outcomes[0]
    assert isinstance(message, Appended) and isinstance(message.items[0], Message)
    delete = DeleteMessage(chat_id, message.items[0].sender_id, "d", b"0" * 32, 2, None, world.now)
    deleted = world.store.perform(delete)
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
    secret, other = [world.store.perform(text) for text in texts]
    deleted = world.store.perform(DeleteMessage(chat_id, ann.id, "d", b"0" * 32, 2, None, world.now))
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


# --- as every command ---


def test_a_slow_reader_of_changes_gets_one_lag() -> None:
    _, _, (a, b, _), chat_id = begin(limits=Limits(queue_items=8))
    b.reading = False
    for number in range(20):
        do(a, "react", chat_id, 1, emoji="👍", on=number % 2 == 0)
    b.read_all()
    [lag] = b.take("lag")
    assert lag["chat_id"] == chat_id
    after_seq, more = 1, True
    while more:
        b.send(type="sync", chat_id=chat_id, after_seq=after_seq)
        [page] = b.take("page")
        after_seq, more = page["to_seq"], page["more"]
    assert after_seq == 21
    do(a, "pin", chat_id, 1, on=True)
    assert (22, "pinned") in told(b)


@pytest.mark.parametrize("kind", ["edit", "delete", "react", "pin"])
def test_changes_cost_and_wait_like_messages(kind: str) -> None:
    world, people, _, chat_id = begin(Knobs(rate=1, burst=3))
    world.sleep(30)
    a = people[0].connect(lifetime=20)  # the hello costs too
    more = {"content": "y", "emoji": "👍", "on": True}
    for number in range(2):
        do(a, kind, chat_id, 1, cid=f"c{number}", **more)
    assert world.hub.read_delay(a.id, 0, world.moment) == 0
    world.hold = {AppendBatch}
    for number in range(2, 4):
        frame = {"chat_id": chat_id, "cid": f"c{number}", "seq": 1, "target_at": "2026-01-01T00:00:00Z"}
        a.send(type=kind, **frame, **more)
    assert a.session.admission.in_flight == 2
    assert (world.hub.read_delay(a.id, 0, world.moment) or 0) > 0, "over the bucket"
    world.hold = set()
    world.release()
    world.sleep(21)
    a.take()
    a.send(type=kind, chat_id=chat_id, cid="held", seq=1, target_at="2026-01-01T00:00:00Z", **more)
    assert a.take("ack") == [], "held while the token is expired"
    a.send(type="auth", token=people[0].token())
    assert [ack["cid"] for ack in a.take("ack")] == ["held"]


def test_each_change_has_its_own_word_in_the_first_contract() -> None:
    _, (ann, bob, _), (a, _, _), chat_id = begin()
    j = bob.join(chat_id)
    do(a, "edit", chat_id, 1, content="y")
    do(a, "react", chat_id, 1, emoji="👍", on=True)
    do(a, "react", chat_id, 1, emoji="👍", on=False)
    do(a, "pin", chat_id, 1, on=True)
    do(a, "delete", chat_id, 1)
    frames = [frame for frame in j.take("system") if "seq" in frame]
    assert [frame["event"] for frame in frames] == ["edited", "reaction_added", "reaction_removed", "pinned", "deleted"]
    assert frames[0]["data"] == {"content": "y", "edited_at": "2026-01-01T00:00:00Z", "rev": 2}
    assert frames[-1]["data"] == {"sender_id": ann.id, "rev": 5, "pinned_seq": None}
    j.send(type="edit", chat_id=chat_id, cid="c", seq=1, target_at="2026-01-01T00:00:00Z", content="z")
    assert [frame["code"] for frame in j.take("system") if frame["event"] == "error"] == ["unknown_type"]


def test_a_bug_in_a_change_costs_one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, (a, b, _), chat_id = begin()

    def broken(*_arguments: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(b.world.hub.parts.appends, "change", broken)
        a.send(type="edit", chat_id=chat_id, cid="c", seq=1, target_at="2026-01-01T00:00:00Z", content="y")
    assert a.closed == (1011, "internal")
    assert do(b, "react", chat_id, 1, emoji="👍", on=True)["type"] == "ack"


def test_an_unchanged_command_below_a_known_head_tells_of_a_replaced_log() -> None:
    world, _, (a, b, _), chat_id = begin()
    say(a, chat_id, "two")
    world.hear(Hint("model", HeadMoved(chat_id, 2)))
    world.hold = {AppendBatch}
    a.send(type="pin", chat_id=chat_id, cid="c", seq=1, target_at="2026-01-01T00:00:00Z", on=False)
    world.hold = set()
    world.release(BatchAppended((Appended(chat_id, (), False, 1, unchanged=(1, START)),)))
    assert a.closed == b.closed == (1012, "the log was replaced")


def test_what_is_fetched_names_people_with_their_presence() -> None:
    world, (ann, bob, _), (a, b, _), chat_id = begin()
    say(b, chat_id, "two")
    do(a, "pin", chat_id, 1, on=True)
    do(a, "pin", chat_id, 2, on=True)
    b.leave()
    world.sleep(31)
    found = world.request(FetchPins(ann.id, chat_id))
    assert isinstance(found, PinsFound)
    assert [message.seq for message in found.messages] == [1, 2]
    assert {user.id: user.online for user in found.users} == {ann.id: True, bob.id: False}
    assert world.request(FetchPins(99, chat_id)) == Refused("not_found")
    around = world.request(FetchAround(ann.id, chat_id, 2, None, 10))
    assert isinstance(around, AroundFound) and (around.seq, around.has_before) == (2, False)
    assert {user.id: user.online for user in around.page.users} == {ann.id: True, bob.id: False}
    world.request(Mark(bob.id, chat_id, None, 1, world.now))
    readers = world.request(FetchReaders(ann.id, chat_id, 1))
    assert isinstance(readers, ReadersFound)
    assert [(user.id, user.online) for user in readers.users] == [(bob.id, False)]


# --- what a send says besides its text ---


def test_a_send_has_content_or_is_forwarded() -> None:
    _, _, (a, _, _), chat_id = begin()
    for more in ({}, {"content": None}, {"content": "x", "forward": {"chat_id": 1, "seq": 1, "target_at": AT}}):
        if a.closed:
            a = a.world.people("zed")[0].connect()
        a.send(type="send", chat_id=chat_id, cid="c", **more)
        [error] = a.take("error")
        assert (error["code"], error["field"], error["ref"], error["chat_id"]) == ("bad_frame", "content", "c", chat_id)


def test_what_a_text_names_goes_to_storage_with_it() -> None:
    world, _, (a, _, _), chat_id = begin()
    say(a, chat_id, "@bob and @eve, `@ann` in code, @bob again")
    do(a, "edit", chat_id, 2, content="@all @nobody")
    say(a, chat_id, "nobody")
    a.send(type="send", chat_id=chat_id, cid="f", forward={"chat_id": chat_id, "seq": 1, "target_at": AT})
    named = []
    for operation in world.performed:
        if isinstance(operation, AppendBatch):
            for command in operation.commands:
                assert isinstance(command, AppendMessage | EditMessage)
                named.append((command.mentions.usernames, command.mentions.all))
    assert named == [((), False), (("bob", "eve"), False), (("nobody",), True), ((), False), ((), False)]
    last = operation.commands[0] if isinstance(operation, AppendBatch) else None
    assert isinstance(last, AppendMessage) and last.forward == ForwardSource(chat_id, 1, START)


def test_the_digest_of_a_forward_covers_its_source_and_that_of_others_stays() -> None:
    limits = Limits()
    source, other = ForwardSource(1, 2, START), ForwardSource(1, 3, START)
    one, same, another = [
        composing.forward(5, 1, "c", which, None, None, (), START).digest for which in (source, source, other)
    ]
    assert one == same != another
    sent = composing.send(5, 1, "c", "x", None, None, (), limits, START)
    assert sent.digest == sha256(b'["send",null,"x",null,null,null,[]]').digest(), "as every version so far made it"
    assert composing.forward(5, 1, "c", source, None, None, ("f" * 22,), START).refusal == "attachment_invalid"
    assert composing.send(5, 1, "c", "@bob" + "x" * 4000, None, None, (), limits, START).mentions == NOBODY
