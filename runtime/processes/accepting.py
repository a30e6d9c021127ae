"""How several processes that listen on one socket share the connections that come.

The kernel wakes all of them and the quickest one accepts, which is often the same. So a process that has more
connections than the mean leaves the others a moment; a connection that is still there after it is accepted all the
same, so that a process that hangs keeps nobody out.
"""

import errno
import mmap
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import trio

ABSENT: Final = -1
"""Instead of a count: this worker does not accept."""
ABOVE: Final = 1.05
"""A worker with more than so many times the mean leaves the next connection to others."""
MOMENT: Final = 0.01
"""Seconds that the others get."""
_SLOT: Final = struct.Struct("=q")
_OF_THE_CONNECTION: Final = frozenset(
    (errno.ECONNABORTED, errno.EPROTO, errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EPERM)
)
"""Errors of `accept` that tell of one connection, and nothing of the listener."""

Serve = Callable[[trio.SocketStream], Awaitable[None]]


class Counts:
    """How many connections each worker has: a page of memory that all of them share, each writes its own place."""

    def __init__(self, descriptor: int, workers: int) -> None:
        self._memory = mmap.mmap(descriptor, size_of(workers))
        self._workers = workers

    def set(self, worker: int, count: int) -> None:
        """`count`: or ABSENT."""
        _SLOT.pack_into(self._memory, worker * _SLOT.size, count)

    def get(self, worker: int) -> int:
        """As last told."""
        return int(_SLOT.unpack_from(self._memory, worker * _SLOT.size)[0])

    def crowded(self, worker: int) -> bool:
        """Whether it has more than its share."""
        present = [count for other in range(self._workers) if (count := self.get(other)) != ABSENT]
        return bool(present) and self.get(worker) * len(present) > ABOVE * sum(present)


def size_of(workers: int) -> int:
    """Bytes that the counts of so many need."""
    return workers * _SLOT.size


class Share(Protocol):
    """What one process accepts."""

    def begin(self) -> None:
        """From now on it takes its part."""
        ...

    def enter(self) -> None:
        """A connection was accepted."""
        ...

    def leave(self) -> None:
        """One has ended."""
        ...

    def end(self) -> None:
        """No more are accepted."""
        ...

    @property
    def crowded(self) -> bool:
        """Whether others come first."""
        ...


class WorkerShare:
    """That of one worker among several."""

    def __init__(self, counts: Counts, worker: int) -> None:
        self._counts = counts
        self._worker = worker
        self._takes = False
        self._count = 0

    def begin(self) -> None:
        """See Share."""
        self._takes = True
        self._tell()

    def enter(self) -> None:
        """See Share."""
        self._count += 1
        self._tell()

    def leave(self) -> None:
        """See Share."""
        self._count -= 1
        self._tell()

    def end(self) -> None:
        """See Share."""
        self._takes = False
        self._tell()

    @property
    def crowded(self) -> bool:
        """See Share."""
        return self._counts.crowded(self._worker)

    def _tell(self) -> None:
        self._counts.set(self._worker, self._count if self._takes else ABSENT)


class SharedListener(trio.abc.Listener[trio.SocketStream]):
    """A listening socket that other processes accept from too."""

    def __init__(self, listener: socket.socket, share: Share) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._share = share

    async def accept(self) -> trio.SocketStream:
        """The next connection that this process takes; it counts until `counted` ends."""
        while True:
            await trio.lowlevel.wait_readable(self._listener)
            if self._share.crowded:
                await trio.sleep(MOMENT)
            try:
                accepted, _ = self._listener.accept()
            except BlockingIOError:  # another one was quicker
                continue
            except OSError as error:
                if error.errno not in _OF_THE_CONNECTION:
                    raise
                continue
            self._share.enter()
            return trio.SocketStream(trio.socket.from_stdlib_socket(accepted))

    async def aclose(self) -> None:
        """Accept no more; the socket is closed by whoever opened it."""
        await trio.lowlevel.checkpoint()


def counted(serve: Serve, share: Share) -> Serve:
    """Serve a connection, and take it out of the count at its end."""

    async def served(stream: trio.SocketStream) -> None:
        try:
            await serve(stream)
        finally:
            share.leave()

    return served
