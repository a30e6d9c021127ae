"""A group of three in which messages are changed: short names for what they do and hear."""

from typing import Any

from chatproto.operations import (
    AppendChange,
    Appended,
)
from chatproto.server.knobs import Knobs
from chatproto.wire.limits import Limits
from tests.scenarios.hub_world import Frame, Peer, Person, World

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
    """A command about a message, and its answer."""
    cid = cid or f"{kind}-{seq}-{len(peer.world.performed)}"
    target_at = more.pop("target_at", peer.world.made_at(chat_id, seq))
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
