"""A private MariaDB server for tests: own data folder, own loopback port, gone at the end of the test run.

Needs the Debian package `mariadb-server-core` and nothing else; from nothing to ready in about 0.4 s.
"""

import atexit
import contextlib
import functools
import getpass
import itertools
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pymysql
import pytest

USER: Final = "app"
PASSWORD: Final = "apppw"
READY_TIMEOUT: Final = 120.0
"""Seconds a server may take to greet."""

_SYSTEM_TABLES: Final = ("mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql")
_MEMORY: Final = Path("/dev/shm")
PLENTY: Final = 2_000_000_000
"""Bytes; a server of a test run takes about a tenth of that."""
_names: Final = itertools.count(1)


class MariaDB:
    """One server process. The methods block: from a trio test call them through `trio.to_thread.run_sync`."""

    def __init__(self, folder: Path, *options: str) -> None:
        """`folder` is made; `options` are further ones of mariadbd, as of the next start."""
        self.folder = folder
        self.options = list(options)
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self._process is not None
        return self._process.pid

    def url(self, database: str, query: str = "") -> str:
        """How the house names that database of this server."""
        return f"mysql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}{query}"

    def start(self) -> None:
        """Start and wait until it greets; the first start makes the data folder and chooses a free port."""
        if not self.folder.exists():
            self._bootstrap()
        ports = iter([self.port]) if self.port else free_ports()
        for port in itertools.islice(ports, 5):
            if self._start_on(port):
                self.port = port
                return
        raise RuntimeError(f"mariadbd did not start: {self.log()}")

    def stop(self) -> None:
        """An orderly end (SIGTERM)."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """A crash (SIGKILL): what was not written to disk is lost."""
        self._end(signal.SIGKILL)

    def recovered(self, pattern: re.Pattern[str]) -> str | None:
        """What a server that does not run says of its data, in `--wsrep-recover`, where the pattern has a group."""
        command = [*self._command(), *self.options, "--wsrep-recover", "--port=0", f"--socket={self.folder}/s"]
        said = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=True
        )
        found = pattern.search(said.stderr)
        return None if found is None else found[1]

    def pause(self) -> None:
        """Freeze it (SIGSTOP) until every thread stands still: it holds its sockets open and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        for thread in Path(f"/proc/{self._process.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that ended before it stopped
                while (thread / "stat").read_text().rpartition(")")[2].split()[0] != "T":
                    time.sleep(0.001)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Stop it in order and start it again on the same port."""
        self.stop()
        self.start()

    def new_database(self, query: str = "") -> str:
        """The URL of a fresh, empty database; `query` is put behind it."""
        name = f"t{os.getpid()}_{next(_names)}"
        create_database(self.port, name)
        return self.url(name, query)

    def _bootstrap(self) -> None:
        for part in ("data", "tmp"):
            (self.folder / part).mkdir(parents=True)
        share = next(Path(path) for path in ("/usr/share/mysql", "/usr/share/mariadb") if Path(path).is_dir())
        statements = ["create database mysql;", "use mysql;", "set @auth_root_socket=NULL;"]
        statements += [(share / name).read_text() for name in _SYSTEM_TABLES]
        statements += [
            "flush privileges;",
            f"create user {USER}@'127.0.0.1' identified by '{PASSWORD}';",
            f"grant all on *.* to {USER}@'127.0.0.1';",
        ]
        with (self.folder / "log").open("ab") as log:
            subprocess.run(
                [*self._command(), "--bootstrap", "--silent-startup", "--enforce-storage-engine="],
                input="\n".join(statements).encode() + b"\n",
                stdout=subprocess.DEVNULL,
                stderr=log,
                check=True,
                timeout=120,
            )

    def _command(self) -> list[str]:
        command = [
            binary() or "mariadbd",
            "--no-defaults",
            "--basedir=/usr",
            f"--datadir={self.folder}/data",
            f"--tmpdir={self.folder}/tmp",
            "--innodb-log-file-size=8M",
            "--innodb-buffer-pool-size=64M",
            "--skip-log-bin",
            "--skip-name-resolve",
        ]
        if os.geteuid() == 0:
            command.append(f"--user={getpass.getuser()}")
        return command

    def _start_on(self, port: int) -> bool:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *self._command(),
                    f"--socket={self.folder}/s",
                    f"--pid-file={self.folder}/pid",
                    "--bind-address=127.0.0.1",
                    f"--port={port}",
                    "--innodb-flush-log-at-trx-commit=1",
                    "--performance-schema=OFF",
                    "--character-set-server=utf8mb4",
                    *self.options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C at the test run is not for the server
            )
        deadline = time.monotonic() + READY_TIMEOUT
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                self._process = None
                return False
            if greets(port):
                return True
            time.sleep(0.02)
        self.kill()
        return False

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        if number != signal.SIGKILL:
            self._process.send_signal(signal.SIGCONT)
        self._process.wait(120)
        self._process = None

    def log(self) -> str:
        """The end of what it told."""
        return (self.folder / "log").read_text(errors="replace")[-800:]


def free_ports() -> Iterator[int]:
    """Loopback ports free a moment ago, below the ephemeral range (there a client could connect to itself).

    None is given twice, and each of the processes of tests that run at once has its own: one that is free for a moment,
    as over a restart, is still somebody's.
    """
    own = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 6
    while True:
        port = random.SystemRandom().randrange(20_000 + 2_000 * own, 22_000 + 2_000 * own)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        yield port


_given: set[int] = set()


def greets(port: int) -> bool:
    """Whether a MySQL server says hello there."""
    try:
        with socket.create_connection(("127.0.0.1", port), 20) as probe:
            return len(probe.recv(4)) == 4
    except OSError:
        return False


def create_database(port: int, name: str, user: str = USER, password: str = PASSWORD) -> None:
    """Create an empty utf8mb4 database."""
    with pymysql.connect(host="127.0.0.1", port=port, user=user, password=password) as admin, admin.cursor() as cursor:
        cursor.execute(f"create database `{name}` character set utf8mb4 collate utf8mb4_bin")


def private_mariadb(*options: str, on_disk: bool = False) -> MariaDB:
    """A started server of one's own, to be stopped, killed or paused at will; skips the test without mariadbd.

    Its files may be in memory unless they are to be `on_disk`, which is for whoever measures.
    """
    if binary() is None:
        pytest.skip("no mariadbd here (Debian package mariadb-server-core)")
    folder = Path(tempfile.mkdtemp(prefix="vestnik-mariadb-", dir=None if on_disk else _quick_folder()))
    server = MariaDB(folder / "server", *options)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.kill)
    server.start()
    return server


@functools.cache
def shared_mariadb() -> MariaDB:
    """The one server of this test process, for tests that leave it alone; skips the test without mariadbd."""
    return private_mariadb()


def _quick_folder() -> Path | None:
    """Memory, where there is plenty: tables are made several times as fast, and a server that was killed finds them."""
    return _MEMORY if plenty_of_memory() else None


def plenty_of_memory() -> bool:
    """Whether the files of a server may be in memory."""
    with contextlib.suppress(OSError):
        return shutil.disk_usage(_MEMORY).free > PLENTY and os.access(_MEMORY, os.W_OK)
    return False


def binary() -> str | None:
    """The server's program; None where there is none."""
    return shutil.which("mariadbd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/libexec")
