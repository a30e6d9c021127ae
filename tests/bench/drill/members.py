"""Three MySQL servers in Group Replication with a single primary, on loopback, from an unpacked MySQL 9.

The first one begins the group; each starts by itself and joins again after it was killed, as `start_on_boot` has it.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import pymysql
from attrs import define, field

from tests.bench.drill.roles import WITHIN, NoGroup, await_role
from tests.bench.drill.roles import Member as AnyMember
from tests.mariadb_server import PASSWORD, USER, free_ports, greets
from tests.mysql_server import TOOL

UNPACKED: Final = Path(tempfile.gettempdir()) / f"vestnik-group-{os.getuid()}"
PLUGIN: Final = UNPACKED / "root/usr/lib/mysql/plugin/group_replication.so"
NAME: Final = "5f0e1b1e-6f0a-4c7e-9a57-2f3f6c0b7a11"
"""Of the group: any UUID."""
TIRELESS: Final = 1000
"""How often a member that was expelled tries to come back."""
ROLE: Final = (
    "SELECT member_state, member_role, @@super_read_only FROM performance_schema.replication_group_members "
    "WHERE member_id = @@server_uuid"
)
REPLICATION: Final = ("replicator", "a word between members")


def unpack() -> None:
    """Have the program. Raises NoGroup."""
    if PLUGIN.exists():
        return
    if os.geteuid() != 0 or not TOOL.exists():
        raise NoGroup("no MySQL that could be unpacked here")
    done = subprocess.run([TOOL, UNPACKED, "start"], capture_output=True, text=True, timeout=600, check=False)
    subprocess.run([TOOL, UNPACKED, "stop"], capture_output=True, timeout=60, check=False)
    if not PLUGIN.exists():
        raise NoGroup(f"this MySQL has no group_replication.so {done.stderr[-200:]}")


@define(eq=False)
class Member:
    """One server. Methods block."""

    number: int
    port: int
    group_port: int
    seeds: str
    root: Path = UNPACKED / "root"
    """Where the program is unpacked."""
    _process: subprocess.Popen[bytes] | None = field(default=None, alias="process")

    @property
    def folder(self) -> Path:
        """As this machine sees it; the server itself lives in a chroot."""
        return self.root / f"group{os.getpid()}-{self.number}"

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self._process is not None
        return self._process.pid

    def initialize(self, like: "Member | None" = None) -> None:
        """A data folder without data, with the user of tests and the one that replicates; quicker as a copy."""
        (self.folder / "tmp").mkdir(parents=True)
        if like is not None:
            shutil.copytree(like.folder / "data", self.folder / "data")
            (self.folder / "data" / "auto.cnf").unlink()  # it holds the identity
            return
        with (self.folder / "log").open("ab") as log:
            subprocess.run([*self._command(), "--initialize-insecure"], stdout=log, stderr=log, check=True, timeout=120)
        name, password = REPLICATION
        (self.folder / "init.sql").write_text(
            f"SET SQL_LOG_BIN=0;\nCREATE USER IF NOT EXISTS {USER}@'%' IDENTIFIED BY '{PASSWORD}';\n"
            f"GRANT ALL ON *.* TO {USER}@'%';\n"
            f"CREATE USER IF NOT EXISTS {name}@'%' IDENTIFIED BY '{password}';\n"
            f"GRANT REPLICATION SLAVE, BACKUP_ADMIN, CONNECTION_ADMIN, GROUP_REPLICATION_STREAM ON *.* TO {name}@'%';\n"
            "SET SQL_LOG_BIN=1;\n"
        )
        self.start(first=True)
        self.signal(signal.SIGTERM)

    def start(self, *, first: bool = False, boot: bool = True) -> None:
        """Start it and wait until it greets. `first`: its users are made; `boot`: it joins the group by itself."""
        options = [
            f"--socket=/{self.folder.name}/s",
            f"--tmpdir=/{self.folder.name}/tmp",
            f"--pid-file=/{self.folder.name}/pid",
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            f"--server-id={self.number}",
            "--report-host=127.0.0.1",
            f"--report-port={self.port}",
            "--mysqlx=OFF",
            "--skip-name-resolve",
            "--log-bin=binlog",
            "--gtid-mode=ON",
            "--enforce-gtid-consistency=ON",
            "--innodb-flush-log-at-trx-commit=1",
            "--innodb-buffer-pool-size=64M",
        ]
        if first:
            options.append(f"--init-file=/{self.folder.name}/init.sql")
        else:
            options += [
                "--plugin-load-add=group_replication.so",
                f"--group-replication-group-name={NAME}",
                f"--group-replication-local-address=127.0.0.1:{self.group_port}",
                f"--group-replication-group-seeds={self.seeds}",
                f"--group-replication-start-on-boot={'ON' if boot else 'OFF'}",
                "--group-replication-recovery-get-public-key=ON",
                "--group-replication-member-expel-timeout=0",
                "--group-replication-unreachable-majority-timeout=5",
                "--group-replication-exit-state-action=READ_ONLY",
                f"--group-replication-autorejoin-tries={TIRELESS}",
            ]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command(), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + WITHIN
        while not greets(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"mysqld did not start: {self.log()}")
            time.sleep(0.05)
        if boot and not first:
            self._join()

    def _join(self) -> None:
        """It tries once at its start, and not again where the group has not let go yet of what it was before."""
        deadline = time.monotonic() + 3 * WITHIN
        while self.role() == "OFFLINE" and time.monotonic() < deadline:
            with contextlib.suppress(pymysql.Error):  # that attempt is still on its way, or this one failed too
                self.ask("START GROUP_REPLICATION", timeout=WITHIN)
            time.sleep(0.2)

    def signal(self, number: signal.Signals) -> None:
        """To the process; one that shall end is waited for."""
        if self._process is None:
            return
        self._process.send_signal(number)
        if number in (signal.SIGKILL, signal.SIGTERM):
            self._process.wait(60)
            self._process = None

    def ask(self, *statements: str, timeout: float = 5.0) -> list[tuple[Any, ...]]:
        """Run them; the rows of the last one. Raises pymysql.Error."""
        with pymysql.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, autocommit=True,
            connect_timeout=1, read_timeout=timeout, write_timeout=timeout,
        ) as connection, connection.cursor() as cursor:  # fmt: skip
            for sql in statements:
                cursor.execute(sql)
            return list(cursor.fetchall())

    def role(self, timeout: float = 0.5) -> str:
        """`PRIMARY` or `SECONDARY` where it is a member that serves, else what it is instead."""
        try:
            rows = self.ask(ROLE, timeout=timeout)
        except (pymysql.Error, OSError):
            return "AWAY"
        state, role, read_only = rows[0] if rows else ("OFFLINE", "", 0)
        if state != "ONLINE":
            return str(state)
        return "READ_ONLY" if role == "PRIMARY" and read_only else str(role)

    def log(self) -> str:
        """The end of what it told."""
        return (self.folder / "log").read_text(errors="replace")[-3000:]

    def _command(self) -> list[str]:
        options = [f"--datadir=/{self.folder.name}/data", "--secure-file-priv=NULL", "--innodb-redo-log-capacity=16M"]
        return ["chroot", str(self.root), "/usr/sbin/mysqld", "--no-defaults", "--user=root", *options]


class GroupMembers:
    """The three of them. Methods block."""

    def __init__(self) -> None:
        ports = free_ports()
        numbers = [(next(ports), next(ports)) for _ in range(3)]
        seeds = ",".join(f"127.0.0.1:{group_port}" for _, group_port in numbers)
        self.all = [Member(number, port, group, seeds) for number, (port, group) in enumerate(numbers, 1)]

    def start(self) -> None:
        """From nothing to three members. Raises NoGroup."""
        unpack()
        name, password = REPLICATION
        first, *others = self.all
        first.initialize()
        for member in others:
            member.initialize(like=first)
        for member in self.all:
            member.start(boot=False)
            member.ask(
                f"CHANGE REPLICATION SOURCE TO SOURCE_USER='{name}', SOURCE_PASSWORD='{password}' "
                "FOR CHANNEL 'group_replication_recovery'"
            )
            if member is first:
                member.ask("SET GLOBAL group_replication_bootstrap_group=ON")
            member.ask("START GROUP_REPLICATION", timeout=WITHIN)
            if member is first:
                member.ask("SET GLOBAL group_replication_bootstrap_group=OFF")
            await_role(member, "PRIMARY", "SECONDARY")

    def hand_over(self, primary: AnyMember) -> None:
        """Another one becomes the primary, in order; a group that is busy with itself is asked again."""
        leading = next(member for member in self.all if member is primary)
        other = next(member for member in self.all if member is not primary)
        uuid = other.ask("SELECT @@server_uuid")[0][0]
        deadline = time.monotonic() + WITHIN
        while leading.role() == "PRIMARY":
            try:
                leading.ask(f"SELECT group_replication_set_as_primary('{uuid}')", timeout=WITHIN)
            except pymysql.Error:
                if time.monotonic() > deadline:
                    raise
                time.sleep(1)

    def end(self) -> None:
        """All gone, with their data."""
        for member in self.all:
            member.signal(signal.SIGKILL)
            shutil.rmtree(member.folder, ignore_errors=True)
