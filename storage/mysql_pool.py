"""A pool of MySQL connections, and transactions that are run again after a deadlock.

What a caller can rely on: a connection is leased to one task at a time, and goes back only when nothing is left over
on it. Session state set by hand (GET_LOCK, user variables, temporary tables) is not reset: who sets it undoes it.
"""

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final, TypeVar

import trio
from attrs import define, frozen
from trio_mysql import err

from storage.mysql_connection import CONFLICTS, DEADLOCK, Connection, MySQLSettings, error_code
from storage.observer import Observer, Unobserved

T = TypeVar("T")
Scalar = None | bool | int | float | str | bytes | Decimal | date | datetime | timedelta
"""What may be a parameter. Aware datetimes are refused: convert to naive UTC first."""

ACQUIRE_TIMEOUT: Final = 5.0
"""Seconds to get a lease: the wait in line, the ping and the connect together."""
PING_AFTER: Final = 10.0
"""Seconds a connection may lie idle before it is asked for a sign of life."""
PING_TIMEOUT: Final = 2.0
"""Seconds for that answer."""
MAX_AGE: Final = 1800.0
"""Seconds after which a connection is replaced."""
BACKOFF: Final = 0.01
"""Seconds of the mean first pause before a transaction is run again; doubles each time."""
QUIT_TIMEOUT: Final = 1.0
"""Seconds `aclose` gives all idle connections to say goodbye."""

_GONE: Final = frozenset({1053, 1080, 1152, 1927, 4031})
"""Server errors that announce the end of the connection: shutdown, forced close, abort, kill, idle too long."""


class StoreUnavailable(Exception):
    """The database could not do it and nothing was committed; the reason, if any, is `__cause__`."""


class TransactionOutcomeUnknown(Exception):
    """The link broke or time ran out during COMMIT: the transaction may or may not have taken place."""


@frozen
class PoolLimits:
    """Times of a pool, all in seconds; see the constants of this module."""

    acquire_timeout: float = ACQUIRE_TIMEOUT
    ping_after: float = PING_AFTER
    ping_timeout: float = PING_TIMEOUT
    max_age: float = MAX_AGE
    backoff: float = BACKOFF


@frozen
class Written:
    """Rows changed (an upsert: 1 inserted, 2 updated, 0 unchanged) and the id made for the first new row, or 0."""

    row_count: int
    last_id: int


@define
class _Idle:
    connection: Connection
    born: float
    last_used: float


@define
class _Stage:
    committing: bool = False


class _LostBeforeBody(Exception):
    """BEGIN failed for want of a link, so nothing has been tried yet."""


class Pool:
    """At most `size` connections, the last used first; opened when needed."""

    def __init__(
        self,
        settings: MySQLSettings,
        size: int,
        *,
        random: Random | None = None,
        limits: PoolLimits | None = None,
        observer: Observer | None = None,
    ) -> None:
        """`random` jitters the pauses between attempts; give a seeded one to repeat a run."""
        self._observer = observer or Unobserved()
        self._settings = settings
        self._limits = limits or PoolLimits()
        self._random = random or Random()
        self._limiter = trio.CapacityLimiter(size)
        self._idle: list[_Idle] = []
        self._closed = False
        self.opened = 0
        """Connections opened so far."""

    @property
    def idle(self) -> int:
        """Connections lying idle now."""
        return len(self._idle)

    @property
    def leased(self) -> int:
        """Connections leased now, those being opened included."""
        return int(self._limiter.borrowed_tokens)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """Lease a connection in autocommit mode; StoreUnavailable when none can be had in time.

        After a cancel, or with a transaction or an unread answer left over, the connection is closed instead of kept.
        """
        borrower = object()
        lease = await self._lease(borrower)
        connection = lease.connection
        keep = False
        try:
            yield connection
            keep = True
        except Exception:
            keep = True
            raise
        finally:  # no checkpoint here: after a commit nothing may be cancelled any more
            if keep and not self._closed and connection.clean:
                lease.last_used = trio.current_time()
                self._idle.append(lease)
            else:
                connection.close()
            self._limiter.release_on_behalf_of(borrower)
            self._observer.leased(-1)

    async def transaction(self, body: Callable[[Connection], Awaitable[T]], *, attempts: int = 4, timeout: float) -> T:
        """Run `body` between BEGIN and COMMIT and give its result; `timeout` is in seconds, over all attempts.

        After a deadlock or a lock wait timeout everything is rolled back and `body` runs again, so its effects must
        all be in the database; it must neither commit nor run DDL. Its own exceptions roll back and pass through.

        Raises StoreUnavailable when nothing was committed: no connection, link lost before COMMIT, conflicts in all
        attempts, out of time. Raises TransactionOutcomeUnknown when COMMIT was sent and its answer did not come, or
        was an error other than a deadlock. A caller cancelled during COMMIT cannot know either.
        """
        if attempts < 1:
            raise ValueError("a transaction needs at least one attempt")
        stage = _Stage()
        with trio.move_on_after(timeout):
            return await self._attempts(body, attempts, stage)
        if stage.committing:
            raise TransactionOutcomeUnknown("out of time during COMMIT")
        raise StoreUnavailable("transaction out of time; nothing was committed")

    async def aclose(self) -> None:
        """Close idle connections within a second; leased ones are closed when given back. May be called twice."""
        self._closed = True
        idle, self._idle = self._idle, []
        try:
            with trio.move_on_after(QUIT_TIMEOUT):
                async with trio.open_nursery() as nursery:
                    for lease in idle:
                        nursery.start_soon(lease.connection.aclose)
        finally:
            for lease in idle:
                lease.connection.close()

    async def _attempts(self, body: Callable[[Connection], Awaitable[T]], attempts: int, stage: _Stage) -> T:
        attempt = 0
        while True:
            attempt += 1
            try:
                async with self.acquire() as connection:
                    return await _attempt(connection, body, stage)
            except _LostBeforeBody as lost:
                for lease in self._idle:  # the server may have been restarted: ask each before use
                    lease.last_used = -math.inf
                if attempt >= attempts:
                    raise StoreUnavailable("the MySQL connection was lost") from lost.__cause__
                continue
            except err.MySQLError as error:
                if error_code(error) not in CONFLICTS:
                    raise
                if attempt >= attempts:
                    raise StoreUnavailable(f"conflicts in all {attempts} attempts") from error
            await trio.sleep(self._limits.backoff * 2 ** (attempt - 1) * self._random.uniform(0.5, 1.5))

    async def _lease(self, borrower: object) -> _Idle:
        held = False
        try:
            with trio.fail_after(self._limits.acquire_timeout):
                await self._limiter.acquire_on_behalf_of(borrower)
                held = True
                self._observer.leased(1)
                return await self._reuse() or await self._open()
        except BaseException as error:
            if held:
                self._limiter.release_on_behalf_of(borrower)
                self._observer.leased(-1)
            if isinstance(error, trio.TooSlowError | err.MySQLError):
                raise StoreUnavailable(f"no MySQL connection: {error or 'out of time'}") from error
            raise

    async def _reuse(self) -> _Idle | None:
        while self._idle:
            lease = self._idle.pop()
            now = trio.current_time()
            if now - lease.born > self._limits.max_age:
                lease.connection.close()
            elif now - lease.last_used <= self._limits.ping_after or await self._answers(lease.connection):
                return lease
        return None

    async def _answers(self, connection: Connection) -> bool:
        try:
            with trio.fail_after(self._limits.ping_timeout):
                await connection.ping()
        except (trio.TooSlowError, err.MySQLError):
            connection.close()
            return False
        except BaseException:
            connection.close()
            raise
        return True

    async def _open(self) -> _Idle:
        if self._closed:
            raise StoreUnavailable("the pool is closed")
        connection = Connection(self._settings)
        await connection.connect()
        self.opened += 1
        now = trio.current_time()
        return _Idle(connection, now, now)


