"""A WebSocket of our own listener: wsproto understands what came, a DirectStream reads and writes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Final, cast

import trio
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage

from runtime.direct_stream import DirectStream
from runtime.hypercorn_websocket import MAX_MESSAGE_BYTES
from runtime.socket_connection import LinkLost
from runtime.websocket_frames import text_frames

RECEIVE_BYTES: Final = 16 * 1024
EVENTS_IN_A_ROW: Final = 16
"""What came in one piece is handled without a switch of tasks up to so many frames."""


class DirectTransport:
    """The transport of our own listener, after a handshake that was answered already.

    It has no task: who waits in `receive` reads the socket, answers pings and closes, and reads no more than is taken.
    A fault of the client is answered with its close code (1002, 1007, 1009), then `receive` raises.
    """

    def __init__(self, stream: DirectStream) -> None:
        self.direct = stream
        self._protocol = Connection(ConnectionType.SERVER)  # no extensions: nothing is ever compressed
        self._events: Iterator[Event] = iter(())
        self._parts: list[str | bytes] = []
        self._size = 0
        self._in_a_row = 0
        self._on_pong: Callable[[], None] | None = None

    async def receive(self) -> str | bytes:
        """See Transport."""
        try:
            while True:
                for event in self._events:
                    self._in_a_row += 1
                    if self._in_a_row % EVENTS_IN_A_ROW == 0:
                        await trio.lowlevel.checkpoint()
                    if (message := await self._handled(event)) is not None:
                        return message
                self._events = iter(())  # a generator is not kept while nothing comes
                data = await self.direct.receive_some(RECEIVE_BYTES)
                if not data:
                    raise LinkLost
                self._protocol.receive_data(bytes(data))
                self._events = self._protocol.events()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise LinkLost from None

    async def send(self, messages: Sequence[bytes]) -> None:
        """See Transport."""
        if self._protocol.state is not ConnectionState.OPEN:
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
        await self._answer(Ping())

    def on_pong(self, call: Callable[[], None]) -> None:
        """See Transport."""
        self._on_pong = call

    async def close(self, code: int, reason: str | None) -> None:
        """See Transport. The close frame is sent once; nothing waits for its answer."""
        if self._protocol.state not in (ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING):
            return
        self.direct.end()
        with suppress(LinkLost):  # it is gone already
            await self._write(self._protocol.send(CloseConnection(code=code, reason=reason)))

    async def _handled(self, event: Event) -> str | bytes | None:
        """The message that this event ends. Raises LinkLost where it ends the connection."""
        match event:
            case TextMessage() | BytesMessage():
                return await self._message(event)
            case Ping():
                await self._answer(event.response())
            case Pong():
                if self._on_pong is not None:
                    self._on_pong()
            case CloseConnection():  # theirs, answered with its own code, or a fault of theirs that was found
                await self._end(event.code, None)
        return None

    async def _message(self, event: TextMessage | BytesMessage) -> str | bytes | None:
        self._size += _size(event.data)
        if self._size > MAX_MESSAGE_BYTES:
            self._parts = []
            await self._end(1009, "message too big")
        if event.message_finished and not self._parts:
            self._size = 0
            return event.data if isinstance(event.data, str) else bytes(event.data)
        if event.data:
            self._parts.append(event.data if isinstance(event.data, str) else bytes(event.data))
        if not event.message_finished:
            return None
        parts, self._parts, self._size = self._parts, [], 0
        text = isinstance(event, TextMessage)
        return "".join(cast("list[str]", parts)) if text else b"".join(cast("list[bytes]", parts))

    async def _answer(self, event: Ping | Pong) -> None:
        if self._protocol.state is ConnectionState.OPEN:
            await self._write(self._protocol.send(event))

    async def _write(self, framed: bytes) -> None:
        try:
            await self.direct.send_all(framed)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise LinkLost from None

    async def _end(self, code: int, reason: str | None) -> None:
        await self.close(code, reason)
        raise LinkLost


def _size(data: str | bytes | bytearray) -> int:
    return len(data) if not isinstance(data, str) or data.isascii() else len(data.encode())
