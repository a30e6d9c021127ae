"""A WebSocket of our own listener: trio-websocket reads, a DirectStream writes."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, NoReturn, cast

import trio
from trio_websocket import CloseReason, ConnectionClosed, WebSocketConnection
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage
from wsproto.utilities import LocalProtocolError

from runtime.connection import LinkLost
from runtime.direct_stream import DirectStream
from runtime.hypercorn_websocket import MAX_MESSAGE_BYTES
from runtime.websocket_frames import text_frames

QUEUED_MESSAGES: Final = 16
"""Messages that were read and wait to be handled: fewer switches between tasks than one by one."""
QUEUED_BYTES: Final = 64 * 1024
"""The same in bytes, at least one message; beyond it nothing more is read."""
RECEIVE_BYTES: Final = 16 * 1024


class ServerWebSocket(WebSocketConnection):
    """trio-websocket's connection, after a handshake that was answered already.

    Differences: the limit on a message is in bytes, what is read ahead is bounded in bytes too, every pong is told, and
    a fault of the client is answered with its close code before the link is cut.
    """

    def __init__(self, stream: DirectStream) -> None:
        opened = Connection(ConnectionType.SERVER)  # no extensions: nothing is ever compressed
        super().__init__(
            stream,
            opened,  # type: ignore[arg-type]  # what WSConnection is from its handshake on
            message_queue_size=QUEUED_MESSAGES,
            max_message_size=MAX_MESSAGE_BYTES,
            receive_buffer_size=RECEIVE_BYTES,
        )
        self._direct = stream
        self.on_pong: Callable[[], None] = lambda: None
        self._unread = 0
        self._was_read: trio.Event | None = None

    async def run(self) -> None:
        """Read until either side ends it."""
        try:
            await self._reader_task()
        except LocalProtocolError:  # an answer to what came after the end
            self._reader_running = False

    async def receive(self) -> str | bytes:
        """The next message. Raises ConnectionClosed."""
        message = await self.get_message()
        self._unread -= _size(message)
        if self._was_read is not None:
            self._was_read.set()
            self._was_read = None
        return message

    async def end(self, code: int, reason: str | None) -> None:
        """Send a close frame, once; nothing waits for its answer."""
        if self._wsproto.state in (ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING):
            self._close_reason = CloseReason(code, reason)
            self._direct.end()
            await self._send(CloseConnection(code=code, reason=reason))

    async def ping(self, payload: bytes | None = None) -> None:
        """Send a ping; the pong is told to `on_pong`."""
        if self._wsproto.state is ConnectionState.OPEN:
            await self._send(Ping(payload or b""))

    async def _handle_message_event(self, event: BytesMessage | TextMessage) -> None:
        self._message_size += _size(event.data)
        if self._message_size > self._max_message_size:
            self._message_parts = []
            await self._stop_reading(1009, "message too big")
        if event.data:
            self._message_parts.append(event.data if isinstance(event.data, str) else bytes(event.data))
        if not event.message_finished:
            return
        parts, size = self._message_parts, self._message_size
        self._message_parts, self._message_size = [], 0
        while self._unread > 0 and self._unread + size > QUEUED_BYTES:
            self._was_read = self._was_read or trio.Event()
            await self._was_read.wait()
        self._unread += size
        joined = (
            "".join(cast("list[str]", parts))
            if isinstance(event, TextMessage)
            else b"".join(cast("list[bytes]", parts))
        )
        await self._send_channel.send(joined)

    async def _handle_ping_event(self, event: Ping) -> None:
        if self._wsproto.state is ConnectionState.OPEN:
            await self._send(event.response())

    async def _handle_pong_event(self, event: Pong) -> None:
        self.on_pong()

    async def _handle_close_connection_event(self, event: CloseConnection) -> None:
        """Theirs, which is answered with its own code, or a fault of theirs that was found: 1002, 1007."""
        await self._stop_reading(event.code, None)

    async def _stop_reading(self, code: int, reason: str | None) -> NoReturn:
        """What was read before is still received; then `receive` raises."""
        self._reader_running = False
        await self.end(code, reason)
        await self._send_channel.aclose()
        raise ConnectionClosed(self._close_reason)


class DirectTransport:
    """The transport of our own listener."""

    def __init__(self, websocket: ServerWebSocket, stream: DirectStream) -> None:
        self._websocket = websocket
        self.direct = stream

    async def receive(self) -> str | bytes:
        """See Transport."""
        try:
            return await self._websocket.receive()
        except ConnectionClosed:
            raise LinkLost from None

    async def send(self, messages: Sequence[bytes]) -> None:
        """See Transport."""
        if self._websocket.closed is not None:
            raise LinkLost
        try:
            await self.direct.send_all(text_frames(messages))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise LinkLost from None

    async def flush(self) -> None:
        """See Transport."""
        try:
            await self.direct.flush()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise LinkLost from None

    async def ping(self) -> None:
        """See Transport."""
        try:
            await self._websocket.ping()
        except ConnectionClosed:
            raise LinkLost from None

    def on_pong(self, call: Callable[[], None]) -> None:
        """See Transport."""
        self._websocket.on_pong = call

    async def close(self, code: int, reason: str) -> None:
        """See Transport."""
        with suppress(ConnectionClosed):  # it is gone already
            await self._websocket.end(code, reason)


def _size(data: str | bytes | bytearray) -> int:
    return len(data) if not isinstance(data, str) or data.isascii() else len(data.encode())
