"""What the HTTP and WebSocket endpoints are given to work with. Nothing here is global: a test makes its own."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from attrs import Factory, define, field, frozen

from chatproto.operations import Operation, Outcome, SessionsEnded, TouchSession, UserFound
from chatproto.tokens import AccessClaims, TokenKeys
from chatproto.wire.limits import Limits
from runtime.config import Settings
from runtime.http.guards import Buckets, LiveSessions, LoginLimiter
from runtime.http.problem import Problem, refusal
from runtime.metrics import Metrics
from storage.passwords import Passwords
from storage.port import Storage


class Driver(Protocol):
    """Runs operations through the Hub, so that those who are connected learn of what changed."""

    @property
    def connections(self) -> int:
        """Open WebSocket connections of this process."""
        ...

    async def request(self, operation: Operation) -> Outcome:
        """Run it; trouble with the store is an outcome too."""
        ...

    def is_online(self, user_id: int) -> bool:
        """Whether the user has a connection here."""
        ...


@define
class Draining:
    """Set at the first signal to stop: /readyz is off from then on."""

    active: bool = False


@frozen(kw_only=True)
class Services:
    """`now` gives aware UTC time, `random_token` 256 random bits in URL-safe letters."""

    driver: Driver
    keys: TokenKeys = field(repr=False)
    passwords: Passwords
    settings: Settings
    limits: Limits
    storage: Storage
    now: Callable[[], datetime]
    random_token: Callable[[], str]
    draining: Draining = Factory(Draining)
    logins: LoginLimiter = Factory(LoginLimiter)
    live_sessions: LiveSessions = Factory(LiveSessions)
    buckets: Buckets = Factory(lambda self: Buckets(self.limits.rate, self.limits.burst), takes_self=True)
    metrics: Metrics = Factory(lambda self: Metrics(lambda: self.driver.connections), takes_self=True)

    async def ask(self, operation: Operation) -> Outcome:
        """Run an operation; sessions that it ended are refused here from now on."""
        outcome = await self.driver.request(operation)
        if isinstance(outcome, SessionsEnded):
            self.live_sessions.forget(outcome.session_ids)
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
        claims = self.keys.check(token, now)
        if not isinstance(claims, AccessClaims):
            return Problem(claims.value)
        if self.live_sessions.knows(claims, now):
            return claims
        outcome = await self.ask(TouchSession(claims.user_id, claims.session_id, claims.refresh_id, now))
        if not isinstance(outcome, UserFound):
            return refusal(outcome)
        self.live_sessions.remember(claims, now)
        return claims
