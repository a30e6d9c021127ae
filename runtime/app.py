"""The HTTP application: every resource's routes, one form for every refusal, and the headers that all answers carry."""

import logging

import trio
from quart import Response, g, has_request_context, request, websocket
from quart_trio import QuartTrio
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import BaseConverter

from runtime.http import auth, chats, docs, health, messages, users, web
from runtime.http.connection import PoliteHTTPConnection
from runtime.http.origin import is_guest_origin, is_own_origin
from runtime.http.problem import Problem, for_status, problem_response
from runtime.http.routes import Route, blueprint
from runtime.metrics import METHODS, NO_ROUTE, OTHER
from runtime.services import Services

log = logging.getLogger(__name__)

MAX_BODY = 64 * 1024
"""Bytes of a request's body; more is answered with 413."""
BODY_TIMEOUT = 30
"""Seconds that a body may take to arrive."""
CORS_MAX_AGE = 600
COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
API: tuple[Route, ...] = (*auth.ROUTES, *users.ROUTES, *chats.ROUTES, *messages.ROUTES, *health.ROUTES)


class IdConverter(BaseConverter):
    """A positive id in a path, without leading zeros or signs; anything else is no route at all: 404.

    Sixteen digits reach beyond 2^53-1, where storage has nobody, and stay within MySQL's BIGINT.
    """

    regex = "[1-9][0-9]{0,15}"

    def to_python(self, value: str) -> int:
        """Never refuses: werkzeug would make a 405 of it where another method has the same path."""
        return int(value)


def create_app(services: Services, pages: dict[str, web.WebFile] | None = None) -> QuartTrio:
    """All routes of docs/protocol.md section 2, and the messenger's `pages`.

    WebSocket endpoints are added by their own module.
    """
    app = QuartTrio(__name__, static_folder=None)
    app.asgi_http_class = PoliteHTTPConnection
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["BODY_TIMEOUT"] = BODY_TIMEOUT
    app.url_map.converters["id"] = IdConverter
    app.url_map.merge_slashes = False
    for module in (auth, users, chats, messages, health):
        app.register_blueprint(blueprint(module.__name__.rpartition(".")[2], module.ROUTES, services))
    app.register_blueprint(blueprint("docs", docs.routes(API), services))
    app.register_blueprint(web.blueprint(pages or {}))
    _refuse_in_one_form(app)
    _guard_origins(app, services)
    _watch(app, services)
    return app


def _refuse_in_one_form(app: QuartTrio) -> None:
    async def refuse(error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            asked = request if has_request_context() else websocket
            log.error("a request failed: %s %s", asked.method, asked.path, exc_info=error)
            return problem_response(Problem("internal"))
        response = problem_response(for_status(error.code or 500))
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return response

    app.register_error_handler(Exception, refuse)


def _guard_origins(app: QuartTrio, services: Services) -> None:
    """CORS is closed but for the desktop client and the origins that the operator named."""
    allowed = services.settings.allowed_origins

    async def check() -> Response | None:
        origin = request.headers.get("Origin")
        if is_guest_origin(origin, allowed):
            asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
            return Response(b"", 204) if asks else None
        if is_own_origin(origin, request.headers.get("Host", "")):
            return None
        return problem_response(Problem("forbidden", "Pages of this origin may not talk to this server."))

    async def permit(response: Response) -> Response:
        origin = request.headers.get("Origin")
        response.headers.add("Vary", "Origin")
        if origin is not None and is_guest_origin(origin, allowed):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = "Retry-After, WWW-Authenticate"
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, PATCH, DELETE"
                response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Idempotency-Key"
                response.headers["Access-Control-Max-Age"] = str(CORS_MAX_AGE)
        return response

    app.before_request(check)
    app.after_request(permit)


def _watch(app: QuartTrio, services: Services) -> None:
    """Common headers; one count and one line of the log an answer, without query, names or texts."""

    async def begin() -> None:
        g.began = trio.current_time()

    async def finish(response: Response) -> Response:
        for name, value in COMMON_HEADERS.items():
            response.headers.setdefault(name, value)
        if request.path.startswith("/api/"):
            response.headers["Cache-Control"] = "no-store"
        route = _route_label()
        seconds = trio.current_time() - g.began
        services.metrics.answered(request.method, route, response.status_code, seconds)
        method = request.method if request.method in METHODS else OTHER  # up to 16 KiB of a stranger's choice
        log.info("%s %s %d %.0f ms", method, route, response.status_code, seconds * 1000)
        return response

    app.before_request_funcs.setdefault(None, []).insert(0, begin)
    app.after_request_funcs.setdefault(None, []).insert(0, finish)


def _route_label() -> str:
    """The template of the route. All pages of the messenger are one: their names are no list that is worth keeping."""
    if request.url_rule is None:
        return NO_ROUTE
    return "page" if request.blueprint == "web" else str(request.url_rule.rule)
