"""A Hub on the model of storage, with a clock and people, all in one thread: scenarios are plain code."""

import itertools
import json
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol

from attrs import define, field
from msgspec import structs

from chatproto.operations import (
    AppendChange,
    ChatCreated,
    CreateDirect,
    CreateGroup,
    CreateSession,
    CreateUser,
    Operation,
    OperationFailed,
    Outcome,
    OutcomeUnknown,
    SessionCreated,
    UserFound,
)
from chatproto.server.clock import Now
from chatproto.server.connection_state import Session
from chatproto.server.handshake import CheckToken
from chatproto.server.hints import Hint
from chatproto.server.hub import Hub
from chatproto.server.hub_outputs import (
    Broadcast,
    CloseConnection,
    Note,
    PingConnection,
    Publish,
    Reply,
    RunOperation,
    SendFrame,
)
from chatproto.server.knobs import Knobs
from chatproto.server.out_queue import OutQueue, items_of
from chatproto.simulation.model_operations import perform
from chatproto.simulation.model_store import Store
from chatproto.tokens import AccessClaims, TokenKeys, TokenRefusal
from chatproto.wire.limits import Limits
from chatproto.wire.text import search_words

AWAY = OperationFailed(retryable=True)
START = datetime(2026, 1, 1, tzinfo=UTC)
Frame = dict[str, Any]


class Keys(Protocol):
    """What signs and checks access tokens."""

    def sign(
        self, *, user_id: int, session_id: int, session_key: bytes, refresh_id: bytes, jti: str, now: datetime,
        lifetime: int,
    ) -> str: ...  # fmt: skip

    def check(self, token: str, now: datetime) -> AccessClaims | TokenRefusal: ...


@define(eq=False)
class Person:
    """A user with one session."""

    world: "World"
    id: int
    name: str
    session_id: int
    session_key: bytes
    refresh_id: bytes

    def token(self, lifetime: int = 900) -> str:
        """A fresh access token."""
        return self.world.keys.sign(
            user_id=self.id,
            session_id=self.session_id,
            session_key=self.session_key,
            refresh_id=self.refresh_id,
            jti="x",
            now=self.world.now,
            lifetime=lifetime,
        )

    def connect(self, lifetime: int = 900, to: "World | None" = None) -> "Peer":
        """A `/ws` connection that has said hello, perhaps to another process."""
        peer = (to or self.world).open()
        peer.send(type="hello", v=[1], token=self.token(lifetime), device="test")
        return peer

    def join(self, chat_id: int, after_seq: int | None = None, lifetime: int = 900) -> "Peer":
        """A `/ws/chat` connection."""
        claims = self.world.keys.check(self.token(lifetime), self.world.now)
        assert isinstance(claims, AccessClaims)
        peer = Peer(self.world, 0)
        peer.id = self.world.hub.open_chat_connection(claims, chat_id, after_seq, self.world.moment)
        self.world.peers[peer.id] = peer
        self.world.pump()
        return peer


@define(eq=False)
class Peer:
    """The client's end of a connection. With `reading` off, frames stay in the server's queue."""

    world: "World"
    id: int
    frames: list[Frame] = field(factory=list)
    closed: tuple[int, str] | None = None
    reading: bool = True
    pings: int = 0
    ponging: bool = True
    queue: OutQueue = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.queue = OutQueue(self.world.hub.limits)

    def send(self, **frame: Any) -> None:
        """Send a frame and let everything happen that follows at once."""
        self.send_raw(json.dumps(frame))

    def send_raw(self, data: str | bytes) -> None:
        """The same with bytes of one's own making."""
        self.world.hub.receive_frame(self.id, data, self.world.moment)
        self.world.pump()

    def leave(self) -> None:
        """The link is gone."""
        self.world.peers.pop(self.id, None)
        self.world.hub.close_connection(self.id, self.world.moment)
        self.world.pump()

    @property
    def session(self) -> Session:
        """What the server knows of it."""
        return self.world.hub.parts.connections.by_id[self.id]

    def read_all(self) -> None:
        """Read what queued up."""
        self.reading = True
        self.world.pump()

    def take(self, kind: str | None = None) -> list[Frame]:
        """The frames that came since the last call, of one type if asked; the others stay."""
        taken = [frame for frame in self.frames if kind in (None, frame["type"])]
        self.frames = [frame for frame in self.frames if frame not in taken]
        return taken

    def seqs(self, chat_id: int) -> list[int]:
        """The seqs of the items pushed so far."""
        kinds = ("message", "event", "hidden")
        return [frame["seq"] for frame in self.frames if frame["type"] in kinds and frame["chat_id"] == chat_id]


