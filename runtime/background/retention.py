"""Twice an hour, and at the start: messages that were kept for as long as they may be are removed, some at a time.

They are to be gone within an hour of their time. A chat in which that fails holds up no other one.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import trio
from attrs import define
from prometheus_client import Counter

from chatproto.operations import (
    EntriesExpired,
    Expire,
    ExpiredFound,
    FindExpired,
    Operation,
    OperationFailed,
    Outcome,
)
from runtime.logs import get_logger
from storage.port import Ask

log = get_logger(__name__)

INTERVAL: Final = 1800.0
"""Seconds from the beginning of a run to that of the next; each process has its own, and they do not disturb each
other."""
AGAIN: Final = 60.0
"""Seconds after a run in which something failed, and the least between two."""
CHATS: Final = 500
"""Looked at in one statement."""
ENTRIES: Final = 200
"""Of one chat, in one transaction: whoever sends to it meanwhile waits for no more than that."""
FEWER: Final = 20
"""The same where so many were too much."""
AWAY: Final = 5
"""Chats one after the other that fail where the store is away: the run ends, and the next goes on behind them."""
PAUSE: Final = 0.01
"""Seconds between two pieces of work, at least,"""
REST: Final = 3.0
"""and times what the last one took: however much there is to do, others have the most of the database."""


@define
class Run:
    """What came of one: so many `messages` of so many `chats` were removed. `failed`: something is left undone.
    `next_id`: behind which chat the next run begins."""

    messages: int = 0
    chats: int = 0
    failed: bool = False
    next_id: int = 0


async def expire_for_ever(
    ask: Ask,
    now: Callable[[], datetime],
    days: int,
    removed: Counter,
    *,
    interval: float = INTERVAL,
    again: float = AGAIN,
) -> None:
    """Until cancelled. `days`: how long messages are kept in every chat, 0: for ever; `removed` counts them. What
    fails, a run soon after does."""
    run = Run()
    while True:
        began, after_id = trio.current_time(), run.next_id
        run = await expire(ask, now, days, after_id)
        if run.messages:
            removed.inc(run.messages)
            log.info("messages_expired", messages=run.messages, chats=run.chats)
        soon = trio.current_time() + again
        whole = not run.failed and not after_id  # else the chats before it are due again
        await trio.sleep_until(max(soon, began + interval) if whole else soon)


async def expire(ask: Ask, now: Callable[[], datetime], days: int, after_id: int = 0) -> Run:
    """One run, over the chats above `after_id`."""
    run, place, in_a_row = Run(), after_id, 0
    while True:
        found = await _work(ask, FindExpired(now(), days, place, CHATS))
        if not isinstance(found, ExpiredFound):
            run.failed, run.next_id = True, place
            return run
        for chat_id in found.chat_ids:
            run.chats += 1
            if await _expire_chat(ask, now, days, chat_id, run):
                in_a_row = 0
                continue
            run.failed, in_a_row = True, in_a_row + 1
            if in_a_row == AWAY:
                run.next_id = chat_id
                return run
        if found.next_id is None:
            return run
        place = found.next_id


async def _expire_chat(ask: Ask, now: Callable[[], datetime], days: int, chat_id: int, run: Run) -> bool:
    """Whether nothing of it is left to do."""
    limit = ENTRIES
    while True:
        outcome = await _work(ask, Expire(chat_id, now(), days, limit))
        if isinstance(outcome, OperationFailed) and limit > FEWER:
            limit = FEWER
        elif not isinstance(outcome, EntriesExpired):
            reason = outcome.detail if isinstance(outcome, OperationFailed) else type(outcome).__name__
            log.warning("expiry_failed", chat_id=chat_id, reason=reason)
            return False
        else:
            run.messages += outcome.messages
            if not outcome.more:
                return True


async def _work(ask: Ask, operation: Operation) -> Outcome:
    began = trio.current_time()
    outcome = await ask(operation)
    await trio.sleep(max(PAUSE, REST * (trio.current_time() - began)))
    return outcome
