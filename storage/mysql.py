"""The store in MySQL or MariaDB: transactions on a pool, and a group-commit writer for the log and the marks."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from random import Random
from typing import Any, Final, TypeVar

import trio
from trio_mysql import err

from chatproto.operations import (
    AppendBatch,
    AppendChange,
    AppendMessage,
    CreateDirect,
    LoadSession,
    Mark,
    Operation,
    OperationFailed,
    Outcome,
    OutcomeUnknown,
    Refused,
    SaveLastSeen,
    SetFlags,
    TouchSession,
    UpdateUser,
)
from storage.migrate import SchemaMismatch, compare
from storage.mysql_connection import CONFLICTS, Connection, MySQLSettings, error_code
from storage.mysql_pool import Pool, StoreUnavailable, TransactionOutcomeUnknown, execute, fetch_all
from storage.observer import Observer
from storage.statements import MYSQL, DuplicateKey, Query, Result, Steps
from storage.transactions import Plan, after_look, transaction_for
from storage.transactions.batches import Append, append_batch
from storage.writer import Writer

T = TypeVar("T")

READERS: Final = 8
WRITERS: Final = 12
"""Connections at most, of each kind."""
TIMEOUT: Final = 8.0
"""Seconds for one operation or batch, all its attempts together."""
CLOSE_TIMEOUT: Final = 5.0
"""Seconds `aclose` waits for what is under way."""
RESOLVE_PAUSE: Final = 0.2
"""Seconds before an append whose commit is unknown is run again."""

_DUPLICATE: Final = 1062
_NO_TABLE: Final = 1146
_REPEATABLE: Final = (
    AppendMessage
    | AppendChange
    | AppendBatch
    | Mark
    | CreateDirect
    | SetFlags
    | SaveLastSeen
    | TouchSession
    | UpdateUser
    | LoadSession
)
"""Operations that may simply be run again when nobody knows whether their commit took place."""
_PASSING: Final = CONFLICTS | {
    3,  # error writing file
    1021,  # disk full
    1026,  # error writing file
    1030,  # error of the storage engine, such as a full disk
    1037,  # out of memory
    1040,  # too many connections
    1041,  # out of memory
    1047,  # a cluster's node is not ready
    1053,  # server shutdown in progress
    1114,  # table full
    1180,  # error during commit
    1290,  # read-only
    1317,  # query interrupted
    1792,  # read-only transaction
    1836,  # read-only mode
    1969,  # MariaDB: max_statement_time
    3024,  # MySQL: max_execution_time
    3100,  # a replication plugin refused the commit
    3101,  # a cluster's certification failed
}
"""Server errors that may be different next time."""


class MySQLStorage:
    """`Storage` on one MySQL or MariaDB database, which `storage.migrate.upgrade` has prepared."""

    def __init__(
        self,
        settings: MySQLSettings,
        *,
        readers: int = READERS,
        writers: int = WRITERS,
        random: Random | None = None,
        observer: Observer | None = None,
    ) -> None:
        """Opens nothing yet. `random` jitters the pauses before conflicting transactions are run again."""
        self._reads = Pool(settings, readers, random=random, observer=observer)
        self._writes = Pool(settings, writers, random=random, observer=observer)
        self._log: Writer[Append, Outcome] = Writer(
            self._append, lambda operation: operation.chat_id, observer=observer
        )
        self._marks: Writer[Mark, Outcome] = Writer(
            self._mark, lambda operation: (operation.chat_id, operation.user_id), parallel=1, observer=observer
        )
        self._closed = False

    async def perform(self, operation: Operation) -> Outcome:
        """Run one operation. A caller cancelled while its transaction commits may have written it all the same."""
        if self._closed:
            return OperationFailed(retryable=True, detail="the store is closed")
        if isinstance(operation, AppendMessage | AppendChange):
            return await self._log.perform(operation)
        if isinstance(operation, Mark):
            return await self._marks.perform(operation)
        plan = transaction_for(operation)
        again = isinstance(operation, _REPEATABLE)
        if plan.look is not None:
            looked = after_look(plan, await self._read(plan.look))
            if not isinstance(looked, Plan):
                return looked
            plan = looked
        if plan.first is not None:
            outcome = await self._write(plan.first, again)
            if isinstance(outcome, Refused | OperationFailed | OutcomeUnknown):
                return outcome
        return await (self._write(plan.start, again) if plan.writes else self._read(plan.start))

    async def check(self) -> str | None:
        """None when the server answers and the schema is right."""
        try:
            await self.check_schema()
        except SchemaMismatch as mismatch:
            return str(mismatch)
        except (StoreUnavailable, err.MySQLError) as error:
            return f"the database does not answer: {_reason(error)}"
        return None

    async def check_schema(self) -> None:
        """Raises SchemaMismatch, StoreUnavailable, trio_mysql.err.MySQLError."""
        try:
            async with self._reads.acquire() as connection:
                rows = await fetch_all(connection, "SELECT version_num FROM alembic_version")
        except err.MySQLError as error:
            if error_code(error) != _NO_TABLE:
                raise
            rows = []
        compare(rows[0][0] if rows else None)

    async def warnings(self) -> tuple[str, ...]:
        """Settings of the server that weaken the house's promises. Raises as `check_schema`."""
        async with self._reads.acquire() as connection:
            flush = (await fetch_all(connection, "SELECT @@innodb_flush_log_at_trx_commit"))[0][0]
        if flush == 1:
            return ()
        return (f"innodb_flush_log_at_trx_commit is {flush}, not 1: a power cut may lose acknowledged messages",)

    async def aclose(self) -> None:
        """Refuse what comes, finish what runs for at most 5 s, close the connections. May be called twice."""
        self._closed = True
        with trio.move_on_after(CLOSE_TIMEOUT):
            await self._log.drain()
            await self._marks.drain()
        await self._reads.aclose()
        await self._writes.aclose()

    async def _read(self, start: Callable[[], Steps[Outcome]]) -> Outcome:
        """Outside any transaction; once more where the link was lost."""
        for last in (False, True):
            connection: Connection | None = None
            try:
                with trio.fail_after(TIMEOUT):
                    async with self._reads.acquire() as connection:
                        return await drive(connection, start())
            except (StoreUnavailable, trio.TooSlowError) as error:
                return OperationFailed(retryable=True, detail=_reason(error))
            except err.MySQLError as error:
                if last or (connection is not None and connection.open):
                    return _failure(error)
        raise AssertionError("unreachable")

    async def _write(self, start: Callable[[], Steps[Outcome]], again: bool) -> Outcome:
        """In a transaction of its own; `again`: it may be run again where its commit is unknown."""

        async def body(connection: Connection) -> Outcome:
            return await drive(connection, start())

        try:
            return await self._transaction(body, again)
        except TransactionOutcomeUnknown:
            return OutcomeUnknown()
        except StoreUnavailable as error:
            return OperationFailed(retryable=True, detail=_reason(error))
        except err.MySQLError as error:
            return _failure(error)

    async def _transaction(self, body: Callable[[Connection], Awaitable[T]], again: bool) -> T:
        """As `Pool.transaction`; with `again`, a lost commit is resolved by running `body` once more, which waits for
        the locks of the first. After one lost commit nothing but success is certain."""
        deadline = trio.current_time() + TIMEOUT
        unknown = False
        while True:
            try:
                left = max(deadline - trio.current_time(), 0.0)
                return await self._writes.transaction(body, timeout=left)
            except TransactionOutcomeUnknown:
                unknown = True
                if not again or trio.current_time() + RESOLVE_PAUSE >= deadline:
                    raise
            except (StoreUnavailable, err.MySQLError) as error:
                if not unknown:
                    raise
                if trio.current_time() + RESOLVE_PAUSE >= deadline:
                    raise TransactionOutcomeUnknown("the database did not come back in time") from error
            await trio.sleep(RESOLVE_PAUSE)

    async def _append(self, operations: Sequence[Append]) -> Sequence[Outcome | Exception | None]:
        return await self._batch(operations, partial(append_batch, operations))

    async def _mark(self, operations: Sequence[Mark]) -> Sequence[Outcome | Exception | None]:
        return await self._batch(operations, partial(_mark_batch, operations))

    async def _batch(
        self, operations: Sequence[Operation], start: Callable[[], Steps[list[Outcome | None]]]
    ) -> Sequence[Outcome | Exception | None]:
        """One transaction for all; where it fails for a reason that is not the server's, one for each."""

        async def body(connection: Connection) -> list[Outcome | None]:
            return await drive(connection, start())

        try:
            return await self._transaction(body, again=True)
        except TransactionOutcomeUnknown:
            return [OutcomeUnknown()] * len(operations)
        except StoreUnavailable as error:
            return [OperationFailed(retryable=True, detail=_reason(error))] * len(operations)
        except Exception as error:
            if isinstance(error, err.MySQLError) and error_code(error) in _PASSING:
                return [_failure(error)] * len(operations)
            if len(operations) == 1:
                return [error]
        return [await self._alone(operation) for operation in operations]

    async def _alone(self, operation: Operation) -> Outcome | Exception:
        try:
            return await self._write(transaction_for(operation).start, again=True)
        except Exception as error:
            return error


