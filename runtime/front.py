"""One port for two servers: the first request of a connection decides which of them has it from then on."""

from collections.abc import Awaitable
from typing import Final, Protocol

import h11
import trio
from hypercorn.config import Config
from hypercorn.trio.tcp_server import MAX_RECV
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper, LifespanState

from runtime.failures import failures
from runtime.hypercorn.hypercorn_connection import GuardedTCPServer

MAX_HEAD: Final = 16 * 1024
"""Bytes of a request's line and headers; what is longer hypercorn refuses, which has the same limit."""
_PREFIX: Final = b"GET /ws"


class Endpoint(Protocol):
    """What takes over connections that ask for a WebSocket."""

    def takes(self, event: h11.Request) -> bool:
        """Whether a request is one for it."""
        ...

    async def serve(self, stream: trio.SocketStream, event: h11.Request, early: bytes) -> None:
        """Answer and serve it. `early`: the bytes that were read behind it."""
        ...


class ReplayedStream(trio.abc.HalfCloseableStream):
    """A socket of which some bytes were read already: they come first."""

    def __init__(self, inner: trio.SocketStream, early: bytes) -> None:
        self._inner = inner
        self._early = early
        self.socket = inner.socket  # hypercorn asks it for addresses

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """See trio.abc.ReceiveStream."""
        if self._early:
            early, self._early = self._early, b""
            await trio.lowlevel.checkpoint()
            return early
        return await self._inner.receive_some(max_bytes)

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """See trio.abc.SendStream."""
        await self._inner.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """See trio.abc.SendStream."""
        await self._inner.wait_send_all_might_not_block()

    async def send_eof(self) -> None:
        """See trio.abc.HalfCloseableStream."""
        await self._inner.send_eof()

    async def aclose(self) -> None:
        """See trio.abc.AsyncResource."""
        await self._inner.aclose()


class Front:
    """Hands each connection to `endpoint` or to hypercorn, which runs `app`."""

    def __init__(
        self, app: AppWrapper, config: Config, context: WorkerContext, state: LifespanState, endpoint: Endpoint | None
    ) -> None:
        self._app = app
        self._config = config
        self._context = context
        self._state = state
        self._endpoint = endpoint
        self._undecided: set[trio.CancelScope] = set()

    def stop(self) -> None:
        """Wait for no request that has not come whole."""
        for scope in self._undecided:
            scope.cancel()

    async def serve(self, stream: trio.SocketStream) -> None:
        """Serve one connection until it ends, however that is. Raises nothing but what cancels."""
        try:
            await self._serve(stream)
        except* Exception as error:
            failures.report(error)
        finally:
            await trio.aclose_forcefully(stream)

    async def _serve(self, stream: trio.SocketStream) -> None:
        if self._endpoint is None:
            return await GuardedTCPServer(self._app, self._config, self._context, self._state, stream)
        decided = await self._decide(stream, self._endpoint)
        if decided is not None:
            await decided

    async def _decide(self, stream: trio.SocketStream, endpoint: Endpoint) -> Awaitable[None] | None:
        """What serves it; None where there is nothing to serve. Apart, so that no request is kept for hours."""
        read = await self._read_head(stream)
        if read is None:
            return None
        found = _request_in(read)
        if found is not None and endpoint.takes(found[0]):
            return endpoint.serve(stream, *found)
        return GuardedTCPServer(self._app, self._config, self._context, self._state, ReplayedStream(stream, read))

    async def _read_head(self, stream: trio.SocketStream) -> bytes | None:
        """Read until it is clear whose the connection is; None where the client left, or took too long."""
        scope = trio.CancelScope(deadline=trio.current_time() + self._config.keep_alive_timeout)
        self._undecided.add(scope)
        try:
            with scope:
                read = b""
                while _is_open(read):
                    data = await stream.receive_some(MAX_RECV)
                    if not data:
                        return None
                    read += data
                return read
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            self._undecided.discard(scope)
        return None


def _is_open(read: bytes) -> bool:
    """Whether more must be read to know. Every request but those for our endpoints is known at once."""
    if len(read) < len(_PREFIX):
        return _PREFIX.startswith(read)
    return read.startswith(_PREFIX) and len(read) <= MAX_HEAD and b"\r\n\r\n" not in read


def _request_in(read: bytes) -> tuple[h11.Request, bytes] | None:
    """The request, where it is whole and well formed, and what came behind it."""
    if not read.startswith(_PREFIX):
        return None
    parser = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
    try:
        parser.receive_data(read)
        event = parser.next_event()
    except h11.RemoteProtocolError:
        return None
    return (event, parser.trailing_data[0]) if isinstance(event, h11.Request) else None
