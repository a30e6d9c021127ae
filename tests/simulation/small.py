"""A world so small that all that can happen in it can be tried: two sessions, one Hub, links that are lists."""

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Final

from attrs import define, field

from chatproto.client import lenient_codec as client_codec
from chatproto.client.client_config import ClientConfig
from chatproto.client.client_session import ClientSession
from chatproto.client.session_outputs import Apply, Connect, Failed, Output, Renew, SaveRow, SendFrame, Sent
from chatproto.client.session_outputs import Close as CloseLink
from chatproto.client.session_outputs import Row as ClientRow
from chatproto.operations import (
    ChatCreated,
    CreateDirect,
    CreateSession,
    CreateUser,
    SessionCreated,
    Sweep,
    UserFound,
)
from chatproto.server.clock import Now
from chatproto.server.hub import Hub
from chatproto.server.hub_outputs import Broadcast, CloseConnection, RunOperation
from chatproto.server.hub_outputs import SendFrame as ServerFrame
from chatproto.simulation.model_operations import perform
from chatproto.simulation.model_store import Store
from chatproto.tokens import AccessClaims, TokenKeys
from chatproto.transitions import ClientState
from chatproto.wire import codec
from chatproto.wire.model import Message
from chatproto.wire.text import search_words

STEPS: Final = ("ann says", "bob says", "deliver", "commit", "cut ann", "cut bob", "crash")
BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)


@define(eq=False)
class Client:
    """A session, and its end of a link: what is on its way to the server and from it."""

    name: str
    session: ClientSession
    token: str
    connection: int | None = None
    out: deque[str] = field(factory=deque)
    into: deque[bytes] = field(factory=deque)
    told: list[Output] = field(factory=list)
    written: int = 0


