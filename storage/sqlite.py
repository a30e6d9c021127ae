"""The store in one SQLite file: one writing connection behind the group-commit writer, several reading ones."""

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Final, Protocol, TypeVar

import trio

from chatproto.operations import (
    AppendBatch,
    CleanedUp,
    Done,
    LogCommand,
    Mark,
    Operation,
    OperationFailed,
    Outcome,
    Refused,
)
from storage.isolation import Answer, Bug, Tried, Write, attempts, only, weight
from storage.observer import Observer, Unobserved
from storage.statements import SQLITE, Compiled, DuplicateKey, Query, Result, Row, Script, Steps
from storage.transactions import Plan, after_look, transaction_for
from storage.transactions.batches import of_one
from storage.transactions.chats import read_epoch
from storage.writer import Writer

T = TypeVar("T")

READERS: Final = 4
"""Connections that read."""
BUSY_TIMEOUT: Final = 5.0
"""Seconds to wait for another process that holds the file's lock."""
READ_TIMEOUT: Final = 10.0
"""Seconds after which a statement that reads is given up, as MySQL gives it up: few can read at once."""
READ_STEPS: Final = 100_000
"""Instructions of SQLite's machine between two looks at the clock: some milliseconds."""
CLOSE_TIMEOUT: Final = 5.0
"""Seconds `aclose` waits for what is under way."""
JOURNAL_BYTES: Final = 8 * 1024 * 1024
"""What the write-ahead file is cut back to once a long reader has let it grow (SQLite's own checkpoints keep it at
about 4 MB, but never make it smaller)."""

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
        sqlite3.SQLITE_INTERRUPT,
    }
)
"""Primary result codes that may be different next time."""
_LASTING: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class RunInThread(Protocol):
    """`trio.to_thread.run_sync` or, for deterministic runs, something that calls at once."""

    def __call__(self, function: Callable[[], T], /) -> Awaitable[T]: ...


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
        self._path = path
        self._writing_connection = _open(path, busy_timeout, read_only=False)
        self._idle = [_open(path, busy_timeout, read_only=True) for _ in range(readers)]
        self._reading = trio.Semaphore(readers, max_value=readers)
        self._readers = readers
        self._writer: Writer[Write, Outcome] = Writer(
            self._write_batch, lambda write: None, weight=weight, parallel=1, observer=observer
        )
        self._closed = False

    async def perform(self, operation: Operation) -> Outcome:
        """Run one operation. A caller cancelled while its write is committing has written it all the same."""
        if isinstance(operation, LogCommand):
            return only(await self._write(of_one(operation)))
        if isinstance(operation, AppendBatch | Mark):
            return await self._write(operation)
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
        outcome = await (self._write(plan.start) if plan.writes else self._read(plan.start))
        if isinstance(outcome, CleanedUp) and outcome.next_id is None:
            await self._run_in_thread(partial(_empty_journal, self._path))
        return outcome

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
        drained = False
        try:
            with trio.move_on_after(CLOSE_TIMEOUT):
                await self._writer.drain()
                drained = True
                for _ in range(self._readers):
                    await self._reading.acquire()
        finally:
            for connection in self._idle:
                connection.close()
            self._idle.clear()
            if drained:
                self._writing_connection.close()

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

    async def _write(self, write: Write) -> Outcome:
        return _closed() if self._closed else await self._writer.perform(write)

    async def _write_batch(self, writes: Sequence[Write]) -> Sequence[Answer]:
        """Bounded by SQLite's own busy timeout."""
        self._observer.leased(1)
        try:
            return await self._run_in_thread(partial(_write_all, self._writing_connection, writes))
        finally:
            self._observer.leased(-1)


