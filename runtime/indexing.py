"""Storage whose messages are indexed: what is stored is put into the index of the search soon after, never before.

Which chats have something new is known from what was stored here; at the start, and now and then, all chats are looked
at, for what other processes left undone, and for an index that is made anew.
"""

from typing import Final

import trio
from attrs import define, field

from chatproto.operations import (
    AppendBatch,
    BatchAppended,
    Done,
    FindUnindexed,
    IndexedSpan,
    LogCommand,
    Operation,
    Outcome,
    ReadUnindexed,
    StoreIndex,
    Unindexed,
    UnindexedFound,
    UnindexedRead,
)
from chatproto.operations.indexed import index_of
from runtime.logs import get_logger
from storage.port import Storage

log = get_logger(__name__)

GATHER: Final = 0.25
"""Seconds that what is new gathers for, so that a busy chat is one piece of work."""
PAUSE: Final = 0.005
"""Seconds between two pieces, for those who wait for the database."""
AGAIN: Final = 2.0
"""Seconds before what failed is tried again."""
ROUND: Final = 60.0
"""Seconds between two looks at all chats."""
CHATS: Final = 64
MESSAGES: Final = 256
"""In one piece of work."""
SLICE: Final = 500
"""Chats looked at in one statement."""


@define(eq=False)
class IndexedStorage:
    """See Storage. `run` does the work."""

    inner: Storage
    _new: dict[int, None] = field(factory=dict)
    _heard: trio.Event = field(factory=trio.Event)

    async def perform(self, operation: Operation) -> Outcome:
        """See Storage."""
        outcome = await self.inner.perform(operation)
        if isinstance(operation, LogCommand) or (
            isinstance(operation, AppendBatch) and isinstance(outcome, BatchAppended)
        ):
            self._hear(operation.chat_id)
        return outcome

    async def check(self) -> str | None:
        """See Storage."""
        return await self.inner.check()

    async def aclose(self) -> None:
        """See Storage."""
        await self.inner.aclose()

    async def run(self) -> None:
        """Until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._look_at_all_for_ever)
            while True:
                await self._heard.wait()
                await trio.sleep(GATHER)
                while self._new:
                    await self._work()
                    await trio.sleep(PAUSE)
                self._heard = trio.Event()

    def _hear(self, chat_id: int) -> None:
        self._new[chat_id] = None
        self._heard.set()

    async def _look_at_all_for_ever(self) -> None:
        while True:
            place: int | None = 0
            while place is not None:
                outcome = await self.inner.perform(FindUnindexed(place, SLICE))
                if not isinstance(outcome, UnindexedFound):
                    break
                for chat_id in outcome.chat_ids:
                    self._hear(chat_id)
                place = outcome.next_id
                await trio.sleep(AGAIN if len(self._new) > SLICE else PAUSE)
            await trio.sleep(ROUND)

    async def _work(self) -> None:
        """One piece. What cannot be done now is done later; what is a bug is told, and left to the next look at all."""
        chat_ids = tuple(self._new)[:CHATS]
        for chat_id in chat_ids:
            del self._new[chat_id]
        try:
            read = await self.inner.perform(ReadUnindexed(chat_ids, MESSAGES))
            more = not isinstance(read, UnindexedRead) or read.more
            stored: Outcome = Done()
            if isinstance(read, UnindexedRead) and read.chats:
                spans = await trio.to_thread.run_sync(_indexed, read.chats)
                stored = await self.inner.perform(StoreIndex(spans))
        except Exception as error:
            log.error("index_failed", chats=list(chat_ids), exc_info=error)
            return
        failed = not isinstance(read, UnindexedRead) or stored != Done()
        if failed or more:
            for chat_id in chat_ids:
                self._hear(chat_id)
        if failed:
            await trio.sleep(AGAIN)


def _indexed(chats: tuple[Unindexed, ...]) -> tuple[IndexedSpan, ...]:
    return tuple(map(index_of, chats))
