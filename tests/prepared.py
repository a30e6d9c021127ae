"""A process that has imported the server, and becomes one on request, by a fork: for tests that start many.

Nearly all of a start of `vestnik` is imports, more than a second of a processor. Real starts stay where they are the
subject: tests/server/test_workers.py, test_installed.py, test_stop.py (a stock hypercorn), parts of test_cli.py.

It listens on a Unix socket, whose path it is told, until its standard input ends. A connection is one process: one line
comes, a Job in JSON; the answer is a line with the pid, then what the process writes to its standard output, then a
zero byte, the exit code (as subprocess has it) and a line's end. Whoever closes the connection before that kills the
process and its group.
"""

import contextlib
import gc
import os
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import msgspec
from attrs import frozen

from runtime import cli
from runtime.commands import cli_data, cli_doctor, cli_people, cli_schema, cli_serve, cli_settings, cli_verify
from runtime.config import DESKTOP
from runtime.http.web import read_pages
from tests import serving

IMPORTED: Final = (cli_data, cli_doctor, cli_people, cli_schema, cli_serve, cli_settings, cli_verify)
"""What a start would import once it knows its command."""
PROGRAMS: Final[dict[str, Callable[[list[str], bytes], int]]] = {
    "runtime.cli": lambda arguments, _: cli.main(arguments),
    "tests.serving": serving.main,
}
_PATIENCE: Final = 60.0
"""Seconds that whoever connected may take to say what it wants: it sends it at once."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to become. `stdin` and `stderr` are paths; `environment` is all of it."""

    program: Literal["runtime.cli", "tests.serving"]
    arguments: list[str]
    folder: str
    environment: dict[str, str]
    stdin: str = os.devnull
    stderr: str = os.devnull

    def run(self, empty: bytes) -> int:
        """Be it; the exit code. `empty`: what the new database of a server of tests begins with."""
        sys.argv = [self.program, *self.arguments]
        sys.orig_argv = [sys.executable, "-m", *sys.argv]
        return PROGRAMS[self.program](self.arguments, empty)


@frozen
class _Child:
    """`ended`: a pipe that it alone holds at the other end, so it ends with it; `asked`: whoever asked for it."""

    pid: int
    ended: int
    asked: socket.socket


def serve(path: Path) -> Job | None:
    """Fork for each Job that comes. Returns in each new process, with its Job; in this one None, when input ends."""
    children: set[_Child] = set()
    with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as selector:
        listener.bind(str(path))
        listener.listen(64)
        selector.register(listener, selectors.EVENT_READ)
        selector.register(sys.stdin, selectors.EVENT_READ)
        print("ready", flush=True)
        while True:
            for key, _ in selector.select():
                if key.fileobj is sys.stdin:
                    for child in children:
                        _kill(child.pid)
                    return None
                if key.fileobj is listener:
                    asked, _address = listener.accept()
                    job = _read(asked)
                    if job is None:
                        continue
                    ended, held = os.pipe()
                    pid = os.fork()
                    if pid == 0:
                        _leave(children)
                        os.close(ended)
                        _settle_in(job, asked)
                        return job
                    os.close(held)
                    child = _Child(pid, ended, asked)
                    children.add(child)
                    for descriptor in (child.ended, asked):
                        selector.register(descriptor, selectors.EVENT_READ, data=child)
                elif key.data in children:
                    if key.fileobj is key.data.asked:
                        _kill(key.data.pid)  # who asked for it is gone
                    else:
                        _tell(key.data.asked, os.waitstatus_to_exitcode(os.waitpid(key.data.pid, 0)[1]))
                        children.remove(key.data)
                        selector.unregister(key.data.ended)
                        os.close(key.data.ended)
                    with contextlib.suppress(KeyError):  # once
                        selector.unregister(key.data.asked)
                    if key.data not in children:
                        key.data.asked.close()


def _read(asked: socket.socket) -> Job | None:
    """What it wants; None where it left before it had said that."""
    asked.settimeout(_PATIENCE)
    line = b""
    while not line.endswith(b"\n"):
        more = asked.recv(65536)
        if not more:
            asked.close()
            return None
        line += more
    asked.settimeout(None)
    return msgspec.json.decode(line, type=Job)


def _leave(others: set[_Child]) -> None:
    """Give back what belongs to the process that this one was."""
    for other in others:
        os.close(other.ended)
        other.asked.close()


def _settle_in(job: Job, asked: socket.socket) -> None:
    """What a start would have given: a session, descriptors, a folder, an environment."""
    os.setsid()
    asked.sendall(b"%d\n" % os.getpid())
    stdin, stderr = os.open(job.stdin, os.O_RDONLY), os.open(job.stderr, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for descriptor, number in ((stdin, 0), (asked.fileno(), 1), (stderr, 2)):
        os.dup2(descriptor, number)
    os.close(stdin)
    os.close(stderr)
    asked.close()
    os.chdir(job.folder)
    os.environ.clear()
    os.environ.update(job.environment)


def _kill(pid: int) -> None:
    for kill in (os.killpg, os.kill):  # the group is there as soon as the process has made it
        with contextlib.suppress(ProcessLookupError):
            kill(pid, signal.SIGKILL)


def _tell(asked: socket.socket, code: int) -> None:
    with contextlib.suppress(OSError):  # who asked may be gone
        asked.send(b"\0%d\n" % code, socket.MSG_DONTWAIT)


if __name__ == "__main__":
    read_pages(DESKTOP)  # packed once for all
    empty_database = serving.prepare()
    gc.collect()
    gc.freeze()
    assert threading.active_count() == 1, "a fork takes one thread along"
    wanted = serve(Path(sys.argv[1]))
    sys.exit(0 if wanted is None else wanted.run(empty_database))
