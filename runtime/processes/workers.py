"""`vestnik serve --workers N`: a parent that serves nobody itself. It holds the listening socket, runs N equal
processes, starts again what dies, and replaces them one by one at SIGHUP, so that somebody listens at any time.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from typing import Final

import trio
from attrs import define, field

from runtime.logs import get_logger
from runtime.processes.accepting import ABSENT, Counts, size_of
from runtime.processes.inherited import Inherited
from runtime.processes.option import OPTION
from runtime.processes.service_manager import SERVICE_MANAGER, ServiceManager, service_manager

log = get_logger(__name__)

READY_WITHIN: Final = 300.0
"""Seconds from the start of a worker until it accepts; one that takes longer is started anew."""
STOP_WITHIN: Final = 13.0
"""Seconds from the word to stop until a worker is killed; it needs less than 12."""
SHORTEST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 10.0
"""Seconds before a worker is started again: twice as long each time, until one of them has lived for SETTLED."""
SETTLED: Final = 10.0


@define(eq=False)
class Worker:
    """One place among the workers. `told`: the process in it was told to end."""

    number: int
    process: trio.Process | None = None
    told: bool = False
    ready: trio.Event = field(factory=trio.Event)
    pause: float = SHORTEST_PAUSE


class Workers:
    """`command`: what starts a worker, but for OPTION."""

    def __init__(
        self, listener: socket.socket, count: int, command: Sequence[str], folder: str, manager: ServiceManager
    ) -> None:
        self._listener = listener
        self._command = command
        self._folder = folder
        self._manager = manager
        self._memory = tempfile.TemporaryFile()  # noqa: SIM115  # it lives as long as the workers do
        self._memory.truncate(size_of(count))
        self._counts = Counts(self._memory.fileno(), count)
        self._workers = [Worker(number) for number in range(count)]
        self.not_started = 0
        """How often a process could not be begun at all."""
        self._stopping = False
        self._serves = trio.Event()
        """One has begun to; never taken back."""
        self._code = 0

    async def run(self, signals: AsyncIterator[int]) -> int:
        """Until SIGTERM or SIGINT; SIGHUP replaces all of them. A second signal ends all at once. The exit code.

        The others follow once the first one serves; where it ends before that, what it said tells why, and its exit
        code is ours. SIGHUP waits for that moment too.
        """
        with self._memory:
            return await self._run(signals)

    async def _run(self, signals: AsyncIterator[int]) -> int:
        for worker in self._workers:
            self._counts.set(worker.number, ABSENT)
        async with trio.open_nursery() as nursery:
            rolling = trio.CancelScope()
            nursery.start_soon(self._keep_all, nursery.cancel_scope)
            async for number in signals:
                if number != signal.SIGHUP:
                    break
                rolling.cancel()
                rolling = trio.CancelScope()
                nursery.start_soon(self._roll, rolling)
            self._stopping = True
            self._manager.tell("STOPPING=1")
            rolling.cancel()
            self._listener.close()
            nursery.start_soon(self._stop_all, nursery.cancel_scope)
            async for number in signals:
                if number != signal.SIGHUP:
                    nursery.cancel_scope.cancel()
                    break
        return self._code

    async def _keep_all(self, all_of_it: trio.CancelScope) -> None:
        first, *others = self._workers
        async with trio.open_nursery() as nursery:

            async def keep_first() -> None:
                await self._keep(first)
                if not self._serves.is_set():
                    all_of_it.cancel()

            nursery.start_soon(keep_first)
            await self._serves.wait()
            self._manager.tell("READY=1")
            nursery.start_soon(self._manager.stay_alive)
            for worker in others:
                nursery.start_soon(self._keep, worker)

    async def _stop_all(self, all_of_it: trio.CancelScope) -> None:
        async with trio.open_nursery() as nursery:
            for worker in self._workers:
                nursery.start_soon(self._stop, worker)
        all_of_it.cancel()

    async def _roll(self, scope: trio.CancelScope) -> None:
        with scope:
            await self._serves.wait()
            log.info("workers_replaced_one_by_one", workers=len(self._workers))
            for worker in self._workers:
                await self._stop(worker)
                worker.ready = trio.Event()  # one that had just begun may have told that it is ready on its way out
                await worker.ready.wait()
            log.info("workers_replaced")

    async def _stop(self, worker: Worker) -> None:
        """Tell its process to end, and see that it does."""
        process = worker.process
        if process is None:
            return
        worker.told = True
        assert process.stdin is not None
        await process.stdin.aclose()
        with trio.move_on_after(STOP_WITHIN) as patience:
            await process.wait()
        if patience.cancelled_caught:
            log.error("worker_killed", worker=worker.number + 1, pid=process.pid)
            process.kill()
            await process.wait()

    async def _keep(self, worker: Worker) -> None:
        """Have a process in this place."""
        while not self._stopping:
            began = trio.current_time()
            try:
                code = await self._live(worker)
            except OSError as error:  # no memory, no process, no descriptor is left for it
                self.not_started += 1
                log.error("worker_not_started", worker=worker.number + 1, reason=str(error))
                code = 1
            else:
                if worker.told or self._stopping:
                    continue
                log.error("worker_died", worker=worker.number + 1, exit_code=code)
            if not self._serves.is_set():
                self._code = code if code > 0 else 1
                return
            if trio.current_time() - began >= SETTLED:
                worker.pause = SHORTEST_PAUSE
            await trio.sleep(worker.pause)
            worker.pause = min(2 * worker.pause, LONGEST_PAUSE)

    async def _live(self, worker: Worker) -> int:
        """Start one, and wait until it has ended; its exit code."""
        worker.told = False
        ready, told = os.pipe()
        inherited = Inherited(
            worker=worker.number,
            workers=len(self._workers),
            greets=worker.number == 0 and not self._serves.is_set(),
            listener=self._listener.fileno(),
            counts=self._memory.fileno(),
            ready=told,
            folder=self._folder,
        )
        try:
            process = worker.process = await trio.lowlevel.open_process(
                [*self._command, OPTION, inherited.written()],
                stdin=subprocess.PIPE,
                pass_fds=inherited.descriptors,
                env={name: value for name, value in os.environ.items() if name not in SERVICE_MANAGER},
                start_new_session=True,  # Ctrl-C in a terminal is for the parent, which passes it on
            )
        except BaseException:
            os.close(ready)
            raise
        finally:
            os.close(told)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._await_ready, worker, process, ready)
                code = await process.wait()
                nursery.cancel_scope.cancel()
        finally:
            self._counts.set(worker.number, ABSENT)
            if process.returncode is None:
                process.kill()
                with trio.CancelScope(shield=True):
                    await process.wait()
        worker.process = None
        return code

    async def _await_ready(self, worker: Worker, process: trio.Process, ready: int) -> None:
        """Note that it accepts; kill it where it never does."""
        async with trio.lowlevel.FdStream(ready) as stream:
            with trio.move_on_after(READY_WITHIN) as patience:
                if not await stream.receive_some(16):
                    return
        if patience.cancelled_caught:
            log.error("worker_not_ready", worker=worker.number + 1, pid=process.pid)
            process.kill()
            return
        self._serves.set()
        log.info("worker_ready", worker=worker.number + 1, pid=process.pid)
        worker.ready.set()


async def serve_with_workers(listener: socket.socket, count: int) -> int:
    """Run this program so many times on one listening socket; see `Workers.run`. The exit code.

    systemd hears of the parent alone.
    """
    command, manager = [sys.executable, *sys.orig_argv[1:]], service_manager(os.environ)
    with (
        trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals,
        tempfile.TemporaryDirectory(prefix="vestnik-workers-") as folder,
    ):
        return await Workers(listener, count, command, folder, manager).run(signals)
