"""Who may open a WebSocket, decided before the upgrade; the same for both servers."""

from collections.abc import Callable, Sequence

from attrs import frozen

from chatproto.operations import ChatFound, LoadChat, Refused
from chatproto.server.clock import Now
from chatproto.tokens import AccessClaims
from chatproto.wire.model import MAX_ID
from runtime.http.origin import origin_allowed
from runtime.http.problem import Problem, refusal
from runtime.http.routes import take_turn
from runtime.hub_driver import Driver
from runtime.services import Services
from runtime.sockets.subprotocol import SUBPROTOCOL


@frozen
class Request:
    """An opening handshake that is well formed. `chat_id`: None for `/ws`, else that of `/ws/chat/{chat_id}`."""

    chat_id: int | None
    origin: str | None
    host: str
    subprotocols: Sequence[str] = ()
    token: str = ""
    after_seq: str | None = None


@frozen
class Admitted:
    """How to go on: `opened` is the Hub's input for the connection; `joins_frames`: what waits leaves as one array."""

    opened: Callable[[Now], int]
    joins_frames: bool
    subprotocol: str | None = None


async def admit(services: Services, driver: Driver, request: Request) -> Admitted | Problem:
    """Origin for both endpoints; token, session and membership for `/ws/chat`: 401, 403, 404, 422 or 429."""
    if not origin_allowed(request.origin, request.host, services.settings.allowed_origins):
        return Problem("forbidden")
    if request.chat_id is None:
        chosen = SUBPROTOCOL if SUBPROTOCOL in request.subprotocols else None
        return Admitted(driver.hub.open_connection, joins_frames=True, subprotocol=chosen)
    claims = await services.check_token(request.token) if request.token else Problem("token_missing")
    if isinstance(claims, Problem):
        return claims
    refused = await take_turn(services, "reads", claims.user_id)
    if refused is not None:
        return refused
    return await _admit_to_chat(services, driver, claims, request.chat_id, request.after_seq)


async def _admit_to_chat(
    services: Services, driver: Driver, claims: AccessClaims, chat_id: int, after_seq: str | None
) -> Admitted | Problem:
    if after_seq is not None and not (after_seq.isascii() and after_seq.isdecimal() and len(after_seq) <= 15):
        return Problem("bad_seq")
    outcome = await services.ask(LoadChat(claims.user_id, chat_id)) if chat_id <= MAX_ID else Refused("not_found")
    if not isinstance(outcome, ChatFound):
        return refusal(outcome)
    if outcome.chat.left_seq is not None:
        return Problem("not_found")
    # What is committed from here on is this connection's too: the Hub learns of the chat only after the upgrade.
    after = outcome.chat.last_seq if after_seq is None else int(after_seq)
    return Admitted(lambda now: driver.hub.open_chat_connection(claims, chat_id, after, now), joins_frames=False)
