"""One connection to MySQL or MariaDB: trio-mysql 1.0.3 with workarounds for its known defects.

Cured here: the broken `caching_sha2_password` log-in, text columns read as bytes, sockets leaked by a forced close,
connections left open after half a packet or half an answer, silent clear text where TLS was asked for, a connect
timeout that did not cover the handshake, extra result sets that were never awaited.

The invariant the pool relies on: while `Connection.open` is true, client and server agree on where in the protocol
they are. Whatever breaks that agreement (a cancel, a lost link, an undecodable row) closes the connection at once.
"""

import os
from collections.abc import Sequence
from typing import Any, Final

import trio
from attrs import define
from trio_mysql import connections, cursors, err
from trio_mysql.constants import CLIENT, COMMAND, CR, SERVER_STATUS

from storage.mysql_auth import CachingSha2, auth_error, tls_context
from storage.mysql_rows import Answer, BufferedResult, Unread, take_answer
from storage.mysql_stream import AskingStream
from storage.mysql_url import MySQLSettings

LOCK_WAIT_TIMEOUT: Final = 2
"""Whole seconds a statement waits for a row lock before error 1205."""

STATEMENT_TIMEOUT: Final = 10
"""Whole seconds a statement may run on the server, even after its caller has gone; MySQL holds only SELECTs to it."""

DEADLOCK: Final = 1213
LOCK_WAIT: Final = 1205
CONFLICTS: Final = frozenset({DEADLOCK, LOCK_WAIT})
"""Server errors after which the whole transaction must be rolled back and may be run again."""

_CHARSET: Final = "utf8mb4"
_INIT_COMMAND: Final = (
    f"SET NAMES {_CHARSET}, time_zone = '+00:00', innodb_lock_wait_timeout = {LOCK_WAIT_TIMEOUT}, "
    "sql_mode = 'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION'"
)
_SETUP_MARIADB: Final = (
    f"SET tx_isolation = 'READ-COMMITTED', max_statement_time = {STATEMENT_TIMEOUT}, group_concat_max_len = {1 << 20}"
)
"""MariaDB cuts JSON arrays of rows at the last of these, which a server may have small."""
_SETUP_MYSQL: Final = f"SET transaction_isolation = 'READ-COMMITTED', max_execution_time = {STATEMENT_TIMEOUT * 1000}"
_CHARSETS: Final = "SELECT @@character_set_client, @@character_set_connection, @@character_set_results"
_RECEIVE_BYTES: Final = 64 * 1024
_CANNOT_CONNECT: Final = 2003
_BAD_CHARSET: Final = 2019
_TLS_ERROR: Final = 2026


@define
class Progress:
    """How far a transaction has come."""

    begun: bool = False
    """The server has answered BEGIN."""
    committing: bool = False
    """COMMIT is on its way and the server has not said that it came to nothing."""
    committed: bool = False


class _Cursor(cursors.Cursor):  # type: ignore[misc]
    """Asks for no warnings: each would cost a round trip, and strict mode makes errors of those that matter."""

    async def _show_warnings(self) -> None:
        pass


