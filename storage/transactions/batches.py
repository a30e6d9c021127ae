"""Commands of many chats in one transaction, with few statements: what the group-commit writer runs.

Each command ends exactly as it would have alone, one after another in the given order; only statements are shared.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from sqlalchemy import select

from chatproto.operations import (
    AppendBatch,
    AppendChange,
    Appended,
    AppendMessage,
    BatchAppended,
    LogCommand,
    Outcome,
    Refused,
)
from chatproto.operations.message_events import without_erased
from chatproto.wire.model import Event
from storage.statements import Lookup, Steps
from storage.tables import chats
from storage.together import together
from storage.transactions.membership_changes import append_change
from storage.transactions.message_changes import append_message_change
from storage.transactions.sends import Facts, Head, append_messages, find_members, find_targets

_HEADS: Final = select(chats.c.id, chats.c.last_seq, chats.c.last_at, chats.c.writers, chats.c.closed).order_by(
    chats.c.id
)
_LOCK: Final = Lookup(_HEADS.with_for_update(), key=(chats.c.id,), row=Head)
_LOCK_FREE: Final = Lookup(_HEADS.with_for_update(skip_locked=True), key=(chats.c.id,), row=Head)


def append_batches(batches: Sequence[AppendBatch]) -> Steps[list[BatchAppended | None]]:
    """Append in order. None for batches of chats that somebody else has locked (or that do not exist): waiting for one
    would hold up all the others. Never None where all are of one chat: that lock is waited for.

    The last of a transaction: it asks nothing more of the database where this has written."""
    chat_ids = sorted({batch.chat_id for batch in batches})
    alone = len(chat_ids) == 1
    sends = [command for batch in batches for command in batch.commands if isinstance(command, AppendMessage)]
    locked, members, targets = yield from together(
        (_LOCK if alone else _LOCK_FREE).of([{"id": chat_id} for chat_id in chat_ids]),
        find_members(sends),
        find_targets(sends),
    )
    facts = Facts({head.id: head for head in locked}, members, targets)
    ours = [alone or batch.chat_id in facts.heads for batch in batches]
    answers = without_erased((yield from _append(list(_commands(batches, ours)), facts)))
    rest = iter(answers)
    return [
        BatchAppended(tuple(next(rest) for _ in batch.commands)) if mine else None
        for batch, mine in zip(batches, ours, strict=True)
    ]


def of_one(command: LogCommand) -> AppendBatch:
    """A single command as a batch."""
    return AppendBatch(command.chat_id, (command,))


def append_alone(command: LogCommand) -> Steps[Outcome]:
    """For transaction_for."""
    (answer,) = yield from append_batches([of_one(command)])
    assert answer is not None
    return answer.outcomes[0]


def append_batch(batch: AppendBatch) -> Steps[Outcome]:
    """For transaction_for."""
    (answer,) = yield from append_batches([batch])
    assert answer is not None
    return answer


def _commands(batches: Sequence[AppendBatch], ours: Sequence[bool]) -> Iterator[LogCommand]:
    for batch, mine in zip(batches, ours, strict=True):
        if mine:
            for command in batch.commands:
                if command.chat_id != batch.chat_id:
                    raise ValueError("a batch holds commands of one chat")
                yield command


def _kind(command: LogCommand) -> object:
    """What may share statements: a forward stands alone, for what it copies may have been written just before it."""
    return id(command) if isinstance(command, AppendMessage) and command.forward is not None else type(command)


def _append(all_commands: Sequence[LogCommand], facts: Facts) -> Steps[list[Appended | Refused]]:
    """The chats are locked; `facts` hold until a command changes more than the log."""
    answers: list[Appended | Refused] = []
    heads, done = facts.heads, 0
    for _, run in groupby(all_commands, _kind):
        sends: list[AppendMessage] = []
        for command in run:
            done += 1
            if isinstance(command, AppendMessage):
                sends.append(command)
                continue
            if isinstance(command, AppendChange):
                answer = yield from append_change(command)
            else:
                answer = yield from append_message_change(command)
            if isinstance(answer, Appended) and answer.items and not answer.dup:
                heads[command.chat_id] = _after(heads[command.chat_id], answer)
            answers.append(answer)
        if sends:
            if done > len(sends):
                members, targets = yield from together(find_members(sends), find_targets(sends))
                facts = Facts(heads, members, targets)
            answers += yield from append_messages(sends, facts, last=done == len(all_commands))
    return answers


def _after(head: Head, appended: Appended) -> Head:
    """A head behind the entries of a change, which may have said who writes from there on."""
    last = appended.items[-1]
    said = [item.data["writers"] for item in appended.items if isinstance(item, Event) and "writers" in item.data]
    return head._replace(last_seq=appended.last_seq, last_at=last.created_at, writers=[head.writers, *said][-1])
