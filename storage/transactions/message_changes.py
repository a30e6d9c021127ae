"""Edits, deletions, reactions and pins: events of a log that change a message of it (docs/protocol.md I4).

What a deletion erases is gone from every table when its transaction commits: the text, its former versions, the
reactions, and the emoji in the events that told of them.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, assert_never

from attrs import frozen
from msgspec import structs
from sqlalchemy import BindParameter, Column, Table, and_, bindparam, delete, func, select, update

from chatproto.operations import (
    Appended,
    DeleteMessage,
    EditMessage,
    MessageChange,
    Pin,
    React,
    Refused,
)
from chatproto.operations.append_rules import NOT_MEMBER
from chatproto.operations.message_events import OF_CONTENT, UNPINNED, gathered, rendered, tombstone
from chatproto.operations.message_rules import Actor, Target, judge_message_change
from chatproto.wire.model import ChatType, Event, Message, Role
from storage.statements import Select, Statement, Steps, into
from storage.tables import chat_events, chat_users, chats, commands, messages, pins, reactions, revisions
from storage.transactions.files import release_files
from storage.transactions.log import (
    INSERT_COMMAND,
    INSERT_EVENT,
    MESSAGE_COLUMNS,
    MOVE_HEAD,
    MessageRow,
    read_entries,
    read_message,
    write_attachments,
    write_ids,
)
from storage.transactions.naming import INSERT_MENTION, find_named, forget_mentions, mention_rows
from storage.transactions.states import Viewer, read_items


class _Chat(NamedTuple):
    """What is known of a chat, of a command and of its actor, in one row; it goes on with the message."""

    type: ChatType
    last_seq: int
    last_at: datetime | None
    last_message_seq: int
    pinned_seq: int
    role: Role | None
    first_seq: int | None
    digest: bytes | None
    accepted_first: int | None
    accepted_last: int | None


class _Reaction(NamedTuple):
    user_id: int
    emoji: str
    event_seq: int


class _Pin(NamedTuple):
    seq: int
    event_seq: int


_IN_CHAT: Final[BindParameter[int]] = bindparam("chat_id", type_=chats.c.id.type)
_ACTOR: Final[BindParameter[int]] = bindparam("actor_id", type_=chat_users.c.user_id.type)

_FACTS: Final = Statement(
    select(
        chats.c.type,
        chats.c.last_seq,
        chats.c.last_at,
        chats.c.last_message_seq,
        chats.c.pinned_seq,
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
    row=_Reaction,
)
_PINS: Final = Select(
    select(pins.c.seq, pins.c.event_seq).where(pins.c.chat_id == bindparam("chat_id"), pins.c.until_seq.is_(None)),
    row=_Pin,
)
_LAST_LEFT: Final = Statement(
    select(func.max(chat_users.c.left_seq)).where(chat_users.c.chat_id == bindparam("chat_id"))
)
_CHANGE_MESSAGE: Final = Statement(
    update(messages)
    .where(messages.c.id == bindparam("message_id"))
    .values(
        content=bindparam("content", type_=messages.c.content.type),
        attachment_url=bindparam("attachment_url", type_=messages.c.attachment_url.type),
        edited_at=bindparam("edited_at", type_=messages.c.edited_at.type),
        rev=bindparam("rev"),
        deleted=bindparam("deleted", type_=messages.c.deleted.type),
        mentions=bindparam("mentions", type_=messages.c.mentions.type),
        mentions_all=bindparam("mentions_all", type_=messages.c.mentions_all.type),
        forwarded_id=bindparam("forwarded_id", type_=messages.c.forwarded_id.type),
        forwarded_name=bindparam("forwarded_name", type_=messages.c.forwarded_name.type),
        attachments=bindparam("attachments", type_=messages.c.attachments.type),
    )
)
_INSERT_REVISION: Final = Statement(
    into(revisions, "chat_id", "seq", "rev", "content", "edited_at", "at_seq", "mentions", "mentions_all")
)
_INSERT_REACTION: Final = Statement(into(reactions, "chat_id", "seq", "event_seq", "user_id", "emoji"))
_INSERT_PIN: Final = Statement(into(pins, "chat_id", "seq", "event_seq"))
_SET_PINNED: Final = Statement(
    update(chats).where(chats.c.id == bindparam("chat_key")).values(pinned_seq=bindparam("pinned_seq"))
)
_ERASE_EVENTS: Final = Statement(
    update(chat_events)
    .where(
        chat_events.c.chat_id == bindparam("chat_key"),
        chat_events.c.target_seq == bindparam("target"),
        chat_events.c.event.in_(sorted(OF_CONTENT)),
    )
    .values(data="{}")
)


def _of_message(table: Table) -> tuple[Any, ...]:
    return table.c.chat_id == bindparam("chat_key"), table.c.seq == bindparam("seq_key")


_ERASE_REVISIONS: Final = Statement(delete(revisions).where(*_of_message(revisions)))
_ERASE_REACTIONS: Final = Statement(delete(reactions).where(*_of_message(reactions)))


@frozen
class _Ending:
    """How rows of a table end: by an entry that they stay until, or at once."""

    until: Statement
    remove: Statement


def _ending(table: Table) -> _Ending:
    event_seq: Column[int] = table.c.event_seq
    key = (*_of_message(table), event_seq == bindparam("event_key"))
    return _Ending(
        Statement(update(table).where(*key).values(until_seq=bindparam("until_seq"))),
        Statement(delete(table).where(*key)),
    )


_REACTION_ENDS: Final = _ending(reactions)
_PIN_ENDS: Final = _ending(pins)


@frozen
class _Change:
    """A command that is accepted, with the chat locked. `reactions`, `pins`: as they were before, where they matter."""

    operation: MessageChange
    chat: _Chat
    message: Message
    reactions: Sequence[_Reaction]
    pins: Sequence[_Pin]

    @property
    def seq(self) -> int:
        """Of its event."""
        return self.chat.last_seq + 1

    @property
    def place(self) -> dict[str, int]:
        """The message, as parameters."""
        return {"chat_key": self.message.chat_id, "seq_key": self.message.seq}


class _Done(NamedTuple):
    """What an accepted command made of its message, and the event to be told, with what is stored of it."""

    message: Message
    event: str
    data: dict[str, Any]
    pinned_seq: int


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
        actor=None if chat.role is None or chat.first_seq is None else Actor(chat.role, chat.first_seq),
        target=None if message is None else _target(operation, message, under, pinned),
    )
    if isinstance(verdict, Refused):
        return verdict
    if verdict == "repeat":
        return (yield from _repeat(chat_id, chat))
    if verdict == "unchanged":
        return (yield from _nothing(operation, chat))
    assert message is not None
    return (yield from _append(_Change(operation, chat, message, under, pinned)))


def _reactions(operation: MessageChange) -> Steps[list[_Reaction]]:
    if not isinstance(operation, React):
        return []
    return (yield from _REACTIONS.all(chat_id=operation.chat_id, seq=operation.seq))


def _pins(operation: MessageChange, chat: _Chat) -> Steps[list[_Pin]]:
    if not isinstance(operation, Pin | DeleteMessage) or not chat.pinned_seq:
        return []
    return (yield from _PINS.all(chat_id=operation.chat_id))


def _target(operation: MessageChange, message: Message, under: Sequence[_Reaction], pinned: Sequence[_Pin]) -> Target:
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


def _append(change: _Change) -> Steps[Appended]:
    operation, chat, seq = change.operation, change.chat, change.seq
    yield from _remember(operation, seq, seq)
    done = yield from _perform(change)
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
    if done.pinned_seq != chat.pinned_seq:
        yield from _SET_PINNED.run(chat_key=stored.chat_id, pinned_seq=done.pinned_seq)
    event = rendered(stored, done.message, done.pinned_seq or None)
    return Appended(stored.chat_id, (event,), dup=False, last_seq=seq, previous_at=chat.last_at)


def _perform(change: _Change) -> Steps[_Done]:
    operation = change.operation
    match operation:
        case EditMessage(content=content):
            return (yield from _edit(change, operation, content))
        case DeleteMessage():
            return (yield from _delete(change))
        case React(emoji=emoji, on=on):
            return (yield from _react(change, emoji, on=on))
        case Pin(on=on):
            return (yield from _pin(change, on=on))
        case _:
            assert_never(operation)


def _edit(change: _Change, operation: EditMessage, content: str) -> Steps[_Done]:
    before, now = change.message, operation.now
    named = (yield from find_named([(before.chat_id, operation.actor_id, operation.mentions)]))[0]
    message = structs.replace(
        before,
        content=content,
        edited_at=now,
        rev=before.rev + 1,
        mentions=named.user_ids,
        mentions_all=named.everybody,
    )
    yield from forget_mentions(before)
    yield from INSERT_MENTION.many(mention_rows(message))
    texts = [(message, change.seq)]
    if before.edited_at is None:
        texts.insert(0, (structs.replace(before, rev=1), before.seq))
    yield from _INSERT_REVISION.many(
        [
            {
                "chat_id": one.chat_id,
                "seq": one.seq,
                "rev": one.rev,
                "content": one.content,
                "edited_at": one.edited_at,
                "at_seq": at_seq,
                "mentions": write_ids(one.mentions),
                "mentions_all": one.mentions_all,
            }
            for one, at_seq in texts
        ]
    )
    yield from _write(message)
    return _Done(message, "edited", {"rev": message.rev}, change.chat.pinned_seq)


def _delete(change: _Change) -> Steps[_Done]:
    message = tombstone(change.message, change.message.rev + 1)
    yield from _write(message)
    yield from forget_mentions(change.message)
    yield from release_files(change.message, change.operation.now)
    if change.message.rev > 1:
        yield from _ERASE_REVISIONS.run(**change.place)
        yield from _ERASE_REACTIONS.run(**change.place)
        yield from _ERASE_EVENTS.run(chat_key=message.chat_id, target=message.seq)
    pinned = next((one for one in change.pins if one.seq == message.seq), None)
    if pinned is None:
        return _Done(message, "deleted", {}, change.chat.pinned_seq)
    yield from _end(change, _PIN_ENDS, pinned.event_seq)
    return _Done(message, "deleted", {UNPINNED: True}, _highest(change.pins, without=message.seq))


def _react(change: _Change, emoji: str, *, on: bool) -> Steps[_Done]:
    actor_id, seq, message = change.operation.actor_id, change.seq, change.message
    under = [one for one in change.reactions if (one.user_id, one.emoji) != (actor_id, emoji)]
    if on:
        under.append(_Reaction(actor_id, emoji, seq))
        yield from _INSERT_REACTION.run(
            chat_id=message.chat_id, seq=message.seq, event_seq=seq, user_id=actor_id, emoji=emoji
        )
    else:
        (own,) = (one for one in change.reactions if (one.user_id, one.emoji) == (actor_id, emoji))
        yield from _end(change, _REACTION_ENDS, own.event_seq)
    message = structs.replace(message, rev=message.rev + 1, reactions=gathered(under))
    yield from _write(message)
    data = {"rev": message.rev, "emoji": emoji}
    return _Done(message, "reaction_added" if on else "reaction_removed", data, change.chat.pinned_seq)


def _pin(change: _Change, *, on: bool) -> Steps[_Done]:
    message, before = change.message, change.chat.pinned_seq
    if on:
        yield from _INSERT_PIN.run(chat_id=message.chat_id, seq=message.seq, event_seq=change.seq)
        return _Done(message, "pinned", {}, max(before, message.seq))
    (own,) = (one for one in change.pins if one.seq == message.seq)
    yield from _end(change, _PIN_ENDS, own.event_seq)
    return _Done(message, "unpinned", {}, _highest(change.pins, without=message.seq))


def _highest(found: Sequence[_Pin], *, without: int) -> int:
    return max((one.seq for one in found if one.seq != without), default=0)


def _end(change: _Change, ending: _Ending, event_seq: int) -> Steps[None]:
    """Take away what the entry `event_seq` put under the message, but keep it for those who have left since then."""
    (left,) = yield from _LAST_LEFT.column(chat_id=change.message.chat_id)
    if left is None or left < event_seq:
        yield from ending.remove.run(**change.place, event_key=event_seq)
    else:
        yield from ending.until.run(**change.place, event_key=event_seq, until_seq=change.seq)


def _write(message: Message) -> Steps[None]:
    yield from _CHANGE_MESSAGE.run(
        message_id=message.id,
        content=message.content,
        attachment_url=message.attachment_url,
        edited_at=message.edited_at,
        rev=message.rev,
        deleted=message.deleted,
        mentions=write_ids(message.mentions),
        mentions_all=message.mentions_all,
        forwarded_id=None if message.forwarded is None else message.forwarded.user_id,
        forwarded_name=None if message.forwarded is None else message.forwarded.display_name,
        attachments=write_attachments(message.attachments),
    )
