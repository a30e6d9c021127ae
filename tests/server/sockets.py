"""A raw WebSocket to a server under test: what it says and how it ends, without a client's cleverness."""

import json
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio
import trio_websocket
from attrs import define, field

Frame = dict[str, Any]
PATIENCE = 60.0
"""Seconds any single wait may take."""


@define(eq=False)
class Socket:
    """`closed`: code and reason, once the other side has ended it."""

    websocket: trio_websocket.WebSocketConnection
    waiting: deque[Frame] = field(factory=deque)
    messages: int = 0

    async def send(self, **frame: Any) -> None:
        """One frame."""
        await self.websocket.send_message(json.dumps(frame))

    async def send_raw(self, data: str | bytes) -> None:
        """A message of one's own making."""
        await self.websocket.send_message(data)

    async def receive(self) -> Frame:
        """The next frame, out of arrays too."""
        while not self.waiting:
            with trio.fail_after(PATIENCE):
                found = json.loads(await self.websocket.get_message())
            self.messages += 1
            self.waiting.extend(found if isinstance(found, list) else [found])
        return self.waiting.popleft()

    async def until(self, kind: str, **fields: Any) -> Frame:
        """The next frame of a type (with these fields); what comes before it is passed over."""
        while True:
            frame = await self.receive()
            if frame["type"] == kind and all(frame.get(name) == value for name, value in fields.items()):
                return frame

    async def end(self) -> tuple[int, str | None]:
        """Read on until the other side closes: code and reason."""
        try:
            while True:
                with trio.fail_after(PATIENCE):
                    await self.websocket.get_message()
        except trio_websocket.ConnectionClosed as closed:
            assert closed.reason is not None
            return closed.reason.code, closed.reason.reason

    async def hello(self, token: str, **more: Any) -> Frame:
        """Say hello; `ready`."""
        await self.send(type="hello", v=[1], token=token, device="test", **more)
        return await self.until("ready")


@asynccontextmanager
async def open_socket(
    url: str, path: str = "/ws", *, tls: ssl.SSLContext | None = None, **more: Any
) -> AsyncIterator[Socket]:
    """Connect to an `http://` or `https://` address. Raises ConnectionRejected where the upgrade is refused."""
    scheme, _, address = url.partition("://")
    host, port = address.split(":")
    failed: BaseException | None = None
    tcp = await trio.open_tcp_stream(host, int(port))
    stream: Any = tcp
    if scheme == "https":
        stream = trio.SSLStream(tcp, tls or ssl.create_default_context(), server_hostname=host, https_compatible=True)
    try:
        async with trio.open_nursery() as nursery:
            with trio.fail_after(PATIENCE):
                websocket = await trio_websocket.wrap_client_stream(nursery, stream, f"{host}:{port}", path, **more)
            yield Socket(websocket)
            with trio.move_on_after(2):
                await websocket.aclose()
            nursery.cancel_scope.cancel()
    except* trio_websocket.ConnectionRejected as rejected:  # raised by the library's own task
        failed = rejected.exceptions[0]
    finally:
        await trio.aclose_forcefully(tcp)
    if failed is not None:
        raise failed


async def refused(url: str, path: str, **more: Any) -> tuple[int, str]:
    """Status and code of a refused upgrade."""
    try:
        async with open_socket(url, path, **more):
            raise AssertionError(f"{path} was upgraded")
    except trio_websocket.ConnectionRejected as rejected:
        assert rejected.body is not None
        return rejected.status_code, str(json.loads(rejected.body)["code"])


@asynccontextmanager
async def open_raw(url: str, path: str = "/ws") -> AsyncIterator[trio.SocketStream]:
    """An upgraded connection whose bytes the test writes by itself."""
    host, port = url.removeprefix("http://").split(":")
    stream = await trio.open_tcp_stream(host, int(port))
    async with stream:
        request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
        )
        await stream.send_all(request.encode())
        head = b""
        with trio.fail_after(PATIENCE):
            while b"\r\n\r\n" not in head:
                head += await stream.receive_some()
        assert head.startswith(b"HTTP/1.1 101"), head
        assert b"permessage-deflate" not in head, "compression was negotiated"
        yield stream


async def close_code(stream: trio.SocketStream) -> int | None:
    """The code of the close frame that ends a raw connection; None where TCP ended without one."""
    data = b""
    with trio.fail_after(PATIENCE):
        while (frame := _first_frame(data)) is None or frame[0] != 8:
            try:
                more = await stream.receive_some() if frame is None else b""
            except trio.BrokenResourceError:
                return None
            if frame is None and not more:
                return None
            data = data + more if frame is None else data[frame[2] :]
    return int.from_bytes(frame[1][:2]) if frame[1] else 1005


def _first_frame(data: bytes) -> tuple[int, bytes, int] | None:
    """Opcode, body and length of the server's first frame, if it is whole."""
    if len(data) < 2:
        return None
    size, start = data[1], 2
    if size >= 126:
        start = 4 if size == 126 else 10
        size = int.from_bytes(data[2:start])
    return (data[0] & 15, data[start : start + size], start + size) if len(data) >= start + size else None


def client_frame(opcode: int, body: bytes, *, last: bool = True, masked: bool = True) -> bytes:
    """A WebSocket frame as a client sends it (RFC 6455 section 5.2), with a mask of zeros."""
    mask = 0x80 if masked else 0
    size = len(body)
    if size < 126:
        head = bytes([opcode | 0x80 * last, mask | size])
    elif size < 2**16:
        head = bytes([opcode | 0x80 * last, mask | 126]) + size.to_bytes(2)
    else:
        head = bytes([opcode | 0x80 * last, mask | 127]) + size.to_bytes(8)
    return head + (bytes(4) if masked else b"") + body
