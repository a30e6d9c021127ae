"""One row a route: from it the request is read and checked, the handler called, and OpenAPI written."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Generic, TypeVar
from urllib.parse import parse_qsl

import msgspec
import trio
from attrs import Factory, frozen

from chatproto.buckets import Buckets
from chatproto.operations import Operation, OperationFailed, Outcome, OutcomeUnknown, Refused
from chatproto.tokens import AccessClaims
from chatproto.wire.frames import Cid
from chatproto.wire.networks import network_of
from runtime.files.blobs import Blob
from runtime.http.exchange import Exchange, Headers
from runtime.http.guards import LONGEST_WAIT, Kind
from runtime.http.problem import FieldError, Problem, wrong_fields
from runtime.http.reading import Context, read_body, read_fields, read_query
from runtime.services import Services

B_co = TypeVar("B_co", covariant=True)
Q_co = TypeVar("Q_co", covariant=True)

RETRY_PAUSE: Final = 0.25


@frozen
class Call(Generic[B_co, Q_co]):
    """One request, read and checked: what a handler is given besides the ids of the path."""

    services: Services
    claims: AccessClaims | None
    viewer_id: int | None
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

    @property
    def user_id(self) -> int:
        """Who asks, by a token or by a link."""
        assert self.viewer_id is not None, "the route was registered with needs_token=False"
        return self.viewer_id

    async def ask(self, operation: Operation) -> Outcome:
        """Run an operation; trouble with the store is told at once."""
        return await self.services.ask(operation)

    async def persist(self, operation: Operation) -> Outcome:
        """Run one that may be asked twice, such as a command of the log with its cid: while the store is away it is
        tried again, for `knobs.store_wait` s. Once nobody knows whether it was done, a later failure does not tell
        either."""
        deadline, unknown = trio.current_time() + self.services.knobs.store_wait, False
        while True:
            outcome = await self.services.ask(operation)
            unknown = unknown or isinstance(outcome, OutcomeUnknown)
            failed = isinstance(outcome, OperationFailed) and outcome.retryable
            if not failed and not isinstance(outcome, OutcomeUnknown):
                return outcome
            if trio.current_time() + RETRY_PAUSE > deadline:
                return OutcomeUnknown() if unknown else outcome
            await trio.sleep(RETRY_PAUSE)


@frozen
class Answer:
    """JSON for the caller; no body with 204."""

    status: int
    body: msgspec.Struct | None = None
    headers: Headers = Factory(list)


@frozen
class Page:
    """Something else than JSON."""

    content: bytes
    content_type: str
    policy: str | None = None
    """Content-Security-Policy, where the common one is too narrow."""


@frozen
class FileAnswer:
    """A part of a blob. The blob is closed when it is sent, or cannot be."""

    status: int
    headers: Headers
    blob: Blob
    offset: int
    length: int


Result = Answer | Page | FileAnswer | Problem
Handler = Callable[..., Awaitable[Result | None]]


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
    rate: Kind | None = None
    """Which bucket of the user it counts against, where the method does not tell."""
    keyed: bool = False
    """Reads the Idempotency-Key header."""
    text: str | None = None
    """The name of the last place of the path, where it is any text instead of an id."""
    content_type: str = "application/json"
    streams: bool = False
    """The handler is given the exchange: it reads the body itself, or looks at more of the headers."""
    form: bool = False
    """The body is a form with a file."""
    by_link: bool = False
    """Takes `?token=` of a link for the file in its path in place of the header Authorization."""

    @property
    def kind(self) -> Kind:
        """The bucket of the user that a request costs."""
        return self.rate or ("reads" if self.method == "GET" else "writes")

    @property
    def all_codes(self) -> tuple[str, ...]:
        """Every code this route may answer, in the order of their statuses."""
        codes = {*self.codes, "forbidden", "internal"}
        if self.needs_token:
            codes |= {"token_missing", "token_invalid", "token_expired", "revoked", "store_unavailable", "rate_limited"}
        if self.body is not None:
            codes |= {"bad_json", "bad_unicode", "too_large", "request_timeout"}
        if self.body is not None or self.query is not None or self.keyed:
            codes |= {"validation_failed", "bad_unicode"}
        if "{" in self.path:
            codes |= {"not_found"}
        return tuple(sorted(codes))


class _KeyHeader(msgspec.Struct, frozen=True):
    key: Cid = msgspec.field(name="Idempotency-Key")


async def run(route: Route, services: Services, exchange: Exchange, places: dict[str, Any]) -> Result | None:
    """Read and check a request, and let its handler answer; None: the client left before."""
    claims: AccessClaims | None = None
    viewer_id: int | None = None
    authorization = exchange.header(b"authorization")
    if route.by_link and authorization is None and (token := _arguments(exchange.query).get("token")):
        viewer_id = services.files.links.viewer(token, places["file_id"], services.now())
        if viewer_id is None:
            return Problem("not_found")
    elif route.needs_token:
        admitted = await services.authenticate(authorization)
        if isinstance(admitted, Problem):
            return admitted
        claims, viewer_id = admitted, admitted.user_id
    if viewer_id is not None and (refused := await take_turn(services, route.kind, viewer_id)) is not None:
        return refused
    given = await _read_fields(route, services, exchange)
    if given is None or isinstance(given, Problem):
        return given
    call: Call[Any, Any] = Call(
        services=services,
        claims=claims,
        viewer_id=viewer_id,
        body=given.body,
        query=given.query,
        authorization=authorization,
        address=exchange.address,
        user_agent=exchange.header(b"user-agent") or "",
        idempotency_key=given.key,
    )
    if route.streams:
        return await route.handler(call, exchange, **places)
    if route.method == "GET":  # it ends soon, whether somebody waits for it or not
        return await route.handler(call, **places)
    return await exchange.while_connected(lambda: route.handler(call, **places))


async def take_turn(services: Services, kind: Kind, user_id: int) -> Problem | None:
    """Hold back a user who is faster than their bucket allows, or refuse."""
    wait = services.guards.delay(kind, user_id, services.clock())
    if wait > LONGEST_WAIT:
        return Problem("rate_limited", retry_after=wait)
    if wait > 0:
        await trio.sleep(wait)
    return None


async def opening(
    call: Call[Any, Any], refused: Buckets[str], detail: str, ask: Callable[[], Awaitable[Outcome]]
) -> Outcome | Problem:
    """Try what a token or a code opens. Those that open nothing are counted in `refused`, by address; where they were
    too many, nothing is asked, and `detail` says so."""
    network, clock = network_of(call.address), call.services.clock
    wait = refused.take(network, clock())
    if wait > 0:
        return Problem("rate_limited", detail, retry_after=wait)
    outcome = await ask()
    if not isinstance(outcome, Refused):
        refused.give_back(network, clock())
    return outcome


@frozen
class _Given:
    """What a request says, checked."""

    body: Any
    query: Any
    key: str | None


async def _read_fields(route: Route, services: Services, exchange: Exchange) -> _Given | Problem | None:
    context = Context(services.settings, services.limits)
    errors: list[FieldError] = []
    body = query = key = None
    if route.keyed and (key := exchange.header(b"idempotency-key")) is not None:
        checked = read_fields(_KeyHeader, {"Idempotency-Key": key}, context, msgspec.convert)
        errors += checked if isinstance(checked, list) else []
    if route.query is not None:
        query = read_query(route.query, _arguments(exchange.query), context)
        errors += query if isinstance(query, list) else []
    if route.body is not None:
        data = await exchange.body()
        if data is None or isinstance(data, Problem):
            return data
        body = read_body(route.body, data, context)
        if isinstance(body, Problem):
            return body
        errors += body if isinstance(body, list) else []
    return wrong_fields(*errors) if errors else _Given(body, query, key)


def _arguments(query: bytes) -> dict[str, str]:
    """The parameters of a URL; of one that is repeated the first counts."""
    given: dict[str, str] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        given.setdefault(name, value)
    return given
