"""One row a route: from it the handler is registered, the request is read and checked, and OpenAPI is written."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Generic, TypeVar

import msgspec
import trio
from attrs import evolve, frozen
from quart import Blueprint, Response, request

from chatproto.operations import AppendChange, AppendMessage, Operation, OperationFailed, Outcome, OutcomeUnknown
from chatproto.tokens import AccessClaims
from chatproto.wire.frames import Cid
from runtime.http.guards import LONGEST_WAIT
from runtime.http.problem import FieldError, Problem, problem_response, wrong_fields
from runtime.http.reading import Context, read_body, read_fields, read_query
from runtime.services import Services

B_co = TypeVar("B_co", covariant=True)
Q_co = TypeVar("Q_co", covariant=True)

RETRY_PAUSE: Final = 0.25
DEVICE_LENGTH: Final = 64


@frozen
class Call(Generic[B_co, Q_co]):
    """One request, read and checked: what a handler is given besides the ids of the path."""

    services: Services
    claims: AccessClaims | None
    body: B_co
    query: Q_co
    authorization: str | None
    address: str
    user_agent: str
    idempotency_key: str | None

    @property
    def me(self) -> AccessClaims:
        """The caller of a route that asks for a token."""
        assert self.claims is not None, "the route was registered with needs_token=False"
        return self.claims

    async def ask(self, operation: Operation) -> Outcome:
        """Run an operation; trouble with the store is told at once."""
        return await self.services.ask(operation)

    async def append(self, operation: AppendMessage | AppendChange) -> Outcome:
        """Write to the log. While the store is away it is tried again with the same cid, for `limits.store_wait` s."""
        deadline = trio.current_time() + self.services.limits.store_wait
        while True:
            outcome = await self.services.ask(operation)
            lost = isinstance(outcome, OutcomeUnknown) or (isinstance(outcome, OperationFailed) and outcome.retryable)
            if not lost or trio.current_time() + RETRY_PAUSE > deadline:
                return outcome
            await trio.sleep(RETRY_PAUSE)


@frozen
class Answer:
    """JSON for the caller; no body with 204."""

    status: int
    body: msgspec.Struct | None = None


@frozen
class Page:
    """Something else than JSON."""

    content: bytes
    content_type: str
    policy: str | None = None
    """Content-Security-Policy, where the common one is too narrow."""


Result = Answer | Page | Problem
Handler = Callable[..., Awaitable[Result]]


@frozen(kw_only=True)
class Route:
    """`answers`: types of the bodies by status (several: one of them). `codes`: refusals besides the usual ones."""

    method: str
    path: str
    handler: Handler
    summary: str
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    answers: dict[int, tuple[Any, ...]]
    codes: tuple[str, ...] = ()
    needs_token: bool = True
    rated: bool = False
    """Counts against the user's bucket: it writes or searches."""
    keyed: bool = False
    """Reads the Idempotency-Key header."""
    content_type: str = "application/json"

    @property
    def all_codes(self) -> tuple[str, ...]:
        """Every code this route may answer, in the order of their statuses."""
        codes = {*self.codes, "forbidden", "internal"}
        if self.needs_token:
            codes |= {"token_missing", "token_invalid", "token_expired", "revoked", "store_unavailable"}
        if self.body is not None:
            codes |= {"bad_json", "bad_unicode", "too_large", "request_timeout"}
        if self.body is not None or self.query is not None or self.keyed:
            codes |= {"validation_failed", "bad_unicode"}
        if "{" in self.path:
            codes |= {"not_found"}
        if self.rated:
            codes |= {"rate_limited"}
        return tuple(sorted(codes))


class _KeyHeader(msgspec.Struct, frozen=True):
    key: Cid = msgspec.field(name="Idempotency-Key")


def blueprint(name: str, routes: tuple[Route, ...], services: Services) -> Blueprint:
    """Quart's blueprint for a table of routes."""
    made = Blueprint(name, __name__)
    for route in routes:
        made.add_url_rule(
            route.path.replace("{", "<id:").replace("}", ">"),
            endpoint=f"{route.handler.__name__}_{route.method.lower()}",
            view_func=_view(route, services),
            methods=[route.method],
            provide_automatic_options=False,
        )
    return made


def _view(route: Route, services: Services) -> Callable[..., Awaitable[Response]]:
    async def view(**ids: int) -> Response:
        call = await _read_call(route, services)
        return _response(call if isinstance(call, Problem) else await route.handler(call, **ids))

    return view


def _response(result: Result) -> Response:
    if isinstance(result, Problem):
        return problem_response(result)
    if isinstance(result, Page):
        response = Response(result.content, content_type=result.content_type)
        if result.policy is not None:
            response.headers["Content-Security-Policy"] = result.policy
        return response
    if result.body is None:
        empty = Response(b"", result.status)
        del empty.headers["Content-Type"]
        return empty
    return Response(msgspec.json.encode(result.body), result.status, content_type="application/json")


async def _read_call(route: Route, services: Services) -> Call[Any, Any] | Problem:
    headers = request.headers
    call: Call[Any, Any] = Call(
        services=services,
        claims=None,
        body=None,
        query=None,
        authorization=headers.get("Authorization"),
        address=(request.scope.get("client") or ("local", 0))[0],
        user_agent=headers.get("User-Agent", ""),
        idempotency_key=headers.get("Idempotency-Key") if route.keyed else None,
    )
    if route.needs_token:
        claims = await services.authenticate(call.authorization)
        if isinstance(claims, Problem):
            return claims
        call = evolve(call, claims=claims)
    if route.rated and (refused := await _take_turn(call)) is not None:
        return refused
    return await _read_fields(route, call)


async def _take_turn(call: Call[Any, Any]) -> Problem | None:
    """Hold back a user who is faster than his bucket allows."""
    wait = call.services.buckets.delay(call.me.user_id, call.services.now())
    if wait > LONGEST_WAIT:
        return Problem("rate_limited", retry_after=wait)
    if wait > 0:
        await trio.sleep(wait)
    return None


async def _read_fields(route: Route, call: Call[Any, Any]) -> Call[Any, Any] | Problem:
    context = Context(call.services.settings, call.services.limits)
    errors: list[FieldError] = []
    if call.idempotency_key is not None:
        given = {"Idempotency-Key": call.idempotency_key}
        key = read_fields(_KeyHeader, given, context, msgspec.convert)
        errors += key if isinstance(key, list) else []
    if route.query is not None:
        query = read_query(route.query, request.args, context)
        errors += query if isinstance(query, list) else []
        call = evolve(call, query=query)
    if route.body is not None:
        data = await request.get_data(cache=False, as_text=False, parse_form_data=False)
        body = read_body(route.body, data, context)
        if isinstance(body, Problem):
            return body
        errors += body if isinstance(body, list) else []
        call = evolve(call, body=body)
    return wrong_fields(*errors) if errors else call


def device_label(user_agent: str) -> str:
    """How a log-in is named in the list of sessions, from the User-Agent header."""
    printable = "".join(character for character in user_agent if character.isprintable())
    return printable.strip()[:DEVICE_LENGTH] or "unknown"
