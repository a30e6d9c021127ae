"""One TCP connection of hypercorn: it ends alone, it ends in time, and its descriptor comes back."""

import socket
from contextlib import suppress
from typing import Final, cast

import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData
from hypercorn.trio.tcp_server import MAX_RECV, TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper, LifespanState
from trio.abc import HalfCloseableStream

from runtime.failures import failures
from runtime.write_deadlines import SEND_TIMEOUT, bounded_send, linger

STOPPING_SEND_TIMEOUT: Final = 1.0
"""Seconds for a write that begins after the server was told to stop."""
PIECE_BYTES: Final = 32 * 1024
"""Of what is written, each so many bytes have the time of one write: a client that reads steadily gets all of a long
answer, also over a slow link."""
GRACE: Final = 5.0
"""Seconds that an application may go on after its client is gone."""


class GuardedTCPServer(TCPServer):
    """A connection that takes nothing with it.

    hypercorn's own lets each exception out into the nursery of all connections, which ends the server; it waits for
    ever in a write, and in a pause between pipelined requests whose client is gone; and it keeps the socket of a
    client that left until the time of its keep-alive is over. Its `read_timeout` has no say: who waits for an answer
    says nothing meanwhile; bodies and writes have deadlines of their own, and pauses between requests keep-alive's.
    """

    def __init__(
        self, app: AppWrapper, config: Config, context: WorkerContext, state: LifespanState, stream: HalfCloseableStream
    ) -> None:
        super().__init__(app, config, context, state, stream)  # type: ignore[arg-type]  # TLS is the other kind
        _wake_early(stream)
        self._reading = trio.CancelScope()
        self._said_goodbye = False

    async def run(self) -> None:
        """Serve it until it ends, however that is. Raises nothing but what cancels."""
        try:
            await super().run()
        except* Exception as error:
            failures.report(error)
        finally:
            await trio.aclose_forcefully(self.stream)

    async def protocol_send(self, event: Event) -> None:
        """Write `event`; a write that fails or takes too long ends the connection."""
        if isinstance(event, RawData):
            async with self.send_lock:
                sent = await self._send_bounded(event.data)
            if not sent:  # outside of the lock: the protocol may want to write while it handles this
                self._reading.cancel()
                await self.protocol.handle(Closed())
        elif isinstance(event, Closed):
            self._said_goodbye = True
            self._reading.cancel()
            await self.protocol.handle(Closed())
        else:
            await super().protocol_send(event)

    async def _send_bounded(self, data: bytes) -> bool:
        """Still shielded, for half a frame must not be followed by another; hence torn down when late. Nothing follows
        a goodbye, which `linger` is saying."""
        if self._said_goodbye:
            return False
        left = memoryview(data)
        try:
            while left:
                seconds, length = self._next_write(len(left))
                with bounded_send(seconds, shield=True) as write:
                    await self.stream.send_all(left[:length])
                if write.cancelled_caught:
                    await trio.aclose_forcefully(self.stream)
                    return False
                left = left[length:]
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return False
        return True

    def _next_write(self, length: int) -> tuple[float, int]:
        """Seconds, and how many of the bytes that are left may take them: all, where the server stops."""
        if self.context.terminated.is_set():
            return STOPPING_SEND_TIMEOUT, length
        return SEND_TIMEOUT, min(length, PIECE_BYTES)

    async def _read_data(self) -> None:
        """Read until either side has ended it; then give the descriptor back, and let the application finish."""
        with self._reading:
            await self._read()
        assert self._task_group._nursery is not None
        self._task_group._nursery.cancel_scope.deadline = trio.current_time() + GRACE
        await self.idle_task.stop()
        if self._said_goodbye and not self.context.terminated.is_set():
            await linger(cast("HalfCloseableStream", self.stream))
        await trio.aclose_forcefully(self.stream)
        await self.protocol.handle(Closed())

    async def _read(self) -> None:
        while True:
            try:
                data = await self.stream.receive_some(MAX_RECV)
            except (trio.ClosedResourceError, trio.BrokenResourceError):
                return
            await self.protocol.handle(RawData(bytes(data)))
            if data == b"":
                return

    async def _idle_timeout(self) -> None:
        with trio.move_on_after(self.config.keep_alive_timeout):
            await self.context.terminated.wait()
        self._reading.cancel()


def _wake_early(stream: HalfCloseableStream) -> None:
    """Be woken when a few pieces wait in the kernel, not when a third of its buffer is free again, which is more than a
    slow client reads in the time of one write. Where there is no such option (TCP_NOTSENT_LOWAT) it stays as it is."""
    sock = getattr(stream, "socket", None)
    if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError, AttributeError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, 2 * PIECE_BYTES)
