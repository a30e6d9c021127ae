"""A chat's log: messages and events in one dense run of seqs, and the statements that extend it.

What extends a log locks the chat's row first and reads everything else after that: a read from before the lock
would show a removed member as a member.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
from attrs import frozen
from sqlalchemy import BindParameter, bindparam, select, update

from chatproto.wire.model import Attachment, ChatType, Event, Forwarded, Message, RetentionDays, Role, User, Writers
from storage.statements import Select, Statement, Steps, into
from storage.tables import chat_events, chat_users, chats, commands, messages
from storage.transactions.people import plain_users

MESSAGE_COLUMNS: Final = (
    messages.c.id,
    messages.c.chat_id,
    messages.c.seq,
    messages.c.rev,
    messages.c.sender_id,
    messages.c.content,
    messages.c.created_at,
    messages.c.edited_at,
    messages.c.deleted,
    messages.c.reply_to,
    messages.c.attachment_url,
    messages.c.cid,
    messages.c.mentions,
    messages.c.mentions_all,
    messages.c.forwarded_id,
    messages.c.forwarded_name,
    messages.c.attachments,
)


_ATTACHMENTS: Final = msgspec.json.Decoder(tuple[Attachment, ...])


class ChatRow(NamedTuple):
    """A chat that is locked."""

    type: ChatType
    title: str | None
    avatar_url: str | None
    last_seq: int
    last_at: datetime | None
    last_message_seq: int
    pinned_seq: int
    writers: Writers
    retention_days: RetentionDays
    expired_seq: int


class CommandRow(NamedTuple):
    """A command that was accepted, and the entries it made."""

    digest: bytes
    first_seq: int
    last_seq: int


class MemberRow(NamedTuple):
    """A member of a chat."""

    role: Role
    first_seq: int


class MessageRow(NamedTuple):
    """MESSAGE_COLUMNS."""

    id: int
    chat_id: int
    seq: int
    rev: int
    sender_id: int
    content: str | None
    created_at: datetime
    edited_at: datetime | None
    deleted: bool
    reply_to: int | None
    attachment_url: str | None
    cid: str
    mentions: str | None
    mentions_all: bool
    forwarded_id: int | None
    forwarded_name: str | None
    attachments: str | None


class _EventRow(NamedTuple):
    chat_id: int
    seq: int
    event: str
    actor_id: int
    created_at: datetime
    target_seq: int | None
    subject_id: int | None
    data: str


class _ReaderRow(NamedTuple):
    user_id: int
    own_read_seq: int


_IN_CHAT: Final[BindParameter[int]] = bindparam("chat_id")

LOCK_CHAT: Final = Select(
    select(
        chats.c.type,
        chats.c.title,
        chats.c.avatar_url,
        chats.c.last_seq,
        chats.c.last_at,
        chats.c.last_message_seq,
        chats.c.pinned_seq,
        chats.c.writers,
        chats.c.retention_days,
        chats.c.expired_seq,
    )
    .where(chats.c.id == _IN_CHAT)
    .with_for_update(),
    row=ChatRow,
)
FIND_COMMAND: Final = Select(
    select(commands.c.digest, commands.c.first_seq, commands.c.last_seq).where(
        commands.c.chat_id == _IN_CHAT,
        commands.c.actor_id == bindparam("actor_id"),
        commands.c.cid == bindparam("cid"),
    ),
    row=CommandRow,
)
MEMBERSHIP: Final = Select(
    select(chat_users.c.role, chat_users.c.first_seq).where(
        chat_users.c.chat_id == _IN_CHAT,
        chat_users.c.user_id == bindparam("user_id"),
        chat_users.c.left_seq.is_(None),
    ),
    row=MemberRow,
)
MEMBER_IDS: Final = Statement(
    select(chat_users.c.user_id)
    .where(chat_users.c.chat_id == _IN_CHAT, chat_users.c.left_seq.is_(None))
    .order_by(chat_users.c.user_id)
)
INSERT_COMMAND: Final = Statement(into(commands, "chat_id", "actor_id", "cid", "digest", "first_seq", "last_seq"))
INSERT_MESSAGE: Final = Statement(
    into(messages, "chat_id", "seq", "sender_id", "content", "created_at", "reply_to", "cid")
)
INSERT_MESSAGE_NAMING: Final = Statement(
    into(
        messages,
        "chat_id",
        "seq",
        "sender_id",
        "content",
        "created_at",
        "reply_to",
        "cid",
        "mentions",
        "mentions_all",
        "forwarded_id",
        "forwarded_name",
        "attachments",
        "attachment_url",
    )
)
"""For messages some of which name somebody, are forwarded or have files, which is rare."""
INSERT_EVENT: Final = Statement(
    into(chat_events, "chat_id", "seq", "event", "actor_id", "created_at", "target_seq", "subject_id", "data")
)
MOVE_HEAD: Final = Statement(
    update(chats)
    .where(chats.c.id == _IN_CHAT)
    .values(
        last_seq=bindparam("last_seq"),
        last_at=bindparam("last_at"),
        last_message_seq=bindparam("last_message_seq"),
    )
)
_MESSAGES: Final = Select(
    select(*MESSAGE_COLUMNS)
    .where(messages.c.chat_id == _IN_CHAT, messages.c.seq > bindparam("after"), messages.c.seq <= bindparam("upto"))
    .order_by(messages.c.seq),
    row=MessageRow,
)
_EVENTS: Final = Select(
    select(
        chat_events.c.chat_id,
        chat_events.c.seq,
        chat_events.c.event,
        chat_events.c.actor_id,
        chat_events.c.created_at,
        chat_events.c.target_seq,
        chat_events.c.subject_id,
        chat_events.c.data,
    )
    .where(
        chat_events.c.chat_id == _IN_CHAT,
        chat_events.c.seq > bindparam("after"),
        chat_events.c.seq <= bindparam("upto"),
    )
    .order_by(chat_events.c.seq),
    row=_EventRow,
)
READERS: Final = (
    select(chat_users.c.user_id, chat_users.c.own_read_seq)
    .where(chat_users.c.chat_id == _IN_CHAT)
    .order_by(chat_users.c.own_read_seq.desc())
    .limit(2)
)
"""Who has read furthest in a chat, for `Readers`."""
_READERS: Final = Select(READERS, row=_ReaderRow)


class LogCorrupted(Exception):
    """A seq below the head has no entry: somebody else has written to these tables."""


@frozen
class Readers:
    """The two who have read furthest, which is enough to tell of any message whether another has read it.

    `marks`: user and seq, the furthest first."""

    marks: tuple[tuple[int, int], ...]

    def have_read(self, sender_id: int, seq: int) -> bool:
        """Whether somebody other than the sender has marked this seq as read."""
        return any(user_id != sender_id and mark >= seq for user_id, mark in self.marks)


READ_BY_NOBODY: Final = Readers(())
"""As whoever hides what they read sees it; what is read for all to see says the same."""


def readers(chat_id: int) -> Steps[Readers]:
    """Who has read furthest in this chat, former members included."""
    return Readers(tuple((yield from _READERS.all(chat_id=chat_id))))


def read_message(found: MessageRow, *, is_read: bool) -> Message:
    """The message of a row."""
    return Message(
        id=found.id,
        chat_id=found.chat_id,
        seq=found.seq,
        rev=found.rev,
        sender_id=found.sender_id,
        content=found.content,
        created_at=found.created_at,
        edited_at=found.edited_at,
        deleted=found.deleted,
        is_read=is_read,
        reply_to=found.reply_to,
        attachment_url=found.attachment_url,
        attachments=read_attachments(found.attachments),
        cid=found.cid,
        mentions=read_ids(found.mentions),
        mentions_all=found.mentions_all,
        forwarded=(
            None
            if found.forwarded_id is None
            else Forwarded(user_id=found.forwarded_id, display_name=found.forwarded_name or "")
        ),
    )


def read_attachments(text: str | None) -> tuple[Attachment, ...]:
    """The column `attachments`."""
    return () if text is None else _ATTACHMENTS.decode(text)


def write_attachments(attachments: Sequence[Attachment]) -> str | None:
    """For the column `attachments`."""
    return msgspec.json.encode(attachments).decode() if attachments else None


def read_ids(text: str | None) -> tuple[int, ...]:
    """The column `mentions`."""
    return () if text is None else tuple(json.loads(text))


def write_ids(ids: Sequence[int]) -> str | None:
    """For the column `mentions`."""
    return json.dumps(ids, separators=(",", ":")) if ids else None


def render_event(
    *, chat_id: int, seq: int, event: str, actor_id: int, created_at: datetime, subject: User | int | None,
    data: dict[str, Any], target_seq: int | None = None,
) -> Event:  # fmt: skip
    """An event as it is sent; `subject` is whom it names: the whole user where they are new, else their id."""
    named: dict[str, Any] = {}
    if isinstance(subject, User):
        named = {"user": subject}
    elif subject is not None:
        named = {"user_id": subject}
    return Event(
        chat_id=chat_id,
        seq=seq,
        event=event,
        actor_id=actor_id,
        created_at=created_at,
        target_seq=target_seq,
        data=named | data,
    )


def read_entries(chat_id: int, after: int, upto: int, who: Readers = READ_BY_NOBODY) -> Steps[list[Message | Event]]:
    """The entries of exactly the seqs in (after, upto], as these two tables hold them; `who` has read them."""
    if upto <= after:
        return []
    message_rows = yield from _MESSAGES.all(chat_id=chat_id, after=after, upto=upto)
    items: list[Message | Event] = [
        read_message(row, is_read=who.have_read(row.sender_id, row.seq)) for row in message_rows
    ]
    if len(items) < upto - after:
        event_rows = yield from _EVENTS.all(chat_id=chat_id, after=after, upto=upto)
        newcomers = yield from plain_users(
            row.subject_id for row in event_rows if row.event == "member_added" and row.subject_id is not None
        )
        items += [_read_event(row, newcomers) for row in event_rows]
        items.sort(key=lambda item: item.seq)
    if [item.seq for item in items] != list(range(after + 1, upto + 1)):
        raise LogCorrupted(f"chat {chat_id}: the entries after {after} up to {upto} are not complete")
    return items


def _read_event(row: _EventRow, newcomers: dict[int, User]) -> Event:
    subject: User | int | None = row.subject_id
    if row.event == "member_added" and row.subject_id is not None:
        subject = newcomers[row.subject_id]
    return render_event(
        chat_id=row.chat_id,
        seq=row.seq,
        event=row.event,
        actor_id=row.actor_id,
        created_at=row.created_at,
        target_seq=row.target_seq,
        subject=subject,
        data=json.loads(row.data),
    )
