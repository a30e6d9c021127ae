"""A database of three servers behind one address that leads to the one that is written to.

That address is an HAProxy of its own, which asks an agent beside each member what it is, as operators do it.
"""

import shutil
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, Signals
from typing import Final

import pymysql
import trio

from tests.bench.drill.cluster import Disturbance, Step
from tests.bench.drill.roles import WITHIN, Member, Members, await_role, primary_of, replica_of
from tests.haproxy_server import binary
from tests.mariadb_server import PASSWORD, USER, create_database, free_ports

NAME: Final = "drill"
ASKED_EACH: Final = 0.3
"""Seconds between two questions to the members."""
CONF: Final = """
global
    log stdout format raw local0 info
defaults
    mode tcp
    timeout connect 2s
    timeout client 1h
    timeout server 1h
listen primary
    bind 127.0.0.1:{port}
    # Whoever is no primary any more loses its connections, and so does one that does not say what it is.
    default-server agent-check agent-addr 127.0.0.1 agent-inter 500ms on-marked-down shutdown-sessions
"""


class Watch:
    """Asks the members over and over who is the primary. Who is one stays it as long as it says so: one that was frozen
    goes on to believe in itself for a moment, while another has taken over."""

    def __init__(self, members: Members) -> None:
        self.primary: Member | None = None
        self._members = members
        self._over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self._over.wait(ASKED_EACH):
            now = [member for member in self._members.all if member.role() == "PRIMARY"]
            if self.primary not in now:
                self.primary = now[0] if now else None

    def close(self) -> None:
        """It asks no more."""
        self._over.set()


class Agent:
    """Says `up` to who connects while that member is the primary."""

    def __init__(self, watch: Watch, member: Member) -> None:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):  # the balancer may have been killed meanwhile
                    self.request.sendall(b"up ready\n" if member is watch.primary else b"down\n")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """It answers no more."""
        self._server.shutdown()
        self._server.server_close()


class Group:
    """See Database. `query`: what the URL of the database ends with."""

    def __init__(self, name: str, members: Members, query: str = "") -> None:
        self.name = name
        self.members = members
        self._query = query
        self._folder = Path(tempfile.mkdtemp(prefix="vestnik-router-"))
        self._watch: Watch | None = None
        self._agents: list[Agent] = []
        self._router: subprocess.Popen[bytes] | None = None
        self.port = next(free_ports())

    def start(self) -> None:
        """From nothing; blocks for a while. Raises NoGroup where it cannot be had."""
        self.members.start()
        watch = self._watch = Watch(self.members)
        primary_of(self.members)
        while watch.primary is None:  # else the router would take it for down, in its first work
            time.sleep(0.02)
        self._agents = [Agent(watch, member) for member in self.members.all]
        servers = [
            f"    server member{member.number} 127.0.0.1:{member.port} agent-port {agent.port}\n"
            for member, agent in zip(self.members.all, self._agents, strict=True)
        ]
        (self._folder / "conf").write_text(CONF.format(port=self.port) + "".join(servers))
        with (self._folder / "log").open("wb") as log:
            self._router = subprocess.Popen([str(binary()), "-f", str(self._folder / "conf")], stdout=log, stderr=log)
        self._await_way()

    def end(self) -> None:
        """All of it."""
        if self._router is not None:
            self._router.kill()
            self._router.wait()
        if self._watch is not None:
            self._watch.close()
        for agent in self._agents:
            agent.close()
        self.members.end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def log(self) -> str:
        """What became of the members, as the router saw it."""
        return (self._folder / "log").read_text(errors="replace")

    def new_database(self) -> str:
        """The URL of an empty one, by way of the router."""
        create_database(self.port, NAME)
        return f"mysql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{NAME}{self._query}"

    def pids(self) -> list[int]:
        """See Database."""
        return [member.pid for member in self.members.all]

    def disturbances(self, away: float) -> list[Disturbance]:
        """See Database. Where the primary is struck, the thing is back when another one has taken over."""
        struck: list[Member] = []

        def step(what: Callable[[], None]) -> Step:
            return partial(trio.to_thread.run_sync, what)

        def strike(which: Callable[[Members], Member], number: Signals) -> Step:
            def send() -> None:
                struck.append(which(self.members))
                struck[-1].signal(number)

            return step(send)

        def taken_over() -> None:
            primary_of(self.members, but=struck[-1])
            self._await_way()

        def restart() -> None:
            struck[-1].start()
            self._rejoined()

        def thaw() -> None:
            struck[-1].signal(SIGCONT)
            self._rejoined()

        def hand_over() -> None:
            struck.append(primary_of(self.members))
            self.members.hand_over(struck[-1])
            taken_over()

        return [
            Disturbance("primary", "killed", strike(primary_of, SIGKILL), step(taken_over), 0, step(restart)),
            Disturbance("primary", "frozen", strike(primary_of, SIGSTOP), step(taken_over), 0, step(thaw)),
            Disturbance("primary", "rolled", trio.lowlevel.checkpoint, step(hand_over), 0),
            Disturbance("replica", "killed", strike(replica_of, SIGKILL), step(restart), away),
            Disturbance("replica", "frozen", strike(replica_of, SIGSTOP), step(thaw), away),
        ]

    def _rejoined(self) -> None:
        for member in self.members.all:
            await_role(member, "PRIMARY", "SECONDARY")

    def _await_way(self) -> None:
        """Until the router leads to the primary and nowhere else."""
        deadline = time.monotonic() + WITHIN
        while not (self._settled() and takes_writes(self.port)):
            if time.monotonic() > deadline:
                raise RuntimeError(f"the router leads to nobody: {self.log()[-1000:]}")
            time.sleep(0.02)

    def _settled(self) -> bool:
        """It believes all members to be there until it has asked."""
        return self.log().count("Server primary/") >= len(self.members.all) - 1


def takes_writes(port: int) -> bool:
    """Whether the server there is no read-only one."""
    try:
        with pymysql.connect(
            host="127.0.0.1", port=port, user=USER, password=PASSWORD, connect_timeout=1, read_timeout=1
        ) as connection, connection.cursor() as cursor:  # fmt: skip
            cursor.execute("SELECT @@read_only")
            (row,) = cursor.fetchall()
            return not row[0]
    except (pymysql.Error, OSError):
        return False
