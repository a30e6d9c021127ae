"""The register of server scenarios: each plays one behaviour of the Hub in a recorded world and checks it."""

from collections.abc import Callable
from typing import Any

from attrs import frozen

from chatproto.server.knobs import Knobs
from chatproto.wire.limits import Limits
from tests.scenarios.hub_world import Frame, Peer, Person
from tests.vectors.server_recorder import RecordedWorld

Play = Callable[[RecordedWorld], None]


@frozen
class ServerScenario:
    """A vector in the making. `about`: one sentence."""

    name: str
    about: str
    play: Play
    limits: Limits | None
    knobs: Knobs | None

    def record(self) -> Any:
        """The vector as JSON."""
        world = RecordedWorld(self.limits, self.knobs)
        self.play(world)
        return world.document(self.about)


SERVER: dict[str, ServerScenario] = {}


def server(about: str, limits: Limits | None = None, knobs: Knobs | None = None) -> Callable[[Play], Play]:
    """Register a function; its name becomes the vector's."""

    def register(play: Play) -> Play:
        assert play.__name__ not in SERVER
        SERVER[play.__name__] = ServerScenario(play.__name__, about, play, limits, knobs)
        return play

    return register


def two(world: RecordedWorld) -> tuple[Person, Person, int]:
    """Ann and Bob with their direct chat."""
    ann, bob = world.people("ann", "bob")
    return ann, bob, world.direct(ann, bob)


def three(world: RecordedWorld) -> tuple[Person, Person, Person, int]:
    """Ann, Bob and Eve in a group; Ann is its admin."""
    ann, bob, eve = world.people("ann", "bob", "eve")
    return ann, bob, eve, world.group(ann, bob, eve)


def say(peer: Peer, chat_id: int, text: str, **more: Any) -> None:
    """Send a message; its text is its cid too."""
    peer.send(type="send", chat_id=chat_id, cid=text, content=text, **more)


def codes(peer: Peer) -> list[str]:
    """The codes of the errors that came."""
    return [error["code"] for error in peer.take("error")]


def texts(peer: Peer) -> list[str]:
    """What was pushed."""
    return [message["content"] for message in peer.take("message")]


def first(peer: Peer, kind: str) -> Frame:
    """The first frame of a kind that came."""
    return peer.take(kind)[0]


def load() -> dict[str, ServerScenario]:
    """All of them."""
    from tests.vectors import server_blocks, server_changes, server_chats, server_links, server_logs, server_processes

    del server_blocks, server_changes, server_chats, server_links, server_logs, server_processes
    return SERVER
