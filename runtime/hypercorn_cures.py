"""Cures for faults of hypercorn 0.18's trio worker, shown by tests/server/test_ws.py, test_ws_chat.py and
tests/faults/test_slow_reader.py.

1. hypercorn shields `stream.send_all` from cancellation with no deadline, so one client that stops reading holds its
   sender, and a shutdown, for ever. Cure: a deadline on the shield, after which the connection is torn down.
2. permessage-deflate cannot be switched off, and is inflated before the size limit is looked at (61 kB on the wire
   took 120 MiB of memory). Cure: never negotiate it.
3. The limit on a websocket message counts characters instead of bytes, and goes on storing what comes after the
   limit was passed. Cure: count bytes, and keep nothing once full. The limit is ours where hypercorn's is higher.
4. Protocol pings can only be sent to all websockets alike, and nobody looks at the pongs. Cure: a Heartbeat in the
   scope of each accepted websocket.
"""

from collections.abc import Callable, Iterator
from io import BytesIO, StringIO
from typing import Any, Final, cast

import hypercorn.protocol.ws_stream as ws_stream
import hypercorn.trio.run as trio_run
import trio
from hypercorn.events import Closed, Event, RawData
from hypercorn.trio.tcp_server import TCPServer
from wsproto.connection import Connection as WSConnection
from wsproto.events import Event as WSEvent
from wsproto.events import Message, Ping, Pong, TextMessage

SEND_TIMEOUT = 10.0
"""Seconds that one write to a socket may take; a client that reads nothing for so long is cut off."""

STOPPING_SEND_TIMEOUT = 1.0
"""Seconds for a write that begins after the server was told to stop."""

MAX_MESSAGE_BYTES = 64 * 1024
"""Largest websocket message taken in (docs/protocol.md: frame_bytes), also under a stock hypercorn with its own, higher
limit; a larger one is answered with close 1009."""

_HEARTBEAT: Final = "vestnik.heartbeat"
_in_flight: set[trio.CancelScope] = set()


class BoundedTCPServer(TCPServer):
    """A connection whose writes end: done, or cut off at the deadline."""

    async def protocol_send(self, event: Event) -> None:
        """Write `event`; a write that fails or takes too long closes the connection."""
        if not isinstance(event, RawData):
            await super().protocol_send(event)
            return
        async with self.send_lock:
            sent = await self._send_bounded(event.data)
        if not sent:  # outside of the lock: the protocol may want to write while it handles this
            await self.protocol.handle(Closed())

    async def _send_bounded(self, data: bytes) -> bool:
        """Still shielded, for half a frame must not be followed by another; hence torn down when late."""
        seconds = STOPPING_SEND_TIMEOUT if self.context.terminated.is_set() else SEND_TIMEOUT
        scope = trio.CancelScope(shield=True, deadline=trio.current_time() + seconds)
        _in_flight.add(scope)
        try:
            with scope:
                await self.stream.send_all(data)
                return True
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return False
        finally:
            _in_flight.discard(scope)
        await trio.aclose_forcefully(self.stream)
        return False


def hurry_sends(seconds: float) -> None:
    """Let no write now in flight last longer than `seconds` from now; for a server that is stopping.

    Call it from the trio thread that serves.
    """
    latest = trio.current_time() + seconds
    for scope in _in_flight:
        scope.deadline = min(scope.deadline, latest)


def _extend_bounded(self: ws_stream.WebsocketBuffer, event: Message[Any]) -> None:
    """In place of WebsocketBuffer.extend: `max_length` and `length` are bytes."""
    size = len(event.data.encode()) if isinstance(event.data, str) else len(event.data)
    limit = min(self.max_length, MAX_MESSAGE_BYTES)
    if self.length + size > limit:
        self.value = None
        self.length = limit + 1  # stays full: each further piece, even an empty one, is refused
        raise ws_stream.FrameTooLargeError
    if self.value is None:
        self.value = StringIO() if isinstance(event, TextMessage) else BytesIO()
    self.length += size
    self.value.write(event.data)


def _no_extensions(*_args: Any, **_kwargs: Any) -> None:
    """In place of wsproto's handshake of extensions: none is accepted."""


class Heartbeat:
    """Pings on one websocket; `on_pong` is called for each answer."""

    def __init__(self, stream: ws_stream.WSStream) -> None:
        self._stream = stream
        self.on_pong: Callable[[], None] = lambda: None

    async def ping(self) -> None:
        """Send one. On a websocket that has ended this does nothing."""
        if not self._stream.closed:
            await self._stream._send_wsproto_event(Ping())


class _Listened:
    """A wsproto connection whose pongs are told."""

    def __init__(self, inner: WSConnection, heartbeat: Heartbeat) -> None:
        self._inner = inner
        self._heartbeat = heartbeat

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def events(self) -> Iterator[WSEvent]:
        for event in self._inner.events():
            if isinstance(event, Pong):
                self._heartbeat.on_pong()
            yield event


_accept_unheard = ws_stream.WSStream._accept


async def _accept_with_heartbeat(self: ws_stream.WSStream, message: Any) -> None:
    """In place of WSStream._accept."""
    await _accept_unheard(self, message)
    heartbeat = Heartbeat(self)
    self.connection = cast("WSConnection", _Listened(self.connection, heartbeat))
    cast("dict[str, Any]", self.scope["extensions"])[_HEARTBEAT] = heartbeat


def heartbeat_of(scope: Any) -> Heartbeat:
    """The heartbeat of an accepted websocket."""
    return cast("Heartbeat", scope["extensions"][_HEARTBEAT])


def install() -> None:
    """Put all cures in place for this process; calling it again changes nothing."""
    for owner, name, cure in (
        (trio_run, "TCPServer", BoundedTCPServer),
        (ws_stream, "server_extensions_handshake", _no_extensions),
        (ws_stream.WebsocketBuffer, "extend", _extend_bounded),
        (ws_stream.WSStream, "_accept", _accept_with_heartbeat),
    ):
        if not hasattr(owner, name):
            raise RuntimeError(f"hypercorn has no {name} any more: look again at runtime/hypercorn_cures.py")
        setattr(owner, name, cure)
