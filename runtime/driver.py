"""The driver of the Hub: performs its outputs on storage and sockets, and tells it what came of them.

Hub methods are synchronous and trio is one thread, so any task calls an input and performs the outputs at once.
"""

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any, assert_never

import trio
from attrs import define, field

from chatproto.operations import Operation, OperationFailed, Outcome, SaveLastSeen
from chatproto.server.deadlines import TICK
from chatproto.server.delivery import OutQueue
from chatproto.server.hints import Hint
from chatproto.server.hub import Hub
from chatproto.server.outputs import CloseConnection, PingConnection, Publish, Reply, RunOperation, SendFrame
from chatproto.server.pending import CatchingUp
from chatproto.server.presence import is_online, last_seen
from runtime.bus import Bus, LocalBus
from runtime.logs import get_logger
from runtime.metrics import Metrics
from storage.port import Storage

log = get_logger(__name__)

BYE_SPREAD_MS = 10_000
"""Clients return over this many milliseconds after a restart (docs/protocol.md, `bye`)."""

CLOSE_WITHIN = 2.0
"""Seconds that sockets have to close when the server stops."""
SAVE_WITHIN = 0.8
"""Seconds for saving, then, when people were last seen; with CLOSE_WITHIN less than `serve` gives a drain."""
SAVED_AT_ONCE = 500
"""People in one operation."""


@define(eq=False)
class Connection:
    """What stands between the Hub and one socket. `closing`: code and reason, once the Hub has ended it."""

    id: int
    queue: OutQueue
    closing: tuple[int, str] | None = None
    ping_wanted: bool = False
    _changed: trio.Event = field(factory=trio.Event)

    def wake(self) -> None:
        """Something was queued, written, answered or closed."""
        self._changed.set()
        self._changed = trio.Event()

    async def wait(self) -> None:
        """Until the next `wake`."""
        await self._changed.wait()


@define(eq=False)
class _Waiting:
    done: trio.Event = field(factory=trio.Event)
    outcome: Outcome | None = None


