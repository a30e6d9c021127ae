"""Virtual time: what is to happen, in order of its time, then of its making."""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any


class Scheduler:
    """`now` in milliseconds; time goes on only from one happening to the next."""

    def __init__(self) -> None:
        self.now = 0
        self.steps = 0
        self._queue: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._made = 0

    def after(self, delay: int, act: Callable[..., None], *arguments: Any) -> None:
        """Do it in so many milliseconds."""
        self._made += 1
        heappush(self._queue, (self.now + max(0, delay), self._made, act, arguments))

    def step(self, until: int) -> bool:
        """The next happening, unless it is later than `until`."""
        if not self._queue or self._queue[0][0] > until:
            self.now = until
            return False
        self.now, _, act, arguments = heappop(self._queue)
        self.steps += 1
        act(*arguments)
        return True
