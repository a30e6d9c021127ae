"""Three MariaDB servers in a Galera cluster on loopback: each takes what is written, and one of them is written to.

A member that comes back has its data and gets what it missed from another one (IST): there is no other transfer.
"""

import os
import re
import shutil
import signal
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pymysql
from attrs import define, field

from tests.bench.drill.roles import Member, NoGroup, await_role
from tests.mariadb_server import PASSWORD, USER, MariaDB, binary, free_ports

PROVIDER: Final = Path("/usr/lib/galera/libgalera_smm.so")
RECOVERED: Final = re.compile(r"Recovered position: (\S+)")
TRIES: Final = 5
"""Galera asks for the priority of a thread that may not have begun yet, and gives up where that fails."""
SUSPECT: Final = "evs.suspect_timeout=PT2S;evs.inactive_timeout=PT5S;evs.keepalive_period=PT0.5S"
"""As docs/scaling.md has it: nobody commits until a member that is silent is left out."""
NO_COPY: Final = "wsrep_sst_ist_only"
SCRIPT: Final = """#!/bin/sh
# What servers call to copy all data to one that joins. Here it only agrees on the place from which IST goes on.
here=$(dirname "$0")
while [ $# -gt 0 ]; do
    case "$1" in
        --role) role=$2; shift ;;
        --address) address=$2; shift ;;
        --gtid) gtid=$2; shift ;;
        --bypass) bypass=1 ;;
    esac
    shift
done
if [ "$role" = joiner ]; then
    place=joiner$$
    echo "ready $place"
    while [ ! -e "$here/$place" ]; do sleep 0.05; done
    cat "$here/$place"
else
    [ -n "$bypass" ] || exit 22
    echo "$gtid" > "$here/$address.draft"
    mv "$here/$address.draft" "$here/$address"
    echo "done $gtid"
fi
"""
STATE: Final = (
    "SHOW GLOBAL STATUS WHERE variable_name IN ('wsrep_cluster_status', 'wsrep_local_state_comment', 'wsrep_ready')"
)


@define(eq=False)
class GaleraMember:
    """One server. Methods block."""

    number: int
    cluster: "GaleraMembers"
    group_port: int
    transfer_port: int
    server: MariaDB = field(init=False)
    _position: str | None = None

    def __attrs_post_init__(self) -> None:
        self.server = MariaDB(self.cluster.folder / str(self.number))

    @property
    def port(self) -> int:
        """Of its clients."""
        return self.server.port

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        return self.server.pid

    def start(self, *, first: bool = False) -> None:
        """Start it and wait until it greets. `first`: of a new cluster; else it joins by itself."""
        others = "" if first else ",".join(f"127.0.0.1:{one.group_port}" for one in self.cluster.all)
        provider = f"gmcast.listen_addr=tcp://127.0.0.1:{self.group_port};ist.recv_addr=127.0.0.1:{self.transfer_port}"
        self.server.options = [
            "--wsrep-on=ON",
            f"--wsrep-provider={PROVIDER}",
            f"--wsrep-cluster-address=gcomm://{others}",
            f"--wsrep-provider-options={provider};gcache.size=64M;{SUSPECT}",
            f"--wsrep-node-name=member{self.number}",
            f"--wsrep-node-address=127.0.0.1:{self.group_port}",
            "--wsrep-sst-method=ist_only",
            # as docs/scaling.md has it: reads wait for what others have committed, and one member numbers rows
            "--wsrep-sync-wait=1",
            "--wsrep-auto-increment-control=OFF",
            "--binlog-format=ROW",
            "--innodb-autoinc-lock-mode=2",
        ]
        if self._position is not None:
            self.server.options.append(f"--wsrep-start-position={self._position}")
        for _ in range(TRIES):
            with suppress(RuntimeError):
                return self.server.start()
        self.server.start()

    def signal(self, number: signal.Signals) -> None:
        """To the process; of one that was killed the place is found at which it goes on."""
        match number:
            case signal.SIGKILL:
                self.server.kill()
                self._position = self.server.recovered(RECOVERED)
            case signal.SIGTERM:
                self.server.stop()
                self._position = None
            case signal.SIGSTOP:
                self.server.pause()
            case _:
                self.server.resume()

    def role(self, timeout: float = 0.5) -> str:
        """`PRIMARY` where it is the one that is written to, `SECONDARY` where it could be, else what it is instead."""
        state = self._state(timeout)
        return self.cluster.role_of(self, state)

    def _state(self, timeout: float) -> str:
        try:
            with pymysql.connect(
                host="127.0.0.1", port=self.port, user=USER, password=PASSWORD,
                connect_timeout=1, read_timeout=timeout, write_timeout=timeout,
            ) as connection, connection.cursor() as cursor:  # fmt: skip
                cursor.execute(STATE)
                found: dict[str, Any] = dict(cursor.fetchall())
        except (pymysql.Error, OSError):
            return "AWAY"
        if found.get("wsrep_cluster_status") != "Primary" or found.get("wsrep_ready") != "ON":
            return "APART"
        return str(found.get("wsrep_local_state_comment"))

    def log(self) -> str:
        """The end of what it told."""
        return self.server.log()


class GaleraMembers:
    """The three of them, and which one is written to: as long as it can be, the same. Methods block."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="vestnik-galera-"))
        ports = free_ports()
        self.all = [GaleraMember(number, self, next(ports), next(ports)) for number in (1, 2, 3)]
        self._choosing = threading.Lock()
        self._written_to: GaleraMember | None = None

    def start(self) -> None:
        """From nothing to three members with the same data. Raises NoGroup."""
        if not PROVIDER.exists() or binary() is None:
            raise NoGroup("no Galera here (Debian packages galera-4 and mariadb-server-core)")
        script = self.folder / NO_COPY
        script.write_text(SCRIPT)
        script.chmod(0o755)
        os.environ["PATH"] = f"{self.folder}:{os.environ['PATH']}"  # servers look for it there
        first, *others = self.all
        first.start(first=True)
        await_role(first, "PRIMARY")
        first.signal(signal.SIGTERM)
        for member in others:
            shutil.copytree(first.server.folder, member.server.folder)
        first.start(first=True)
        await_role(first, "PRIMARY")
        for member in others:
            member.start()
            await_role(member, "SECONDARY")

    def role_of(self, member: GaleraMember, state: str) -> str:
        """What it is, by the state that it says it is in."""
        with self._choosing:
            if state != "Synced":
                if self._written_to is member:
                    self._written_to = None
                return state
            if self._written_to is None:
                self._written_to = member
            return "PRIMARY" if self._written_to is member else "SECONDARY"

    def hand_over(self, primary: Member) -> None:
        """Another one is written to."""
        other = next(member for member in self.all if member is not primary)
        await_role(other, "SECONDARY")
        with self._choosing:
            self._written_to = other

    def end(self) -> None:
        """All gone, with their data."""
        for member in self.all:
            member.server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
