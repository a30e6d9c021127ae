"""What the HTTP and WebSocket endpoints are given to work with. Nothing here is global: a test makes its own."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

import trio
from attrs import Factory, define, field, frozen

from chatproto.operations import AccountDeleted, Operation, Outcome, Refused, SessionsEnded, TouchSession, UserFound
from chatproto.server.knobs import Knobs
from chatproto.tokens import AccessClaims, TokenKeys, TokenRefusal
from chatproto.wire.limits import Limits
from runtime.config import Settings
from runtime.files.service import Files
from runtime.http.emptiness import Emptiness
from runtime.http.guards import Guards
from runtime.http.problem import Problem, refusal
from runtime.mail.sending import Mailer
from runtime.metrics import Metrics
from runtime.readiness import Readiness
from runtime.sockets.open_sockets import OpenSockets
from storage.passwords import Passwords


class Driver(Protocol):
    """Runs operations through the Hub, so that those who are connected learn of what changed."""

    async def request(self, operation: Operation) -> Outcome:
        """Run it; trouble with the store is an outcome too."""
        ...


def _sockets(settings: Settings, metrics: Metrics) -> OpenSockets:
    def refuse(full: str) -> None:
        metrics.sockets_refused.labels(full).inc()

    return OpenSockets(settings.limit_sockets, settings.limit_sockets_before_hello, refuse)


@define(eq=False)
class _Question:
    """Whether a session is alive, asked of storage; `answer` stays None where the asker went away."""

    done: trio.Event = Factory(trio.Event)
    answer: AccessClaims | Problem | None = None


@frozen(kw_only=True)
class Services:
    """`now` gives aware UTC time, to stamp; `clock` monotonic seconds, to wait by; `random_token` 256 random bits in
    URL-safe letters, `random_bytes` as many as asked for. `mailer` is None where no letters are sent. `worker_metrics`:
    what /metrics gives out where several workers serve together.
    """

    driver: Driver
    keys: TokenKeys = field(repr=False)
    passwords: Passwords
    settings: Settings
    limits: Limits
    knobs: Knobs
    metrics: Metrics
    readiness: Readiness
    now: Callable[[], datetime]
    random_token: Callable[[], str]
    random_bytes: Callable[[int], bytes]
    files: Files = field(repr=False)
    mailer: Mailer | None = None
    worker_metrics: Callable[[], Awaitable[bytes]] | None = None
    clock: Callable[[], float] = trio.current_time
    guards: Guards = Factory(lambda self: Guards.of(self.settings), takes_self=True)
    emptiness: Emptiness = Factory(Emptiness)
    sockets: OpenSockets = Factory(lambda self: _sockets(self.settings, self.metrics), takes_self=True)
    _asking: dict[AccessClaims, _Question] = Factory(dict)

    async def ask(self, operation: Operation) -> Outcome:
        """Run an operation; sessions that it ended are refused here from now on."""
        outcome = await self.driver.request(operation)
        if isinstance(outcome, SessionsEnded | AccountDeleted):
            self.guards.sessions.forget(outcome.session_ids)
        return outcome

    async def authenticate(self, authorization: str | None) -> AccessClaims | Problem:
        """Whose request this is, from the value of its Authorization header."""
        scheme, _, token = (authorization or "").strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return Problem("token_missing")
        return await self.check_token(token.strip())

    async def check_token(self, token: str) -> AccessClaims | Problem:
        """The claims of an access token that is valid and whose session is alive; at most 1 s behind its end."""
        now = self.now()
        known = self.guards.sessions.claims(token)
        if known is not None and known.issued_at <= now < known.expires_at:
            claims: AccessClaims | TokenRefusal = known
        else:
            claims = self.keys.check(token, now)
        if not isinstance(claims, AccessClaims):
            return Problem(claims.value)
        alive = self.guards.sessions.knows(claims, self.clock())
        if alive is not None:
            return claims if alive else Problem("revoked")
        if (question := self._asking.get(claims)) is not None:  # one at a time for each token, however slow storage is
            await question.done.wait()
            if question.answer is not None:
                return question.answer
        return await self._ask_for_session(claims, token)

    async def _ask_for_session(self, claims: AccessClaims, token: str) -> AccessClaims | Problem:
        asked = self.clock()
        question = self._asking[claims] = _Question()
        try:
            operation = TouchSession(
                claims.user_id, claims.session_id, claims.session_key, claims.refresh_id, self.now()
            )
            outcome = await self.ask(operation)
            question.answer = claims if isinstance(outcome, UserFound) else refusal(outcome)
        finally:
            question.done.set()
            if self._asking.get(claims) is question:
                del self._asking[claims]
        if isinstance(outcome, UserFound):
            self.guards.sessions.alive(claims, token, asked)
        elif isinstance(outcome, Refused):
            self.guards.sessions.ended(claims, asked)
        return question.answer
