"""One connection to a real MySQL and a real MariaDB: log-in, TLS, session settings, and never half a protocol."""

import gc
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
import trio
import trio.testing
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from trio_mysql import err

from storage.migrate import upgrade
from storage.mysql_connection import Connection, error_code
from storage.mysql_url import MySQLSettings, parse_url
from tests.mariadb_server import private_mariadb, shared_mariadb
from tests.mysql_server import SERVER_CA, shared_mysql
from tests.storage.databases import shared_server

LONG_QUERY: Final = (
    "with recursive n as (select 1 i union all select i + 1 from n where i < 1000) "
    "select count(*) from n a, n b, n c where a.i + b.i + c.i <> 7"
)
"""Some minutes of work that is no sleep: MySQL ends SLEEP() without an error."""


@pytest.fixture(params=["mariadb", "mysql"])
def settings(request: pytest.FixtureRequest) -> MySQLSettings:
    """A fresh database on each kind of server."""
    return parse_url(shared_server(request.param).new_database())


@asynccontextmanager
async def connected(settings: MySQLSettings) -> AsyncIterator[Connection]:
    connection = Connection(settings)
    await connection.connect()
    try:
        yield connection
    finally:
        connection.close()


async def ask(connection: Connection, sql: str, *params: Any) -> Any:
    async with connection.cursor() as cursor:
        await cursor.execute(sql, params)
        return await cursor.fetchone()


def open_files() -> int:
    gc.collect()  # what others left in cycles is not closed between two looks
    return len(os.listdir("/proc/self/fd"))


async def test_values_come_back_as_they_went(settings: MySQLSettings) -> None:
    text, raw, when = "Вестник 😀 'quoted' \\ %", bytes(range(256)), datetime(2026, 1, 2, 3, 4, 5, 678901)
    async with connected(settings) as connection:
        await ask(connection, "create table t (a varchar(99), b varbinary(300), c datetime(6), d bigint)")
        await ask(connection, "insert into t values (%s, %s, %s, %s)", text, raw, when, 2**53 - 1)
        assert await ask(connection, "select * from t where a = %s", text) == (text, raw, when, 2**53 - 1)


async def test_the_session_is_set_up(settings: MySQLSettings) -> None:
    """O20 of docs/security.md."""
    async with connected(settings) as connection:
        isolation, time_out, seconds = (
            ("tx_isolation", "max_statement_time", 10)
            if connection.is_mariadb
            else ("transaction_isolation", "max_execution_time", 10_000)
        )
        row = await ask(
            connection,
            f"select @@{isolation}, @@{time_out}, @@innodb_lock_wait_timeout, @@time_zone, @@autocommit, "
            "@@character_set_client, @@character_set_results",
        )
        assert row == ("READ-COMMITTED", seconds, 2, "+00:00", 1, "utf8mb4", "utf8mb4")
        if connection.is_mariadb:
            assert await ask(connection, "select @@group_concat_max_len") == (1 << 20,), "it ends JSON arrays too"
        assert connection.clean


async def test_a_statement_out_of_time_is_an_error_and_the_connection_stays(settings: MySQLSettings) -> None:
    async with connected(settings) as connection:
        await ask(connection, f"set max_{'statement_time = 0.1' if connection.is_mariadb else 'execution_time = 100'}")
        with trio.fail_after(60), pytest.raises(err.MySQLError) as caught:
            await ask(connection, LONG_QUERY)
        assert error_code(caught.value) == (1969 if connection.is_mariadb else 3024)
        assert connection.clean
        assert await ask(connection, "select 7") == (7,)


async def test_cancel_in_a_statement_closes_the_connection_and_leaks_nothing(settings: MySQLSettings) -> None:
    before = open_files()
    async with connected(settings) as connection:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, connection, "select sleep(3)")
            await trio.testing.wait_all_tasks_blocked()  # it waits for the answer
            nursery.cancel_scope.cancel()
        assert nursery.cancel_scope.cancelled_caught
        assert not connection.open
        with pytest.raises(err.InterfaceError):
            await ask(connection, "select 1")
    assert open_files() == before


async def test_an_undecodable_row_closes_the_connection(settings: MySQLSettings) -> None:
    async with connected(settings) as connection:
        await ask(connection, "set character_set_results = latin1")
        with pytest.raises(UnicodeDecodeError):
            await ask(connection, "select 'é' union all select 'ü'")
        assert not connection.open


async def test_further_results_of_a_call_are_read_before_the_next_statement(settings: MySQLSettings) -> None:
    async with connected(settings) as connection:
        await ask(connection, "create procedure p() begin select 1; select 2; select 3; end")
        cursor = connection.cursor()
        await cursor.execute("call p()")
        assert not connection.clean
        assert await ask(connection, "select 4") == (4,)
        assert connection.clean


