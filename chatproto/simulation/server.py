"""A server process: a Hub, its connections' queues, and what a driver does with its outputs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, assert_never

from attrs import define, field

from chatproto.operations import Operation, Outcome
from chatproto.server.deadlines import TICK
from chatproto.server.delivery import OutQueue
from chatproto.server.hints import Hint
from chatproto.server.hub import Hub
from chatproto.server.outputs import CloseConnection, PingConnection, Publish, Reply, RunOperation, SendFrame
from chatproto.simulation.database import time_at
from chatproto.simulation.network import Link
from chatproto.wire import codec

if TYPE_CHECKING:
    from chatproto.simulation.world import World


@define(eq=False)
class Connection:
    """One socket at the server. `blocked_since`: TCP has taken nothing since."""

    link: Link
    queue: OutQueue
    inbox: deque[str] = field(factory=deque)
    waiting: bool = False
    closing: tuple[int, str] | None = None
    blocked_since: int | None = None


class Server:
    """`life` counts its starts; what belongs to an earlier one is void. `ahead`: how wrong its wall clock is, in ms."""

    def __init__(self, world: World, name: str, random: Random) -> None:
        self.name = name
        self.life = 0
        self.up = False
        self.paused_until = 0
        self.ahead = 0
        self.connections: dict[int, Connection] = {}
        self._world = world
        self._random = random
        self._replies: dict[int, Callable[[Outcome | None], None]] = {}
        self._ticking = False
        self._cids = 0
        self.start()

    def start(self) -> None:
        """A fresh process."""
        self.life += 1
        self.up = True
        self.hub = Hub(self._world.keys.check, self._new_cid, self._world.limits)
        self.connections, self._replies, self._ticking = {}, {}, False

    def crash(self) -> None:
        """SIGKILL: every socket is reset, what storage is doing goes on or not."""
        self.up = False
        self.life += 1
        for connection in self.connections.values():
            connection.link.at_server = False
            self._world.network.cut(connection.link)
        for reply in self._replies.values():
            reply(None)
        self.connections, self._replies = {}, {}

    def drain(self) -> None:
        """SIGTERM: say bye, close everything."""
        self.hub.drain(lambda: self._random.randrange(10_000), "restart", self._now())
        self._pump()

    def request(self, operation: Operation, done: Callable[[Outcome | None], None]) -> None:
        """HTTP: None where the server is not there, or dies before it answers."""
        if not self.up:
            return done(None)
        self._replies[self.hub.request(operation)] = done
        self._pump()

    # --- what the world does with it ---

    def open(self, link: Link) -> None:
        """A socket was accepted."""
        link.connection_id = self.hub.open_connection(self._now())
        self.connections[link.connection_id] = Connection(link, OutQueue(self.hub.limits))
        self._pump()

    def received(self, link: Link, text: str) -> None:
        """A message from a client."""
        connection = self.connections.get(link.connection_id)
        if connection is not None and connection.link is link:
            connection.inbox.append(text)
            self._read(link.connection_id, connection)

    def gone(self, link: Link) -> None:
        """The socket is gone."""
        connection = self.connections.get(link.connection_id)
        if connection is not None and connection.link is link:
            del self.connections[link.connection_id]
            self.hub.close_connection(link.connection_id, self._now())
            self._pump()

    def complete(self, life: int, request_id: int, outcome: Outcome) -> None:
        """The database answered."""
        if life != self.life:
            return
        if self._paused(self.complete, life, request_id, outcome):
            return
        self.hub.complete_operation(request_id, outcome, self._now())
        self._pump()

    def told(self, hint: Hint) -> None:
        """The bus brought something; who is not there hears nothing."""
        if self.up and not self._paused(self.told, hint):
            self.hub.receive_hint(hint, self._now())
            self._pump()

    def wake(self, link: Link) -> None:
        """TCP took a message: there is room for another."""
        connection = self.connections.get(link.connection_id)
        if connection is not None and connection.link is link:
            self._write(link.connection_id, connection)
            self._pump()

    def _tick(self, life: int) -> None:
        if life != self.life or self._paused(self._tick, life):
            return
        self._ticking = False
        self.hub.handle_timer(self._now())
        for connection_id, connection in list(self.connections.items()):
            blocked = connection.blocked_since
            limit = self.hub.limits.write_timeout * 1000
            if blocked is not None and self._world.scheduler.now - blocked >= limit:
                self._end(connection_id, connection, 4408, "too slow")
                self.hub.close_connection(connection_id, self._now())
            elif connection.inbox:
                self._read(connection_id, connection)
        self._pump()

    def _paused(self, again: Callable[..., None], *arguments: object) -> bool:
        """A process that stands still does everything later."""
        wait = self.paused_until - self._world.scheduler.now
        if wait > 0:
            self._world.scheduler.after(wait, again, *arguments)
        return wait > 0

    # --- the driver ---

    def _now(self) -> datetime:
        return time_at(self._world.scheduler.now, self.ahead)

    def _new_cid(self) -> str:
        self._cids += 1
        return f"{self.name}-{self.life}-{self._cids}"

    def _read(self, connection_id: int, connection: Connection) -> None:
        if self._paused_read(connection_id, connection):
            return
        while connection.inbox and self.connections.get(connection_id) is connection:
            delay = self.hub.read_delay(connection_id, connection.queue.answers, self._now())
            if delay != 0:
                return  # the next tick, or the next word that leaves, looks again
            self._world.trace.counts["frames to servers"] += 1
            self.hub.receive_frame(connection_id, connection.inbox.popleft(), self._now())
            self._pump()

    def _paused_read(self, connection_id: int, connection: Connection) -> bool:
        wait = self.paused_until - self._world.scheduler.now
        if wait > 0 and not connection.waiting:
            connection.waiting = True
            self._world.scheduler.after(wait, self._read_again, connection_id, connection)
        return wait > 0

    def _read_again(self, connection_id: int, connection: Connection) -> None:
        connection.waiting = False
        if self.connections.get(connection_id) is connection:
            self._read(connection_id, connection)

    def _pump(self) -> None:
        touched: dict[int, None] = {}
        while outputs := self.hub.outputs():
            for output in outputs:
                match output:
                    case SendFrame():
                        touched[output.connection_id] = None
                        self._queue(output)
                    case CloseConnection():
                        if connection := self.connections.get(output.connection_id):
                            connection.closing = (output.code, output.reason)
                            touched[output.connection_id] = None
                    case PingConnection():
                        pass  # only /ws/chat has protocol pings
                    case RunOperation():
                        self._world.database.perform(self, output)
                    case Reply():
                        self._replies.pop(output.request_id)(output.outcome)
                    case Publish(hint):
                        self._world.bus.publish(self, hint)
                    case _:
                        assert_never(output)
            for connection_id in touched:
                if connection := self.connections.get(connection_id):
                    self._write(connection_id, connection)
            touched.clear()
        if not self._ticking and self.up and self.hub.next_timer():
            self._ticking = True
            self._world.scheduler.after(int(TICK * 1000), self._tick, self.life)

    def _queue(self, frame: SendFrame) -> None:
        connection = self.connections.get(frame.connection_id)
        if connection is None or connection.closing is not None:
            return
        dropped = connection.queue.put(frame)
        self._world.checkers.queued(connection.queue)
        if dropped is not None:
            self._world.trace.counts["lags"] += 1
            self.hub.report_lag(frame.connection_id, *dropped)

    def _write(self, connection_id: int, connection: Connection) -> None:
        network = self._world.network
        while connection.queue and network.writable(connection.link):
            connection.blocked_since = None
            batch = connection.queue.take()
            network.from_server(connection.link, codec.join(batch.frames))
            if batch.pages:
                self.hub.report_pages_written(connection_id, self._now())
        if connection.queue:
            if connection.blocked_since is None:
                connection.blocked_since = self._world.scheduler.now
        elif connection.closing is not None:
            self._end(connection_id, connection, *connection.closing)

    def _end(self, connection_id: int, connection: Connection, code: int, reason: str) -> None:
        del self.connections[connection_id]
        self._world.network.close_by_server(connection.link, code, reason)
