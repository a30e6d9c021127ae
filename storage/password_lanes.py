"""The one thread that hashes passwords, and the lanes in which work waits for it.

Hashing takes a large part of a second of processor time, so it never runs on the event loop, never twice at once, and
at a low priority: ten log-ins a second must not delay a message. What waits is ordered by lanes, so that neither
guesses nor new accounts stand in the way of those who log in; and nobody waits longer than a request may: who would is
told at once when to come back.
"""

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from typing import Any, Final, TypeVar

import trio
from attrs import define, field, frozen

MAX_WAITING: Final = 64
"""Passwords in one lane, whatever they take."""
PATIENCE: Final = 6.0
"""Seconds that work may be expected to wait; clients give up after 10 s without a byte."""
NICE: Final = 10
"""A tenth of the weight of the event loop. At 19 it has a seventieth: where the database fills the same processors,
a password took longer than anybody waits."""
FIRST_GUESS: Final = 0.1
"""Seconds that one password is thought to take until some have been measured."""
SMOOTHING: Final = 0.2
"""How much the newest measurement weighs."""

T = TypeVar("T")


class Lane(IntEnum):
    """Whose turn comes first. A lane waits until all before it are empty."""

    KNOWN = 0
    """Log-ins on devices where that account is logged in, or was."""
    LOG_IN = 1
    """Log-ins from where none failed lately, and people who are logged in already."""
    AFTER_FAILURES = 2
    """Log-ins from where wrong passwords came: honest mistakes, and those who guess."""
    REGISTER = 3
    """New accounts."""


@frozen
class Busy:
    """Too many passwords wait already; come back in `retry_after` seconds."""

    retry_after: float = 1.0


@define(eq=False)
class _Job:
    work: Callable[[], Any]
    token: trio.lowlevel.TrioToken
    done: trio.Event = field(factory=trio.Event)
    abandoned: bool = False
    result: Any = None
    error: BaseException | None = None


class PasswordThread:
    """One thread that works through bounded lanes. It starts with the first job and ends with the process.

    `patience`: seconds that work may wait. `clock`: seconds, for measuring what a password takes.
    """

    def __init__(
        self,
        max_waiting: int = MAX_WAITING,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._max_waiting, self._patience, self._clock = max_waiting, patience, clock
        self._lanes: dict[Lane, deque[_Job]] = {lane: deque() for lane in Lane}
        self._waiting = dict.fromkeys(Lane, 0)
        self._arrived = threading.Condition()
        self._seconds = FIRST_GUESS
        self._started = False

    @property
    def waiting(self) -> int:
        """Jobs in all lanes, the one under way included."""
        return sum(self._waiting.values())

    def expected_wait(self, lane: Lane) -> float:
        """Seconds until work that comes into this lane now is begun, by what the last passwords took."""
        return self._seconds * sum(count for other, count in self._waiting.items() if other <= lane)

    async def run(self, work: Callable[[], T], lane: Lane = Lane.LOG_IN) -> T | Busy:
        """Do it in the thread; what `work` raises is raised here. A cancelled caller's job is left out."""
        expected = self.expected_wait(lane)
        if expected > self._patience or self._waiting[lane] > self._max_waiting:
            return Busy(max(1.0, expected))
        job = _Job(work, trio.lowlevel.current_trio_token())
        self._put(job, lane)
        try:
            with trio.move_on_after(self._patience + self._seconds + 1.0):  # others overtook it
                await job.done.wait()
        finally:
            self._waiting[lane] -= 1
            job.abandoned = True
        if not job.done.is_set():
            return Busy(max(1.0, self.expected_wait(lane)))
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    def _put(self, job: _Job, lane: Lane) -> None:
        if not self._started:
            self._started = True
            threading.Thread(target=self._loop, name="passwords", daemon=True).start()
        self._waiting[lane] += 1
        with self._arrived:
            self._lanes[lane].append(job)
            self._arrived.notify()

    def _loop(self) -> None:
        if sys.platform == "linux":  # there, and only there, 0 names this thread alone
            os.setpriority(os.PRIO_PROCESS, 0, NICE)
        while True:
            job = self._next()
            if job.abandoned:
                continue
            began = self._clock()
            try:
                job.result = job.work()
            except BaseException as error:
                job.error = error
            self._seconds += SMOOTHING * (self._clock() - began - self._seconds)
            with suppress(trio.RunFinishedError):  # nobody waits any more
                job.token.run_sync_soon(job.done.set)

    def _next(self) -> _Job:
        with self._arrived:
            while True:
                for jobs in self._lanes.values():
                    if jobs:
                        return jobs.popleft()
                self._arrived.wait()
