"""Many operations on the log in one transaction, with few statements: what the group-commit writer runs.

Each operation ends exactly as it would have alone, one after another in the given order; only statements are shared.
For MySQL and MariaDB: a statement with many rows is undone as a whole where one of them meets a unique key.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from attrs import define, field
from sqlalchemy import BindParameter, and_, bindparam, or_, select

from chatproto.operations import AppendChange, Appended, AppendMessage, Outcome, Refused
from chatproto.wire.model import Message
from storage.statements import DuplicateKey, Query, Row, Statement, Steps
from storage.tables import chat_users, chats, commands, messages
from storage.transactions.appends import repeat
from storage.transactions.changes import append_change
from storage.transactions.log import INSERT_COMMAND, INSERT_MESSAGE, MESSAGE_AT, MOVE_HEAD

Append = AppendMessage | AppendChange
Key = tuple[int, int, str]
"""Chat, actor and cid of a command."""
Heads = dict[int, tuple[int, datetime | None]]
"""By chat: the last seq, and when that entry was made."""

_CHAT_IDS: Final[BindParameter[int]] = bindparam("chat_ids", expanding=True)
_HEADS: Final = (
    select(chats.c.id, chats.c.last_seq, chats.c.last_at).where(chats.c.id.in_(_CHAT_IDS)).order_by(chats.c.id)
)
_LOCK: Final = Statement(_HEADS.with_for_update())
_LOCK_FREE: Final = Statement(_HEADS.with_for_update(skip_locked=True))
_MEMBERS: Final = Statement(
    select(chat_users.c.chat_id, chat_users.c.user_id, chat_users.c.first_seq)
    .where(chat_users.c.chat_id.in_(_CHAT_IDS), chat_users.c.left_seq.is_(None))
    .order_by(chat_users.c.chat_id, chat_users.c.user_id)
)
_KEYS: Final = 32
"""Keys looked up by one statement."""


def _accepted(count: int) -> Statement:
    """Which of so many keys are taken. No `IN` of tuples: neither SQLite nor MariaDB use an index for that."""
    keys = [
        and_(
            commands.c.chat_id == bindparam(f"chat_id_{number}"),
            commands.c.actor_id == bindparam(f"actor_id_{number}"),
            commands.c.cid == bindparam(f"cid_{number}"),
        )
        for number in range(count)
    ]
    return Statement(select(commands.c.chat_id, commands.c.actor_id, commands.c.cid).where(or_(*keys)))


_ACCEPTED_ONE: Final = _accepted(1)
_ACCEPTED_MANY: Final = _accepted(_KEYS)
_IDS: Final = Statement(
    select(messages.c.chat_id, messages.c.seq, messages.c.id)
    .where(messages.c.id >= bindparam("first_id"), messages.c.chat_id.in_(_CHAT_IDS))
    .order_by(messages.c.id)
)
"""The ids of one insert need not follow each other, but none is below the first."""


@define(eq=False)
class _Chat:
    """A locked chat as the batch goes through it. `last_at`: of its last entry; `first_seqs`: of members, by user."""

    last_seq: int
    last_at: datetime | None
    first_seqs: dict[int, int] = field(factory=dict)
    member_ids: tuple[int, ...] = ()


@define(eq=False)
class _Fresh:
    """A message that has got its seq; `id` once it is inserted. `previous_at`: when the entry before it was made."""

    operation: AppendMessage
    seq: int
    previous_at: datetime | None
    member_ids: tuple[int, ...]
    id: int = 0

    def outcome(self, *, dup: bool) -> Appended:
        """What its command ends in, and with `dup` a repetition of that command."""
        operation = self.operation
        message = Message(
            id=self.id,
            chat_id=operation.chat_id,
            seq=self.seq,
            sender_id=operation.actor_id,
            content=operation.content,
            created_at=operation.now,
            reply_to=operation.reply_to,
            cid=operation.cid,
        )
        previous_at = None if dup else self.previous_at
        return Appended(
            operation.chat_id,
            (message,),
            dup=dup,
            last_seq=self.seq,
            member_ids=self.member_ids,
            previous_at=previous_at,
        )


def append_batch(operations: Sequence[Append]) -> Steps[list[Outcome | None]]:
    """Append in order. None for operations on chats that somebody else has locked (or that do not exist): waiting for
    one would hold up all the others. Never None where all are on one chat: that lock is waited for."""
    chat_ids = sorted({operation.chat_id for operation in operations})
    alone = len(chat_ids) == 1
    heads = _by_chat((yield from (_LOCK if alone else _LOCK_FREE).rows(chat_ids=chat_ids)))
    outcomes: list[Outcome | None] = [None] * len(operations)
    free = [place for place, operation in enumerate(operations) if alone or operation.chat_id in heads]
    for is_message, run in groupby(free, lambda place: isinstance(operations[place], AppendMessage)):
        places = list(run)
        if is_message:
            sends = [operation for place in places if isinstance(operation := operations[place], AppendMessage)]
            answers = yield from _append_messages(sends, heads)
        else:
            answers = []
            for place in places:
                operation = operations[place]
                assert isinstance(operation, AppendChange)
                answers.append((yield from append_change(operation)))
            heads = _by_chat((yield from _LOCK.rows(chat_ids=sorted(heads) or chat_ids)))
        for place, answer in zip(places, answers, strict=True):
            outcomes[place] = answer
    return outcomes


def _by_chat(rows: Sequence[Row]) -> Heads:
    return {chat_id: (last_seq, last_at) for chat_id, last_seq, last_at in rows}


def _append_messages(operations: Sequence[AppendMessage], heads: Heads) -> Steps[list[Outcome]]:
    """The chats are locked; `heads` are moved on.

    Nearly every cid is new, so the first try only assumes it: the unique key of `commands` contradicts where one is
    not. A refusal is given only after a look (I3: the cid comes before every other check)."""
    first_seqs: dict[int, dict[int, int]] = {}
    for chat_id, user_id, first_seq in (yield from _MEMBERS.rows(chat_ids=sorted(heads) or [0])):
        first_seqs.setdefault(chat_id, {})[user_id] = first_seq
    accepted: frozenset[Key] | None = None
    while True:
        here = {
            chat_id: _Chat(last_seq, last_at, first_seqs.get(chat_id, {}), tuple(first_seqs.get(chat_id, ())))
            for chat_id, (last_seq, last_at) in heads.items()
        }
        verdicts, fresh = yield from _judge(operations, here, accepted or frozenset())
        if accepted is None and any(isinstance(verdict, Refused) for verdict in verdicts):
            accepted = yield from _look_up(operations)
            continue
        try:
            yield from INSERT_COMMAND.many([_command_row(one) for one in fresh])
        except DuplicateKey:
            if accepted is not None:
                raise
            accepted = yield from _look_up(operations)
            continue
        break
    yield from _insert(fresh)
    heads.update({chat_id: (chat.last_seq, chat.last_at) for chat_id, chat in here.items()})
    outcomes: list[Outcome] = []
    for operation, verdict in zip(operations, verdicts, strict=True):
        if isinstance(verdict, _Fresh):
            outcomes.append(verdict.outcome(dup=verdict.operation is not operation))
        else:
            outcomes.append(verdict)
    return outcomes


def _look_up(operations: Sequence[AppendMessage]) -> Steps[frozenset[Key]]:
    found: list[Key] = []
    for start in range(0, len(operations), _KEYS):
        some = operations[start : start + _KEYS]
        statement, count = (_ACCEPTED_ONE, 1) if len(some) == 1 else (_ACCEPTED_MANY, _KEYS)
        params: dict[str, object] = {}
        for number in range(count):  # a short list repeats its last key
            one = some[min(number, len(some) - 1)]
            params |= {f"chat_id_{number}": one.chat_id, f"actor_id_{number}": one.actor_id, f"cid_{number}": one.cid}
        rows = yield from statement.rows(**params)
        found += [(chat_id, actor_id, cid) for chat_id, actor_id, cid in rows]
    return frozenset(found)


def _judge(
    operations: Sequence[AppendMessage], here: dict[int, _Chat], accepted: frozenset[Key]
) -> Steps[tuple[list[Outcome | _Fresh], list[_Fresh]]]:
    """What each operation ends in, and the messages to insert, in the order of their seqs."""
    verdicts: list[Outcome | _Fresh] = []
    fresh: dict[Key, _Fresh] = {}
    times: dict[tuple[int, int], datetime | None] = {}
    for operation in operations:
        chat_id, actor_id = operation.chat_id, operation.actor_id
        key = (chat_id, actor_id, operation.cid)
        chat = here.get(chat_id)
        verdict: Outcome | _Fresh | None = None
        if chat is None:
            verdict = Refused("not_member")
        elif key in accepted:
            verdict = yield from repeat(chat_id, actor_id, operation.cid, operation.digest, chat.last_seq)
        elif key in fresh:
            same = fresh[key].operation.digest == operation.digest
            verdict = fresh[key] if same else Refused("cid_conflict", "this cid was used for another content", "cid")
        elif actor_id not in chat.first_seqs:
            verdict = Refused("not_member")
        elif operation.refusal is not None:
            verdict = Refused(operation.refusal, field="content")
        elif operation.reply_to is not None and not (
            yield from _may_reply(operation, chat.first_seqs[actor_id], times)
        ):
            verdict = Refused("bad_seq", "reply_to names no message of this chat", "reply_to")
        if verdict is None and chat is not None:
            chat.last_seq += 1
            verdict = fresh[key] = _Fresh(operation, chat.last_seq, chat.last_at, chat.member_ids)
            chat.last_at = operation.now
            times[chat_id, chat.last_seq] = operation.now
        assert verdict is not None
        verdicts.append(verdict)
    return verdicts, list(fresh.values())


def _may_reply(operation: AppendMessage, first_seq: int, times: dict[tuple[int, int], datetime | None]) -> Steps[bool]:
    """Whether the target is a message that the sender may see, made at the time they think."""
    chat_id, seq = operation.chat_id, operation.reply_to
    assert seq is not None
    if (chat_id, seq) not in times:
        row = yield from MESSAGE_AT.one(chat_id=chat_id, seq=seq)
        times[chat_id, seq] = None if row is None else row[0]
    made = times[chat_id, seq]
    return made is not None and seq >= first_seq and operation.reply_at in (None, made)


def _insert(fresh: Sequence[_Fresh]) -> Steps[None]:
    """The messages, with their ids, and the heads of their chats."""
    if not fresh:
        return
    rows = [_message_row(one) for one in fresh]
    inserted = yield Query(INSERT_MESSAGE, rows[0], tuple(rows) if len(rows) > 1 else ())
    newest = {one.operation.chat_id: one for one in fresh}
    if len(rows) == 1:
        fresh[0].id = inserted.last_id
    else:
        found = yield from _IDS.rows(first_id=inserted.last_id, chat_ids=sorted(newest))
        ids = {(chat_id, seq): message_id for chat_id, seq, message_id in found}
        for one in fresh:
            one.id = ids[one.operation.chat_id, one.seq]
    yield from MOVE_HEAD.many(
        [
            {"chat_id": chat_id, "last_seq": one.seq, "last_at": one.operation.now, "last_message_seq": one.seq}
            for chat_id, one in sorted(newest.items())
        ]
    )


def _command_row(one: _Fresh) -> dict[str, Any]:
    operation = one.operation
    return {
        "chat_id": operation.chat_id,
        "actor_id": operation.actor_id,
        "cid": operation.cid,
        "digest": operation.digest,
        "first_seq": one.seq,
        "last_seq": one.seq,
    }


def _message_row(one: _Fresh) -> dict[str, Any]:
    operation = one.operation
    return {
        "chat_id": operation.chat_id,
        "seq": one.seq,
        "sender_id": operation.actor_id,
        "content": operation.content,
        "created_at": operation.now,
        "reply_to": operation.reply_to,
        "cid": operation.cid,
    }
