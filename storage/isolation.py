"""Writes of many callers as few transactions, so that a bug in one of them costs nobody else anything.

All are tried together. Where that meets a bug, each is tried alone; where a batch of commands meets one alone, each of
its commands is. What is tried is done whole or not at all, so everybody is answered as if they had been alone, and
commands of one chat keep their order.

Nothing here runs anything: `attempts` yields what to try and is sent what came of it, so that the same code serves a
transaction for each attempt (MySQL) and savepoints within one (SQLite).
"""

import logging
from collections.abc import Callable, Generator, Sequence
from functools import partial

from attrs import frozen

from chatproto.operations import (
    AppendBatch,
    Appended,
    BatchAppended,
    Mark,
    OperationFailed,
    Outcome,
    OutcomeUnknown,
    Refused,
)
from storage.statements import Steps
from storage.transactions.batches import append_batches
from storage.transactions.marks import mark_all

_log = logging.getLogger(__name__)

Write = AppendBatch | Mark | Callable[[], Steps[Outcome]]
"""What stands in line: commands of a chat's log, a mark, or any other transaction."""
Answer = Outcome | Exception | None
"""None: the chat is locked by somebody else, and nothing was done. An exception is a bug, for its caller."""
Start = Callable[[], Steps[Sequence[Outcome | None]]]


@frozen
class Bug:
    """The attempt raised, and nothing of it was written."""

    error: Exception


Tried = Sequence[Outcome | None] | OperationFailed | OutcomeUnknown | Bug
"""What came of an attempt. OperationFailed: the store is in trouble, and nothing was written."""
Attempts = Generator[Start, Tried, list[Answer]]


def attempts(writes: Sequence[Write]) -> Attempts:
    """An answer for each write, in their order."""
    tried = yield partial(_together, writes)
    if isinstance(tried, OperationFailed | OutcomeUnknown):
        return [tried] * len(writes)
    if not isinstance(tried, Bug):
        return list(tried)
    if len(writes) > 1:
        answers: list[Answer] = []
        for write in writes:
            answers += yield from attempts([write])
        return answers
    (write,) = writes
    if isinstance(write, AppendBatch):
        return [(yield from _one_by_one(write))]
    return [tried.error]


def weight(write: Write) -> int:
    """How many operations this is."""
    return len(write.commands) if isinstance(write, AppendBatch) else 1


def only(outcome: Outcome) -> Outcome:
    """What the command of such a batch ended in."""
    return outcome.outcomes[0] if isinstance(outcome, BatchAppended) else outcome


def _together(writes: Sequence[Write]) -> Steps[Sequence[Outcome | None]]:
    """Any order is right between writes of different kinds: none of their callers has an answer yet. Logs come at the
    end, since they commit with their last statement."""
    answers: list[Outcome | None] = [None] * len(writes)
    logs = [(place, write) for place, write in enumerate(writes) if isinstance(write, AppendBatch)]
    marks = [(place, write) for place, write in enumerate(writes) if isinstance(write, Mark)]
    for place, write in enumerate(writes):
        if not isinstance(write, AppendBatch | Mark):
            answers[place] = yield from write()
    if marks:
        marked = yield from mark_all([write for _, write in marks])
        for (place, _), outcome in zip(marks, marked, strict=True):
            answers[place] = outcome
    if logs:
        appended = yield from append_batches([write for _, write in logs])
        for (place, _), answer in zip(logs, appended, strict=True):
            answers[place] = answer
    return answers


def _one_by_one(batch: AppendBatch) -> Generator[Start, Tried, Outcome]:
    """The commands, each as if alone. Trouble with the store ends it: a later command must not overtake an earlier one
    that will come again."""
    outcomes: list[Appended | Refused | OperationFailed] = []
    trouble: OperationFailed | None = None
    for command in batch.commands:
        if trouble is not None:
            outcomes.append(trouble)
            continue
        # of the batch's chat, whichever the command names: one that strayed into it is a bug, and not stored
        tried = yield partial(_together, [AppendBatch(batch.chat_id, (command,))])
        match tried:
            case OutcomeUnknown():
                return tried
            case OperationFailed():
                trouble = tried
                outcomes.append(tried)
            case Bug(error):
                _log.error("command_failed", extra={"chat_id": batch.chat_id}, exc_info=error)
                outcomes.append(OperationFailed(retryable=False, detail="internal"))
            case _:
                (answer,) = tried
                assert isinstance(answer, BatchAppended)
                outcomes += answer.outcomes
    return BatchAppended(tuple(outcomes))
