"""A server that says what a test has it say, to a client that is logged in already."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio_websocket

from chatproto.wire.codec import encode, join
from chatproto.wire.frames import FromServer
from client.link import SUBPROTOCOL
from tests.vectors.server_frames import ME

Talk = Callable[[trio_websocket.WebSocketConnection], Awaitable[None]]


class Nobody:
    """An account of which the server is not asked."""

    token = "token"

    def __init__(self) -> None:
        self.user = {"id": ME}

    async def refresh(self, used: str) -> None:
        """No token is exchanged."""

    async def log_out(self) -> None:
        """Nobody is told."""


@asynccontextmanager
async def scripted(monkeypatch: pytest.MonkeyPatch, talk: Talk) -> AsyncIterator[str]:
    """Its address. `talk` goes on after each `hello`; then the link is open until the client leaves it."""

    async def log_in(*_: Any) -> Nobody:
        return Nobody()

    async def serve(request: trio_websocket.WebSocketRequest) -> None:
        try:
            websocket = await request.accept(subprotocol=SUBPROTOCOL)
            await websocket.get_message()
            await talk(websocket)
            while True:
                await websocket.get_message()
        except trio_websocket.ConnectionClosed:
            return

    monkeypatch.setattr("client.connection.log_in", log_in)
    async with trio.open_nursery() as nursery:
        server = await nursery.start(trio_websocket.serve_websocket, serve, "127.0.0.1", 0, None)
        yield f"http://127.0.0.1:{server.port}"
        nursery.cancel_scope.cancel()


async def say(websocket: trio_websocket.WebSocketConnection, *frames: FromServer) -> None:
    """All in one message."""
    await websocket.send_message(join([encode(frame) for frame in frames]).decode())
