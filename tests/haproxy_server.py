"""A private HAProxy for tests, with our deploy/haproxy.cfg: own folder, own loopback ports, gone at the end of the run.

Needs the Debian package `haproxy`.
"""

import atexit
import grp
import os
import pwd
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
from tests.server.proxied import certificate

CONF: Final = Path(__file__).parents[1] / "deploy/haproxy.cfg"
READY_TIMEOUT: Final = 60.0
"""Seconds it may take to listen."""


def binary() -> str | None:
    """Where it is on this machine."""
    return shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin")


class HAProxy:
    """In front of two servers on loopback. The methods block: from trio call them through `trio.to_thread.run_sync`."""

    def __init__(self, folder: Path, one: int, two: int) -> None:
        """`folder` is there; `one` and `two` are the ports of the servers."""
        self.folder = folder
        ports = free_ports()
        self.plain, self.port = next(ports), next(ports)
        self._processes: list[subprocess.Popen[bytes]] = []
        certificate(folder / "keys")
        pair = "".join((folder / "keys" / name).read_text() for name in ("fullchain.pem", "privkey.pem"))
        (folder / "pair.pem").write_text(pair)
        self._write_conf(one, two)

    @property
    def url(self) -> str:
        """What clients are told. They trust it by the environment variable SSL_CERT_FILE: see `authority`."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def authority(self) -> str:
        """A file with the certificate, which has signed itself."""
        return str(self.folder / "keys" / "fullchain.pem")

    @property
    def pids(self) -> list[int]:
        """Its processes; after a reload the earlier one lives as long as its connections."""
        return [process.pid for process in self._processes if process.poll() is None]

    def start(self) -> None:
        """Start and wait until it listens."""
        self._begin()
        deadline = time.monotonic() + READY_TIMEOUT
        while not self._listens():
            if self._processes[-1].poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"haproxy did not start: {self.log()}")
            time.sleep(0.02)

    def reload(self) -> None:
        """A new process takes over, and the old one ends with its last connection, as `systemctl reload` has it."""
        self._begin("-sf", *(str(pid) for pid in self.pids))
        deadline = time.monotonic() + READY_TIMEOUT
        while self.log().count("Loading success") < len(self._processes) and time.monotonic() < deadline:
            if self._processes[-1].poll() is not None:
                raise RuntimeError(f"haproxy did not start anew: {self.log()}")
            if self._listens():
                return
            time.sleep(0.02)

    def kill(self) -> None:
        """A crash (SIGKILL), with all connections."""
        for process in self._processes:
            process.kill()
            process.wait(60)
        self._processes.clear()

    def pause(self) -> None:
        """Freeze it: it holds its sockets open and passes nothing on."""
        for pid in self.pids:
            os.kill(pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        for pid in self.pids:
            os.kill(pid, signal.SIGCONT)

    def log(self) -> str:
        """What it said: a line a request, and what became of the servers."""
        return (self.folder / "log").read_text(errors="replace")

    def _begin(self, *options: str) -> None:
        command = [str(binary()), "-f", str(self.folder / "haproxy.cfg"), *options]
        with (self.folder / "log").open("ab") as log:
            self._processes.append(
                subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
            )

    def _listens(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return True
        except OSError:
            return False

    def _write_conf(self, one: int, two: int) -> None:
        """The shipped file with other addresses, and nothing else changed where this may be done by root."""
        text = CONF.read_text()
        for old, new in (
            ("bind :80\n", f"bind 127.0.0.1:{self.plain}\n"),
            ("bind :443 ssl", f"bind 127.0.0.1:{self.port} ssl"),
            ("/etc/haproxy/chat.example.org.pem", str(self.folder / "pair.pem")),
            ("192.0.2.11:8000", f"127.0.0.1:{one}"),
            ("192.0.2.12:8000", f"127.0.0.1:{two}"),
        ):
            assert text.count(old) == (2 if old.endswith(":8000") else 1), old
            text = text.replace(old, new)
        (self.folder / "haproxy.cfg").write_text(confined(text))


CONFINES: Final = ("user haproxy", "group haproxy", "chroot /var/lib/haproxy")


def can_confine() -> bool:
    """Whether a process of this test may become the user of Debian's package in its empty folder."""
    try:
        pwd.getpwnam("haproxy"), grp.getgrnam("haproxy")
    except KeyError:
        return False
    return os.geteuid() == 0 and Path("/var/lib/haproxy").is_dir()


def confined(text: str) -> str:
    """The settings without what cannot be had here."""
    for line in () if can_confine() else CONFINES:
        text = text.replace(f"    {line}\n", "")
    return text


def private_haproxy(one: int, two: int) -> HAProxy:
    """One that is not started yet, in front of two ports; skips the test without haproxy."""
    if binary() is None:
        pytest.skip("no haproxy here (Debian package haproxy)")
    folder = Path(tempfile.mkdtemp(prefix="vestnik-haproxy-"))
    server = HAProxy(folder, one, two)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.kill)
    return server
