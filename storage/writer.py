"""Group commit: while one transaction is in flight, what comes in gathers and becomes the next one.

There is no task of its own. Of the callers whose operations gathered, the first leads: it runs the batch for all of
them, and at its end the next one in line is woken. So nothing is left running when callers go, and a store that is
idle writes at once. Several batches run side by side as long as no key (a chat) is in two of them, which keeps every
chat's operations in the order in which they came.
"""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Final, Generic, TypeVar

import trio
from attrs import define, field

from storage.observer import Observer, Unobserved

Work = TypeVar("Work")
Answer = TypeVar("Answer")

BATCH: Final = 256
"""Operations in one transaction, unless the first of it has more."""
PARALLEL: Final = 3
"""Batches in flight."""
ALONE: Final = 4
"""Batches of one key in flight besides, which wait for a lock that somebody else holds."""


@define(eq=False)
class _Job(Generic[Work, Answer]):
    """One operation in line. `event` is set when it is done, or when it may lead a batch. `taken`: a batch has it."""

    work: Work
    key: Hashable
    weight: int
    alone: bool = False
    taken: bool = False
    event: trio.Event = field(factory=trio.Event)
    answer: Answer | Exception | None = None


RunBatch = Callable[[Sequence[Work]], Awaitable[Sequence[Answer | Exception | None]]]
"""Runs a batch in one transaction and gives an answer for each of its operations, in their order.

None: this operation's key is locked by somebody else and nothing was done; it is put back, to be run in a batch that
holds no other key. A batch of one key never gets None. An exception is raised to its caller.
"""


class Writer(Generic[Work, Answer]):
    """A line of operations in front of a transaction."""

    def __init__(
        self,
        run: RunBatch[Work, Answer],
        key: Callable[[Work], Hashable],
        *,
        weight: Callable[[Work], int] = lambda work: 1,
        parallel: int = PARALLEL,
        observer: Observer | None = None,
    ) -> None:
        """`key` names what an operation locks; `weight` is how many operations it stands for. `run` must end in bounded
        time: it cannot be cancelled."""
        self._observer = observer or Unobserved()
        self._run = run
        self._key = key
        self._weight = weight
        self._parallel = parallel
        self._line: list[_Job[Work, Answer]] = []
        self._busy: set[Hashable] = set()
        self._in_flight = {False: 0, True: 0}
        self._batch_done = trio.Event()

    @property
    def waiting(self) -> int:
        """Operations that no batch has taken yet."""
        return len(self._line)

    async def perform(self, work: Work) -> Answer:
        """Run one operation in the next batch. A caller cancelled while its batch runs may have written all the same;
        one cancelled in line has not."""
        job = _Job[Work, Answer](work, self._key(work), self._weight(work))
        self._line.append(job)
        try:
            await trio.lowlevel.checkpoint()  # lets the line form; a cancel strikes before anything is taken
            while job.answer is None:
                batch = self._take(job)
                if batch:
                    await self._lead(batch)
                else:
                    await job.event.wait()
                    job.event = trio.Event()
        finally:
            if job.answer is None:
                if not job.taken:
                    self._line.remove(job)
                self._wake_next()  # it may have been the one that was woken to lead
        if isinstance(job.answer, Exception):
            raise job.answer
        return job.answer

    async def drain(self) -> None:
        """Wait until nothing is in line or in flight. For a writer that gets no new operations."""
        while self._line or self._busy:
            await self._batch_done.wait()

    def _take(self, leader: _Job[Work, Answer]) -> list[_Job[Work, Answer]]:
        """What may go with `leader` now, in the order of the line; nothing where it may not go itself."""
        if leader.taken or not self._may_lead(leader):
            return []
        batch: list[_Job[Work, Answer]] = []
        passed: set[Hashable] = set()
        weight = 0
        for job in self._line:
            fits = job.key == leader.key if leader.alone else not job.alone
            fits = fits and (not batch or weight + job.weight <= BATCH)
            if job.key in self._busy or job.key in passed or not fits:
                passed.add(job.key)  # what comes later under the same key must not overtake it
            else:
                batch.append(job)
                weight += job.weight
        if leader not in batch:  # more than a batch stands before it: they go first, and their leader will wake it
            return []
        for job in batch:
            job.taken = True
        self._line = [job for job in self._line if not job.taken]
        return batch

    def _may_lead(self, job: _Job[Work, Answer]) -> bool:
        return job.key not in self._busy and self._in_flight[job.alone] < (ALONE if job.alone else self._parallel)

    async def _lead(self, batch: list[_Job[Work, Answer]]) -> None:
        alone = batch[0].alone
        keys = {job.key for job in batch}
        self._busy |= keys
        self._in_flight[alone] += 1
        self._wake_next()  # others may go beside it
        began = trio.current_time()
        try:
            with trio.CancelScope(shield=True):
                answers = await self._run([job.work for job in batch])
        except Exception as error:
            answers = [error] * len(batch)
        finally:
            self._busy -= keys
            self._in_flight[alone] -= 1
            self._observer.committed(sum(job.weight for job in batch), trio.current_time() - began)
            self._batch_done.set()
            self._batch_done = trio.Event()
        stuck = []
        for job, answer in zip(batch, answers, strict=True):
            job.answer = answer
            if answer is None:
                job.alone, job.taken = True, False
                stuck.append(job)
            else:
                job.event.set()
        if stuck:
            self._line[:0] = stuck
            held = {job.key for job in stuck}
            for job in self._line:
                job.alone = job.alone or job.key in held
        self._wake_next()

    def _wake_next(self) -> None:
        """Wake the first of the line that could lead, of each kind."""
        for alone in (False, True):
            if self._in_flight[alone] < (ALONE if alone else self._parallel):
                passed = set[Hashable]()
                for job in self._line:
                    if job.alone is alone and job.key not in self._busy and job.key not in passed:
                        job.event.set()
                        break
                    passed.add(job.key)
