"""The store in MySQL or MariaDB: transactions on a pool, and a group-commit writer for the log and the marks."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

import trio
from trio_mysql import err

from chatproto.operations import (
    AppendBatch,
    ClearIndex,
    CreateDirect,
    LoadSession,
    LogCommand,
    Mark,
    Operation,
    OperationFailed,
    Outcome,
    OutcomeUnknown,
    OutdateIndex,
    Refused,
    SaveLastSeen,
    SetFlags,
    StoreIndex,
    TellHints,
    TouchSession,
    UpdateUser,
)
from storage.isolation import Answer, Bug, Tried, Write, attempts, only, weight
from storage.migrate import SchemaMismatch, compare, is_newer
from storage.mysql_connection import CONFLICTS, Connection, error_code
from storage.mysql_pool import GONE, Generation, Pool, StoreUnavailable, TransactionOutcomeUnknown
from storage.mysql_replicas import Replicas
from storage.mysql_run import drive, fetch_all
from storage.mysql_url import MySQLSettings
from storage.observer import Observer
from storage.statements import Steps
from storage.transactions import Plan, after_look, transaction_for
from storage.transactions.batches import of_one
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

_NO_TABLE: Final = 1146
_REPEATABLE: Final = (
    LogCommand
    | AppendBatch
    | Mark
    | CreateDirect
    | SetFlags
    | SaveLastSeen
    | TouchSession
    | UpdateUser
    | LoadSession
    | StoreIndex
    | ClearIndex
    | OutdateIndex
    | TellHints
)
"""Operations that may simply be run again when nobody knows whether their commit took place."""
_PASSING: Final = (
    CONFLICTS
    | GONE
    | {
        3,  # error writing file
        1021,  # disk full
        1026,  # error writing file
        1030,  # error of the storage engine, such as a full disk
        1037,  # out of memory
        1040,  # too many connections
        1041,  # out of memory
        1047,  # a cluster's node is not ready
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
)
"""Server errors that may be different next time."""


class MySQLStorage:
    """`Storage` on one MySQL or MariaDB database, which `storage.migrate.upgrade` has prepared."""

    def __init__(
        self,
        settings: MySQLSettings,
        *,
        replicas: Sequence[MySQLSettings] = (),
        readers: int = READERS,
        observer: Observer | None = None,
    ) -> None:
        """Opens nothing yet. `replicas` of this database may answer reads (`storage.mysql_replicas`)."""
        self._fitted = False  # whether the schema was this program's, once
        generation = Generation()
        self._reads = Pool(settings, readers, observer=observer, generation=generation, transactions=False)
        self._writes = Pool(settings, WRITERS, observer=observer, generation=generation)
        self._replicas = Replicas(replicas, self._reads, observer=observer) if replicas else None
        self._log: Writer[AppendBatch, Outcome] = Writer(
            self._batch, lambda batch: batch.chat_id, weight=weight, observer=observer
        )
        self._marks: Writer[Mark, Outcome] = Writer(
            self._batch, lambda mark: (mark.chat_id, mark.user_id), parallel=1, observer=observer
        )
        self._closed = False

    async def perform(self, operation: Operation) -> Outcome:
        """Run one operation. A caller cancelled while its transaction commits may have written it all the same."""
        if self._closed:
            return OperationFailed(retryable=True, detail="the store is closed")
        if isinstance(operation, LogCommand):
            return only(await self._log.perform(of_one(operation)))
        if isinstance(operation, AppendBatch):
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
        if plan.writes:
            return await self._write(plan.start, again)
        if self._replicas is not None and (found := await self._replicas.read(operation, plan.start)) is not None:
            return found
        return await self._read(plan.start)

    async def check(self) -> str | None:
        """None when the server answers and the schema is right, or was and has become that of a later version: servers
        that run go on while another one is updated."""
        try:
            revision = await self._revision()
            if not (self._fitted and is_newer(revision)):
                self._fit(revision)
        except SchemaMismatch as mismatch:
            return str(mismatch)
        except (StoreUnavailable, err.MySQLError) as error:
            return f"the database does not answer: {_reason(error)}"
        return None

    async def check_schema(self) -> None:
        """Raises SchemaMismatch, StoreUnavailable, trio_mysql.err.MySQLError."""
        self._fit(await self._revision())

    def _fit(self, revision: str | None) -> None:
        compare(revision)
        self._fitted = True

    async def _revision(self) -> str | None:
        rows: Sequence[Sequence[Any]] = ()
        for last in (False, True):  # the server ends connections that were idle for a time of its own
            connection: Connection | None = None
            try:
                async with self._reads.acquire() as connection:
                    rows = await fetch_all(connection, "SELECT version_num FROM alembic_version")
                break
            except err.MySQLError as error:
                if error_code(error) == _NO_TABLE:
                    break
                if last or (connection is not None and connection.open):
                    raise
        return rows[0][0] if rows else None

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
        if self._replicas is not None:
            await self._replicas.aclose()
        await self._reads.aclose()
        await self._writes.aclose()

    async def _read(self, start: Callable[[], Steps[Outcome]]) -> Outcome:
        """Outside any transaction; once more where the link was lost or is being closed, within the same time."""
        try:
            with trio.fail_after(TIMEOUT):
                for last in (False, True):
                    connection: Connection | None = None
                    try:
                        async with self._reads.acquire() as connection:
                            return await self._read_on(connection, start())
                    except err.MySQLError as error:
                        if last or (connection is not None and connection.open):
                            return _failure(error)
        except (StoreUnavailable, trio.TooSlowError) as error:
            return OperationFailed(retryable=True, detail=_reason(error))
        raise AssertionError("unreachable")

    async def _read_on(self, connection: Connection, steps: Steps[Outcome]) -> Outcome:
        try:
            return await drive(connection, steps)
        except err.MySQLError as error:
            if error_code(error) in GONE:  # it says so before it closes the link: nobody else is to have it
                connection.close()
            raise

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

    async def _batch(self, writes: Sequence[Write]) -> Sequence[Answer]:
        """A transaction for each attempt."""
        steps = attempts(writes)
        try:
            start = next(steps)
            while True:
                start = steps.send(await self._attempt(start))
        except StopIteration as stop:
            answers: list[Answer] = stop.value
            return answers

    async def _attempt(self, start: Callable[[], Steps[Sequence[Outcome | None]]]) -> Tried:
        async def body(connection: Connection) -> Sequence[Outcome | None]:
            return await drive(connection, start())

        try:
            return await self._transaction(body, again=True)
        except TransactionOutcomeUnknown:
            return OutcomeUnknown()
        except StoreUnavailable as error:
            return OperationFailed(retryable=True, detail=_reason(error))
        except Exception as error:
            return _failure(error) if isinstance(error, err.MySQLError) and _is_trouble(error) else Bug(error)


def _failure(error: err.MySQLError) -> OperationFailed:
    """The outcome of trouble with the server; bugs are raised again."""
    if not _is_trouble(error):
        raise error
    return OperationFailed(retryable=True, detail=_reason(error))


def _is_trouble(error: err.MySQLError) -> bool:
    """Whether the server or the link to it is at fault, and not our SQL."""
    code = error_code(error)
    return code in _PASSING or 2000 <= code < 3000 or isinstance(error, err.InterfaceError)


def _reason(error: BaseException) -> str:
    """For operators: a code rather than a text that may quote data."""
    cause = error.__cause__ or error
    code = error_code(cause)
    return f"MySQL error {code}" if code else str(error) or type(error).__name__
