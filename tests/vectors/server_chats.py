"""Who is told of which chat: routing changes only by applying the log (docs/protocol.md I8)."""

from datetime import timedelta
from typing import Literal

from chatproto.operations import (
    AppendChange,
    CreateGroup,
    Expire,
    LoadChat,
    OperationFailed,
    ReadLog,
    Refused,
    SetFlags,
    UpdateUser,
)
from chatproto.server.knobs import Knobs
from chatproto.simulation.model_operations import perform
from tests.scenarios.hub_world import Person
from tests.vectors.server_recorder import RecordedWorld
from tests.vectors.server_scenarios import first, say, server, texts, three, two


def change(
    world: RecordedWorld, chat_id: int, actor: Person, kind: Literal["add", "remove", "update"], *people: Person
) -> None:
    ids = tuple(person.id for person in people)
    title = "Coffee" if kind == "update" else None
    cid = f"change-{len(world.hub.steps)}"
    world.request(AppendChange(chat_id, actor.id, kind, ids, "all", None, title, None, cid, world.now))


@server("A new chat is told to its members before any item of it")
def new_chat(world: RecordedWorld) -> None:
    ann, bob = world.people("ann", "bob")
    a, b = ann.connect(), bob.connect()
    b.take()
    world.request(CreateGroup(ann.id, "Room", (bob.id,), None, world.now))
    chat_id = first(a, "chat")["chat"]["id"]
    say(a, chat_id, "hello")
    assert [frame["type"] for frame in b.take()] == ["chat", "message"]


@server("Whoever is added gets the chat, and live items from behind what it told")
def added(world: RecordedWorld) -> None:
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann)
    a, b = ann.connect(), bob.connect()
    world.hold = {LoadChat}
    change(world, chat_id, ann, "add", bob)
    say(a, chat_id, "meanwhile")
    assert b.take("message") == []
    world.release()
    assert first(b, "chat")["chat"]["last_seq"] == 2
    say(a, chat_id, "live")
    assert texts(b) == ["live"]


@server("Former members get their removal last, and nothing after")
def removed(world: RecordedWorld) -> None:
    ann, bob, _, chat_id = three(world)
    a, b = ann.connect(), bob.connect()
    change(world, chat_id, ann, "remove", bob)
    say(a, chat_id, "secret")
    assert [event["event"] for event in b.take("event")] == ["member_removed"]
    assert texts(b) == []


@server("A chat that cannot be read for now is listed a second later")
def listed_later(world: RecordedWorld) -> None:
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann)
    b = bob.connect()
    world.hold = {LoadChat}
    change(world, chat_id, ann, "add", bob)
    world.release(OperationFailed(retryable=True))
    world.hold = set()
    world.sleep(1.25)
    assert first(b, "chat")["chat"]["id"] == chat_id


@server("A chat that its user left before it is read is not listed")
def not_listed(world: RecordedWorld) -> None:
    ann, bob = world.people("ann", "bob")
    chat_id = world.group(ann)
    b = bob.connect()
    world.hold = {LoadChat}
    change(world, chat_id, ann, "add", bob)
    world.release(Refused("not_found"))
    assert b.take("chat") == []


@server("A changed title is an item of the log like any other")
def title_changed(world: RecordedWorld) -> None:
    ann, bob, _, chat_id = three(world)
    b = bob.connect()
    change(world, chat_id, ann, "update")
    assert first(b, "event")["data"] == {"title": "Coffee"}


@server("Where only admins write others are refused, and what was acked before is acked again")
def admins_write(world: RecordedWorld) -> None:
    ann, bob, _, chat_id = three(world)
    a, b = ann.connect(), bob.connect()
    say(b, chat_id, "before")
    closing = AppendChange(chat_id, ann.id, "update", (), "all", None, None, None, "close", world.now, "admins")
    world.request(closing)
    assert first(a, "event")["data"] == {"writers": "admins"}
    b.take()
    say(b, chat_id, "after")
    say(b, chat_id, "before")
    assert [(frame["type"], frame.get("code")) for frame in b.take()] == [("error", "read_only"), ("ack", None)]
    say(a, chat_id, "news")
    b.send(type="react", chat_id=chat_id, cid="r", seq=3, target_at="2026-01-01T00:00:00Z", emoji="👍", on=True)
    assert texts(b) == ["news"]


@server("One's own flags are told to one's other connections")
def flags(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    b.take()
    world.request(SetFlags(ann.id, chat_id, True, None, None))
    assert (first(a, "chat")["chat"]["muted"], b.take()) == (True, [])


@server("A changed profile is told to those who share a chat, without what is private")
def profile(world: RecordedWorld) -> None:
    ann, bob, _ = two(world)
    b = bob.connect()
    world.request(UpdateUser(ann.id, "Anna", None, "ann@example.org", "ann@example.org", None, world.now))
    told = first(b, "user")["user"]
    assert (told["display_name"], "email" in told) == ("Anna", False)


def expire(world: RecordedWorld, chat_id: int) -> None:
    """All of its log is too old by now; some other process removes it."""
    perform(world.store, Expire(chat_id, world.now + timedelta(days=2), 1, 100))


@server("The beginning of a log was removed after its time: the next sweep finds it, and everybody is told once")
def expired(world: RecordedWorld) -> None:
    ann, bob, eve, chat_id = three(world)
    a, b, e = ann.connect(), bob.connect(), eve.join(chat_id)
    say(a, chat_id, "old")
    say(a, chat_id, "older")
    b.take()
    world.sleep(1)
    expire(world, chat_id)
    say(a, chat_id, "young")
    world.sleep(1)
    assert [frame["type"] for frame in b.take()] == ["message", "expired"]
    assert {"type": "system", "event": "expired", "chat_id": chat_id, "first_seq": 3} in e.frames
    late = bob.connect()
    assert first(late, "ready")["chats"][0]["first_seq"] == 3
    world.sleep(2)
    assert (b.take(), late.take()) == ([], []), "who was told of that already is not told again"


@server(
    "What was asked for before the beginning of a log was removed tells nothing of it, and where the log begins",
    knobs=Knobs(tail_items=1),
)
def expired_meanwhile(world: RecordedWorld) -> None:
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id = world.group(ann, eve)
    a, b = ann.connect(), bob.connect()
    say(a, chat_id, "1")
    say(a, chat_id, "2")
    world.hold = {LoadChat, ReadLog}
    change(world, chat_id, ann, "add", bob)
    e = eve.join(chat_id, after_seq=0)
    answers = [perform(world.store, run.operation) for run in world.held]
    assert len(answers) == 2
    expire(world, chat_id)
    world.sleep(1)
    world.hold = set()
    b.take()
    for answer in answers:
        world.release(answer)
    assert [frame.get("chat", frame)["first_seq"] for frame in b.take() if frame["type"] != "presence"] == [1, 4]
    assert texts(e) == [None, None]
    say(a, chat_id, "4")
    assert (b.seqs(chat_id), texts(e)) == ([4], ["4"])
