"""Reading from replicas of a MySQL or MariaDB primary; what they answer is never older than the question.

The primary says which transactions it has committed (their GTIDs) and under which epoch; a replica answers where it has
all of them, or gets them within a moment, under the same epoch. So a user who was removed from a chat, or has just
written to it, sees no less and no more than the primary shows. One that lags, is away, or belongs to another
history is left out for a while, and the primary answers in its place.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Final

import trio
from attrs import define, frozen
from trio_mysql import err

from chatproto.operations import (
    FetchAround,
    FetchPage,
    ListChatFiles,
    ListChats,
    Operation,
    Outcome,
    SearchMessages,
    SearchUsers,
)
from storage.mysql_connection import Connection
from storage.mysql_pool import Pool, PoolLimits, StoreUnavailable
from storage.mysql_run import drive, fetch_all
from storage.mysql_url import MySQLSettings
from storage.observer import Observer, ReplicaAnswer, Unobserved
from storage.statements import Steps

READERS: Final = 8
"""Connections to a replica, at most."""
WAIT: Final = 0.05
"""Seconds that a replica is given to catch up."""
TIMEOUT: Final = 2.0
"""Seconds for all of a read at a replica; after that the primary is asked."""
REST: Final = 1.0
"""Seconds for which one that did not answer is left out; doubles each time in a row."""
MAX_REST: Final = 8.0
"""The longest of these pauses."""

REPLICATED: Final = FetchPage | FetchAround | ListChats | ListChatFiles | SearchMessages | SearchUsers
"""What replicas are asked: reads whose cost outweighs the question to the primary."""

COMMITTED: Final[dict[bool, str]] = {
    True: "SELECT @@GLOBAL.gtid_binlog_pos, @@GLOBAL.log_bin, value FROM meta WHERE name = 'epoch'",
    False: "SELECT @@GLOBAL.gtid_executed, @@GLOBAL.gtid_mode = 'ON', value FROM meta WHERE name = 'epoch'",
}
"""Asked of the primary: its GTIDs, whether each transaction has one, and its epoch. By whether it is a MariaDB."""
REACHED: Final[dict[bool, str]] = {
    True: "SELECT MASTER_GTID_WAIT(%s, %s), value FROM meta WHERE name = 'epoch'",
    False: "SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s), value FROM meta WHERE name = 'epoch'",
}
"""Asked of a replica: 0 where it has them within so many seconds; and its epoch."""

_log = logging.getLogger(__name__)


@frozen
class Position:
    """How far a primary has come."""

    mariadb: bool
    gtids: str
    epoch: str


class _LeftOut(Exception):
    def __init__(self, fault: ReplicaAnswer) -> None:
        super().__init__(fault)
        self.fault = fault


@define(eq=False)
class _Replica:
    name: str
    pool: Pool
    rest: float = 0.0
    """Seconds it is left out for after the next fault; 0 where the last read went well."""
    back_at: float = 0.0


class Replicas:
    """At least one replica, asked in turn."""

    def __init__(self, replicas: Sequence[MySQLSettings], primary: Pool, *, observer: Observer | None = None) -> None:
        """Opens nothing yet. `primary`: connections to ask for its position."""
        self._primary = primary
        self._observer = observer or Unobserved()
        limits = PoolLimits(acquire_timeout=TIMEOUT)
        self._replicas = [
            _Replica(one.place, Pool(one, READERS, limits=limits, transactions=False)) for one in replicas
        ]
        self._turn = 0
        self._numbered = True

    async def read(self, operation: Operation, start: Callable[[], Steps[Outcome]]) -> Outcome | None:
        """What a replica answers; None where the primary is to be asked."""
        if not isinstance(operation, REPLICATED) or (replica := self._next()) is None:
            return None
        position = await self._position()
        if position is None:
            return None
        try:
            with trio.fail_after(TIMEOUT):
                async with replica.pool.acquire() as connection:
                    await _catch_up(connection, position)
                    outcome = await drive(connection, start())
        except _LeftOut as left:
            self._leave_out(replica, left.fault)
        except (StoreUnavailable, err.MySQLError, trio.TooSlowError):
            self._leave_out(replica, "away")
        else:
            self._welcome(replica)
            return outcome
        return None

    async def aclose(self) -> None:
        """See `Pool.aclose`."""
        for replica in self._replicas:
            await replica.pool.aclose()

    def _next(self) -> _Replica | None:
        """The next in turn that is not left out."""
        now = trio.current_time()
        for _ in self._replicas:
            self._turn = (self._turn + 1) % len(self._replicas)
            replica = self._replicas[self._turn]
            if replica.back_at <= now:
                return replica
        self._observer.replica_asked("none")
        return None

    async def _position(self) -> Position | None:
        """None where the primary does not tell: the read itself will meet the same trouble there, and report it."""
        try:
            with trio.fail_after(TIMEOUT):
                async with self._primary.acquire() as connection:
                    position = await position_of(connection)
        except (StoreUnavailable, err.MySQLError, trio.TooSlowError):
            return None
        if (position is not None) != self._numbered:
            self._numbered = position is not None
            _log.log(
                logging.INFO if self._numbered else logging.ERROR,
                "replicas_usable" if self._numbered else "replicas_unusable",
                extra={} if self._numbered else {"reason": NO_GTIDS},
            )
        return position

    def _leave_out(self, replica: _Replica, fault: ReplicaAnswer) -> None:
        self._observer.replica_asked(fault)
        if not replica.rest:
            _log.warning("replica_left_out", extra={"replica": replica.name, "reason": fault})
        replica.rest = min(2 * replica.rest, MAX_REST) if replica.rest else REST
        replica.back_at = trio.current_time() + replica.rest

    def _welcome(self, replica: _Replica) -> None:
        self._observer.replica_asked("read")
        if replica.rest:
            _log.info("replica_back", extra={"replica": replica.name})
            replica.rest = 0.0


_TOLD: Final[dict[str, str]] = {
    "late": f"has not caught up with the primary within {WAIT:g} s: does replication run (SHOW REPLICA STATUS)?",
    "foreign": "has another history (epoch): it is a replica of another database, or replication has stopped",
}
NO_GTIDS: Final = "the primary gives its transactions no GTIDs (MySQL: gtid_mode=ON, MariaDB: log_bin)"


async def position_of(connection: Connection) -> Position | None:
    """Of a primary; None where its transactions have no GTIDs."""
    rows = await fetch_all(connection, COMMITTED[connection.is_mariadb])
    gtids, numbered, epoch = rows[0] if rows else ("", 0, "")
    return Position(connection.is_mariadb, gtids, epoch) if numbered and gtids else None


async def fault_of(replica: MySQLSettings, primary: MySQLSettings) -> str | None:
    """What keeps a replica from answering, for operators; None where it is up to date. Raises MySQLError of the
    primary."""
    connection = Connection(primary)
    await connection.connect()
    try:
        position = await position_of(connection)
    finally:
        connection.close()
    if position is None:
        return NO_GTIDS
    connection = Connection(replica)
    try:
        await connection.connect()
        await _catch_up(connection, position)
    except err.MySQLError as error:
        return f"does not answer: {error}"
    except _LeftOut as left:
        return _TOLD[left.fault]
    finally:
        connection.close()
    return None


async def _catch_up(connection: Connection, position: Position) -> None:
    """Raises _LeftOut."""
    if connection.is_mariadb != position.mariadb:
        raise _LeftOut("foreign")
    rows = await fetch_all(connection, REACHED[position.mariadb], (position.gtids, WAIT))
    if not rows or rows[0][1] != position.epoch:
        raise _LeftOut("foreign")
    if rows[0][0] != 0:
        raise _LeftOut("late")
