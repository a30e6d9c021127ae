"""Storage whose messages are indexed: what is stored is put into the index of the search some time after.

A search reads what the index lacks from the end of each log, so there is no hurry: what is new gathers, for messages
that are indexed together cost a fraction of what each costs alone, and the index leaves the time to those who send: it
takes the more of it, the less they do. Which chats have something new is known from what was stored here; at the start,
and now and then, all chats are looked at, for what other processes left undone, and for an index that is made anew.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import trio
from attrs import define, field

from chatproto.operations import (
    AppendBatch,
    BatchAppended,
    ClearIndex,
    Done,
    FindUnindexed,
    IndexCleared,
    LogCommand,
    Operation,
    Outcome,
    ReadUnindexed,
    StoreIndex,
    UnindexedFound,
    UnindexedRead,
)
from chatproto.operations.indexed import spans_of
from runtime.logs import get_logger
from storage.port import Storage

log = get_logger(__name__)

GATHER: Final = 5.0
"""Seconds that what is new gathers for at most,"""
OF_ONE: Final = 64
"""unless one chat has so many new commands: a search reads about a hundred messages of it without the index;"""
OF_ALL: Final = 256
"""or all chats together so many."""
MOST: Final = 0.75
"""Of the time that the index takes at most, where nobody stores messages; half of the time stored leaves a quarter."""
LEAST: Final = 0.05
"""Of the time that it takes while they are stored without a pause: so little that senders hardly notice."""
AGAIN: Final = 2.0
"""Seconds before what failed is tried again."""
ROUND: Final = 60.0
"""Seconds between two looks at all chats."""
QUIET: Final = 0.1
"""Of the time that messages are stored in at most, for pieces of work to be large."""
CHATS: Final = 64
MESSAGES: Final = 64
LARGE: Final = 1024
"""In one piece of work: in a large one each costs less, but who sends waits longer behind it: some 10 and 100 ms."""
CLEARED: Final = 5000
"""Rows of an outdated index that are removed in one transaction."""
SLICE: Final = 500
"""Chats looked at in one statement."""
PAUSE: Final = 0.005
"""Seconds between two of these, for those who wait for the database."""


@define(eq=False)
class Load:
    """For how much of the time messages are being stored."""

    _under_way: int = 0
    _since: float = 0.0
    _busy: float = 0.0
    _began: float = 0.0

    @contextmanager
    def storing(self) -> Iterator[None]:
        """Some are."""
        if not self._under_way:
            self._since = trio.current_time()
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._busy += trio.current_time() - self._since

    def restart(self) -> None:
        """Count from now on."""
        self._busy, self._began = 0.0, trio.current_time()
        self._since = self._began

    def share(self) -> float:
        """From 0 to 1, since it counts."""
        now = trio.current_time()
        busy = self._busy + (now - self._since if self._under_way else 0.0)
        return min(busy / (now - self._began), 1.0) if now > self._began else float(self._under_way > 0)


def rest_after(took: float, load: float) -> float:
    """Seconds between a piece of work, which took so many, and the next one."""
    return took * (1 / max(MOST * (1 - load) ** 2, LEAST) - 1)


@define(eq=False)
class IndexedStorage:
    """See Storage. `run` does the work."""

    inner: Storage
    _new: dict[int, int] = field(factory=dict)
    """Commands by chat, not all of which need have stored a message; the first to come stand first."""
    _gathered: int = 0
    _heard: trio.Event = field(factory=trio.Event)
    _enough: trio.Event = field(factory=trio.Event)
    _load: Load = field(factory=Load)

    async def perform(self, operation: Operation) -> Outcome:
        """See Storage."""
        if not isinstance(operation, AppendBatch | LogCommand):
            return await self.inner.perform(operation)
        with self._load.storing():
            outcome = await self.inner.perform(operation)
        if isinstance(operation, LogCommand):
            self._hear(operation.chat_id, 1)
        elif isinstance(outcome, BatchAppended):
            self._hear(operation.chat_id, len(operation.commands))
        return outcome

    async def check(self) -> str | None:
        """See Storage."""
        return await self.inner.check()

    async def aclose(self) -> None:
        """See Storage."""
        await self.inner.aclose()

    async def run(self) -> None:
        """Until cancelled."""
        self._load.restart()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._look_at_all_for_ever)
            while True:
                await self._heard.wait()
                with trio.move_on_after(GATHER):
                    await self._enough.wait()
                chat_ids, self._new = tuple(self._new), {}
                self._heard, self._enough, self._gathered = trio.Event(), trio.Event(), 0
                for start in range(0, len(chat_ids), CHATS):
                    load, began = self._load.share(), trio.current_time()
                    await self._work(chat_ids[start : start + CHATS], LARGE if load <= QUIET else MESSAGES)
                    await self._rest(trio.current_time() - began, load)

    async def _rest(self, took: float, load: float) -> None:
        """The load is that of rests: what waits behind the index itself tells nothing."""
        self._load.restart()
        await trio.sleep(rest_after(took, load))

    def _hear(self, chat_id: int, count: int) -> None:
        self._gathered += count
        self._new[chat_id] = in_chat = self._new.get(chat_id, 0) + count
        self._heard.set()
        if in_chat >= OF_ONE or self._gathered >= OF_ALL:
            self._enough.set()

    async def _look_at_all_for_ever(self) -> None:
        while True:
            place: int | None = 0
            while place is not None:
                outcome = await self.inner.perform(FindUnindexed(place, SLICE))
                if not isinstance(outcome, UnindexedFound):
                    break
                for chat_id in outcome.chat_ids:
                    self._hear(chat_id, 1)
                await self._begin_anew(outcome.outdated)
                place = outcome.next_id
                await trio.sleep(AGAIN if len(self._new) > SLICE else PAUSE)
            await trio.sleep(ROUND)

    async def _begin_anew(self, outdated: tuple[int, ...]) -> None:
        """What an earlier version of the words made: removed in pieces, and the chats heard of."""
        if outdated:
            log.info("index_outdated", chats=len(outdated))
        for start in range(0, len(outdated), CHATS):
            some = left = outdated[start : start + CHATS]
            while left:
                load, began = self._load.share(), trio.current_time()
                outcome = await self.inner.perform(ClearIndex(left, CLEARED))
                if not isinstance(outcome, IndexCleared):
                    return  # the next look at all chats finds them
                left = outcome.left
                await self._rest(trio.current_time() - began, load)
            for chat_id in some:
                self._hear(chat_id, 1)

    async def _work(self, chat_ids: tuple[int, ...], messages: int) -> None:
        """One piece. What cannot be done now is done later; what is a bug is told, and left to the next look at all."""
        try:
            read = await self.inner.perform(ReadUnindexed(chat_ids, messages))
            more = not isinstance(read, UnindexedRead) or read.more
            stored: Outcome = Done()
            if isinstance(read, UnindexedRead) and read.chats:
                spans = await trio.to_thread.run_sync(spans_of, read.chats)
                stored = await self.inner.perform(StoreIndex(spans))
        except Exception as error:
            log.error("index_failed", chats=list(chat_ids), exc_info=error)
            return
        failed = not isinstance(read, UnindexedRead) or stored != Done()
        if failed or more:
            for chat_id in chat_ids:
                self._hear(chat_id, OF_ONE)
        if failed:
            await trio.sleep(AGAIN)
