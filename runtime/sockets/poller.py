"""One task that reads for all connections: what came is handled where it is found, without a switch to another task.

Such a switch, and arming the socket anew after it, is a quarter of what the ping of a quiet connection costs.
"""

import selectors
from collections.abc import Callable
from typing import Final

import trio
from attrs import define

IN_A_ROW: Final = 64
"""Sockets that are handled before other tasks have their turn."""


@define(eq=False)
class _Waiting:
    """A task in `each_ready`; `error` is raised there."""

    task: trio.lowlevel.Task
    ready: Callable[[], bool]
    error: Exception | None = None


class Poller:
    """Of one event loop. Who waits in `each_ready` waits for `run`, which somebody must run."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._waiting: dict[int, _Waiting] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await trio.lowlevel.wait_readable(self._selector.fileno())
            for count, (key, _) in enumerate(self._selector.select(0), 1):
                self._handle(key.fd, key.data)
                if count % IN_A_ROW == 0:
                    await trio.lowlevel.checkpoint()

    async def each_ready(self, fileno: int, ready: Callable[[], bool]) -> None:
        """Have `ready` called whenever the socket has something to be read, until it says no.

        It must not wait, and must read some of what there is. What it raises is raised here, in the task it is called
        for. Raises trio.ClosedResourceError where the socket is closed.
        """
        if (former := self._waiting.get(fileno)) is not None:  # of a closed socket that had the same number
            self._end(fileno, former, trio.ClosedResourceError("another task closed the socket"))
        waiting = _Waiting(trio.lowlevel.current_task(), ready)
        try:
            self._selector.register(fileno, selectors.EVENT_READ, waiting)
        except (ValueError, OSError):
            raise trio.ClosedResourceError("the socket is closed") from None
        self._waiting[fileno] = waiting

        def abort(_: object) -> trio.lowlevel.Abort:
            self._forget(fileno, waiting)
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(abort)
        if waiting.error is not None:
            raise waiting.error

    def _handle(self, fileno: int, waiting: _Waiting) -> None:
        if self._waiting.get(fileno) is not waiting:
            return  # it ended while others were handled
        try:
            if not waiting.ready():
                self._end(fileno, waiting, None)
        except Exception as error:
            self._end(fileno, waiting, error)

    def _end(self, fileno: int, waiting: _Waiting, error: Exception | None) -> None:
        self._forget(fileno, waiting)
        waiting.error = error
        trio.lowlevel.reschedule(waiting.task)

    def _forget(self, fileno: int, waiting: _Waiting) -> None:
        if self._waiting.get(fileno) is waiting:
            del self._waiting[fileno]
            self._selector.unregister(fileno)
