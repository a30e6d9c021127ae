"""A primary database and a replica of it, each a server of its own on loopback. What is here blocks."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pymysql
import pytest
from attrs import frozen

from storage.migrate import upgrade
from tests.bench.drill.members import Member
from tests.mariadb_server import PASSWORD, USER, free_ports, private_mariadb
from tests.mysql_server import unpacked
from tests.storage.databases import EPOCH, Kind

NAME = "vestnik"


class Server(Protocol):
    """What both kinds can do."""

    @property
    def port(self) -> int: ...

    def start(self) -> None: ...

    def kill(self) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...


@frozen
class Pair:
    """Two servers; `stop` and `go_on` are SQL that holds up what the replica applies, and lets it go on."""

    primary: Server
    replica: Server
    stop: str
    go_on: str

    @property
    def url(self) -> str:
        """The database on the primary."""
        return _url(self.primary)

    @property
    def replica_url(self) -> str:
        """The same on the replica."""
        return _url(self.replica)


def ask(server: Server, *statements: str) -> list[tuple[Any, ...]]:
    """Run them; the rows of the last one."""
    with pymysql.connect(
        host="127.0.0.1", port=server.port, user=USER, password=PASSWORD, autocommit=True
    ) as connection, connection.cursor() as cursor:  # fmt: skip
        for sql in statements:
            cursor.execute(sql)
        return list(cursor.fetchall())


@contextmanager
def replicated(kind: Kind) -> Iterator[Pair]:
    """A pair with a migrated database; skips the test where there is no such server."""
    with _mariadb_pair() if kind == "mariadb" else _mysql_pair() as pair:
        ask(pair.primary, f"CREATE DATABASE {NAME} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
        upgrade(pair.url, epoch=EPOCH)
        yield pair


def _url(server: Server) -> str:
    return f"mysql://{USER}:{PASSWORD}@127.0.0.1:{server.port}/{NAME}?rsa=allow"


@contextmanager
def _mariadb_pair() -> Iterator[Pair]:
    primary = private_mariadb("--log-bin=log", "--server-id=1")
    replica = private_mariadb("--server-id=2", "--read-only=ON", "--relay-log=relay")
    try:
        ask(
            replica,
            f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={primary.port}, MASTER_USER='{USER}', "
            f"MASTER_PASSWORD='{PASSWORD}', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1",
            "START SLAVE",
        )
        yield Pair(primary, replica, "STOP SLAVE SQL_THREAD", "START SLAVE SQL_THREAD")
    finally:
        for server in (primary, replica):
            server.kill()


@frozen
class _Member:
    """A MySQL as the drill starts it, outside any group."""

    inner: Member

    @property
    def port(self) -> int:
        return self.inner.port

    def start(self) -> None:
        self.inner.start(first=True)

    def kill(self) -> None:
        self.inner.signal(signal.SIGKILL)

    def pause(self) -> None:
        self.inner.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.inner.signal(signal.SIGCONT)


@contextmanager
def _mysql_pair() -> Iterator[Pair]:
    if os.geteuid() != 0:
        pytest.skip("a MySQL of its own needs root")
    root: Path = unpacked()
    ports = free_ports()
    first, second = (Member(number, next(ports), next(ports), "", root) for number in (1, 2))
    members = _Member(first), _Member(second)
    try:
        first.initialize()
        second.initialize(like=first)
        shutil.copy(first.folder / "init.sql", second.folder)
        for member in members:
            member.start()
        ask(
            members[1],
            f"CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={first.port}, SOURCE_USER='{USER}', "
            f"SOURCE_PASSWORD='{PASSWORD}', SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1, SOURCE_CONNECT_RETRY=1",
            "START REPLICA",
            "SET GLOBAL super_read_only=ON",
        )
        yield Pair(*members, "STOP REPLICA SQL_THREAD", "START REPLICA SQL_THREAD")
    finally:
        for member in members:
            member.kill()
        for inner in (first, second):
            shutil.rmtree(inner.folder, ignore_errors=True)
