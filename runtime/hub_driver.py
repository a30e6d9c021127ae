"""The driver of the Hub: performs its outputs on storage and sockets, and tells it what came of them.

Hub methods are synchronous and trio is one thread, so any task calls an input and performs the outputs at once.
"""

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any, Final, assert_never

import trio
from attrs import define, field

from chatproto.operations import Operation, OperationFailed, Outcome
from chatproto.server.clock import Now
from chatproto.server.hints import Hint
from chatproto.server.hub import Hub
from chatproto.server.hub_outputs import (
    Broadcast,
    CloseConnection,
    Note,
    Output,
    PingConnection,
    Publish,
    Reply,
    RunOperation,
    SendFrame,
)
from chatproto.server.out_queue import OutQueue, arrays, items_of
from chatproto.server.pending import Reading
from runtime.buses.bus import Bus, LocalBus, Missed, Spent
from runtime.logs import get_logger
from runtime.metrics import Metrics
from runtime.notes import note_into
from runtime.sockets.connection import Connection
from runtime.sockets.direct_stream import DirectStream
from runtime.sockets.poller import Poller
from runtime.sockets.websocket_frames import text_frame
from storage.port import Storage

log = get_logger(__name__)

BYE_SPREAD_MS: Final = (1_000, 10_000)
"""Clients return over this many milliseconds after a restart: at least, and at most (docs/protocol.md, `bye`)."""
BYE_EACH_MS: Final = 20
"""Milliseconds of that for each client: so few people are back soon, and many do not come at once."""
COARSE: Final = 0.05
"""Seconds between two calls of the Hub's timer, at least."""
LONGEST: Final = 1.0
"""Seconds between two looks at the clock, at most, while anything is due at all."""
CLOSE_WITHIN = 2.0
"""Seconds that sockets have to close when the server stops."""
SAVE_WITHIN = 0.8
"""Seconds for saving, then, when people were last seen; with CLOSE_WITHIN less than `serve` gives a drain."""


@define(eq=False)
class _Waiting:
    done: trio.Event = field(factory=trio.Event)
    outcome: Outcome | None = None


