"""How long the event loop is busy in one pass: what happens meanwhile waits that long before it is seen."""

import time
from collections.abc import Callable

import trio


class LoopDelay(trio.abc.Instrument):
    """Tells `observe` the seconds of each pass that had something to do, from waking up to the next sleep."""

    def __init__(self, observe: Callable[[float], None]) -> None:
        self._observe = observe
        self._woke_at: float | None = None

    def after_io_wait(self, timeout: float) -> None:
        """The loop woke up."""
        self._woke_at = time.perf_counter()

    def before_io_wait(self, timeout: float) -> None:
        """The loop has run all tasks that could."""
        if self._woke_at is not None:
            self._observe(time.perf_counter() - self._woke_at)