class Driver:
    """Runs one Hub on one Storage. `now` gives aware UTC time; `random` spreads the returns after a restart.

    `bus` leads to the drivers of other processes; without one this process is alone.
    """

    def __init__(
        self,
        hub: Hub,
        storage: Storage,
        now: Callable[[], datetime],
        random: Random,
        bus: Bus | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self.hub = hub
        self.now = now
        self._storage = storage
        self._random = random
        self._metrics = metrics or Metrics()
        self._publish = (bus or LocalBus()).join(self._receive_hint)
        self._connections: dict[int, Connection] = {}
        self._replies: dict[int, _Waiting] = {}
        self._nursery: trio.Nursery | None = None
        self._timer_wanted = trio.Event()
        self._all_gone = trio.Event()

    @property
    def connections(self) -> int:
        """Sockets connected now."""
        return len(self._connections)

    @property
    def queue_bytes(self) -> int:
        """Bytes that wait for all sockets together."""
        return sum(connection.queue.bounded_bytes for connection in self._connections.values())

    def is_online(self, user_id: int) -> bool:
        """Whether the user is here, or was less than 30 s ago."""
        return is_online(self.hub, user_id)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Own the tasks of storage and the clock until cancelled."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            task_status.started()
            while True:
                if not self.hub.next_timer():
                    await self._timer_wanted.wait()
                await trio.sleep(TICK)
                self.hub.handle_timer(self.now())
                self._perform_outputs()

    async def request(self, operation: Operation) -> Outcome:
        """Run an operation through the Hub, fan-out included. A store that is away is an outcome too."""
        waiting = _Waiting()
        request_id = self.hub.request(operation)
        self._replies[request_id] = waiting
        self._perform_outputs()
        try:
            await waiting.done.wait()
        finally:
            self._replies.pop(request_id, None)
        assert waiting.outcome is not None
        return waiting.outcome

    # --- for connections ---

    def connect(self, opened: Callable[[datetime], int]) -> Connection:
        """Enter a socket; `opened` is the Hub's input for it."""
        connection = Connection(opened(self.now()), OutQueue(self.hub.limits))
        self._connections[connection.id] = connection
        self._perform_outputs()
        self._timer_wanted.set()
        self._timer_wanted = trio.Event()
        return connection

    def disconnect(self, connection: Connection) -> None:
        """The socket is gone."""
        del self._connections[connection.id]
        self.hub.close_connection(connection.id, self.now())
        self._perform_outputs()
        if not self._connections:
            self._all_gone.set()
            self._all_gone = trio.Event()

    def receive(self, connection: Connection, data: str | bytes) -> None:
        """One message from the socket."""
        self.hub.receive_frame(connection.id, data, self.now())
        self._perform_outputs()

    def receive_pong(self, connection: Connection) -> None:
        """The socket's other end answered a ping."""
        self.hub.receive_pong(connection.id)

    def read_delay(self, connection: Connection) -> float | None:
        """Seconds before the next message may be read; None: wait for the connection to wake."""
        return self.hub.read_delay(connection.id, connection.queue.answers, self.now())

    def written(self, connection: Connection, pages: int) -> None:
        """A batch with so many pages has left."""
        if pages:
            self.hub.report_pages_written(connection.id, self.now())
            self._perform_outputs()
        connection.wake()

    async def drain(self) -> None:
        """Say `bye`, close every socket with 1012, wait for them to go, and save when their people were last seen.

        Takes at most CLOSE_WITHIN and SAVE_WITHIN seconds.
        """
        self.hub.drain(lambda: self._random.randrange(BYE_SPREAD_MS), "restart", self.now())
        self._perform_outputs()
        with trio.move_on_after(CLOSE_WITHIN):
            while self._connections:
                await self._all_gone.wait()
        seen = last_seen(self.hub, self.now())
        with trio.move_on_after(SAVE_WITHIN):
            for begin in range(0, len(seen), SAVED_AT_ONCE):
                await self.request(SaveLastSeen(seen[begin : begin + SAVED_AT_ONCE]))

    # --- outputs and the bus ---

    def _receive_hint(self, hint: Hint) -> None:
        self.hub.receive_hint(hint, self.now())
        self._perform_outputs()

    def _perform_outputs(self) -> None:
        while outputs := self.hub.outputs():
            for output in outputs:
                match output:
                    case SendFrame():
                        self._send(output)
                    case CloseConnection():
                        if connection := self._connections.get(output.connection_id):
                            connection.closing = (output.code, output.reason)
                            connection.wake()
                    case PingConnection():
                        if connection := self._connections.get(output.connection_id):
                            connection.ping_wanted = True
                            connection.wake()
                    case RunOperation():
                        if self._nursery is None:
                            raise RuntimeError("the driver does not run")
                        if isinstance(self.hub.pending.get(output.request_id), CatchingUp):
                            self._metrics.catch_up_reads.inc()
                        self._nursery.start_soon(self._perform, output)
                    case Reply():
                        if waiting := self._replies.get(output.request_id):
                            waiting.outcome = output.outcome
                            waiting.done.set()
                    case Publish(hint):
                        self._publish(hint)
                    case _:
                        assert_never(output)

    def _send(self, frame: SendFrame) -> None:
        connection = self._connections.get(frame.connection_id)
        if connection is None or connection.closing is not None:
            return
        dropped = connection.queue.put(frame)
        self._metrics.fanout_bytes.inc(len(frame.data))
        if frame.kind == "item":
            self._metrics.deliveries.inc()
        if dropped is not None:
            self._metrics.lags.inc()
            self.hub.report_lag(connection.id, *dropped)
        connection.wake()

    async def _perform(self, output: RunOperation) -> None:
        outcome: Any
        try:
            outcome = await self._storage.perform(output.operation)
        except Exception:
            log.exception("an operation failed", operation=type(output.operation).__name__)
            outcome = OperationFailed(retryable=False, detail="internal")
        self.hub.complete_operation(output.request_id, outcome, self.now())
        self._perform_outputs()