async def drive(connection: Connection, steps: Steps[T]) -> T:
    """Answer a transaction's queries until it returns."""
    try:
        query = next(steps)
        while True:
            try:
                result = await _run(connection, query)
            except err.IntegrityError as error:
                if error_code(error) != _DUPLICATE:
                    raise
                query = steps.throw(DuplicateKey(str(error)))
            else:
                query = steps.send(result)
    except StopIteration as stop:
        value: T = stop.value
        return value


async def _run(connection: Connection, query: Query) -> Result:
    compiled = query.statement.on(MYSQL)
    if query.many:
        return await _run_many(connection, compiled.sql, [compiled.values(params) for params in query.many])
    sql, values = compiled.bind(query.params)
    if compiled.returns_rows:
        return Result(rows=compiled.read(await fetch_all(connection, sql, values)))
    written = await execute(connection, sql, values)
    return Result(row_count=written.row_count, last_id=written.last_id)


async def _run_many(connection: Connection, sql: str, rows: Sequence[tuple[Any, ...]]) -> Result:
    """An INSERT as one statement with many rows, whose `last_id` is that of the first; all else one by one."""
    head, values, group = sql.partition(" VALUES ")
    if sql.startswith("INSERT INTO ") and values:
        flat = tuple(value for row in rows for value in row)
        written = await execute(connection, f"{head}{values}{', '.join([group] * len(rows))}", flat)
        return Result(row_count=written.row_count, last_id=written.last_id)
    total = 0
    for row in rows:
        total += (await execute(connection, sql, row)).row_count
    return Result(row_count=total)


def _mark_batch(operations: Sequence[Mark]) -> Steps[list[Outcome | None]]:
    """Marks in the order of their rows, so that two batches cannot wait for each other."""
    outcomes: dict[int, Outcome] = {}
    in_order = sorted(enumerate(operations), key=lambda pair: (pair[1].chat_id, pair[1].user_id, pair[0]))
    for place, operation in in_order:
        outcomes[place] = yield from transaction_for(operation).start()
    return [outcomes[place] for place in range(len(operations))]


def _failure(error: err.MySQLError) -> OperationFailed:
    """The outcome of trouble with the server; bugs are raised again."""
    code = error_code(error)
    if code in _PASSING or 2000 <= code < 3000 or isinstance(error, err.InterfaceError):
        return OperationFailed(retryable=True, detail=_reason(error))
    raise error


def _reason(error: BaseException) -> str:
    """For operators: a code rather than a text that may quote data."""
    cause = error.__cause__ or error
    code = error_code(cause)
    return f"MySQL error {code}" if code else str(error) or type(error).__name__
