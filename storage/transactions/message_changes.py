"""Edits, deletions, reactions and pins: events of a log that change a message of it (docs/protocol.md I4)."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import BindParameter, and_, bindparam, select, update

from chatproto.operations import (
    Appended,
    DeleteMessage,
    MessageChange,
    Pin,
    React,
    Refused,
)
from chatproto.operations.append_rules import NOT_MEMBER, barred_from
from chatproto.operations.message_events import rendered
from chatproto.operations.message_rules import Actor, Target, judge_message_change
from chatproto.wire.model import ChatType, Event, Message, Role, Writers
from storage.statements import Select, Statement, Steps
from storage.tables import chat_users, chats, commands, messages, pins, reactions
from storage.transactions.indexing import reindex
from storage.transactions.log import (
    INSERT_COMMAND,
    INSERT_EVENT,
    MESSAGE_COLUMNS,
    MOVE_HEAD,
    MessageRow,
    read_entries,
    read_message,
)
from storage.transactions.message_effects import AcceptedChange, PinnedMessage, UnderMessage, perform
from storage.transactions.states import Viewer, read_items


class _Chat(NamedTuple):
    """What is known of a chat, of a command and of its actor, in one row; it goes on with the message."""

    type: ChatType
    last_seq: int
    last_at: datetime | None
    last_message_seq: int
    pinned_seq: int
    indexed_seq: int
    writers: Writers
    closed: bool
    role: Role | None
    first_seq: int | None
    digest: bytes | None
    accepted_first: int | None
    accepted_last: int | None


_IN_CHAT: Final[BindParameter[int]] = bindparam("chat_id", type_=chats.c.id.type)
_ACTOR: Final[BindParameter[int]] = bindparam("actor_id", type_=chat_users.c.user_id.type)

_FACTS: Final = Statement(
    select(
        chats.c.type,
        chats.c.last_seq,
        chats.c.last_at,
        chats.c.last_message_seq,
        chats.c.pinned_seq,
        chats.c.indexed_seq,
        chats.c.writers,
        chats.c.closed,
        chat_users.c.role,
        chat_users.c.first_seq,
        commands.c.digest,
        commands.c.first_seq,
        commands.c.last_seq,
        *MESSAGE_COLUMNS,
    )
    .select_from(
        chats.outerjoin(
            chat_users,
            and_(chat_users.c.chat_id == chats.c.id, chat_users.c.user_id == _ACTOR, chat_users.c.left_seq.is_(None)),
        )
        .outerjoin(
            commands,
            and_(
                commands.c.chat_id == chats.c.id,
                commands.c.actor_id == _ACTOR,
                commands.c.cid == bindparam("cid", type_=commands.c.cid.type),
            ),
        )
        .outerjoin(
            messages,
            and_(messages.c.chat_id == chats.c.id, messages.c.seq == bindparam("seq", type_=messages.c.seq.type)),
        )
    )
    .where(chats.c.id == _IN_CHAT)
)
_REACTIONS: Final = Select(
    select(reactions.c.user_id, reactions.c.emoji, reactions.c.event_seq).where(
        reactions.c.chat_id == bindparam("chat_id"),
        reactions.c.seq == bindparam("seq"),
        reactions.c.until_seq.is_(None),
    ),
    row=UnderMessage,
)
_PINS: Final = Select(
    select(pins.c.seq, pins.c.event_seq).where(pins.c.chat_id == bindparam("chat_id"), pins.c.until_seq.is_(None)),
    row=PinnedMessage,
)
_SET_PINNED: Final = Statement(
    update(chats).where(chats.c.id == bindparam("chat_key")).values(pinned_seq=bindparam("pinned_seq"))
)


def append_message_change(operation: MessageChange) -> Steps[Appended | Refused]:
    """One command, with its chat locked. It sees what was done before it in the same transaction."""
    chat_id = operation.chat_id
    row = yield from _FACTS.one(chat_id=chat_id, actor_id=operation.actor_id, cid=operation.cid, seq=operation.seq)
    if row is None:
        return NOT_MEMBER
    width = len(_Chat._fields)
    chat, found = _Chat(*row[:width]), MessageRow(*row[width:])
    message = None if row[width] is None else read_message(found, is_read=False)
    matters = message is not None and chat.role is not None and chat.digest is None
    under = (yield from _reactions(operation)) if matters else []
    pinned = (yield from _pins(operation, chat)) if matters else []
    verdict = judge_message_change(
        operation,
        accepted=chat.digest,
        chat_type=chat.type,
        actor=_actor(chat),
        target=None if message is None else _target(operation, message, under, pinned),
    )
    if isinstance(verdict, Refused):
        return verdict
    if verdict == "repeat":
        return (yield from _repeat(chat_id, chat))
    if verdict == "unchanged":
        return (yield from _nothing(operation, chat))
    assert message is not None
    accepted = AcceptedChange(operation, message, chat.last_seq + 1, chat.pinned_seq, under, pinned)
    return (yield from _append(accepted, chat))


def _actor(chat: _Chat) -> Actor | None:
    if chat.role is None or chat.first_seq is None:
        return None
    return Actor(chat.role, chat.first_seq, barred_from(chat.writers, chat.role, closed=chat.closed))


def _reactions(operation: MessageChange) -> Steps[list[UnderMessage]]:
    if not isinstance(operation, React):
        return []
    return (yield from _REACTIONS.all(chat_id=operation.chat_id, seq=operation.seq))


def _pins(operation: MessageChange, chat: _Chat) -> Steps[list[PinnedMessage]]:
    if not isinstance(operation, Pin | DeleteMessage) or not chat.pinned_seq:
        return []
    return (yield from _PINS.all(chat_id=operation.chat_id))


def _target(
    operation: MessageChange, message: Message, under: Sequence[UnderMessage], pinned: Sequence[PinnedMessage]
) -> Target:
    return Target(
        sender_id=message.sender_id,
        created_at=message.created_at,
        content=message.content,
        deleted=message.deleted,
        emoji=frozenset(one.emoji for one in under),
        own_emoji=frozenset(one.emoji for one in under if one.user_id == operation.actor_id),
        pinned=any(one.seq == message.seq for one in pinned),
        pins=len(pinned),
        has_files=bool(message.attachments),
    )


def _repeat(chat_id: int, chat: _Chat) -> Steps[Appended]:
    """The first ack again; a span that is empty is of a command that changed nothing."""
    first, last = chat.accepted_first, chat.accepted_last
    assert first is not None and last is not None
    if first > last:
        (entry,) = yield from read_entries(chat_id, last - 1, last)
        return Appended(chat_id, (), dup=True, last_seq=chat.last_seq, unchanged=(last, entry.created_at))
    (event,) = yield from read_items(chat_id, first - 1, last, Viewer(chat.pinned_seq))
    assert isinstance(event, Event)
    return Appended(chat_id, (event,), dup=True, last_seq=chat.last_seq)


def _nothing(operation: MessageChange, chat: _Chat) -> Steps[Appended]:
    assert chat.last_at is not None, "there is a message"
    yield from _remember(operation, chat.last_seq + 1, chat.last_seq)
    unchanged = (chat.last_seq, chat.last_at)
    return Appended(operation.chat_id, (), dup=False, last_seq=chat.last_seq, unchanged=unchanged)


def _remember(operation: MessageChange, first_seq: int, last_seq: int) -> Steps[None]:
    yield from INSERT_COMMAND.run(
        chat_id=operation.chat_id,
        actor_id=operation.actor_id,
        cid=operation.cid,
        digest=operation.digest,
        first_seq=first_seq,
        last_seq=last_seq,
    )


def _append(change: AcceptedChange, chat: _Chat) -> Steps[Appended]:
    operation, seq = change.operation, change.seq
    yield from _remember(operation, seq, seq)
    done = yield from perform(change)
    stored = Event(
        chat_id=operation.chat_id,
        seq=seq,
        event=done.event,
        actor_id=operation.actor_id,
        created_at=operation.now,
        target_seq=operation.seq,
        data=done.data,
    )
    yield from INSERT_EVENT.run(
        chat_id=stored.chat_id,
        seq=seq,
        event=stored.event,
        actor_id=stored.actor_id,
        created_at=stored.created_at,
        target_seq=stored.target_seq,
        subject_id=None,
        data=json.dumps(stored.data, ensure_ascii=False),
    )
    yield from MOVE_HEAD.run(
        chat_id=stored.chat_id, last_seq=seq, last_at=operation.now, last_message_seq=chat.last_message_seq
    )
    if done.message.content != change.message.content:
        yield from reindex(change.message, done.message, chat.indexed_seq)
    if done.pinned_seq != chat.pinned_seq:
        yield from _SET_PINNED.run(chat_key=stored.chat_id, pinned_seq=done.pinned_seq)
    event = rendered(stored, done.message, done.pinned_seq or None)
    return Appended(stored.chat_id, (event,), dup=False, last_seq=seq, previous_at=chat.last_at)