def _open(path: Path, busy_timeout: float, *, read_only: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=busy_timeout,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=1024,
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_BYTES}")
        connection.execute("PRAGMA synchronous = FULL")
        # Not every build does it by itself. FAST would leave what stood on pages that are free: long texts.
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA foreign_keys = ON")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _empty_journal(path: Path) -> None:
    """What was removed stands in the write-ahead file until that is written anew, which on a quiet server may take
    weeks. So cleaning, once an hour, moves it all into the database and makes the file empty; where somebody reads or
    writes just then, the next cleaning does it."""
    with suppress(sqlite3.Error), closing(_open(path, 0, read_only=False)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _read(connection: sqlite3.Connection, start: Callable[[], Steps[Outcome]]) -> Outcome:
    """One consistent snapshot; nothing to commit. A statement is given up after READ_TIMEOUT."""
    ends = monotonic() + READ_TIMEOUT

    def begins() -> None:
        nonlocal ends
        ends = monotonic() + READ_TIMEOUT

    connection.set_progress_handler(lambda: monotonic() > ends, READ_STEPS)
    try:
        connection.execute("BEGIN")
        try:
            return _drive(connection, start(), begins)
        finally:
            _roll_back(connection)
    except sqlite3.Error as error:
        return _failure(error)
    finally:
        connection.set_progress_handler(None, READ_STEPS)


def _write_all(connection: sqlite3.Connection, writes: Sequence[Write]) -> Sequence[Answer]:
    """One transaction; each attempt in a savepoint, so that a bug in one undoes nothing of the others."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        answers = _attempt_all(connection, writes)
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        _roll_back(connection)
        return [_failure(error)] * len(writes)
    except BaseException:
        _roll_back(connection)
        raise
    return answers


def _attempt_all(connection: sqlite3.Connection, writes: Sequence[Write]) -> list[Answer]:
    steps = attempts(writes)
    try:
        start = next(steps)
        while True:
            start = steps.send(_attempt(connection, start))
    except StopIteration as stop:
        answers: list[Answer] = stop.value
        return answers


def _attempt(connection: sqlite3.Connection, start: Callable[[], Steps[Sequence[Outcome | None]]]) -> Tried:
    """Raises sqlite3.Error where the whole transaction is lost."""
    connection.execute("SAVEPOINT attempt")
    try:
        tried: Tried = _drive(connection, start())
    except Exception as error:
        if isinstance(error, sqlite3.Error) and _is_trouble(error):
            raise
        connection.execute("ROLLBACK TO attempt")
        tried = Bug(error)
    connection.execute("RELEASE attempt")
    return tried


def _roll_back(connection: sqlite3.Connection) -> None:
    """Unless SQLite has: an error of the disk ends the transaction."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _drive(connection: sqlite3.Connection, steps: Steps[T], begins: Callable[[], None] = lambda: None) -> T:
    """Answer a transaction's queries until it returns; `begins` is called before each."""
    try:
        query = next(steps)
        while True:
            begins()
            try:
                result = run(connection, query)
            except DuplicateKey as error:
                query = steps.throw(error)
            else:
                query = steps.send(result)
    except StopIteration as stop:
        value: T = stop.value
        return value


def run(connection: sqlite3.Connection, query: Query | Script) -> Result:
    """One query, or all of a script. Raises DuplicateKey, sqlite3.Error."""
    if isinstance(query, Query):
        return _run(connection, query, 0)
    return Result(parts=[_run(connection, part, place) for place, part in enumerate(query.queries)])


def _run(connection: sqlite3.Connection, query: Query, place: int) -> Result:
    """One statement, or as few as SQLite can make of many sets of parameters."""
    compiled = query.statement.on(SQLITE)
    try:
        if query.plain and compiled.returns_rows:
            return Result(rows=compiled.read(_answers(connection, compiled, query.plain)))
        if query.plain:
            return Result(row_count=connection.executemany(compiled.sql, query.plain).rowcount)
        if not query.many:
            sql, values = compiled.bind(query.params)
            return _result(compiled, connection.execute(sql, values), 1)
        if compiled.repeated is None and compiled.returns_rows:
            given = map(compiled.values, query.many)
            return Result(rows=compiled.read(_answers(connection, compiled, given)))
        if compiled.repeated is None:
            cursor = connection.executemany(compiled.sql, [compiled.values(params) for params in query.many])
            return Result(row_count=cursor.rowcount)
        flat: list[Any] = []
        for params in query.many:
            flat += compiled.values(params)
        return _result(compiled, connection.execute(compiled.repeated.text(len(query.many)), flat), len(query.many))
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode not in _UNIQUE:
            raise
        raise DuplicateKey(str(error), place) from error


def _answers(connection: sqlite3.Connection, compiled: Compiled, many: Iterable[Row]) -> list[Row]:
    """For each set of parameters once: a short text that is prepared once is quicker than a long one."""
    rows: list[Row] = []
    cursor = connection.cursor()
    for values in dict.fromkeys(many):
        rows += cursor.execute(compiled.sql, values).fetchall()
    return rows


def _result(compiled: Compiled, cursor: sqlite3.Cursor, count: int) -> Result:
    """The ids of rows inserted together follow each other, and SQLite tells the last."""
    if compiled.returns_rows:
        return Result(rows=compiled.read(cursor.fetchall()))
    return Result(row_count=cursor.rowcount, last_id=(cursor.lastrowid or 0) - count + 1)


def _check() -> Steps[Outcome]:
    yield from read_epoch()
    return Done()


def _is_trouble(error: sqlite3.Error) -> bool:
    """Whether the file is at fault, and not our SQL."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _PASSING | _LASTING


def _failure(error: sqlite3.Error) -> OperationFailed:
    """The outcome of trouble with the file; bugs are raised again."""
    if not _is_trouble(error):
        raise error
    return OperationFailed(retryable=error.sqlite_errorcode & 0xFF in _PASSING, detail=error.sqlite_errorname)


def _closed() -> OperationFailed:
    return OperationFailed(retryable=True, detail="the store is closed")
