"""A server process: a Hub, its connections' queues, and what a driver does with its outputs."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Final, assert_never

from attrs import define, field

from chatproto.operations import Operation, Outcome
from chatproto.server.clock import Now
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
from chatproto.server.out_queue import OutQueue, items_of
from chatproto.simulation.bugs import Bugs
from chatproto.simulation.database import time_at
from chatproto.simulation.network import Link
from chatproto.simulation.trace import Violation
from chatproto.wire import codec

if TYPE_CHECKING:
    from chatproto.simulation.world import World

COARSE: Final = 50
"""Milliseconds between two calls of the timer, at least."""


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
        self._ring_at: int | None = None
        self._cids = 0
        self._bugs: Bugs | None = None
        self._moment = (-1, 0)
        self._now_is = Now(time_at(0), 0.0)
        self.start()

    def start(self) -> None:
        """A fresh process."""
        self.life += 1
        self.up = True
        self.hub = Hub(self._world.tokens.check, self._new_cid, self._world.limits, self._world.knobs)
        self.connections, self._replies, self._ring_at = {}, {}, None
        if self._world.options.bugs and not self._world.healed:
            self._bugs = Bugs(self.hub.parts, self._random, self._world.options.bugs, self._world.bug_shows)

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

    def heal(self) -> None:
        """Its clock is right, and it has no bugs any more."""
        self.ahead = 0
        if self._bugs is not None:
            self._bugs.take_out()

    def drain(self) -> None:
        """SIGTERM: say bye, close everything."""
        self.hub.drain(lambda: self._random.randrange(10_000), "restart", self._now())
        self._pump()

    def request(self, operation: Operation, done: Callable[[Outcome | None], None]) -> None:
        """HTTP: None where the server is not there, or dies before it answers."""
        if not self.up:
            return done(None)
        self._replies[self.hub.request(operation, self._now())] = done
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

    def _ring(self, life: int, at: int) -> None:
        if life != self.life or at != self._ring_at or self._paused(self._ring, life, at):
            return
        self._ring_at = None
        now = self._now()
        self.hub.handle_timer(now)
        due = self.hub.next_timer()
        if due is not None and due <= now.mono:
            raise Violation("S13", f"{self.name}: the timer of {now.mono} is to ring again at {due}")
        self._pump()

    def _blocked(self, connection_id: int, connection: Connection, since: int) -> None:
        """TCP has taken nothing for ten seconds."""
        if self.connections.get(connection_id) is connection and connection.blocked_since == since:
            self._end(connection_id, connection, 4408, "too slow")
            self.hub.close_connection(connection_id, self._now())
            self._pump()

    def _paused(self, again: Callable[..., None], *arguments: object) -> bool:
        """A process that stands still does everything later."""
        wait = self.paused_until - self._world.scheduler.now
        if wait > 0:
            self._world.scheduler.after(wait, again, *arguments)
        return wait > 0

    # --- the driver ---

    def _now(self) -> Now:
        moment = (self._world.scheduler.now, self.ahead)
        if moment != self._moment:
            self._moment, self._now_is = moment, Now(time_at(*moment), moment[0] / 1000)
        return self._now_is

    def _new_cid(self) -> str:
        self._cids += 1
        return f"{self.name}-{self.life}-{self._cids}"

    def _read(self, connection_id: int, connection: Connection) -> None:
        wait = self.paused_until - self._world.scheduler.now
        if wait > 0:
            return self._read_later(connection_id, connection, wait)
        while connection.inbox and self.connections.get(connection_id) is connection:
            delay = self.hub.read_delay(connection_id, connection.queue.answers, self._now())
            if delay != 0:
                return self._read_later(connection_id, connection, COARSE if delay is None else math.ceil(delay * 1000))
            self._world.trace.counts["frames to servers"] += 1
            self.hub.receive_frame(connection_id, connection.inbox.popleft(), self._now())
            self._pump()

    def _read_later(self, connection_id: int, connection: Connection, wait: int) -> None:
        if not connection.waiting:
            connection.waiting = True
            self._world.scheduler.after(wait, self._read_again, connection_id, connection)

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
                        self._queue(output.connection_id, [output])
                    case Broadcast():
                        items = items_of(output)
                        for connection_id in output.connection_ids:
                            touched[connection_id] = None
                            self._queue(connection_id, items)
                    case Note():
                        self._world.noted(self.name, output)
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
        self._set_timer()

    def _set_timer(self) -> None:
        due = self.hub.next_timer() if self.up else None
        if due is None:
            return
        now = self._world.scheduler.now
        at = max(now + COARSE, math.ceil(due * 1000))
        if self._ring_at is None or at < self._ring_at:
            self._ring_at = at
            self._world.scheduler.after(at - now, self._ring, self.life, at)

    def _queue(self, connection_id: int, frames: list[SendFrame]) -> None:
        connection = self.connections.get(connection_id)
        if connection is None or connection.closing is not None:
            return
        for frame in frames:
            dropped = connection.queue.put(frame)
            self._world.checkers.queued(connection.queue)
            if dropped is not None:
                self._world.trace.counts["lags"] += 1
                self.hub.report_lag(connection_id, *dropped, self._now())

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
                connection.blocked_since = now = self._world.scheduler.now
                wait = int(self.hub.knobs.write_timeout * 1000)
                self._world.scheduler.after(wait, self._blocked, connection_id, connection, now)
        elif connection.closing is not None:
            self._end(connection_id, connection, *connection.closing)

    def _end(self, connection_id: int, connection: Connection, code: int, reason: str) -> None:
        del self.connections[connection_id]
        self._world.network.close_by_server(connection.link, code, reason)
