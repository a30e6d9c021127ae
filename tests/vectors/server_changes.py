"""Edit, delete, react, pin: commands about a message of the log (docs/protocol.md section 2 and I4, I8)."""

from typing import Any

from chatproto.operations import AppendBatch, AppendChange
from tests.scenarios.hub_world import Frame, Peer
from tests.vectors.server_recorder import RecordedWorld
from tests.vectors.server_scenarios import codes, first, say, server, three, two


def do(peer: Peer, kind: str, chat_id: int, seq: int, cid: str, **more: Any) -> None:
    """A command about a message."""
    peer.send(type=kind, chat_id=chat_id, cid=cid, seq=seq, **{"target_at": peer.world.made_at(chat_id, seq), **more})


def told(peer: Peer) -> list[str]:
    """The words of what was pushed."""
    items = [frame for frame in peer.take() if frame["type"] in ("message", "event", "hidden")]
    return [item.get("event") or item["type"] for item in items]


@server("Each change of a message is acked with the seq of its event, and pushed to all members")
def changes(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    say(a, chat_id, "hello")
    do(a, "edit", chat_id, 1, "e", content="hallo")
    do(b, "react", chat_id, 1, "r", emoji="❤", on=True)
    do(b, "react", chat_id, 1, "s", emoji="❤️", on=False)
    do(b, "pin", chat_id, 1, "p", on=True)
    do(a, "delete", chat_id, 1, "d")
    assert [ack["seq"] for ack in a.take("ack")] == [1, 2, 6]
    assert told(b) == ["message", "edited", "reaction_added", "reaction_removed", "pinned", "deleted"]


@server("A change that changes nothing is acked with the last entry there is; repeated, it gets the same ack")
def change_of_nothing(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    say(a, chat_id, "hello")
    do(a, "edit", chat_id, 1, "e", content="hello")
    say(b, chat_id, "more")
    do(a, "edit", chat_id, 1, "e", content="hello")
    do(a, "react", chat_id, 1, "r", emoji="👍", on=False)
    do(a, "pin", chat_id, 1, "p", on=False)
    acks: list[Frame] = a.take("ack")
    assert [(ack["seq"], ack["dup"]) for ack in acks] == [(1, False), (1, False), (1, True), (2, False), (2, False)]
    assert told(b) == ["message", "message"]


@server("What a change is refused for; none of it is a violation, but an emoji of more than 64 bytes")
def changes_refused(world: RecordedWorld) -> None:
    ann, bob, _, chat_id = three(world)
    a, b = ann.connect(), bob.connect()
    say(a, chat_id, "hello")
    do(b, "edit", chat_id, 1, "c1", content="x")
    do(a, "edit", chat_id, 1, "c2", content=" ")
    do(a, "edit", chat_id, 2, "c3", content="x")
    do(a, "edit", chat_id, 1, "c4", content="x", target_at="2026-01-01T00:00:01Z")
    do(b, "pin", chat_id, 1, "c5", on=True)
    do(b, "react", chat_id, 1, "c6", emoji="word", on=True)
    for number, emoji in enumerate("😀😃😄😁"):
        do(b, "react", chat_id, 1, f"c7{number}", emoji=emoji, on=True)
    do(a, "delete", chat_id, 1, "c8")
    do(a, "edit", chat_id, 1, "c9", content="x")
    do(a, "react", chat_id, 1, "c10", emoji="👍" * 17, on=True)
    assert codes(a) == ["empty_content", "bad_seq", "bad_seq", "message_deleted", "bad_frame"]
    assert codes(b) == ["forbidden", "forbidden", "emoji_invalid", "too_many"]
    assert a.closed is b.closed is None


@server("A change of a message that lies before somebody's part of the log is hidden for them; the others share frames")
def change_hidden_from_who_came_late(world: RecordedWorld) -> None:
    ann, bob, _, chat_id = three(world)
    tom = world.person("tom")
    a, b, t = ann.connect(), bob.connect(), tom.connect()
    say(a, chat_id, "hello")
    add = AppendChange(chat_id, ann.id, "add", (tom.id,), "none", None, None, None, "add", world.now)
    world.request(add)
    say(t, chat_id, "thanks")
    do(b, "react", chat_id, 1, "r1", emoji="👍", on=True)
    do(b, "react", chat_id, 3, "r2", emoji="👍", on=True)
    for number, (seq, on) in enumerate([(1, True), (3, True), (3, False)]):
        do(a, "pin", chat_id, seq, f"p{number}", on=on)
    events = t.take("event")
    assert [event.get("data", {}).get("pinned_seq") for event in events if "pinned" in event["event"]] == [3, None]
    assert [frame["seq"] for frame in t.take("hidden")] == [4, 6]
    assert told(b)[-5:] == ["reaction_added", "reaction_added", "pinned", "pinned", "unpinned"]


@server("What one batch writes and deletes is told without its text")
def deleted_within_a_batch(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    world.hold = {AppendBatch}
    say(a, chat_id, "first")
    say(a, chat_id, "secret")
    do(a, "edit", chat_id, 2, "e", content="also-secret", target_at="2026-01-01T00:00:00.000001Z")
    do(a, "delete", chat_id, 2, "d", target_at="2026-01-01T00:00:00.000001Z")
    world.release()
    world.release()
    assert [ack["seq"] for ack in a.take("ack")] == [1, 2, 3, 4]
    messages = b.take("message")
    assert [(one["content"], one.get("deleted", False)) for one in messages] == [("first", False), (None, True)]
    assert [event["data"] for event in b.take("event")] == [{}, {"sender_id": ann.id, "rev": 3}]


@server("Who catches up from the end of a room gets no deleted text")
def tail_without_deleted_text(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a = ann.connect()
    say(a, chat_id, "secret")
    do(a, "edit", chat_id, 1, "e", content="also-secret")
    do(a, "react", chat_id, 1, "r", emoji="👍", on=True)
    say(a, chat_id, "stays")
    do(a, "delete", chat_id, 1, "d")
    j = bob.join(chat_id, after_seq=0)
    assert [one["content"] for one in j.take("message")] == [None, "stays"]
    assert [event["data"] for event in j.take("system")[:2]] == [{}, {}]


@server("A repeated change is acked as the first time; another one under its cid is a conflict")
def change_again(world: RecordedWorld) -> None:
    ann, _, chat_id = two(world)
    a = ann.connect()
    say(a, chat_id, "hello")
    do(a, "react", chat_id, 1, "c", emoji="❤", on=True)
    do(a, "react", chat_id, 1, "c", emoji="❤️", on=True)
    do(a, "react", chat_id, 1, "c", emoji="❤️", on=False)
    assert [(ack["seq"], ack["dup"]) for ack in a.take("ack")] == [(1, False), (2, False), (2, True)]
    assert first(a, "error")["code"] == "cid_conflict"