class Driver:
    """Runs one Hub on one Storage. `now` gives aware UTC time, `clock` monotonic seconds; `random` spreads the returns
    after a restart. `poller` reads for the sockets of our own listener.

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
        clock: Callable[[], float] = trio.current_time,
    ) -> None:
        self.hub = hub
        self.now = now
        self.poller = Poller()
        self._clock = clock
        self._storage = storage
        self._random = random
        self._metrics = metrics or Metrics()
        self._tell = note_into(self._metrics)
        self._publish = (bus or LocalBus()).join(self._receive_hint)
        self._connections: dict[int, Connection] = {}
        self._touched: dict[int, Connection] = {}
        self._replies: dict[int, _Waiting] = {}
        self._nursery: trio.Nursery | None = None
        self._ring_at: float | None = None
        self._earlier = trio.Event()
        self._operations = 0
        self._performed = trio.Event()
        self._all_gone = trio.Event()

    @property
    def connections(self) -> int:
        """Sockets connected now."""
        return len(self._connections)

    @property
    def queue_bytes(self) -> int:
        """Bytes that wait for all sockets together."""
        return sum(connection.queue.bounded_bytes for connection in self._connections.values())

    def moment(self) -> Now:
        """Both clocks: the one that stamps, and the one that is never set."""
        return Now(self.now(), self._clock())

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Own the tasks of storage, the clock and the poller until cancelled."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            nursery.start_soon(self.poller.run)
            task_status.started()
            while True:
                self._ring_at = self.hub.next_timer()
                if self._ring_at is None:
                    await self._earlier.wait()
                    continue
                wait = min(max(self._ring_at - self._clock(), COARSE), LONGEST)
                with trio.move_on_after(wait) as pause:
                    await self._earlier.wait()
                if pause.cancelled_caught:
                    self.hub.handle_timer(self.moment())
                    self._perform_outputs()

    async def request(self, operation: Operation) -> Outcome:
        """Run an operation through the Hub, fan-out included. A store that is away is an outcome too."""
        waiting = _Waiting()
        request_id = self.hub.request(operation, self.moment())
        self._replies[request_id] = waiting
        self._perform_outputs()
        try:
            await waiting.done.wait()
        finally:
            self._replies.pop(request_id, None)
        assert waiting.outcome is not None
        return waiting.outcome

    # --- for connections ---

    def connect(self, opened: Callable[[Now], int]) -> Connection:
        """Enter a socket; `opened` is the Hub's input for it."""
        connection = Connection(opened(self.moment()), OutQueue(self.hub.limits))
        self._connections[connection.id] = connection
        self._perform_outputs()
        return connection

    def disconnect(self, connection: Connection) -> None:
        """The socket is gone."""
        del self._connections[connection.id]
        self.hub.close_connection(connection.id, self.moment())
        self._perform_outputs()
        if not self._connections:
            self._all_gone.set()
            self._all_gone = trio.Event()

    def receive(self, connection: Connection, data: str | bytes) -> float | None:
        """One message from the socket; then `read_delay`."""
        now = self.moment()
        self.hub.receive_frame(connection.id, data, now)
        self._perform_outputs()
        return self.hub.read_delay(connection.id, connection.queue.answers, now)

    def is_named(self, connection: Connection) -> bool:
        """Whether it is known whose it is: `hello` was answered."""
        session = self.hub.parts.connections.by_id.get(connection.id)
        return session is not None and session.user_id != 0

    def receive_pong(self, connection: Connection) -> None:
        """The socket's other end answered a ping."""
        self.hub.receive_pong(connection.id)

    def read_delay(self, connection: Connection) -> float | None:
        """Seconds before the next message may be read; None: wait for the connection to wake."""
        return self.hub.read_delay(connection.id, connection.queue.answers, self.moment())

    def written(self, connection: Connection, pages: int) -> None:
        """A batch with so many pages has left."""
        if pages:
            self.hub.report_pages_written(connection.id, self.moment())
            self._perform_outputs()
        connection.wake()

    async def drain(self) -> None:
        """Say `bye`, close every socket with 1012, wait for them to go, and for what storage was asked to save.

        Takes at most CLOSE_WITHIN and SAVE_WITHIN seconds.
        """
        least_ms, most_ms = BYE_SPREAD_MS
        spread_ms = min(max(BYE_EACH_MS * len(self._connections), least_ms), most_ms)
        self.hub.drain(lambda: self._random.randrange(spread_ms), "restart", self.moment())
        self._perform_outputs()
        with trio.move_on_after(CLOSE_WITHIN):
            while self._connections:
                await self._all_gone.wait()
        with trio.move_on_after(SAVE_WITHIN):
            while self._operations:
                await self._performed.wait()

    # --- outputs and the bus ---

    def _receive_hint(self, hint: Hint | Spent | Missed) -> None:
        match hint:
            case Hint():
                self.hub.receive_hint(hint, self.moment())
            case Missed():
                self.hub.miss_hints(self.moment())
            case Spent():
                pass  # where limits are shared it does not come up to here (runtime/shared_limits.py)
            case _:
                assert_never(hint)
        self._perform_outputs()

    def _perform_outputs(self) -> None:
        while outputs := self.hub.outputs():
            alone = len(outputs) == 1
            for output in outputs:
                try:
                    if not (alone and isinstance(output, SendFrame) and self._write_at_once(output)):
                        self._perform_output(output)
                except Exception:  # a bug in one of them keeps none of the others back
                    log.exception("output_failed", output=type(output).__name__)
            while self._touched:
                self._flush(self._touched.popitem()[1])
        due = self.hub.next_timer()
        if due is not None and (self._ring_at is None or due < self._ring_at):
            self._earlier.set()
            self._earlier = trio.Event()

    def _perform_output(self, output: Output) -> None:
        match output:
            case SendFrame():
                self._send(output)
            case Broadcast():
                self._broadcast(output)
            case CloseConnection():
                if connection := self._connections.get(output.connection_id):
                    connection.closing = (output.code, output.reason)
                    connection.wake()
            case PingConnection():
                if connection := self._connections.get(output.connection_id):
                    connection.ping_wanted = True
                    connection.wake()
            case RunOperation():
                self._run(output)
            case Reply():
                if waiting := self._replies.get(output.request_id):
                    waiting.outcome = output.outcome
                    waiting.done.set()
            case Publish(hint):
                self._publish(hint)
            case Note():
                self._note(output)
            case _:
                assert_never(output)

    def _broadcast(self, output: Broadcast) -> None:
        """The same items for many: joined once for all who take them at once, queued for the others.

        Nearly all take them at once, and of each of these this is the whole cost, so it looks at fields where the rest
        of the code asks.
        """
        frames, chat_id = output.frames, output.chat_id
        joined = [(count, text_frame(one)) for count, one in arrays(frames, self.hub.limits)]
        together = b"".join([message for _, message in joined])
        whole = together if len(joined) == 1 or len(together) <= self.hub.limits.frame_out_bytes else None
        single: list[tuple[int, bytes]] | None = None
        items: list[SendFrame] | None = None
        find = self._connections.get
        told = 0
        for connection_id in output.connection_ids:
            connection = find(connection_id)
            if connection is None or connection.closing is not None:
                continue
            told += 1
            queue, taken = connection.queue, 0
            if queue.frames:
                self._flush(connection)
            direct = connection.direct
            if direct is not None and not (connection.writing or queue.frames or chat_id in queue.lagging):
                if not connection.joins_frames:
                    single = single or [(1, text_frame(frame)) for frame in frames]
                    taken = _write_past(direct, single)
                elif whole is None:
                    taken = _write_past(direct, joined)
                elif direct.try_write(whole):
                    continue
            if taken < len(frames):
                items = items or items_of(output)
                self._queue(connection, items[taken:])
        self._metrics.deliveries.inc(told * len(frames))
        self._metrics.fanout_bytes.inc(told * sum(map(len, frames)))

    def _send(self, frame: SendFrame) -> None:
        connection = self._connections.get(frame.connection_id)
        if connection is None or connection.closing is not None:
            return
        self._metrics.fanout_bytes.inc(len(frame.data))
        if frame.kind == "item":
            self._metrics.deliveries.inc()
        self._queue(connection, [frame])

    def _write_at_once(self, frame: SendFrame) -> bool:
        """An answer that nothing stands before, as nearly all are: it needs no queue."""
        connection = self._connections.get(frame.connection_id)
        if connection is None or frame.kind != "answer" or not connection.is_free:
            return False
        if connection.direct is None or not connection.direct.try_write(text_frame(frame.data)):
            return False
        self._metrics.fanout_bytes.inc(len(frame.data))
        return True

    def _queue(self, connection: Connection, frames: list[SendFrame]) -> None:
        for frame in frames:
            dropped = connection.queue.put(frame)
            if dropped is not None:
                self._metrics.lags.inc()
                self.hub.report_lag(connection.id, *dropped, self.moment())
        self._touched[connection.id] = connection

    def _flush(self, connection: Connection) -> None:
        """Write at once what can be; the connection's writer does the rest."""
        if connection.flush():
            self.hub.report_pages_written(connection.id, self.moment())
        if connection.queue or connection.reader_waits:
            connection.wake()

    def _run(self, output: RunOperation) -> None:
        if self._nursery is None:
            raise RuntimeError("the driver does not run")
        if isinstance(self.hub.pending.get(output.request_id), Reading):
            self._metrics.catch_up_reads.inc()
        self._operations += 1
        self._nursery.start_soon(self._perform, output)

    def _note(self, note: Note) -> None:
        if note.error is not None:
            self._metrics.noted(note.event)
            log.error(note.event, exc_info=note.error, **note.fields)
        else:
            self._tell(note.level, note.event, note.fields)

    async def _perform(self, output: RunOperation) -> None:
        outcome: Any
        try:
            outcome = await self._storage.perform(output.operation)
        except Exception:
            log.exception("operation_failed", operation=type(output.operation).__name__)
            outcome = OperationFailed(retryable=False, detail="internal")
        finally:
            self._operations -= 1
            self._performed.set()
            self._performed = trio.Event()
        self.hub.complete_operation(output.request_id, outcome, self.moment())
        self._perform_outputs()


def _write_past(direct: DirectStream, messages: list[tuple[int, bytes]]) -> int:
    """How many frames it took; a message that it did not take stays whole for the queue."""
    taken = 0
    for frames, message in messages:
        if not direct.try_write(message):
            break
        taken += frames
    return taken
