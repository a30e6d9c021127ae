"""Once an hour, and at the start: messages that were kept for as long as they may be are removed, some at a time."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import trio
from prometheus_client import Counter

from chatproto.operations import EntriesExpired, Expire, ExpiredFound, FindExpired, Operation, Outcome
from runtime.logs import get_logger
from storage.port import Ask

log = get_logger(__name__)

INTERVAL: Final = 3600.0
"""Seconds between two runs; each process has its own, and they do not disturb each other."""
CHATS: Final = 500
"""Looked at in one statement."""
ENTRIES: Final = 200
"""Of one chat, in one transaction: whoever sends to it meanwhile waits for no more than that."""
PAUSE: Final = 0.01
"""Seconds between two pieces of work, at least,"""
REST: Final = 3.0
"""and times what the last one took: however much there is to do, others have the most of the database."""


async def expire_for_ever(
    ask: Ask, now: Callable[[], datetime], days: int, removed: Counter, interval: float = INTERVAL
) -> None:
    """Until cancelled. `days`: how long messages are kept in every chat, 0: for ever; `removed` counts them. What a
    store that is away leaves undone, the next run does."""
    while True:
        messages, chats = await expire(ask, now, days)
        if messages:
            removed.inc(messages)
            log.info("messages_expired", messages=messages, chats=chats)
        await trio.sleep(interval)


async def expire(ask: Ask, now: Callable[[], datetime], days: int) -> tuple[int, int]:
    """One run: how many messages of how many chats were removed."""
    messages, chats, place = 0, 0, 0
    while True:
        found = await _work(ask, FindExpired(now(), days, place, CHATS))
        if not isinstance(found, ExpiredFound):
            return messages, chats
        for chat_id in found.chat_ids:
            chats += 1
            more = True
            while more:
                outcome = await _work(ask, Expire(chat_id, now(), days, ENTRIES))
                if not isinstance(outcome, EntriesExpired):
                    return messages, chats
                messages += outcome.messages
                more = outcome.more
        if found.next_id is None:
            return messages, chats
        place = found.next_id


async def _work(ask: Ask, operation: Operation) -> Outcome:
    began = trio.current_time()
    outcome = await ask(operation)
    await trio.sleep(max(PAUSE, REST * (trio.current_time() - began)))
    return outcome
