"""The WebSocket endpoints through Quart: `/ws`, and `/ws/chat/{chat_id}?token=` of the first contract."""

from collections.abc import Callable
from typing import Final

import trio
from attrs import frozen
from quart import Response, websocket
from quart_trio import QuartTrio

from chatproto.operations import ChatFound, LoadChat, Refused
from chatproto.server.clock import Now
from chatproto.tokens import AccessClaims
from chatproto.wire.model import MAX_ID
from runtime.connection import serve_connection
from runtime.driver import Driver
from runtime.http.origin import origin_allowed
from runtime.http.problem import Problem, problem_response, refusal
from runtime.http.routes import take_turn
from runtime.hypercorn_websocket import heartbeat_of
from runtime.logs import get_logger
from runtime.services import Services

log = get_logger(__name__)

SUBPROTOCOL: Final = "chatproto.v1"


class QuartTransport:
    """The transport of hypercorn through Quart; a lost link cancels the handler."""

    async def receive(self) -> str | bytes:
        """See Transport. hypercorn gives an empty binary message as None."""
        message: str | bytes | None = await websocket.receive()
        return b"" if message is None else message

    async def send(self, data: bytes) -> None:
        """See Transport. After the peer's close hypercorn returns at once: the checkpoint keeps others alive."""
        await websocket.send(data.decode())
        await trio.lowlevel.checkpoint()

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

    @app.websocket("/ws")
    async def ws() -> Response | None:
        if not _origin_allowed(services):
            return problem_response(Problem("forbidden"))
        offered = websocket.requested_subprotocols
        await websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
        await _serve(driver, driver.hub.open_connection, joins_frames=True)
        return None

    @app.websocket("/ws/chat/<int:chat_id>")
    async def ws_chat(chat_id: int) -> Response | None:
        if not _origin_allowed(services):
            return problem_response(Problem("forbidden"))
        admitted = await _admit(services, chat_id)
        if isinstance(admitted, Problem):
            return problem_response(admitted)
        await websocket.accept()

        def opened(now: Now) -> int:
            return driver.hub.open_chat_connection(admitted.claims, chat_id, admitted.after_seq, now)

        await _serve(driver, opened, joins_frames=False)
        return None


async def _serve(driver: Driver, opened: Callable[[Now], int], *, joins_frames: bool) -> None:
    try:
        await serve_connection(driver, QuartTransport(), opened, joins_frames=joins_frames)
    except Exception:
        log.exception("a connection failed")
        await websocket.close(1011, "internal")


def _origin_allowed(services: Services) -> bool:
    origin, host = websocket.headers.get("Origin"), websocket.headers.get("Host", "")
    return origin_allowed(origin, host, services.settings.allowed_origins)


@frozen
class _Admitted:
    claims: AccessClaims
    after_seq: int | None


async def _admit(services: Services, chat_id: int) -> _Admitted | Problem:
    """Token, session and membership of a `/ws/chat` connection, refused before the upgrade with 401 or 404."""
    token = websocket.args.get("token", "")
    claims = await services.check_token(token) if token else Problem("token_missing")
    if isinstance(claims, Problem):
        return claims
    refused = await take_turn(services, "reads", claims.user_id)
    if refused is not None:
        return refused
    after_seq = websocket.args.get("after_seq")
    if after_seq is not None and not (after_seq.isascii() and after_seq.isdecimal() and len(after_seq) <= 15):
        return Problem("bad_seq")
    outcome = await services.ask(LoadChat(claims.user_id, chat_id)) if chat_id <= MAX_ID else Refused("not_found")
    if not isinstance(outcome, ChatFound):
        return refusal(outcome)
    if outcome.chat.left_seq is not None:
        return Problem("not_found")
    return _Admitted(claims, None if after_seq is None else int(after_seq))
