"""One WebSocket to `/ws`: whole frames in and out, a hard cut, and an end that is a value."""

import logging
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

import trio
import trio_websocket
from attrs import frozen

from chatproto.client import lenient_codec
from chatproto.wire.frames import FromClient, FromServer
from client.tunnel import ProxyRefused, open_tunnel, proxy_for

log = logging.getLogger(__name__)

SUBPROTOCOL: Final = "chatproto.v1"
NO_CLOSE_FRAME: Final = 1006
CLOSE_TIMEOUT: Final = 2.0
"""Seconds for the close handshake."""


@frozen
class Closed:
    """How a link ended: a close code of docs/protocol.md section 4, 1006 where there was none."""

    code: int
    reason: str = ""


class Carrier(Protocol):
    """A live link: a Link."""

    async def receive(self) -> list[FromServer] | Closed:
        """See Link.receive."""
        ...

    async def send(self, frame: FromClient) -> None:
        """See Link.send."""
        ...

    def cut(self) -> None:
        """See Link.cut."""
        ...


OpenLink = Callable[[str, float, Callable[[Any], Awaitable[Closed]]], Awaitable[Closed]]
"""How links are made: with_link over the network; a test may have another."""


class Link:
    """A live WebSocket. One task receives; `send` may be called by several."""

    def __init__(self, websocket: trio_websocket.WebSocketConnection, stream: trio.SocketStream) -> None:
        self._websocket = websocket
        self._stream = stream

    async def receive(self) -> list[FromServer] | Closed:
        """The frames of the next message, or how the link ended."""
        try:
            message = await self._websocket.get_message()
        except trio_websocket.ConnectionClosed as error:
            return _closed(error.reason)
        try:
            return lenient_codec.decode(message)
        except lenient_codec.BadServerFrame as error:
            log.error("leaving a server that does not speak the protocol: %s", error)
            return Closed(1002, "bad frame")

    async def send(self, frame: FromClient) -> None:
        """Write one frame. On a link that has ended this does nothing: `receive` tells."""
        try:
            await self._websocket.send_message(lenient_codec.encode(frame))
        except trio_websocket.ConnectionClosed:
            return

    def cut(self) -> None:
        """End the TCP connection at once with a reset, as a network that breaks would; one that has ended stays so."""
        if self._stream.socket.fileno() < 0:
            return
        self._stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._stream.socket.close()

    async def aclose(self) -> None:
        """Close with 1000."""
        await self._websocket.aclose()


def _closed(reason: trio_websocket.CloseReason | None) -> Closed:
    if reason is None:
        return Closed(NO_CLOSE_FRAME)
    return Closed(reason.code or NO_CLOSE_FRAME, reason.reason or "")


class _Carrier(trio.abc.Stream):
    """A stream that says when it has ended: during the upgrade the library would wait on."""

    def __init__(self, inner: trio.abc.Stream, on_end: Callable[[], None]) -> None:
        self._inner = inner
        self._on_end = on_end

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        try:
            data = await self._inner.receive_some(max_bytes)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self._on_end()
            raise
        if not data:
            self._on_end()
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._inner.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._inner.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._inner.aclose()


async def with_link(url: str, connect_timeout: float, use: Callable[[Link], Awaitable[Closed]]) -> Closed:
    """Open a WebSocket to the server at the HTTP address `url`, let `use` work on it, and close it.

    `use` gives how the link ended, or how it should be ended. What fails on the way is a Closed as well.
    """
    closed = Closed(NO_CLOSE_FRAME, "no connection")
    stream: trio.SocketStream | None = None
    try:
        async with trio.open_nursery() as nursery:
            link = None
            with trio.move_on_after(connect_timeout) as opening:  # the library's own deadline misses a silent peer
                stream, carrier = await _open(url)
                link = await _upgrade(nursery, url, stream, carrier, opening.cancel)
            if link is not None:
                closed = await use(link)
                with trio.move_on_after(CLOSE_TIMEOUT):
                    await link.aclose()
            nursery.cancel_scope.cancel()
    except* ProxyRefused as refused:
        log.warning("no WebSocket: %s", refused.exceptions[0])
    except* (trio_websocket.HandshakeError, trio_websocket.ConnectionClosed, OSError) as refused:
        log.debug("no WebSocket: %r", refused.exceptions)
    finally:
        if stream is not None:
            await trio.aclose_forcefully(stream)
    return closed


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "localhost", parts.port or (443 if parts.scheme == "https" else 80)


async def _open(url: str) -> tuple[trio.SocketStream, trio.abc.Stream]:
    """The TCP connection, to the server or to the proxy that the environment names, and the stream to the server."""
    host, port = _address(url)
    proxy = proxy_for(url)
    if proxy is not None:
        return await open_tunnel(proxy, host, port)
    stream = await trio.open_tcp_stream(host, port)
    return stream, stream


async def _upgrade(
    nursery: trio.Nursery, url: str, stream: trio.SocketStream, carrier: trio.abc.Stream, on_end: Callable[[], None]
) -> Link:
    parts = urlsplit(url)
    if parts.scheme == "https":
        context = ssl.create_default_context()
        carrier = trio.SSLStream(carrier, context, server_hostname=parts.hostname, https_compatible=True)
    websocket = await trio_websocket.wrap_client_stream(
        nursery,
        cast("trio.SocketStream", _Carrier(carrier, on_end)),
        parts.netloc.rpartition("@")[2],
        parts.path.rstrip("/") + "/ws",
        subprotocols=[SUBPROTOCOL],
        max_message_size=lenient_codec.MAX_FRAME,
    )
    return Link(websocket, stream)