@pytest.mark.parametrize(("change", "code"), [({"password": "wrong"}, 1045), ({"database": "no_such"}, 1049)])
async def test_a_refused_log_in_says_why_and_leaks_nothing(
    settings: MySQLSettings, change: dict[str, Any], code: int
) -> None:
    before = open_files()
    with pytest.raises(err.MySQLError) as caught:
        await Connection(attrs.evolve(settings, **change)).connect()
    assert error_code(caught.value) == code
    assert open_files() == before


async def test_a_server_that_is_not_there_or_says_nothing_is_an_error_in_time() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        settings = MySQLSettings("127.0.0.1", listener.getsockname()[1], "u", "p", "d", connect_timeout=0.2)
        with pytest.raises(err.OperationalError) as refused:
            await Connection(settings).connect()
        listener.listen()
        with trio.fail_after(60), pytest.raises(err.OperationalError) as silent:
            await Connection(settings).connect()
    assert error_code(refused.value) == error_code(silent.value) == 2003
    assert "in time" in str(silent.value)


async def test_cancel_in_a_big_send_closes_the_connection() -> None:
    """A frozen server takes what fits into the socket buffers; half a packet is then under way."""
    server = private_mariadb("--max-allowed-packet=64M")
    try:
        before = open_files()
        async with connected(parse_url(server.new_database())) as connection:
            server.pause()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(ask, connection, "select length(%s)", b"x" * (32 << 20))
                await trio.testing.wait_all_tasks_blocked()  # the buffers are full
                nursery.cancel_scope.cancel()
            assert nursery.cancel_scope.cancelled_caught
            assert not connection.open
        assert open_files() == before
    finally:
        server.resume()
        server.stop()


# --- caching_sha2_password, the only plugin of MySQL 9 -----------------------------------------------------------


@pytest.fixture
async def fresh_user() -> MySQLSettings:
    """A user whose password the server has not cached, so that their first log-in is the long one."""
    settings = parse_url(shared_mysql().new_database())
    name = f"fresh{os.urandom(6).hex()}"  # another test process may be at the same server
    async with connected(settings) as connection:
        await ask(connection, f"create user '{name}'@'%%' identified with caching_sha2_password by 'pässwörd'")
    return attrs.evolve(settings, user=name, password="pässwörd", database="information_schema")


async def test_sha2_by_rsa_then_from_the_servers_cache(fresh_user: MySQLSettings) -> None:
    without_rsa = attrs.evolve(fresh_user, allow_rsa=False)
    with pytest.raises(err.OperationalError, match="rsa=allow"):
        await Connection(without_rsa).connect()
    for attempts in range(20, 0, -1):
        async with connected(fresh_user) as connection:
            assert (await ask(connection, "select current_user()"))[0].startswith(f"{fresh_user.user}@")
        try:  # the second log-in finds the password cached
            async with connected(without_rsa) as connection:
                assert (await ask(connection, "select current_user()"))[0].startswith(f"{fresh_user.user}@")
            break
        except err.OperationalError:  # unless another test process has had privileges read anew meanwhile
            if attempts == 1:
                raise


async def test_sha2_with_a_wrong_password(fresh_user: MySQLSettings) -> None:
    with pytest.raises(err.OperationalError) as caught:
        await Connection(attrs.evolve(fresh_user, password="wrong")).connect()
    assert error_code(caught.value) == 1045


async def test_sha2_over_tls(fresh_user: MySQLSettings) -> None:
    if not SERVER_CA.exists():
        pytest.skip("the authority of the given MySQL is not known")
    settings = attrs.evolve(fresh_user, tls="verify-ca", ca=str(SERVER_CA), allow_rsa=False)
    async with connected(settings) as connection:
        assert (await ask(connection, "show status like 'Ssl_cipher'"))[1]


async def test_sha2_as_the_documents_write_it(fresh_user: MySQLSettings) -> None:
    """A stock MySQL over TCP, with nothing in the URL: TLS, though nobody vouches for the certificate."""
    plain = parse_url(f"mysql://{fresh_user.user}:p%C3%A4ssw%C3%B6rd@127.0.0.1:{fresh_user.port}/information_schema")
    async with connected(plain) as connection:
        assert (await ask(connection, "show status like 'Ssl_cipher'"))[1]


async def test_preferred_tls_does_without_where_the_server_has_none() -> None:
    server = private_mariadb("--skip-ssl")
    try:
        url = server.new_database()
        settings = parse_url(url)
        assert settings.tls == "preferred"
        async with connected(settings) as connection:
            assert (await ask(connection, "show status like 'Ssl_cipher'"))[1] == ""
        await trio.to_thread.run_sync(upgrade, url)
    finally:
        server.stop()


