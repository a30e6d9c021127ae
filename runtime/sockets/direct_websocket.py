"""A WebSocket of our own listener: a FrameReader understands what came, a DirectStream reads and writes."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, assert_never

import trio

from runtime.hypercorn.hypercorn_websocket import MAX_MESSAGE_BYTES
from runtime.sockets.direct_stream import RECEIVE_BYTES, DirectStream
from runtime.sockets.frame_reader import Ended, FrameReader, Pinged, Ponged
from runtime.sockets.socket_connection import LinkLost
from runtime.sockets.websocket_frames import close_frame, ping_frame, pong_frame, text_frames

FRAMES_IN_A_ROW: Final = 16
"""What came in one piece is handled without a switch of tasks up to so many messages and control frames."""


class DirectTransport:
    """The transport of our own listener, after a handshake that was answered already.

    It has no task: who waits in `receive` reads the socket, answers pings and closes, and reads no more than is taken.
    A fault of the client is answered with its close code (1002, 1007, 1009), then `receive` raises.
    """

    def __init__(self, stream: DirectStream) -> None:
        self.direct = stream
        self._reader = FrameReader(MAX_MESSAGE_BYTES)
        self._in_a_row = 0
        self._closed = False
        self._on_pong: Callable[[], None] | None = None

    async def receive(self) -> str | bytes:
        """See Transport."""
        try:
            while True:
                received = self._reader.next()
                if received is None:
                    self._in_a_row = 0
                    data = await self.direct.receive_some(RECEIVE_BYTES)
                    if not data:
                        raise LinkLost
                    self._reader.feed(bytes(data))
                    continue
                self._in_a_row += 1
                if self._in_a_row % FRAMES_IN_A_ROW == 0:
                    await trio.lowlevel.checkpoint()
                if isinstance(received, str | bytes):
                    return received
                await self._handle(received)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise LinkLost from None

    async def send(self, messages: Sequence[bytes]) -> None:
        """See Transport."""
        if self._closed:
            raise LinkLost
        await self._write(text_frames(messages))

    async def flush(self) -> None:
        """See Transport."""
        try:
            await self.direct.flush()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise LinkLost from None

    async def ping(self) -> None:
        """See Transport."""
        if not self._closed:
            await self._write(ping_frame())

    def on_pong(self, call: Callable[[], None]) -> None:
        """See Transport."""
        self._on_pong = call

    async def close(self, code: int | None, reason: str | None) -> None:
        """See Transport. The close frame is sent once; nothing waits for its answer."""
        if self._closed:
            return
        self._closed = True
        self.direct.end()
        with suppress(LinkLost):  # it is gone already
            await self._write(close_frame(code, reason))

    async def _handle(self, received: Pinged | Ponged | Ended) -> None:
        """Answer it. Raises LinkLost where it ends the connection."""
        match received:
            case Pinged(payload):
                if not self._closed:
                    await self._write(pong_frame(payload))
            case Ponged():
                if self._on_pong is not None:
                    self._on_pong()
            case Ended(code, reason):
                await self.close(code, reason)
                raise LinkLost
            case _:
                assert_never(received)

    async def _write(self, framed: bytes) -> None:
        try:
            await self.direct.send_all(framed)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise LinkLost from None
