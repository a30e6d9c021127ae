"""A pool of MySQL connections, and transactions that are run again after a deadlock.

What a caller can rely on: a connection is leased to one task at a time, and goes back only when nothing is left over
on it. Session state set by hand (GET_LOCK, user variables, temporary tables) is not reset: who sets it undoes it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Final, TypeVar

import trio
from attrs import define, frozen
from trio_mysql import err

from storage.mysql_connection import CONFLICTS, DEADLOCK, Connection, Progress, error_code
from storage.mysql_url import MySQLSettings
from storage.observer import Observer, Unobserved

T = TypeVar("T")

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

GONE: Final = frozenset({1053, 1080, 1152, 1927, 4031})
"""Server errors that announce the end of the connection: shutdown, forced close, abort, kill, idle too long."""


_READ_ONLY: Final = frozenset({1290, 1792, 1836})
"""Server errors that say that this server takes no writes now: after a failover the name leads to another."""


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


@define
class Generation:
    """Counts how often the server behind the connections was lost, or turned out to be no primary any more. Those of an
    earlier generation are not used again: where one is dead, so are all that were open at the time.

    Pools that lead to the same server share one."""

    number: int = 0

    def end(self, number: int) -> None:
        """This generation is over; for an earlier one that is known already."""
        if number == self.number:
            self.number += 1


@define
class _Lease:
    connection: Connection
    born: float
    last_used: float
    generation: int


class _LostBeforeBody(Exception):
    """BEGIN failed for want of a link, so nothing has been done yet."""


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
        generation: Generation | None = None,
        transactions: bool = True,
    ) -> None:
        """`random` jitters the pauses between attempts; give a seeded one to repeat a run. Connections of a pool
        without `transactions` take one statement a packet, and no other."""
        self._observer = observer or Unobserved()
        self._generation = generation or Generation()
        self._settings = settings
        self._limits = limits or PoolLimits()
        self._random = random or Random()
        self._limiter = trio.CapacityLimiter(size)
        self._idle: list[_Lease] = []
        self._closed = False
        self._transactions = transactions
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
        except Exception as error:
            keep = True
            if _is_lost(error, connection):
                self._generation.end(lease.generation)
            raise
        finally:  # no checkpoint here: after a commit nothing may be cancelled any more
            keep = keep and not self._closed and lease.generation == self._generation.number
            if keep and connection.clean:
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
        if not self._transactions:
            raise ValueError("not a pool for transactions")
        progress = Progress()
        with trio.move_on_after(timeout):
            return await self._attempts(body, attempts, progress)
        if progress.committing:
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

    async def _attempts(self, body: Callable[[Connection], Awaitable[T]], attempts: int, progress: Progress) -> T:
        attempt = 0
        while True:
            attempt += 1
            try:
                async with self.acquire() as connection:
                    return await _attempt(connection, body, progress)
            except _LostBeforeBody as lost:
                if attempt >= attempts:
                    raise StoreUnavailable("the MySQL connection was lost") from lost.__cause__
                continue
            except err.MySQLError as error:
                if error_code(error) not in CONFLICTS:
                    raise
                if attempt >= attempts:
                    raise StoreUnavailable(f"conflicts in all {attempts} attempts") from error
            await trio.sleep(self._limits.backoff * 2 ** (attempt - 1) * self._random.uniform(0.5, 1.5))

    async def _lease(self, borrower: object) -> _Lease:
        try:
            self._limiter.acquire_on_behalf_of_nowait(borrower)
        except trio.WouldBlock:
            held = False
        else:
            held = True
            self._observer.leased(1)
            if (lease := self._fresh()) is not None:
                return lease
        try:
            with trio.fail_after(self._limits.acquire_timeout):
                if not held:
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

    def _fresh(self) -> _Lease | None:
        """The connection used last, where there is nothing to ask it first."""
        if self._idle:
            lease, now = self._idle[-1], trio.current_time()
            if self._is_current(lease, now) and now - lease.last_used <= self._limits.ping_after:
                return self._idle.pop()
        return None

    def _is_current(self, lease: _Lease, now: float) -> bool:
        return lease.generation == self._generation.number and now - lease.born <= self._limits.max_age

    async def _reuse(self) -> _Lease | None:
        while self._idle:
            lease = self._idle.pop()
            now = trio.current_time()
            if not self._is_current(lease, now):
                lease.connection.close()
            elif now - lease.last_used <= self._limits.ping_after or await self._answers(lease.connection):
                return lease
            else:
                self._generation.end(lease.generation)
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

    async def _open(self) -> _Lease:
        if self._closed:
            raise StoreUnavailable("the pool is closed")
        connection, generation = Connection(self._settings, scripts=self._transactions), self._generation.number
        await connection.connect()
        self.opened += 1
        now = trio.current_time()
        return _Lease(connection, now, now, generation)


def _is_lost(error: Exception, connection: Connection) -> bool:
    """Whether the error tells that this server is gone, or is no primary any more."""
    if isinstance(error, err.MySQLError) and error_code(error) in _READ_ONLY:
        return True
    told = isinstance(error, err.MySQLError | StoreUnavailable | TransactionOutcomeUnknown | _LostBeforeBody)
    return told and not connection.open


async def _attempt(connection: Connection, body: Callable[[Connection], Awaitable[T]], progress: Progress) -> T:
    """One BEGIN, body, COMMIT or ROLLBACK. A conflict comes out as the server's error, rolled back."""
    connection.begin_with_next(progress)
    try:
        result = await body(connection)
        if not progress.committed:
            await _commit(connection, progress)
    except Exception as error:
        await _undo(connection, progress, error)
        raise
    finally:
        connection.end()
    return result


async def _commit(connection: Connection, progress: Progress) -> None:
    """For a body that has not done it with its last statement. One that asked nothing has nothing to commit."""
    if connection.conflict is not None:  # swallowed by the body, yet the server has undone part or all of its work
        raise connection.conflict
    if progress.begun:
        await connection.ask_all((), commit=True)


async def _undo(connection: Connection, progress: Progress, error: Exception) -> None:
    """After `error`, which the caller goes on to raise unless this says what became of the transaction."""
    code = error_code(error)
    if progress.committing and not (code == DEADLOCK and connection.open):  # of a cluster: surely rolled back
        connection.close()
        raise TransactionOutcomeUnknown("the MySQL connection was lost during COMMIT") from error
    progress.committing = False
    if isinstance(error, err.MySQLError):
        if not progress.begun:
            connection.close()
            raise _LostBeforeBody from error
        if not connection.open or code in GONE:
            connection.close()
            raise StoreUnavailable("the MySQL connection was lost before COMMIT") from error
    if progress.begun:
        await _roll_back(connection)


async def _roll_back(connection: Connection) -> None:
    """Roll back if there is still a link; a failure only closes the connection, which rolls back as well."""
    try:
        if connection.open:
            await connection.rollback()
    except err.MySQLError:
        connection.close()