class Connection(connections.Connection):  # type: ignore[misc]
    """A connection in autocommit mode, UTC, READ COMMITTED; for one task at a time.

    A cancelled statement closes the connection, but the server may go on running the statement.
    """

    server_version: str
    server_status: int
    _auth_plugin_name: Any
    _rbuf: bytearray
    _rbuf_offset: int
    _sock: Any
    client_flag: int

    def __init__(self, settings: MySQLSettings, *, scripts: bool = False) -> None:
        """Prepare only; `await connect()` opens the link. `scripts`: several statements may go in one packet."""
        self.settings = settings
        self.conflict: BaseException | None = None
        """The deadlock or lock wait error seen since the transaction began, even if the caller swallowed it."""
        self.failed_at = 0
        """Which of the statements that were asked last it was that the server refused."""
        self._progress: Progress | None = None
        super().__init__(
            host=settings.host,
            port=settings.port,
            user=settings.user,
            password=settings.password.encode(),  # as str, upstream would take latin1
            database=settings.database,
            unix_socket=settings.unix_socket,
            charset=_CHARSET,
            cursorclass=_Cursor,
            use_unicode=True,
            binary_prefix=True,
            autocommit=True,
            client_flag=CLIENT.MULTI_STATEMENTS if scripts else 0,
            init_command=_INIT_COMMAND,
            connect_timeout=settings.connect_timeout,
            ssl=tls_context(settings.tls, settings.ca),
            auth_plugin_map={"caching_sha2_password": CachingSha2},
        )

    @property
    def is_mariadb(self) -> bool:
        """Whether the server is a MariaDB (else a MySQL); known once connected."""
        return "MariaDB" in self.server_version

    @property
    def clean(self) -> bool:
        """Whether another task may use it next: open, no transaction, no unread answer, autocommit still on."""
        if not self.open or self.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS:
            return False
        if self._result is not None and (self._result.unbuffered_active or self._result.has_next):
            return False
        return bool(self.get_autocommit())

    async def connect(self, sock: Any = None) -> None:
        """Open the link, log in and set the session up within `settings.connect_timeout` seconds.

        Raises trio_mysql.err.MySQLError and nothing else but cancellation.
        """
        try:
            with trio.fail_after(self.settings.connect_timeout):
                await super().connect(sock)
                await self.query(_SETUP_MARIADB if self.is_mariadb else _SETUP_MYSQL)
                await self._check_charset()
                if isinstance(self._sock, trio.SocketStream):  # without TLS
                    self._sock = AskingStream(self._sock)
        except trio.TooSlowError as error:
            self._force_close()
            raise err.OperationalError(_CANNOT_CONNECT, "no MySQL session in time") from error
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            self._force_close()
            reason = error.__cause__ or error
            raise err.OperationalError(_TLS_ERROR, f"the MySQL handshake broke: {reason}") from error
        except err.MySQLError:
            self._force_close()
            raise
        except Exception as error:
            self._force_close()
            raise err.OperationalError(_CANNOT_CONNECT, f"no MySQL session: {error!r}") from error
        except BaseException:
            self._force_close()
            raise

    async def _check_charset(self) -> None:
        """The name in the handshake counts for nothing where the server was told to ignore it, and a proxy may drop
        what was set: then everything but ASCII would be stored wrongly, and read back as if it were right."""
        for charset in (await self.ask(_CHARSETS)).rows[0]:
            if charset != _CHARSET:
                raise err.OperationalError(_BAD_CHARSET, f"the MySQL session talks {charset}, not {_CHARSET}")

    async def ask(self, sql: str) -> Answer:
        """Run one statement, in which every value is written out."""
        return (await self.ask_all([sql]))[0]

    async def ask_all(self, statements: Sequence[str], *, commit: bool = False) -> list[Answer]:
        """Run statements, in which every value is written out, one after another; the first error ends it, and what
        stands behind that is not run. They go in one packet, with the BEGIN that is owed and, with `commit`, COMMIT."""
        progress = self._progress
        if progress is None:
            return await self._run(self._text(statements), len(statements))
        if progress.committed:
            raise RuntimeError("a statement after the last one of its transaction")
        if commit and self.conflict is not None:
            raise self.conflict  # the server has undone part or all of the work
        if not self.open:
            raise err.InterfaceError(0, "the MySQL connection is closed")
        begin = () if progress.begun else ("BEGIN",)
        script = [*begin, *statements, *(("COMMIT",) if commit else ())]
        text = self._text(script)
        progress.committing = commit
        try:
            answers = await self._run(text, len(script))
        except err.MySQLError:
            progress.begun = progress.begun or self.failed_at > 0
            if self.open and self.failed_at < len(script) - 1:
                progress.committing = False
            self.failed_at -= len(begin)
            raise
        progress.begun, progress.committing, progress.committed = True, False, commit
        return answers[len(begin) : len(begin) + len(statements)]

    @staticmethod
    def _text(statements: Sequence[str]) -> bytes:
        return ";".join(statements).encode()

    async def _run(self, text: bytes, statements: int) -> list[Answer]:
        self.failed_at = 0
        await self._execute_command(COMMAND.COM_QUERY, text)
        answers: list[Answer] = []
        while not answers or (len(answers) < statements and self._more):
            self.failed_at = len(answers)
            answers.append(await self._answer())
        if self._more or len(answers) < statements:
            self._force_close()
            raise err.InternalError(0, "the database took a text for more or fewer statements than it was meant to be")
        return answers

    @property
    def _more(self) -> bool:
        """Whether another answer follows."""
        return bool(self.server_status & SERVER_STATUS.SERVER_MORE_RESULTS_EXISTS)

    async def _answer(self) -> Answer:
        """Nearly all are read in one go, once they have come; errors and long ones are not."""
        try:
            while isinstance(answer := take_answer(self), Unread):
                if answer is Unread.OTHER:
                    await self._read_query_result()
                    result: Any = self._result
                    return Answer(result.rows or (), int(result.affected_rows or 0), int(result.insert_id or 0))
                await self._receive()
        except err.MySQLError:
            raise
        except BaseException:
            self._force_close()  # the rest of the answer is unread
            raise
        return answer

    async def _receive(self) -> None:
        """Wait for more bytes of an answer."""
        del self._rbuf[: self._rbuf_offset]
        self._rbuf_offset = 0
        try:
            data = await self._sock.receive_some(_RECEIVE_BYTES)
        except trio.BrokenResourceError:
            data = b""
        if not data:
            self._force_close()
            raise err.OperationalError(CR.CR_SERVER_LOST, "Lost connection to MySQL server during query")
        self._rbuf += data

    async def begin(self) -> None:
        """Begin a transaction and forget earlier conflicts."""
        self.conflict = None
        await super().begin()

    def begin_with_next(self, progress: Progress) -> None:
        """As `begin`, but BEGIN goes along with the first statement; `progress` is kept up to date until `end`. For a
        connection that takes scripts."""
        self.conflict, self._progress = None, progress
        progress.begun = progress.committing = progress.committed = False

    def end(self) -> None:
        """The transaction is over."""
        self._progress = None

    async def ping(self, reconnect: bool = False) -> None:
        """Ask for a sign of life; unlike upstream never reconnects unless told to."""
        await super().ping(reconnect=reconnect)

    async def _get_server_information(self) -> None:
        await super()._get_server_information()
        if self.settings.tls != "off" and not self.server_capabilities & CLIENT.SSL:
            if self.settings.tls != "preferred":
                raise err.OperationalError(_TLS_ERROR, "the MySQL server offers no TLS")
            self.ssl, self.client_flag = False, self.client_flag & ~CLIENT.SSL
        if self._auth_plugin_name in ("caching_sha2_password", "sha256_password"):
            self._auth_plugin_name = "-"  # none claimed: the server then asks for an auth switch, which is awaited

    async def _process_auth(self, plugin_name: bytes, auth_packet: Any) -> Any:
        if plugin_name in (b"mysql_clear_password", b"sha256_password") and not self._secure:
            raise auth_error(f"{plugin_name.decode()} refused without TLS")
        return await super()._process_auth(plugin_name, auth_packet)

    async def _execute_command(self, command: int, sql: str | bytes) -> None:
        while self._result is not None and self._result.has_next and not self._result.unbuffered_active:
            await self.next_result()
        await super()._execute_command(command, sql)

    async def _read_query_result(self, unbuffered: bool = False) -> Any:
        try:
            return await (super()._read_query_result(unbuffered=True) if unbuffered else self._read_result())
        except err.MySQLError:
            raise  # the server's own error ends its answer; a lost link is closed already
        except BaseException:
            self._force_close()  # for instance an undecodable row: the rest of the answer is unread
            raise

    async def _read_result(self) -> Any:
        """What trio-mysql does, with rows that are read faster."""
        self._result = None
        result = BufferedResult(self)
        await result.read()
        self._result = result
        if result.server_status is not None:
            self.server_status = result.server_status
        return result.affected_rows

    async def _read_packet(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super()._read_packet(*args, **kwargs)
        except err.MySQLError as error:
            if error_code(error) in CONFLICTS:
                self.conflict = error
            raise

    async def _write_bytes(self, data: bytes) -> None:
        if self._sock is None:
            raise err.InterfaceError(0, "the MySQL connection is closed")
        try:
            await super()._write_bytes(data)
        except BaseException:
            self._force_close()  # part of a packet may be on its way
            raise

    def _force_close(self) -> None:
        """Close the socket now, with no word to the server; never blocks and may be called twice."""
        stream, self._sock, self._closed = self._sock, None, True
        while isinstance(stream, trio.SSLStream):
            stream = stream.transport_stream
        if stream is None:
            return
        try:
            stream.socket.close()
        except RuntimeError:  # collected outside trio's loop
            os.close(stream.socket.detach())

    __del__ = _force_close


def error_code(error: BaseException) -> int:
    """The MySQL error number in `error`, or 0 when it has none."""
    code = error.args[0] if error.args else 0
    return code if isinstance(error, err.MySQLError) and isinstance(code, int) else 0
