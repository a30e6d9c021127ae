"""Servers with several workers, as a machine of its own would run them: killed, frozen and replaced part by part."""

import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import trio
from attrs import define

from tests.faults.server_process import RealServerProcess

WITHIN: Final = 300.0
"""Seconds in which a worker is there, on a machine with much else to do."""


@define(eq=False)
class Machine(RealServerProcess):
    """`vestnik serve --workers N`."""

    count: int = 2

    def arguments(self) -> list[str]:
        """See ServerProcess."""
        return [*super().arguments(), "--workers", str(self.count)]

    async def start(self) -> None:
        """Start, and wait until all workers are there."""
        before = self.told("worker_ready")
        await super().start()
        await until(lambda: self.told("worker_ready") >= before + self.count)

    def workers(self) -> list[int]:
        """The processes that serve."""
        found = []
        for children in Path(f"/proc/{self.pid}/task").glob("*/children"):
            found += [int(child) for child in children.read_text().split()]
        return sorted(found)

    def processes(self) -> list[int]:
        """All of it."""
        return [self.pid, *self.workers()]

    def told(self, event: str) -> int:
        """How often its log says so."""
        path = self.data_dir / "server.log"
        return path.read_text().count(f'"event":"{event}"') if path.exists() else 0

    async def kill(self) -> None:
        """The power fails: all its processes are gone at once."""
        workers = [] if self._process is None else self.workers()
        signal_all(workers, signal.SIGKILL)
        await super().kill()

    def freeze(self) -> None:
        """All its processes stand still, and hold their sockets open."""
        signal_all(self.processes(), signal.SIGSTOP)

    def thaw(self) -> None:
        """They go on."""
        signal_all(self.processes(), signal.SIGCONT)

    async def roll(self) -> None:
        """Replace the workers one by one; returns when that is done."""
        before = self.told("workers_replaced")
        os.kill(self.pid, signal.SIGHUP)
        await until(lambda: self.told("workers_replaced") > before)


def signal_all(processes: Iterable[int], number: signal.Signals) -> None:
    """To those that are there."""
    for process in processes:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            continue


async def until(reached: Callable[[], bool]) -> None:
    """What other processes do is seen by looking."""
    with trio.fail_after(WITHIN):
        while True:
            if reached():
                return
            await trio.sleep(0.05)
