"""Time as the server's core takes it, and its deadlines."""

from collections.abc import Iterator
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Final, Literal, NamedTuple

from msgspec import Struct

SLACK: Final = 64


class Now(Struct, frozen=True, gc=False):
    """The two clocks at one moment.

    `wall`: aware UTC, to stamp what is stored and to compare with tokens. `mono`: seconds of a clock that is never set,
    for everything that is waited for.
    """

    wall: datetime
    mono: float


Kind = Literal["session", "line", "read", "list", "mark", "marks", "typing", "absent", "present", "sweep"]


class Deadline(NamedTuple):
    """What falls due: of which connection or user, of which chat; 0 where it is of none."""

    kind: Kind
    who: int = 0
    chat_id: int = 0


class Timers:
    """The deadlines of all parts, each at most once, in monotonic seconds."""

    def __init__(self) -> None:
        self._due: dict[Deadline, float] = {}
        self._heap: list[tuple[float, int, Deadline]] = []
        self._count = 0

    def __contains__(self, deadline: Deadline) -> bool:
        return deadline in self._due

    def set(self, deadline: Deadline, due: float) -> None:
        """It falls due then, and not when it was to before."""
        if self._due.get(deadline) == due:
            return
        self._due[deadline] = due
        self._count += 1
        heappush(self._heap, (due, self._count, deadline))
        if len(self._heap) > SLACK + 2 * len(self._due):
            self._heap = [entry for entry in self._heap if self._due.get(entry[2]) == entry[0]]
            heapify(self._heap)

    def soonest(self, deadline: Deadline, due: float) -> None:
        """It falls due then, unless it does so before."""
        if self._due.get(deadline, due) >= due:
            self.set(deadline, due)

    def cancel(self, deadline: Deadline) -> None:
        """It does not fall due any more."""
        self._due.pop(deadline, None)

    def next(self) -> float | None:
        """When the first one falls due."""
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take_due(self, mono: float) -> Iterator[Deadline]:
        """Those that are due, each taken out before it is given. What they set anew waits for the next call."""
        due: list[Deadline] = []
        while (first := self.next()) is not None and first <= mono:
            deadline = heappop(self._heap)[2]
            del self._due[deadline]
            due.append(deadline)
        return iter(due)
