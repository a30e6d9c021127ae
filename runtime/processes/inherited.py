"""What a worker gets from its parent at its start (`runtime.processes.workers`): descriptors, and its number."""

import os
import socket

import trio
from attrs import frozen

from runtime.processes.accepting import Counts, WorkerShare


@frozen
class Inherited:
    """`worker`: its number from 0, of `workers`. `greets`: it tells the operator what to do next. `folder`: where each
    of them has a socket for the others. Its standard input ends when it is to stop, or when the parent is gone."""

    worker: int
    workers: int
    greets: bool
    listener: int
    counts: int
    ready: int
    folder: str

    def written(self) -> str:
        """For the command line."""
        numbers = (self.worker, self.workers, int(self.greets), self.listener, self.counts, self.ready)
        return ",".join([*map(str, numbers), self.folder])

    @property
    def descriptors(self) -> tuple[int, ...]:
        """Which of the parent's it keeps."""
        return self.listener, self.counts, self.ready

    def listening(self) -> socket.socket:
        """The socket that all of them listen on."""
        return socket.socket(fileno=self.listener)

    def share(self) -> WorkerShare:
        """What it takes of the connections."""
        return WorkerShare(Counts(self.counts, self.workers), self.worker)

    def tell_ready(self) -> None:
        """The parent may go on."""
        os.write(self.ready, b"ready")
        os.close(self.ready)


def read_inherited(text: str) -> Inherited:
    """From the command line. Raises ValueError."""
    *numbers, folder = text.split(",", 6)
    worker, workers, greets, listener, counts, ready = map(int, numbers)
    return Inherited(worker, workers, bool(greets), listener, counts, ready, folder)


async def parent_says_stop() -> None:
    """Until it says so, or is gone: standard input ends."""
    descriptor = os.dup(0)
    async with trio.lowlevel.FdStream(descriptor) as stream:
        while await stream.receive_some(16):
            pass