class World:
    """`hold`: operations of these types wait in `held` until `release`; `away`: every operation fails so.

    With another world's `store` it is a second process on the same database; `hints`: what it published. `keys` and
    `make_hub` are for worlds that record what the Hub does. `now` is the wall clock, which a test may set; `mono` never
    goes back.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        knobs: Knobs | None = None,
        store: Store | None = None,
        keys: Keys | None = None,
        make_hub: Callable[[CheckToken, Callable[[], str], Limits | None, Knobs | None], Hub] = Hub,
    ) -> None:
        self.now = START
        self.mono = 0.0
        self.store = store or Store()
        self.keys: Keys = keys or TokenKeys("k", {"k": b"0" * 32})
        cids = itertools.count(1)
        self.hub = make_hub(self.keys.check, lambda: f"server-{next(cids)}", limits, knobs)
        self.peers: dict[int, Peer] = {}
        self.replies: dict[int, Outcome] = {}
        self.hold: set[type] = set()
        self.held: deque[RunOperation] = deque()
        self.away: OperationFailed | OutcomeUnknown | None = None
        self.performed: list[Operation] = []
        self.hints: list[Hint] = []
        self.notes: list[Note] = []

    @property
    def moment(self) -> Now:
        """Both clocks."""
        return Now(self.now, self.mono)

    def person(self, name: str) -> Person:
        """Register and log in."""
        found = perform(
            self.store, CreateUser(name, name, None, None, "hash", name.title(), search_words(name, name), self.now)
        )
        assert isinstance(found, UserFound)
        created = perform(
            self.store, CreateSession(found.user.id, "test", name.encode(), name.encode().ljust(16), self.now)
        )
        assert isinstance(created, SessionCreated)
        return Person(self, found.user.id, name, created.session_id, created.session_key, created.refresh_id)

    def people(self, *names: str) -> list[Person]:
        """Several."""
        return [self.person(name) for name in names]

    def direct(self, one: Person, other: Person) -> int:
        """Their direct chat."""
        return self._created(CreateDirect(one.id, other.id, self.now))

    def group(self, admin: Person, *members: Person) -> int:
        """A group; the first is its admin."""
        ids = tuple(member.id for member in members)
        return self._created(CreateGroup(admin.id, "Group", ids, None, self.now))

    def _created(self, operation: CreateDirect | CreateGroup) -> int:
        outcome = self.request(operation)
        assert isinstance(outcome, ChatCreated)
        return outcome.chat.id

    def made_at(self, chat_id: int, seq: int) -> str:
        """The time of an entry, as frames have it; where there is none, when the world began."""
        log = self.store.rooms[chat_id].log if chat_id in self.store.rooms else []
        at = log[seq - 1].created_at if 0 < seq <= len(log) else START
        return at.isoformat().replace("+00:00", "Z")

    def open(self) -> Peer:
        """A `/ws` connection that has said nothing yet."""
        peer = Peer(self, self.hub.open_connection(self.moment))
        self.peers[peer.id] = peer
        return peer

    def request(self, operation: Operation) -> Outcome:
        """What HTTP does."""
        request_id = self.hub.request(operation, self.moment)
        self.pump()
        return self.replies.pop(request_id)

    def hear(self, *hints: Hint) -> None:
        """The bus brought these."""
        for hint in hints:
            self.hub.receive_hint(hint, self.moment)
            self.pump()

    def pump(self) -> None:
        """Perform outputs until there are none."""
        while (outputs := self.hub.outputs()) or self._deliver_all():
            for output in outputs:
                match output:
                    case SendFrame():
                        self._send(output)
                    case Broadcast():
                        for connection_id in output.connection_ids:
                            for frame in items_of(output):
                                self._send(structs.replace(frame, connection_id=connection_id))
                    case CloseConnection():
                        peer = self.peers.pop(output.connection_id, None)
                        if peer:
                            peer.closed = (output.code, output.reason)
                            self._deliver(peer)
                    case RunOperation():
                        if type(output.operation) in self.hold:
                            self.held.append(output)
                        else:
                            self.complete(output)
                    case PingConnection():
                        pinged = self.peers[output.connection_id]
                        pinged.pings += 1
                        if pinged.ponging:
                            self.hub.receive_pong(pinged.id)
                    case Reply():
                        self.replies[output.request_id] = output.outcome
                    case Publish(hint):
                        self.hints.append(hint)
                    case Note():
                        self.notes.append(output)

    def complete(self, run: RunOperation, outcome: Outcome | None = None) -> None:
        """Perform one operation, or end it with the given outcome, without draining the outputs."""
        self.performed.append(run.operation)
        outcome = outcome or self.away or perform(self.store, run.operation)
        self.hub.complete_operation(run.request_id, outcome, self.moment)

    def release(self, outcome: Outcome | None = None) -> None:
        """Complete the first held operation."""
        self.complete(self.held.popleft(), outcome)
        self.pump()

    def sleep(self, seconds: float) -> None:
        """Let time go by, from one deadline to the next."""
        end = round(self.mono + seconds, 6)
        while (due := self.hub.next_timer()) is not None and due <= end:
            self._go_to(due)
            self.hub.handle_timer(self.moment)
            self.pump()
        self._go_to(end)

    def pass_by(self, seconds: float) -> None:
        """Let time go by while the timers are late."""
        self._go_to(self.mono + seconds)

    def _go_to(self, mono: float) -> None:
        self.now += timedelta(seconds=max(0.0, mono - self.mono))
        self.mono = max(self.mono, mono)

    def _send(self, frame: SendFrame) -> None:
        peer = self.peers.get(frame.connection_id)
        if peer is not None:
            dropped = peer.queue.put(frame)
            if dropped is not None:
                self.hub.report_lag(peer.id, *dropped, self.moment)

    def _deliver_all(self) -> bool:
        waiting = [peer for peer in self.peers.values() if peer.reading and peer.queue]
        for peer in waiting:
            self._deliver(peer)
        return bool(waiting)

    def _deliver(self, peer: Peer) -> None:
        while peer.queue:
            batch = peer.queue.take()
            peer.frames += [json.loads(data) for data in batch.frames]
            if batch.pages:
                self.hub.report_pages_written(peer.id, self.moment)


def change(
    world: World,
    chat_id: int,
    actor_id: int,
    kind: Literal["add", "remove", "role", "update"],
    *user_ids: int,
    history: Literal["all", "none"] = "all",
) -> Operation:
    """Who is in a group, or what it is, is changed."""
    cid = f"c{len(world.performed)}"
    return AppendChange(chat_id, actor_id, kind, user_ids, history, None, None, None, cid, world.now)
