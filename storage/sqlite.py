"""The store in one SQLite file: one writing connection with group commit, several reading ones.

Who wants to write lines up; the first in line takes everybody behind them along in one transaction on a thread, and
while that commits the next line forms. There is no task of its own, so nothing is left running when callers go.
"""

import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeVar

import trio
from attrs import define, field

from chatproto.operations import Done, Operation, OperationFailed, Outcome, Refused
from storage.observer import Observer, Unobserved
from storage.statements import SQLITE, DuplicateKey, Query, Result, Steps
from storage.transactions import Plan, after_look, transaction_for
from storage.transactions.chats import read_epoch

T = TypeVar("T")

BATCH: Final = 256
"""Operations in one transaction."""
READERS: Final = 4
"""Connections that read."""
BUSY_TIMEOUT: Final = 5.0
"""Seconds to wait for another process that holds the file's lock."""
CLOSE_TIMEOUT: Final = 5.0
"""Seconds `aclose` waits for what is under way."""

_UNIQUE: Final = frozenset({sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY})
_PASSING: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PROTOCOL,
    }
)
"""Primary result codes that may be different next time."""
_LASTING: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class RunInThread(Protocol):
    """`trio.to_thread.run_sync` or, for deterministic runs, something that calls at once."""

    def __call__(self, function: Callable[[], T], /) -> Awaitable[T]: ...


@define(eq=False)
class _Job:
    """One write in line. `event` is set when it is done, or when its turn to lead has come."""

    start: Callable[[], Steps[Outcome]]
    event: trio.Event = field(factory=trio.Event)
    taken: bool = False
    outcome: Outcome | None = None
    error: Exception | None = None

    @property
    def done(self) -> bool:
        return self.outcome is not None or self.error is not None


class SQLiteStorage:
    """`Storage` on one file, which `storage.migrate.upgrade` has made. For one process only."""

    def __init__(
        self,
        path: Path,
        *,
        run_in_thread: RunInThread | None = None,
        readers: int = READERS,
        busy_timeout: float = BUSY_TIMEOUT,
        observer: Observer | None = None,
    ) -> None:
        """Raises sqlite3.Error where the file cannot be opened."""
        if run_in_thread is None:
            run_in_thread = partial(trio.to_thread.run_sync, limiter=trio.CapacityLimiter(readers + 1))
        self._run_in_thread = run_in_thread
        self._observer = observer or Unobserved()
        self._writer = _open(path, busy_timeout, read_only=False)
        self._idle = [_open(path, busy_timeout, read_only=True) for _ in range(readers)]
        self._reading = trio.Semaphore(readers, max_value=readers)
        self._readers = readers
        self._line: deque[_Job] = deque()
        self._writing = False
        self._closed = False

    async def perform(self, operation: Operation) -> Outcome:
        """Run one operation. A caller cancelled while their write is committing has written it all the same."""
        plan = transaction_for(operation)
        if plan.look is not None:
            looked = after_look(plan, await self._read(plan.look))
            if not isinstance(looked, Plan):
                return looked
            plan = looked
        if plan.first is not None:
            outcome = await self._write(plan.first)
            if isinstance(outcome, Refused | OperationFailed):
                return outcome
        return await (self._write(plan.start) if plan.writes else self._read(plan.start))

    async def check(self) -> str | None:
        """None when the file answers and has been set up."""
        try:
            outcome = await self._read(_check)
        except Exception as error:
            return f"the SQLite file does not answer: {error!r}"
        return outcome.detail if isinstance(outcome, OperationFailed) else None

    async def aclose(self) -> None:
        """Refuse what comes, finish what runs, close the file. May be called twice."""
        if self._closed:
            return
        self._closed = True
        try:
            with trio.move_on_after(CLOSE_TIMEOUT):
                await self._stand_in_line(_nothing)  # done when everybody before is
                for _ in range(self._readers):
                    await self._reading.acquire()
        finally:
            for connection in self._idle:
                connection.close()
            self._idle.clear()
            if not self._writing:
                self._writer.close()

    # --- reading -----------------------------------------------------------------------------------------------

    async def _read(self, start: Callable[[], Steps[Outcome]]) -> Outcome:
        if self._closed:
            return _closed()
        async with self._reading:
            if not self._idle:
                return _closed()
            connection = self._idle.pop()
            self._observer.leased(1)
            try:
                return await self._run_in_thread(partial(_read, connection, start))
            finally:
                self._idle.append(connection)
                self._observer.leased(-1)

    # --- writing -----------------------------------------------------------------------------------------------

    async def _write(self, start: Callable[[], Steps[Outcome]]) -> Outcome:
        return _closed() if self._closed else await self._stand_in_line(start)

    async def _stand_in_line(self, start: Callable[[], Steps[Outcome]]) -> Outcome:
        job = _Job(start)
        self._line.append(job)
        try:
            while not job.done:
                if self._writing:
                    await job.event.wait()
                    job.event = trio.Event()
                else:
                    await self._lead()
        finally:
            if not job.taken:
                self._line.remove(job)  # cancelled before its transaction began: it never will
            self._wake_next()
        if job.error is not None:
            raise job.error
        assert job.outcome is not None
        return job.outcome

    async def _lead(self) -> None:
        """Write the line, oneself included, in one transaction."""
        await trio.lowlevel.checkpoint()  # let the line form; a cancel strikes here, before anything is taken
        if self._writing or not self._line:
            return
        batch = [self._line.popleft() for _ in range(min(BATCH, len(self._line)))]
        for job in batch:
            job.taken = True
        self._writing = True
        began = trio.current_time()
        self._observer.leased(1)
        try:
            with trio.CancelScope(shield=True):  # bounded by SQLite's own busy timeout
                await self._run_in_thread(partial(_write_batch, self._writer, batch))
        except Exception as error:  # no thread to be had, or a bug of ours: everybody in the batch must hear of it
            for job in batch:
                job.outcome, job.error = None, error
        finally:
            self._writing = False
            self._observer.leased(-1)
            self._observer.committed(len(batch), trio.current_time() - began)
            for job in batch:
                job.event.set()

    def _wake_next(self) -> None:
        if self._line and not self._writing:
            self._line[0].event.set()


