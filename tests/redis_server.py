"""A private Redis for tests: own folder, own loopback port, gone at the end of the test run. It keeps nothing on disk.

Needs the Debian package `redis-server`.
"""

import atexit
import contextlib
import functools
import itertools
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

import pytest

from tests.mariadb_server import free_ports

READY_TIMEOUT: Final = 60.0
"""Seconds a server may take to answer."""
_BINARY: Final = "redis-server"
_prefixes: Final = itertools.count(1)


class RedisServer:
    """One server process. The methods block: from a trio test call them through `trio.to_thread.run_sync`."""

    def __init__(self, folder: Path, *options: str, tls: bool = False, conf: Path | None = None) -> None:
        """`options` are further ones of redis-server. `tls`: its port takes nothing else. `conf`: a file of them."""
        self.folder = folder
        self.options = options
        self.tls = tls
        self.conf = [] if conf is None else [str(conf)]
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self._process is not None
        return self._process.pid

    def url(self, login: str = "", query: str = "") -> str:
        """As it stands in settings; `login` ends in @. Each has a prefix of its own."""
        return f"redis://{login}127.0.0.1:{self.port}?prefix=test{next(_prefixes)}{query}"

    def start(self) -> None:
        """Start and wait until it answers; the first start chooses a free port."""
        ports = iter([self.port]) if self.port else free_ports()
        for port in itertools.islice(ports, 5):
            if self._start_on(port):
                self.port = port
                return
        raise RuntimeError(f"redis-server did not start: {(self.folder / 'log').read_text()[-800:]}")

    def kill(self) -> None:
        """A crash (SIGKILL)."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(60)
            self._process = None

    def pause(self) -> None:
        """Freeze it: it holds its sockets open and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _start_on(self, port: int) -> bool:
        ports = ["--port", "0", "--tls-port", str(port)] if self.tls else ["--port", str(port)]
        command = [_BINARY, *self.conf, "--bind", "127.0.0.1", *ports, "--save", "", "--dir", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *self.options], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + READY_TIMEOUT
        while time.monotonic() < deadline and self._process.poll() is None:
            if _answers(port, tls=self.tls):
                return True
            time.sleep(0.02)
        self.kill()
        return False


def private_redis(*options: str, tls: bool = False, conf: Path | None = None) -> RedisServer:
    """A started server of one's own, to be killed or paused at will; skips the test without redis-server."""
    if shutil.which(_BINARY) is None:
        pytest.skip("no redis-server here (Debian package redis-server)")
    folder = Path(tempfile.mkdtemp(prefix="vestnik-redis-"))
    server = RedisServer(folder, *options, tls=tls, conf=conf)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.kill)
    server.start()
    return server


@functools.cache
def shared_redis() -> RedisServer:
    """The one server of this test process, for tests that leave it alone."""
    return private_redis()


def _answers(port: int, *, tls: bool) -> bool:
    """Any answer will do; one that wants a password says so, and one that wants TLS hangs up."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 20) as probe:
        probe.sendall(b"PING\r\n")
        return tls or probe.recv(1) in (b"+", b"-")
    return False