async def _attempt(connection: Connection, body: Callable[[Connection], Awaitable[T]], stage: _Stage) -> T:
    """One BEGIN, body, COMMIT or ROLLBACK. A conflict comes out as the server's error, rolled back."""
    try:
        await connection.begin()
    except err.MySQLError as error:
        connection.close()
        raise _LostBeforeBody from error
    try:
        result = await body(connection)
    except Exception as error:
        if isinstance(error, err.MySQLError) and (not connection.open or error_code(error) in _GONE):
            connection.close()
            raise StoreUnavailable("the MySQL connection was lost before COMMIT") from error
        await _roll_back(connection)
        raise
    if connection.conflict is not None:  # swallowed by the body, yet the server has undone part or all of its work
        await _roll_back(connection)
        raise connection.conflict
    if not connection.open:
        raise StoreUnavailable("the MySQL connection was lost before COMMIT")
    stage.committing = True
    try:
        await connection.commit()
    except err.MySQLError as error:
        if error_code(error) == DEADLOCK:  # a cluster's certification failure: surely rolled back
            stage.committing = False
            await _roll_back(connection)
            raise
        connection.close()
        raise TransactionOutcomeUnknown("the MySQL connection was lost during COMMIT") from error
    return result


async def _roll_back(connection: Connection) -> None:
    """Roll back if there is still a link; a failure only closes the connection, which rolls back as well."""
    try:
        if connection.open:
            await connection.rollback()
    except err.MySQLError:
        connection.close()


async def fetch_all(connection: Connection, sql: str, params: Sequence[Scalar] = ()) -> list[tuple[Any, ...]]:
    """Run one query and give all rows. Placeholders are %s; a literal percent sign is written %%."""
    async with connection.cursor() as cursor:
        await cursor.execute(sql, _checked(params))
        return list(await cursor.fetchall())


async def execute(connection: Connection, sql: str, params: Sequence[Scalar] = ()) -> Written:
    """Run one statement that gives no rows. Placeholders as in `fetch_all`."""
    async with connection.cursor() as cursor:
        count = await cursor.execute(sql, _checked(params))
        return Written(int(count), int(cursor.lastrowid or 0))


def _checked(params: Sequence[Scalar]) -> tuple[Scalar, ...]:
    """The parameters as a tuple; TypeError for a dict or anything else the driver would not escape soundly."""
    if not isinstance(params, tuple | list):
        raise TypeError("SQL parameters are a tuple or a list")
    for value in params:
        if not isinstance(value, Scalar):
            raise TypeError(f"not an SQL parameter: {type(value).__name__}")
        if isinstance(value, datetime) and value.tzinfo is not None:
            raise TypeError("an aware datetime is not an SQL parameter: convert to naive UTC")
    return tuple(params)