def _open(path: Path, busy_timeout: float, *, read_only: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=busy_timeout,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=512,
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _read(connection: sqlite3.Connection, start: Callable[[], Steps[Outcome]]) -> Outcome:
    """One consistent snapshot; nothing to commit."""
    try:
        connection.execute("BEGIN")
        try:
            return _drive(connection, start())
        finally:
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        return _failure(error)


def _write_batch(connection: sqlite3.Connection, batch: Sequence[_Job]) -> None:
    """One transaction; each operation in a savepoint, so that a bug in one undoes nothing of the others."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        for job in batch:
            _run_job(connection, job)
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        _roll_back(connection)
        _fail_all(batch, error)
    except BaseException:
        _roll_back(connection)
        raise


def _run_job(connection: sqlite3.Connection, job: _Job) -> None:
    """Raises sqlite3.Error where the whole transaction is lost."""
    connection.execute("SAVEPOINT one")
    try:
        job.outcome = _drive(connection, job.start())
    except sqlite3.Error as error:
        if _is_trouble(error):
            raise
        job.error = error
    except Exception as error:
        job.error = error
    if job.error is not None:
        connection.execute("ROLLBACK TO one")
    connection.execute("RELEASE one")


def _fail_all(batch: Sequence[_Job], error: sqlite3.Error) -> None:
    for job in batch:
        job.outcome = None
        try:
            job.outcome = _failure(error)
        except sqlite3.Error as bug:
            job.error = bug


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _drive(connection: sqlite3.Connection, steps: Steps[T]) -> T:
    """Answer a transaction's queries until it returns."""
    try:
        query = next(steps)
        while True:
            try:
                result = _run(connection, query)
            except sqlite3.IntegrityError as error:
                if error.sqlite_errorcode not in _UNIQUE:
                    raise
                query = steps.throw(DuplicateKey(str(error)))
            else:
                query = steps.send(result)
    except StopIteration as stop:
        value: T = stop.value
        return value


def _run(connection: sqlite3.Connection, query: Query) -> Result:
    compiled = query.statement.on(SQLITE)
    if query.many:
        cursor = connection.executemany(compiled.sql, [compiled.values(params) for params in query.many])
        return Result(row_count=cursor.rowcount)
    sql, values = compiled.bind(query.params)
    cursor = connection.execute(sql, values)
    if compiled.returns_rows:
        return Result(rows=compiled.read(cursor.fetchall()))
    return Result(row_count=cursor.rowcount, last_id=cursor.lastrowid or 0)


def _check() -> Steps[Outcome]:
    yield from read_epoch()
    return Done()


def _nothing() -> Steps[Outcome]:
    yield from ()
    return Done()


def _is_trouble(error: sqlite3.Error) -> bool:
    """Whether the file is the matter, and not our SQL."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _PASSING | _LASTING


def _failure(error: sqlite3.Error) -> OperationFailed:
    """The outcome of trouble with the file; bugs are raised again."""
    if not _is_trouble(error):
        raise error
    return OperationFailed(retryable=error.sqlite_errorcode & 0xFF in _PASSING, detail=error.sqlite_errorname)


def _closed() -> OperationFailed:
    return OperationFailed(retryable=True, detail="the store is closed")
