"""The index of the search from the command line: how far it is, and made anew, straight on the storage."""

from collections.abc import Callable
from typing import Final, TypeVar

import trio
from attrs import frozen

from chatproto.operations import (
    ClearIndex,
    Done,
    FindUnindexed,
    IndexCleared,
    IndexMeasured,
    MeasureIndex,
    Operation,
    OutdateIndex,
    ReadUnindexed,
    StoreIndex,
    UnindexedFound,
    UnindexedRead,
)
from chatproto.operations.indexed import spans_of
from runtime.config import Settings
from runtime.opened_storage import storage_of_command
from storage.port import Storage

T = TypeVar("T")
SLICE: Final = 500
"""Chats looked at in one statement."""
CHATS: Final = 64
MESSAGES: Final = 1024
"""In one transaction."""
CLEARED: Final = 20_000
"""Rows of an index that are removed in one transaction."""


class IndexFault(Exception):
    """The storage does not do what it is asked; the text says what it said."""


@frozen
class Measure:
    """Entries of all logs, and how many of them are indexed; chats, and those whose index is to be made anew."""

    chats: int
    outdated: int
    entries: int
    indexed: int


Progress = Callable[[int, int], None]
"""Is told the entries that are indexed, and all there are."""


async def status(settings: Settings) -> Measure:
    """How far it is. Raises IndexFault."""
    async with storage_of_command(settings) as storage:
        return await _measure(storage, MeasureIndex)


async def rebuild(settings: Settings, progress: Progress) -> Measure:
    """Make it anew, or go on where an earlier one was stopped; servers may run meanwhile. Raises IndexFault."""
    async with storage_of_command(settings) as storage:
        before = await _measure(storage, MeasureIndex)
        if not before.outdated:
            before = await _measure(storage, OutdateIndex)
        done = before.indexed
        place: int | None = 0
        while place is not None:
            found = await _ask(storage, UnindexedFound, FindUnindexed(place, SLICE))
            listed = sorted({*found.chat_ids, *found.outdated})
            for start in range(0, len(listed), CHATS):
                left = some = tuple(listed[start : start + CHATS])
                while left:
                    left = (await _ask(storage, IndexCleared, ClearIndex(left, CLEARED))).left
                more = True
                while more:
                    read = await _ask(storage, UnindexedRead, ReadUnindexed(some, MESSAGES))
                    await _ask(storage, Done, StoreIndex(await trio.to_thread.run_sync(spans_of, read.chats)))
                    more = read.more
                    done += sum(one.upto_seq - one.after_seq for one in read.chats)
                    progress(min(done, before.entries), before.entries)
            place = found.next_id
        return await _measure(storage, MeasureIndex)


async def _measure(storage: Storage, kind: type[MeasureIndex | OutdateIndex]) -> Measure:
    place: int | None = 0
    slices = list[IndexMeasured]()
    while place is not None:
        slices.append(await _ask(storage, IndexMeasured, kind(place, SLICE)))
        place = slices[-1].next_id
    return Measure(
        sum(one.chats for one in slices),
        sum(one.outdated for one in slices),
        sum(one.entries for one in slices),
        sum(one.indexed for one in slices),
    )


async def _ask(storage: Storage, wanted: type[T], operation: Operation) -> T:
    outcome = await storage.perform(operation)
    if isinstance(outcome, wanted):
        return outcome
    raise IndexFault(f"the database does not answer as it should: {outcome}")
