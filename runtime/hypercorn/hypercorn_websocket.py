"""WebSockets of hypercorn: bounded messages, frames that come before the answer to their handshake, pings and pongs."""

from collections.abc import Callable
from io import BytesIO, StringIO
from typing import Any, Final, cast

import trio
from hypercorn.protocol.events import Data, Event, Request, StreamClosed
from hypercorn.protocol.ws_stream import FrameTooLargeError, WebsocketBuffer, WSStream
from wsproto.connection import ConnectionState
from wsproto.events import CloseConnection, Message, Ping, Pong, TextMessage

MAX_MESSAGE_BYTES: Final = 64 * 1024
"""Largest websocket message taken in (docs/protocol.md: frame_bytes), also under a stock hypercorn with its own, higher
limit; a larger one is answered with close 1009."""

_HEARTBEAT: Final = "vestnik.heartbeat"


class Heartbeat:
    """Pings on one websocket; `on_pong` is called for each answer."""

    def __init__(self, stream: WSStream | None) -> None:
        self._stream = stream
        self.on_pong: Callable[[], None] = lambda: None

    async def ping(self) -> None:
        """Send one. On a websocket that has ended this does nothing."""
        if self._stream is not None and not self._stream.closed:
            await self._stream._send_wsproto_event(Ping())


def heartbeat_of(scope: Any) -> Heartbeat:
    """The heartbeat of an accepted websocket; one that does nothing where the client left while it was accepted."""
    return cast("Heartbeat", scope["extensions"].get(_HEARTBEAT) or Heartbeat(None))


class BoundedBuffer(WebsocketBuffer):
    """One message on its way in. The limit is in bytes, also of text, and nothing is kept beyond it."""

    def extend(self, event: Message[Any]) -> None:
        """Add a piece. Raises FrameTooLargeError."""
        size = len(event.data.encode()) if isinstance(event.data, str) else len(event.data)
        if self.length + size > min(self.max_length, MAX_MESSAGE_BYTES):
            self.value = None
            raise FrameTooLargeError
        if self.value is None:
            self.value = StringIO() if isinstance(event, TextMessage) else BytesIO()
        self.length += size
        self.value.write(event.data)


class BoundedWSStream(WSStream):
    """One websocket.

    hypercorn's own takes what arrives in the segment of a handshake for a reason to refuse it, after the application
    was asked; what both answer then is no HTTP.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.buffer = BoundedBuffer(self.config.websocket_max_message_size)
        self._heartbeat = Heartbeat(self)
        self._decided = trio.Event()

    async def handle(self, event: Event) -> None:
        """See WSStream. Frames that came early wait; so does the reader of their connection."""
        if isinstance(event, StreamClosed):
            self._decided.set()
        elif isinstance(event, Data):
            await self._decided.wait()
            if not self.handshake.accepted:
                return  # refused, and about to be closed
        await super().handle(event)
        if isinstance(event, Request) and self.closed:  # refused without asking the application
            self._decided.set()
            await self.send(StreamClosed(stream_id=self.stream_id))

    async def app_send(self, message: Any) -> None:
        """See WSStream."""
        try:
            await super().app_send(message)
        finally:
            if message is None or message["type"] != "websocket.http.response.start":
                self._decided.set()

    async def _accept(self, message: Any) -> None:
        await super()._accept(message)
        cast("dict[str, Any]", self.scope["extensions"])[_HEARTBEAT] = self._heartbeat

    async def _handle_events(self) -> None:
        for event in self.connection.events():
            if isinstance(event, Message):
                try:
                    self.buffer.extend(event)
                except FrameTooLargeError:
                    return await self._end(CloseConnection(code=1009))
                if event.message_finished:
                    await cast("Any", self.app_put)(self.buffer.to_message())
                    self.buffer.clear()
            elif isinstance(event, Ping):
                await self._send_wsproto_event(event.response())
            elif isinstance(event, Pong):
                self._heartbeat.on_pong()
            elif isinstance(event, CloseConnection):
                theirs = self.connection.state is ConnectionState.REMOTE_CLOSING
                return await self._end(event.response() if theirs else event)  # else we found their fault: 1002, 1007

    async def _end(self, event: CloseConnection) -> None:
        await self._send_wsproto_event(event)
        await self.send(StreamClosed(stream_id=self.stream_id))
