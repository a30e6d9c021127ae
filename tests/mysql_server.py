"""A real MySQL server for tests: the one of `VESTNIK_TEST_MYSQL_URL`, or one started by the tool beside the repository.

The started server is shared by every test process of the machine; the last one that leaves stops and empties it.
"""

import atexit
import fcntl
import functools
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO, Final
from urllib.parse import unquote, urlsplit

import pytest
from attrs import frozen

from tests.mariadb_server import PLENTY, create_database, greets, plenty_of_memory

TOOL: Final = Path(__file__).parents[2] / "shared" / "tools" / "mysql-server"
_FOLDER: Final = Path(tempfile.gettempdir()) / f"vestnik-mysql-{os.getuid()}"
_DATA: Final = _FOLDER / "root" / "my"
SERVER_CA: Final = _DATA / "data" / "ca.pem"
"""The authority of the certificate that the started server made for itself."""
_START_TIMEOUT: Final = 300
"""Seconds: the first start fetches the server's packages."""
_names: Final = itertools.count(1)


@frozen
class MySQL:
    """A running server that this user may create databases on; `base` is its URL without a path."""

    base: str
    port: int
    user: str
    password: str

    def new_database(self, query: str = "?rsa=allow") -> str:
        """The URL of a fresh, empty database."""
        name = f"t{os.getpid()}_{next(_names)}_{os.urandom(3).hex()}"
        create_database(self.port, name, self.user, self.password)
        return f"{self.base}/{name}{query}"


@functools.cache
def shared_mysql() -> MySQL:
    """The server; skips the test where there is none."""
    url = os.environ.get("VESTNIK_TEST_MYSQL_URL")
    if url is None:
        if not TOOL.exists():
            pytest.skip("no MySQL here: set VESTNIK_TEST_MYSQL_URL=mysql://user:password@127.0.0.1:port/database")
        if os.geteuid() != 0:
            pytest.skip("a MySQL of its own needs root; or set VESTNIK_TEST_MYSQL_URL")
        url = _join()
    parts = urlsplit(url)
    base = f"mysql://{parts.netloc}"
    return MySQL(base, parts.port or 3306, unquote(parts.username or ""), unquote(parts.password or ""))


def unpacked() -> Path:
    """The root of the started server's program, for servers of one's own; skips the test where there is none."""
    if os.environ.get("VESTNIK_TEST_MYSQL_URL"):
        pytest.skip("a MySQL of one's own is not at hand where VESTNIK_TEST_MYSQL_URL names one")
    shared_mysql()
    return _FOLDER / "root"


def _join() -> str:
    """Start the server unless it runs, and stay counted as a user of it until exit."""
    _FOLDER.mkdir(mode=0o700, exist_ok=True)
    note = _FOLDER / "url"
    users = (_FOLDER / "users.lock").open("a")
    with (_FOLDER / "start.lock").open("a") as start:
        fcntl.flock(start, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_SH)
        url = note.read_text() if note.exists() else ""
        if not url or not greets(urlsplit(url).port or 0):
            _keep_data_in_memory()
            with (_FOLDER / "tool.log").open("w+") as log:
                run = subprocess.run(
                    [str(TOOL), str(_FOLDER), "start"],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    timeout=_START_TIMEOUT,
                    check=False,
                )
                log.seek(0)
                words = log.read().split()
            if run.returncode != 0 or not words:
                pytest.skip(f"MySQL could not be started: {' '.join(words)[-300:]}")
            url = words[-1]
            note.write_text(url)
    atexit.register(_leave, users)
    return url


def _keep_data_in_memory() -> None:
    """Where that can be done: on a disk a server of MySQL waits for each of the tables that it makes, 20 s for ours.

    A server that is killed finds its data all the same.
    """
    _DATA.mkdir(parents=True, exist_ok=True)
    if not _DATA.is_mount() and plenty_of_memory():
        options = f"size={PLENTY},mode=0755"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(_DATA)], check=False, capture_output=True)


def _leave(users: IO[str]) -> None:
    with (_FOLDER / "start.lock").open("a") as start:
        fcntl.flock(start, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_UN)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # another test process is still at it
        subprocess.run([str(TOOL), str(_FOLDER), "stop"], check=False, stdout=subprocess.DEVNULL)
        pid_file = _DATA / "pid"
        deadline = time.monotonic() + 60
        while pid_file.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        if not pid_file.exists():  # the next one begins without the databases of this one
            shutil.rmtree(_DATA / "data", ignore_errors=True)
            if _DATA.is_mount():
                subprocess.run(["umount", "--lazy", str(_DATA)], check=False, capture_output=True)
        users.close()