class SmallWorld:
    """Nothing happens but by `do`; `settle` then lets everything happen until nothing is left."""

    def __init__(self) -> None:
        self.ms = 0
        self.store = Store()
        self.keys = TokenKeys("k", {"k": b"0" * 32})
        self.hub = self._new_hub()
        self.waiting: deque[RunOperation] = deque()
        self.crashed = False
        self.clients = [self._client(name) for name in ("ann", "bob")]
        ids = list(self.store.accounts)
        created = perform(self.store, CreateDirect(ids[0], ids[1], self._now().wall))
        assert isinstance(created, ChatCreated)
        self.chat_id = created.chat.id
        for client in self.clients:
            client.session.start(client.token, self.ms)
            self._client_outputs(client)
        self._run_dry()

    def can(self, step: str) -> bool:
        """Whether the step would change anything: nobody comes back before `settle`, so what was cut stays cut."""
        ann, bob = self.clients
        match step:
            case "deliver":
                return any((client.out and client.connection is not None) or client.into for client in self.clients)
            case "commit":
                return bool(self.waiting)
            case "cut ann":
                return ann.connection is not None
            case "cut bob":
                return bob.connection is not None
            case "crash":
                return not self.crashed
            case _:
                return True

    def do(self, step: str) -> None:
        """One step of STEPS."""
        self.ms += 10
        ann, bob = self.clients
        match step:
            case "ann says":
                self._say(ann)
            case "bob says":
                self._say(bob)
            case "deliver":
                self._deliver()
            case "commit":
                self._commit()
            case "cut ann":
                self._cut(ann)
            case "cut bob":
                self._cut(bob)
            case "crash":
                self._crash()

    def settle(self) -> None:
        """Time goes by, and everything that is on its way arrives; then a few sweeps more, in which nothing may."""
        quiet = 0
        for _ in range(40):
            self._run_dry()
            self.ms += 1_000
            self.hub.handle_timer(self._now())
            self._server_outputs()
            for client in self.clients:
                due = client.session.next_timer()
                if due is not None and due <= self.ms:
                    client.session.handle_timer(self.ms)
                    self._client_outputs(client)
            self._run_dry()
            quiet = quiet + 1 if self._at_rest() else 0
            if quiet == 5:
                return

    def _at_rest(self) -> bool:
        return not self.waiting and all(
            client.session.state is ClientState.LIVE and not client.out and not client.into for client in self.clients
        )

    def check(self, steps: tuple[str, ...]) -> None:
        """Everything written is stored once and in each author's order, acked there, and both have all of it."""
        log = [item for item in self.store.rooms[self.chat_id].log if isinstance(item, Message)]
        assert [item.seq for item in log] == list(range(1, len(log) + 1)), steps
        for client in self.clients:
            mine = [item.cid for item in log if item.cid.startswith(client.name)]
            assert mine == [f"{client.name}-{number}" for number in range(1, client.written + 1)], steps
            sent = {told.cid: told.seq for told in client.told if isinstance(told, Sent)}
            assert sent == {item.cid: item.seq for item in log if item.cid.startswith(client.name)}, steps
            applied = [told.item for told in client.told if isinstance(told, Apply)]
            assert [item.seq for item in applied] == list(range(1, len(log) + 1)), steps
            assert [getattr(item, "cid", None) for item in applied] == [item.cid for item in log], steps
            assert not [told for told in client.told if isinstance(told, Failed)], steps

    # --- steps ---

    def _say(self, client: Client) -> None:
        client.written += 1
        row = ClientRow(cid=f"{client.name}-{client.written}", chat_id=self.chat_id, content=f"text {client.written}")
        client.session.send(row, self.ms)
        self._client_outputs(client)

    def _deliver(self) -> None:
        """The oldest message of each direction arrives."""
        for client in self.clients:
            if client.out and client.connection is not None:
                self.hub.receive_frame(client.connection, client.out.popleft(), self._now())
                self._server_outputs()
            if client.into:
                client.session.receive(client.session.link, client_codec.decode(client.into.popleft()), self.ms)
                self._client_outputs(client)

    def _commit(self) -> None:
        """The database does the oldest thing it was asked for."""
        if self.waiting:
            run = self.waiting.popleft()
            self.hub.complete_operation(run.request_id, perform(self.store, run.operation), self._now())
            self._server_outputs()

    def _cut(self, client: Client) -> None:
        """The link breaks; what was on it is lost."""
        if client.connection is None:
            return
        connection, client.connection = client.connection, None
        client.out.clear()
        client.into.clear()
        self.hub.close_connection(connection, self._now())
        self._server_outputs()
        client.session.lost(client.session.link, 1006, "", self.ms)
        self._client_outputs(client)

    def _crash(self) -> None:
        """The server dies with the first half of what storage was doing, and is back at once."""
        self.crashed = True
        if self.waiting:
            perform(self.store, self.waiting[0].operation)
        self.waiting.clear()
        connected = [client for client in self.clients if client.connection is not None]
        self.hub = self._new_hub()
        for client in connected:
            client.connection = None
            client.out.clear()
            client.into.clear()
            client.session.lost(client.session.link, 1006, "", self.ms)
            self._client_outputs(client)

    # --- drivers ---

    def _run_dry(self) -> None:
        for _ in range(200):
            before = [len(client.out) + len(client.into) for client in self.clients], len(self.waiting)
            self._deliver()
            self._commit()
            if before == ([0, 0], 0):
                return

    def _client_outputs(self, client: Client) -> None:
        while outputs := client.session.outputs():
            for output in outputs:
                client.told.append(output)
                match output:
                    case Connect():
                        client.connection = self.hub.open_connection(self._now())
                        self._server_outputs()
                        client.session.connected(output.link, self.ms)
                    case SendFrame(frame):
                        client.out.append(client_codec.encode(frame))
                    case CloseLink():
                        self._closed_by_client(client)
                    case SaveRow(row):
                        client.session.row_saved(row.cid, self.ms)
                    case Apply(item):
                        client.session.saved(item.chat_id, item.seq, self.ms)
                    case Renew():
                        raise AssertionError("tokens last longer than this world")

    def _closed_by_client(self, client: Client) -> None:
        if client.connection is not None:
            connection, client.connection = client.connection, None
            client.out.clear()
            client.into.clear()
            self.hub.close_connection(connection, self._now())

    def _server_outputs(self) -> None:
        while outputs := self.hub.outputs():
            for output in outputs:
                match output:
                    case ServerFrame():
                        for client in self.clients:
                            if client.connection == output.connection_id:
                                client.into.append(codec.join([output.data]))
                        if output.kind == "page":
                            self.hub.report_pages_written(output.connection_id, self._now())
                    case Broadcast():
                        for client in self.clients:
                            if client.connection in output.connection_ids:
                                client.into.append(codec.join(output.frames))
                    case CloseConnection():
                        raise AssertionError(f"the server closed a connection: {output}")
                    case RunOperation():
                        if isinstance(output.operation, Sweep):  # reads only: what it answers late it answers again
                            outcome = perform(self.store, output.operation)
                            self.hub.complete_operation(output.request_id, outcome, self._now())
                        else:
                            self.waiting.append(output)

    def _client(self, name: str) -> Client:
        found = perform(
            self.store, CreateUser(name, name, None, None, "hash", name, search_words(name, name), self._now().wall)
        )
        assert isinstance(found, UserFound)
        created = perform(
            self.store, CreateSession(found.user.id, "test", name.encode(), name.encode().ljust(16), self._now().wall)
        )
        assert isinstance(created, SessionCreated)
        token = self.keys.sign(
            user_id=found.user.id, session_id=created.session_id, session_key=created.session_key,
            refresh_id=created.refresh_id, jti="x", now=self._now().wall, lifetime=86_400,
        )  # fmt: skip
        return Client(name, ClientSession(ClientConfig(whole_log=True), lambda: 0.0), token)

    def _new_hub(self) -> Hub:
        checked: dict[str, AccessClaims] = {}

        def check(token: str, now: datetime) -> AccessClaims:
            if token not in checked:
                claims = self.keys.check(token, now)
                assert isinstance(claims, AccessClaims)
                checked[token] = claims
            return checked[token]

        return Hub(check, lambda: "server")

    def _now(self) -> Now:
        return Now(BEGIN + timedelta(milliseconds=self.ms), self.ms / 1000)
