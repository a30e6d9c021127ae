"""The WebSocket endpoints through Quart: `/ws`, and `/ws/chat/{chat_id}?token=` of the first contract.

`vestnik serve` answers them itself (`runtime/sockets/websocket_endpoint.py`), but for upgrades that are not the first
request of their connection; under a stock hypercorn these are all there is.
"""

from collections.abc import Callable, Sequence

import trio
from quart import Response, websocket
from quart_trio import QuartTrio

from runtime.failures import failures
from runtime.http.exchange import address_of
from runtime.http.problem import Problem, problem_response
from runtime.hub_driver import Driver
from runtime.hypercorn.hypercorn_websocket import heartbeat_of
from runtime.services import Services
from runtime.sockets.socket_connection import serve_connection
from runtime.sockets.upgrades import Request, admit


class QuartTransport:
    """The transport of hypercorn through Quart; a lost link cancels the handler."""

    direct = None

    async def receive_while(self, take: Callable[[str | bytes], bool]) -> None:
        """See Transport. hypercorn gives an empty binary message as None."""
        while True:
            message: str | bytes | None = await websocket.receive()
            if not take(b"" if message is None else message):
                return

    async def send(self, messages: Sequence[bytes]) -> None:
        """See Transport. After the peer's close hypercorn returns at once: the checkpoint keeps others alive."""
        for message in messages:
            await websocket.send(message.decode())
            await trio.lowlevel.checkpoint()

    async def flush(self) -> None:
        """See Transport. Nothing waits: there are no direct writes."""

    async def ping(self) -> None:
        """See Transport."""
        await heartbeat_of(websocket.scope).ping()

    def on_pong(self, call: Callable[[], None]) -> None:
        """See Transport."""
        heartbeat_of(websocket.scope).on_pong = call

    async def close(self, code: int, reason: str) -> None:
        """See Transport."""
        await websocket.close(code, reason)


def add_websockets(app: QuartTrio, services: Services, driver: Driver) -> None:
    """Register both endpoints."""

    async def serve(chat_id: int | None) -> Response | None:
        with services.sockets.place(address_of(websocket.scope)) as place:
            if isinstance(place, Problem):
                return problem_response(place)
            admitted = await admit(services, driver, _request(chat_id))
            if isinstance(admitted, Problem):
                return problem_response(admitted)
            await websocket.accept(subprotocol=admitted.subprotocol)
            try:
                await serve_connection(
                    driver, QuartTransport(), admitted.opened, joins_frames=admitted.joins_frames, place=place
                )
            except Exception as error:
                failures.report(error)
                await websocket.close(1011, "internal")
        return None

    @app.websocket("/ws")
    async def ws() -> Response | None:
        return await serve(None)

    @app.websocket("/ws/chat/<int:chat_id>")
    async def ws_chat(chat_id: int) -> Response | None:
        return await serve(chat_id)


def _request(chat_id: int | None) -> Request:
    return Request(
        chat_id,
        websocket.headers.get("Origin"),
        websocket.headers.get("Host", ""),
        websocket.requested_subprotocols,
        websocket.args.get("token", ""),
        websocket.args.get("after_seq"),
    )
