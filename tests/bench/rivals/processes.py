"""Programs under measure: each a process on the processor of the servers, all else on the other one."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from attrs import define

READY_TIMEOUT: Final = 60.0
"""Seconds a program may take to listen."""
STOP_TIMEOUT: Final = 20.0

_all: Final = sorted(os.sched_getaffinity(0))
SERVER_CPU: Final = _all[0]
OTHER_CPU: Final = _all[-1]


def take_the_other_cpu() -> None:
    """This process, the generator and the database it starts leave the servers' processor alone."""
    os.sched_setaffinity(0, {OTHER_CPU})


@contextmanager
def on_the_server_cpu() -> Iterator[None]:
    """What is started within runs on the servers' processor."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {SERVER_CPU})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@define(eq=False)
class Program:
    """A started server; its output is in `log`."""

    name: str
    port: int
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self) -> None:
        """SIGTERM, and SIGKILL where that does not help."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def said(self) -> str:
        """The end of what it said."""
        return self.log.read_text(errors="replace")[-1500:]


def start(name: str, command: Sequence[str], port: int, environ: Mapping[str, str], folder: Path) -> Program:
    """Start it and wait until it listens on that port of loopback."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log"
    with log.open("ab") as file, on_the_server_cpu():
        process = subprocess.Popen(
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd=folder,
            start_new_session=True,  # a Ctrl-C at the bench is not for the server
        )
    program = Program(name, port, log, process)
    deadline = time.monotonic() + READY_TIMEOUT
    while not _listens(port):
        if process.poll() is not None or time.monotonic() > deadline:
            program.stop()
            raise RuntimeError(f"{name} did not start: {program.said()}")
        time.sleep(0.05)
    return program


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False
