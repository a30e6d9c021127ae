"""Starts of programs by the prepared process of this test run (tests/prepared.py), and what can be done with them."""

import atexit
import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import msgspec
import trio
from attrs import define

from tests.prepared import Job

ROOT: Final = Path(__file__).parents[1]


@functools.cache
def prepared_socket() -> Path:
    """Where the prepared process of this test process listens; it is started at the first call, which blocks."""
    folder = Path(tempfile.mkdtemp(prefix="vestnik-prepared-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    command = [sys.executable, "-m", "tests.prepared", str(folder / "socket")]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    atexit.register(_end, process)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n", "the prepared process did not start"
    return folder / "socket"


def _end(process: subprocess.Popen[bytes]) -> None:
    """It goes, and takes what it started along."""
    process.communicate(timeout=60)


@define(eq=False)
class Started:
    """A process that the prepared one became; like trio.Process, as far as tests need it."""

    pid: int
    _stream: trio.SocketStream
    _said: bytes = b""
    """What came and nobody has read yet."""
    returncode: int | None = None

    async def receive_some(self) -> bytes:
        """More of what it wrote to standard output; b"" when it has ended."""
        while not self._said and self.returncode is None:
            await self._read()
        said, self._said = self._said, b""
        return said

    async def wait(self) -> int:
        """Its exit code; what it still writes can be read afterwards."""
        while self.returncode is None:
            await self._read()
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """Unless it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill_group(self) -> None:
        """SIGKILL to it and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    async def aclose(self) -> None:
        """Done with it; it is killed where it has not ended."""
        await self._stream.aclose()

    async def _read(self) -> None:
        more = await self._stream.receive_some()
        if not more:
            raise RuntimeError("the prepared process ended")
        await self.take(bytes(more))

    async def take(self, more: bytes) -> None:
        """What came from it; the end may be in it."""
        said, zero, code = more.partition(b"\0")
        self._said += said
        if zero:
            while not code.endswith(b"\n"):
                code += await self._stream.receive_some()
            self.returncode = int(code)
            await self._stream.aclose()


@define(eq=False)
class Spawned:
    """A process that was started as others are, in a session of its own, with its standard output in a pipe."""

    _process: trio.Process

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    async def receive_some(self) -> bytes:
        """More of what it wrote to standard output; b"" when it has ended."""
        assert self._process.stdout is not None
        return bytes(await self._process.stdout.receive_some())

    async def wait(self) -> int:
        """Its exit code."""
        return await self._process.wait()

    def send_signal(self, number: signal.Signals) -> None:
        """Unless it has ended."""
        self._process.send_signal(number)

    def kill_group(self) -> None:
        """SIGKILL to it and all that it started."""
        os.killpg(self._process.pid, signal.SIGKILL)

    async def aclose(self) -> None:
        """Done with it; it has ended."""
        assert self._process.stdout is not None
        await self._process.stdout.aclose()


async def start(job: Job) -> Started:
    """Begin it; returns when it is there, not when it is ready."""
    path = await trio.to_thread.run_sync(prepared_socket)
    stream = await trio.open_unix_socket(path)
    await stream.send_all(msgspec.json.encode(job) + b"\n")
    said = b""
    while b"\n" not in said:
        more = await stream.receive_some()
        assert more, "the prepared process ended"
        said += more
    pid, _, rest = said.partition(b"\n")
    started = Started(int(pid), stream)
    await started.take(rest)  # all of one that was quick
    return started


async def run(job: Job) -> tuple[int, str]:
    """The exit code, and what it wrote to standard output."""
    process = await start(job)
    try:
        said = b""
        while more := await process.receive_some():
            said += more
        return await process.wait(), said.decode()
    finally:
        await process.aclose()
