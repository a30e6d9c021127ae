"""Whether to send people here: the database answers, its schema is right, the bus works, the server is not stopping."""

from collections.abc import Callable
from typing import Final

import trio
from attrs import define

from runtime.buses.bus import Bus
from runtime.logs import get_logger
from storage.port import Storage

log = get_logger(__name__)

CHECK_TIMEOUT: Final = 2.0
"""Seconds that the database and the bus have to answer."""
FRESH_FOR: Final = 1.0
"""Seconds that an answer is given again, so that a flood of questions costs one a second."""


@define(eq=False)
class Readiness:
    """`clock` gives monotonic seconds."""

    storage: Storage
    bus: Bus
    clock: Callable[[], float]
    draining: bool = False
    _asking: trio.Event | None = None
    _answered_at: float = float("-inf")
    _faults: dict[str, str] | None = None

    async def faults(self) -> dict[str, str]:
        """What is wrong, by part (`database`, which stands for its schema too, and `bus`), at most a second old."""
        while not 0 <= self.clock() - self._answered_at < FRESH_FOR:
            if self._asking is not None:
                await self._asking.wait()
                continue
            self._asking = trio.Event()
            try:
                self._faults = await self._ask()
                self._answered_at = self.clock()
            finally:
                self._asking.set()
                self._asking = None
        return dict(self._faults or {})

    async def _ask(self) -> dict[str, str]:
        faults: dict[str, str] = {}
        for name, part in (("database", self.storage), ("bus", self.bus)):
            with trio.move_on_after(CHECK_TIMEOUT) as scope:
                if (reason := await part.check()) is not None:
                    faults[name] = reason
            if scope.cancelled_caught:
                faults[name] = "no answer"
        if faults and faults != self._faults:
            log.warning("not_ready", **faults)
        return faults
