"""The ASGI application in front of everything: answers the API and with pages, hands WebSockets on to Quart.

What all answers have in common is here: who may ask (Origin), the headers, one count and one line of the log.
"""

from typing import Final

import msgspec
import trio
from attrs import evolve
from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope

from runtime.http import (
    administration,
    auth,
    avatars,
    blocks,
    chat_files,
    chats,
    docs,
    files,
    health,
    invites,
    message_changes,
    messages,
    own_account,
    own_data,
    profile,
    recovery,
    search,
    uploads,
    users,
)
from runtime.http.exchange import Exchange, Headers, Reply, Stream
from runtime.http.origin import is_guest_origin, is_own_origin
from runtime.http.packing import may_be_packed, packed, takes_gzip
from runtime.http.problem import Problem, encoded
from runtime.http.routes import FileAnswer, Page, Result, Route, run
from runtime.http.table import Found, Table
from runtime.http.web import Pages, page
from runtime.logs import get_logger
from runtime.metrics import METHODS, NO_ROUTE, OTHER
from runtime.services import Services

log = get_logger(__name__)

CORS_MAX_AGE: Final = b"600"
EXPOSED: Final = (
    b"Retry-After, WWW-Authenticate, ETag, Content-Range, Content-Disposition, Location, Tus-Resumable, Tus-Version, "
    b"Upload-Offset, Upload-Length, Upload-Expires, Vestnik-File-Id"
)
ASKED: Final = (
    b"Authorization, Content-Type, Idempotency-Key, Range, Tus-Resumable, Upload-Length, Upload-Metadata, "
    b"Upload-Offset, Upload-Checksum"
)
POLICY: Final = b"default-src 'none'; frame-ancestors 'none'"
PAGE: Final = "page"
"""The label of all pages of the messenger: their names are no list that is worth keeping."""
PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by programs; of these only refusals are worth a line."""
ROUTES: Final[tuple[Route, ...]] = (
    *auth.ROUTES, *profile.ROUTES, *own_account.ROUTES, *own_data.ROUTES, *recovery.ROUTES, *invites.ROUTES,
    *users.ROUTES, *blocks.ROUTES, *chats.ROUTES, *messages.ROUTES,
    *message_changes.ROUTES, *files.ROUTES, *chat_files.ROUTES, *avatars.ROUTES, *uploads.ROUTES,
    *search.ROUTES, *administration.ROUTES, *health.ROUTES
)  # fmt: skip
_VARY: Final = (b"vary", b"Origin")
_COMMON: Final[Headers] = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    _VARY,
]


class Api:
    """`pages` are those of the messenger; `inner` is Quart's application, which serves WebSockets."""

    def __init__(self, services: Services, pages: Pages, inner: ASGIFramework) -> None:
        self.table = Table.of((*ROUTES, *docs.routes(ROUTES)))
        self._services = services
        self._pages = pages
        self._inner = inner
        self._allowed = services.settings.allowed_origins

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """One ASGI scope."""
        if scope["type"] != "http":
            return await self._inner(scope, receive, send)
        began = trio.current_time()
        exchange = Exchange.of(scope, receive, send)
        refused, common = self._admit(exchange)
        file = self._pages.find(exchange.path)
        if refused is None and file is not None and exchange.method in ("GET", "HEAD"):
            shown = page(self._pages, file, exchange)
            await exchange.answer(evolve(shown, headers=[*shown.headers, *common]))
            return self._told(exchange, PAGE, shown.status, began)
        found = self.table.find(exchange.path)
        route = None if found is None else found.route(exchange.method)
        reply = refused or await self._reply(exchange, found, route)
        if reply is None:
            return  # the client is gone
        if may_be_packed(exchange.path, reply):
            common[common.index(_VARY)] = (b"vary", b"Origin, Accept-Encoding")
            if takes_gzip(exchange.header(b"accept-encoding")):
                reply = await packed(reply)
        if exchange.path.startswith("/api/") and not _has(reply, b"cache-control"):
            common.append((b"cache-control", b"no-store"))
        if not _has(reply, b"content-security-policy"):
            common.append((b"content-security-policy", POLICY))
        try:
            await exchange.answer(evolve(reply, headers=[*reply.headers, *common]))
        finally:
            if reply.stream is not None:
                await reply.stream.blob.aclose()
        self._told(exchange, NO_ROUTE if route is None else route.path, reply.status, began)

    def _admit(self, exchange: Exchange) -> tuple[Reply | None, Headers]:
        """CORS is closed but for the desktop client and the origins that the operator named."""
        common = [*_COMMON]
        origin = exchange.header(b"origin")
        if origin is None:
            return None, common
        if is_guest_origin(origin, self._allowed):
            common.append((b"access-control-allow-origin", origin.encode("latin-1")))
            common.append((b"access-control-expose-headers", EXPOSED))
            if exchange.method != "OPTIONS":
                return None, common
            common.append((b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE"))
            common.append((b"access-control-allow-headers", ASKED))
            common.append((b"access-control-max-age", CORS_MAX_AGE))
            asks = exchange.header(b"access-control-request-method") is not None
            return (Reply(204, []) if asks else None), common
        if is_own_origin(origin, exchange.header(b"host") or ""):
            return None, common
        return reply_to(Problem("forbidden", "Pages of this origin may not talk to this server.")), common

    async def _reply(self, exchange: Exchange, found: Found | None, route: Route | None) -> Reply | None:
        if route is not None and found is not None:
            try:
                result = await run(route, self._services, exchange, found.places)
            except Exception as error:
                log.error("request_failed", method=route.method, route=route.path, exc_info=error)
                result = Problem("internal")
            return None if result is None else reply_to(result)
        if found is None and self._pages.find(exchange.path) is None:
            return reply_to(Problem("not_found"))
        allowed = ("GET", "HEAD") if found is None else found.methods
        reply = reply_to(Problem("method_not_allowed"))
        return Reply(reply.status, [*reply.headers, (b"allow", ", ".join(allowed).encode())], reply.content)

    def _told(self, exchange: Exchange, route: str, status: int, began: float) -> None:
        """One count, and one line without query, names or texts."""
        seconds = trio.current_time() - began
        method = exchange.method if exchange.method in METHODS else OTHER  # up to 16 KiB of a stranger's choice
        self._services.metrics.answered(method, route, status, seconds)
        write = log.debug if route in PROBES and status == 200 else log.info
        milliseconds = round(seconds * 1000, 1)
        write("request", method=method, route=route, status=status, ms=milliseconds, address=exchange.address)


def reply_to(result: Result) -> Reply:
    """Encode what a handler gave."""
    if isinstance(result, Problem):
        return Reply(*encoded(result))
    if isinstance(result, Page):
        headers = [_content_type(result.content_type), _length(result.content)]
        if result.policy is not None:
            headers.append((b"content-security-policy", result.policy.encode()))
        return Reply(200, headers, result.content)
    if isinstance(result, FileAnswer):
        return Reply(result.status, result.headers, stream=Stream(result.blob, result.offset, result.length))
    if result.body is None:
        return Reply(result.status, [*result.headers])
    content = msgspec.json.encode(result.body)
    return Reply(result.status, [(b"content-type", b"application/json"), _length(content), *result.headers], content)


def _has(reply: Reply, name: bytes) -> bool:
    return any(header == name for header, _ in reply.headers)


def _content_type(value: str) -> tuple[bytes, bytes]:
    return (b"content-type", value.encode())


def _length(content: bytes) -> tuple[bytes, bytes]:
    return (b"content-length", b"%d" % len(content))
