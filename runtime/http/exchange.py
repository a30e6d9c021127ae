"""One HTTP request and its answer, at the level of ASGI: headers, the body with its bounds, a client that leaves.

The API is answered here and not through Quart, which costs as much again as everything else of a small request.
"""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Any, Final, TypeVar, cast

import trio
from attrs import define, field, frozen
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable

from runtime.addresses import LOCAL, client_address
from runtime.files.blobs import Blob
from runtime.http.problem import Problem

MAX_BODY: Final = 64 * 1024
"""Bytes of a request's body; more is answered with 413."""
BODY_TIMEOUT: Final = 30.0
"""Seconds that a body may take to arrive."""
LINGER: Final = 1.0
"""Seconds that an answer waits for the rest of the body, which is thrown away.

Without it the connection would be closed on unread data, which makes the kernel drop the answer before it is read.
"""

T = TypeVar("T")
Headers = list[tuple[bytes, bytes]]


@frozen
class Reply:
    """An answer, encoded. `headers` are those of this answer alone."""

    status: int
    headers: Headers
    content: bytes = b""
    stream: "Stream | None" = None


@frozen
class Stream:
    """A part of a blob, which is closed at its end."""

    blob: Blob
    offset: int
    length: int


def address_of(scope: Any) -> str:
    """The client's, of an ASGI scope; LOCAL where it came over no network."""
    client = scope.get("client")
    return client_address(str(client[0])) if client else LOCAL


@define(eq=False)
class Exchange:
    """One request. `ended`: nothing more of its body will come. `left`: the client is gone."""

    method: str
    path: str
    address: str
    query: bytes
    ended: bool
    _headers: dict[bytes, bytes] = field(repr=False)
    _receive: ASGIReceiveCallable = field(repr=False)
    _send: ASGISendCallable = field(repr=False)
    left: bool = False

    @classmethod
    def of(cls, scope: Any, receive: ASGIReceiveCallable, send: ASGISendCallable) -> "Exchange":
        """The exchange of an ASGI scope of type `http`. Of a header that is repeated the first counts."""
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name, value)
        announced = b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
        return cls(
            method=scope["method"],
            path=scope["path"],
            address=address_of(scope),
            query=scope["query_string"],
            ended=scope["http_version"].startswith("1") and not announced,
            headers=headers,
            receive=receive,
            send=send,
        )

    def header(self, name: bytes) -> str | None:
        """The value of a header, by its name in lower case."""
        value = self._headers.get(name)
        return None if value is None else value.decode("latin-1")

    async def body(self) -> bytes | Problem | None:
        """All of it, or why not; None: the client is gone."""
        if self.ended:
            return b""
        length = self._headers.get(b"content-length", b"")
        if length.isdigit() and int(length[:20]) > MAX_BODY:
            return Problem("too_large")
        received = bytearray()
        with trio.move_on_after(BODY_TIMEOUT):
            while (piece := await self._next()) is not None:
                received += piece
                if len(received) > MAX_BODY:
                    return Problem("too_large")
                if self.ended:
                    return bytes(received)
            return None
        return Problem("request_timeout")

    async def while_connected(self, work: Callable[[], Awaitable[T]]) -> T | None:
        """What `work` gives, or None where the client left before: then it is cancelled."""
        result: T | None = None
        async with trio.open_nursery() as nursery:

            async def watch() -> None:
                while await self._next() is not None:  # a body that nobody asked for is thrown away
                    pass
                nursery.cancel_scope.cancel()

            nursery.start_soon(watch)
            result = await work()
            nursery.cancel_scope.cancel()
        return result

    async def answer(self, reply: Reply) -> None:
        """Send it, after what is left of the body or a second, whichever comes first."""
        if not self.ended:
            with trio.move_on_after(LINGER):
                while not self.ended and await self._next() is not None:
                    pass
        start = {"type": "http.response.start", "status": reply.status, "headers": reply.headers}
        await self._send(cast("Any", start))
        if reply.stream is not None and self.method != "HEAD":
            await self.while_connected(partial(self._send_stream, reply.stream))
        await self._send(cast("Any", {"type": "http.response.body", "body": reply.content}))
        if not self.ended and not self.left:  # the server is closing; what it still hands on must find a reader
            with trio.move_on_after(LINGER):
                while await self._next() is not None:
                    pass

    async def _send_stream(self, stream: Stream) -> None:
        """Piece by piece: the next one is read when the one before it has left."""
        async with aclosing(stream.blob.pieces(stream.offset, stream.length)) as pieces:
            async for data in pieces:
                await self._send(cast("Any", {"type": "http.response.body", "body": data, "more_body": True}))

    async def piece(self, patience: float) -> bytes | Problem | None:
        """What of the body comes next, within `patience` seconds; None: the client is gone."""
        with trio.move_on_after(patience):
            return await self._next()
        return Problem("request_timeout")

    async def _next(self) -> bytes | None:
        """A piece of the body; None: the client is gone."""
        message: Any = await self._receive()
        if message["type"] != "http.request":
            self.left = True
            return None
        self.ended = not message.get("more_body", False)
        return bytes(message.get("body", b""))
