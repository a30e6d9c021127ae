"""The bus that every MySQL or MariaDB brings along: each process writes its hints into one short-lived table and reads
those of the others, ten times a second (chatproto.operations.relay).

A process that hears nobody else writes a sign of life every other second and nothing more. Numbers are given out before
rows are committed, so a row may show up below one that was read already: such holes are kept open for a while. What is
lost all the same, by a database that is away or a process that dies before its next turn, the sweep finds.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Final

import trio
from attrs import frozen

from chatproto.operations import Done, HearHints, HintsHeard, TellHints
from chatproto.server.hints import Hint
from runtime.bus import Receive
from runtime.hint_codec import decode_hints, encode_hints, key_of
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
KEPT: Final = 3.0
"""Seconds that hints are kept for somebody who has just come."""
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


@frozen
class _Waiting:
    hint: Hint
    since: float


class DatabaseBus:
    """`number`: of this process, unlike any other's; `now` gives aware UTC time, `clock` monotonic seconds."""

    def __init__(self, storage: Storage, number: int, now: Callable[[], datetime], clock: Callable[[], float]) -> None:
        self._storage = storage
        self._number = number
        self._now = now
        self._clock = clock
        self._receive: Receive | None = None
        self._waiting: dict[object, _Waiting] = {}
        self._single = count()
        self._read_to: int | None = None
        self._missing: dict[int, float] = {}
        self._heard_of: dict[int, float] = {}
        self._told_at = float("-inf")
        self._seen: deque[tuple[float, int]] = deque()

    def join(self, receive: Receive) -> Receive:
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
            pause = TURN if self._heard_of else ALONE
            await trio.sleep(max(TURN / 2, began + pause - self._clock()))

    def _publish(self, hint: Hint) -> None:
        key = key_of(hint.news)
        key = ("single", next(self._single)) if key is None else key
        self._waiting.pop(key, None)  # it stands last again
        self._waiting[key] = _Waiting(hint, self._clock())
        if len(self._waiting) > MOST:
            del self._waiting[next(iter(self._waiting))]

    async def _turn(self) -> None:
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
        told = dict(self._waiting) if self._heard_of else {}
        if not told and self._clock() - self._told_at < SIGN_OF_LIFE:
            return
        data = encode_hints(one.hint for one in told.values())
        done = await self._storage.perform(TellHints(self._number, data, self._oldest(), self._now()))
        if isinstance(done, Done):
            self._told_at = self._clock()
            for key, one in told.items():
                if self._waiting.get(key) is one:  # else there is newer news
                    del self._waiting[key]

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
                if row.sender not in self._heard_of:
                    log.info("process_heard", process=row.sender)
                self._heard_of[row.sender] = now
                self._take(row.data)
        self._seen.append((now, self._read_to))

    def _take(self, data: bytes) -> None:
        if self._receive is not None:
            for hint in decode_hints(data):
                self._receive(hint)

    def _forget(self) -> None:
        """What is too old to matter."""
        now = self._clock()
        self._missing = {number: since for number, since in self._missing.items() if now - since < HOLE}
        while len(self._missing) > HOLES:
            del self._missing[next(iter(self._missing))]
        for number in [number for number, at in self._heard_of.items() if now - at > GONE]:
            log.info("process_gone", process=number)
            del self._heard_of[number]
        if not self._heard_of:
            self._waiting = {key: one for key, one in self._waiting.items() if now - one.since < KEPT}
