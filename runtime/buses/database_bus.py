"""The bus that every MySQL or MariaDB brings along: each process writes its hints into one short-lived table and reads
those of the others, ten times a second (chatproto.operations.relay).

A process that hears nobody else writes a sign of life every other second and nothing more. So do processes that hear
each other over Redis (runtime/buses/redis_bus.py), until one of them has to do without it: that one tells everything
here and counts on all others, and they tell it here what they tell each other there. Numbers are given out before
rows are committed, so a row may show up below one that was read already: such holes are kept open for a while. What is
lost all the same, by a database that is away or a process that dies before its next turn, the sweep finds.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Final

import trio
from attrs import define

from chatproto.operations import Done, HearHints, HintsHeard, TellHints
from chatproto.server.hints import Hint
from runtime.buses.bus import Publish, Receive, Spent
from runtime.buses.hint_codec import RELIEVED, decode_hints, encode_hints
from runtime.buses.hint_queue import HintQueue
from runtime.logs import get_logger
from storage.port import Storage

log = get_logger(__name__)

TURN: Final = 0.1
"""Seconds between two turns where others are there."""
ALONE: Final = 1.0
"""The same where nobody else is."""
SIGN_OF_LIFE: Final = 2.0
"""Seconds after which even a process with nothing to tell writes a row."""
GONE: Final = 60.0
"""Seconds without a row until a process counts as gone."""
KEPT: Final = 8.0
"""Seconds that hints are kept for somebody who has just come, and for all where Redis turns out to be away."""
HOLE: Final = 3.0
"""Seconds that a missing number is looked for."""
HOLES: Final = 128
"""Missing numbers at once; of a larger gap the highest."""
MOST: Final = 5_000
"""Hints of one turn; of more the oldest are left out."""
ROWS_LIVE: Final = 60.0
"""Seconds that rows are kept, at least."""
PATIENCE: Final = 5.0
"""Seconds that the database has for one turn."""


@define
class _Other:
    """Another process: when a row of it was read last, and whether it hears others over Redis."""

    at: float
    relieved: bool


class DatabaseBus:
    """`number`: of this process, unlike any other's; `now` gives aware UTC time, `clock` monotonic seconds."""

    def __init__(self, storage: Storage, number: int, now: Callable[[], datetime], clock: Callable[[], float]) -> None:
        self._storage = storage
        self._number = number
        self._now = now
        self._clock = clock
        self._receive: Receive | None = None
        self._waiting = HintQueue(MOST)
        self._hears: Callable[[int], bool] | None = None
        self._roused = trio.Event()
        self._read_to: int | None = None
        self._missing: dict[int, float] = {}
        self._others: dict[int, _Other] = {}
        self._told_at = float("-inf")
        self._seen: deque[tuple[float, int]] = deque()

    def join(self, receive: Receive) -> Publish:
        """See Bus; for one driver."""
        self._receive = receive
        return self._publish

    async def check(self) -> str | None:
        """See Bus: it fails only with the database, which is told of anyway."""
        return None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            began = self._clock()
            with trio.move_on_after(PATIENCE):
                await self._turn()
            await trio.sleep(TURN / 2)
            pause = began + (TURN if self._listened_to else ALONE) - self._clock()
            with trio.move_on_after(max(0, pause)):
                await self._roused.wait()

    def relieve(self, hears: Callable[[int], bool] | None) -> None:
        """Whom this process hears over Redis from now on, with None nobody; all are told so at once."""
        self._hears = hears
        self._told_at = float("-inf")
        self._roused.set()

    @property
    def _listened_to(self) -> bool:
        """Whether somebody needs this bus to hear of us, or we of them."""
        return any(not self._met_elsewhere(number) for number in self._others)

    def _met_elsewhere(self, number: int) -> bool:
        """Whether that process and this one hear each other over Redis."""
        return self._hears is not None and self._others[number].relieved and self._hears(number)

    def _publish(self, hint: Hint | Spent) -> None:
        self._waiting.put(hint, self._clock())

    async def _turn(self) -> None:
        self._roused = trio.Event()
        if self._read_to is None:  # what was told before this process began is no news
            heard = await self._storage.perform(HearHints(2**53))
            if not isinstance(heard, HintsHeard):
                return
            self._read_to = heard.newest
        await self._tell()
        await self._hear()
        self._forget()

    async def _tell(self) -> None:
        """Everything that waits, where somebody hears it; else a sign of life."""
        told = self._waiting.first(MOST) if self._listened_to else {}
        if not told and self._clock() - self._told_at < SIGN_OF_LIFE:
            return
        roused, data = self._roused, encode_hints((one.hint for one in told.values()), relieved=self._hears is not None)
        done = await self._storage.perform(TellHints(self._number, data, self._oldest(), self._now()))
        if isinstance(done, Done):
            self._waiting.told(told)
            if not roused.is_set():  # else there is more to say of ourselves
                self._told_at = self._clock()

    def _oldest(self) -> int:
        """Below which number rows are old."""
        oldest = 0
        while self._seen and self._clock() - self._seen[0][0] > ROWS_LIVE:
            oldest = self._seen.popleft()[1]
        return oldest

    async def _hear(self) -> None:
        assert self._read_to is not None
        heard = await self._storage.perform(HearHints(self._read_to, tuple(self._missing)))
        if not isinstance(heard, HintsHeard):
            return
        now = self._clock()
        if 0 < heard.newest < self._read_to:  # the database was put back to an older state
            self._read_to, self._missing = heard.newest, {}
            return
        for row in heard.rows:
            self._missing.pop(row.id, None)
            if row.id > self._read_to:
                for number in range(max(self._read_to + 1, row.id - HOLES), row.id):
                    self._missing[number] = now
                self._read_to = row.id
            if row.sender != self._number:
                self._hear_of(row.sender, now, relieved=row.data[1:].startswith(RELIEVED))
                self._take(row.data)
        self._seen.append((now, self._read_to))

    def _hear_of(self, sender: int, now: float, *, relieved: bool) -> None:
        if sender not in self._others:
            log.info("process_heard", process=sender)
        self._others[sender] = _Other(now, relieved)

    def _take(self, data: bytes) -> None:
        if self._receive is not None:
            for hint in decode_hints(data) or ():
                self._receive(hint)

    def _forget(self) -> None:
        """What is too old to matter."""
        now = self._clock()
        kept = {number: since for number, since in self._missing.items() if now - since < HOLE}
        while len(kept) > HOLES:
            del kept[next(iter(kept))]
        self._missing = kept
        for number in [number for number, other in self._others.items() if now - other.at > GONE]:
            log.info("process_gone", process=number)
            del self._others[number]
        if not self._listened_to:
            self._waiting.forget(now - KEPT)