# --- TLS ---------------------------------------------------------------------------------------------------------


def write_certificate(folder: Path, name: str, host: str) -> Path:
    """A self-signed certificate for `host`, its key beside it as NAME.key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    began = datetime(2020, 1, 1)
    address: x509.GeneralName = x509.IPAddress(IPv4Address(host)) if host[0].isdigit() else x509.DNSName(host)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1, began, began + timedelta(days=20_000))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    path.with_suffix(".key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


async def test_tls_is_checked_against_authority_and_host(tmp_path: Path) -> None:
    own = write_certificate(tmp_path, "own", "127.0.0.1")
    other = write_certificate(tmp_path, "other", "127.0.0.1")
    server = private_mariadb(f"--ssl-cert={own}", f"--ssl-key={own.with_suffix('.key')}")
    try:
        settings = attrs.evolve(parse_url(server.new_database()), tls="required", ca=str(own))
        async with connected(settings) as connection:
            assert (await ask(connection, "show status like 'Ssl_cipher'"))[1]
        with pytest.raises(err.OperationalError) as caught:
            await Connection(attrs.evolve(settings, ca=str(other))).connect()
        assert error_code(caught.value) == 2026
        with pytest.raises(err.OperationalError) as caught:
            await Connection(attrs.evolve(settings, host="localhost")).connect()
        assert error_code(caught.value) == 2026
        async with connected(attrs.evolve(settings, host="localhost", tls="verify-ca")):
            pass
    finally:
        server.stop()


async def test_tls_asked_of_a_server_without_it_is_refused_before_the_log_in() -> None:
    server = private_mariadb("--skip-ssl")
    try:
        before = open_files()
        settings = attrs.evolve(parse_url(server.new_database()), tls="verify-ca")
        with pytest.raises(err.OperationalError, match="offers no TLS"):
            await Connection(settings).connect()
        assert open_files() == before
    finally:
        server.stop()


# --- URLs --------------------------------------------------------------------------------------------------------


def test_a_full_url_is_read() -> None:
    url = "mysql://us%40er:p%2Fw@db.example:3307/ves%20tnik?tls=required&ca=/etc/ca.pem&rsa=allow"
    assert parse_url(url) == MySQLSettings(
        "db.example", 3307, "us@er", "p/w", "ves tnik", tls="required", ca="/etc/ca.pem", allow_rsa=True
    )
    assert parse_url("mariadb://u@h/d") == MySQLSettings("h", 3306, "u", "", "d")
    socket = parse_url("mysql://u@/d?unix_socket=/run/s")
    assert (socket.unix_socket, socket.tls) == ("/run/s", "off")
    assert [parse_url(f"mysql://u@h/d{more}").tls for more in ("", "?rsa=allow", "?tls=off")] == [
        "preferred",
        "off",
        "off",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:secret@h/d",
        "mysql://h/d",
        "mysql://u:secret@h/",
        "mysql://u:secret@h/a/b",
        "mysql://u:secret@h:port/d",
        "mysql://u:secret@h/d?tls=maybe",
        "mysql://u:secret@h/d?ca=/x",
        "mysql://u:secret@h/d?tls=preferred&ca=/x",
        "mysql://u:secret@h/d?rsa=no",
        "mysql://u:secret@h/d?speed=1",
        "mysql://u:secret@h/d?tls=off&tls=required",
        "mysql://u:secret@h/d?tls=required&unix_socket=/s",
        "mysql://u:secret@h/d#x",
        "mysql://u:secret@/d",
    ],
)
def test_a_bad_url_is_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_url(url)
    assert "secret" not in str(caught.value)


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(parse_url("mysql://u:secret@h/d"))


async def test_text_is_stored_as_it_is_whatever_the_server_thinks_of_the_client() -> None:
    """Where handshakes' charsets are ignored, what counts is what the session asks for itself."""
    server = private_mariadb("--skip-character-set-client-handshake", "--character-set-server=latin1")
    try:
        async with connected(parse_url(server.new_database())) as connection:
            await ask(connection, "create table t (a varchar(99))")
            await ask(connection, "insert into t values (%s)", "Ё😀")
            assert await ask(connection, "select hex(a) from t") == ("D081F09F9880",)
    finally:
        server.stop()


async def test_a_session_in_another_charset_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.mysql_connection._INIT_COMMAND", "SET NAMES latin1")
    with pytest.raises(err.OperationalError, match="latin1"):
        async with connected(parse_url(shared_mariadb().new_database())):
            pass
