"""The former texts of a message, who has read it, and the pinned messages of a chat."""

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import and_, bindparam, or_, select

from chatproto.operations import (
    FetchPins,
    FetchReaders,
    FetchRevisions,
    Outcome,
    PinsFound,
    ReadersFound,
    Refused,
    RevisionsFound,
)
from chatproto.wire.limits import MAX_WATCHED
from chatproto.wire.model import ChatType, Revision, Role, named_ids
from storage.statements import Select, Statement, Steps, param
from storage.tables import chat_users, chats, messages, pins, revisions
from storage.transactions.departures import DEPARTED, END, READERS_THEN, readers_then, within_sight
from storage.transactions.hiding import shows_reads, who_hides_reads
from storage.transactions.log import MESSAGE_COLUMNS, MessageRow, read_message, readers
from storage.transactions.people import users_seen_by
from storage.transactions.states import completed


class _Asked(NamedTuple):
    """A message, and who asks for its texts."""

    type: ChatType
    role: Role
    end: int
    sender_id: int
    content: str | None


class _Text(NamedTuple):
    rev: int
    content: str
    edited_at: datetime | None


class _Marks(NamedTuple):
    user_id: int
    first_seq: int
    read_seq: int
    delivered_seq: int


_HERE: Final = and_(chat_users.c.chat_id == bindparam("chat_id"), chat_users.c.user_id == bindparam("user_id"))
_ASKED: Final = Select(
    select(chats.c.type, chat_users.c.role, END, messages.c.sender_id, messages.c.content)
    .select_from(
        chat_users.join(chats, chats.c.id == chat_users.c.chat_id).join(
            messages, and_(messages.c.chat_id == chat_users.c.chat_id, messages.c.seq == bindparam("seq"))
        )
    )
    .where(
        _HERE,
        within_sight(messages.c.seq),
        messages.c.deleted.is_(False),
    ),
    row=_Asked,
)
_TEXTS: Final = Select(
    select(revisions.c.rev, revisions.c.content, revisions.c.edited_at)
    .where(
        revisions.c.chat_id == bindparam("chat_id"),
        revisions.c.seq == bindparam("seq"),
        revisions.c.at_seq <= bindparam("end"),
    )
    .order_by(revisions.c.rev),
    row=_Text,
)
_SENDER: Final = Statement(
    select(messages.c.sender_id)
    .select_from(
        chat_users.join(messages, and_(messages.c.chat_id == chat_users.c.chat_id, messages.c.seq == bindparam("seq")))
    )
    .where(
        _HERE,
        chat_users.c.left_seq.is_(None),
        messages.c.seq >= chat_users.c.first_seq,
        messages.c.deleted.is_(False),
    )
)
_MEMBERS: Final = Select(
    select(chat_users.c.user_id, chat_users.c.first_seq, chat_users.c.own_read_seq, chat_users.c.own_delivered_seq)
    .where(chat_users.c.chat_id == bindparam("chat_id"), chat_users.c.left_seq.is_(None))
    .order_by(chat_users.c.user_id)
    .limit(MAX_WATCHED + 1),
    row=_Marks,
)
_MEMBER: Final = Statement(
    select(chat_users.c.first_seq, chat_users.c.left_seq, END, shows_reads(bindparam("user_id")), *READERS_THEN)
    .select_from(chat_users.join(chats, chats.c.id == chat_users.c.chat_id).outerjoin(*DEPARTED))
    .where(_HERE)
)
_PINNED: Final = Select(
    select(*MESSAGE_COLUMNS)
    .select_from(pins.join(messages, and_(messages.c.chat_id == pins.c.chat_id, messages.c.seq == pins.c.seq)))
    .where(
        pins.c.chat_id == bindparam("chat_id"),
        pins.c.seq >= bindparam("first_seq"),
        pins.c.event_seq <= param("end", pins.c.event_seq),
        or_(pins.c.until_seq.is_(None), pins.c.until_seq > param("end", pins.c.until_seq)),
    )
    .order_by(pins.c.seq),
    row=MessageRow,
)


def fetch_revisions(operation: FetchRevisions) -> Steps[Outcome]:
    """Every text up to the end of what the caller may see."""
    asked = yield from _ASKED.first(chat_id=operation.chat_id, user_id=operation.user_id, seq=operation.seq)
    if asked is None or asked.content is None:
        return Refused("not_found")
    if asked.sender_id != operation.user_id and (asked.type == "direct" or asked.role != "admin"):
        return Refused("not_found")
    texts = yield from _TEXTS.all(chat_id=operation.chat_id, seq=operation.seq, end=asked.end)
    if not texts:  # never edited
        texts = [_Text(1, asked.content, None)]
    return RevisionsFound(
        tuple(Revision(rev=text.rev, content=text.content, edited_at=text.edited_at) for text in texts)
    )


def fetch_readers(operation: FetchReaders) -> Steps[Outcome]:
    """By their own marks: where somebody began to read, when they were added, says nothing. Of those who may see it."""
    chat_id, seq = operation.chat_id, operation.seq
    sender = yield from _SENDER.one(chat_id=chat_id, user_id=operation.user_id, seq=seq)
    if sender is None:
        return Refused("not_found")
    members = yield from _MEMBERS.all(chat_id=chat_id)
    if len(members) > MAX_WATCHED:
        return Refused("too_many", f"the group has more than {MAX_WATCHED} members")
    others = [one for one in members if one.user_id != sender[0] and one.first_seq <= seq]
    sees_none = yield from who_hides_reads([operation.user_id])
    read = () if sees_none else tuple(one.user_id for one in others if one.read_seq >= seq)
    received = tuple(one.user_id for one in others if one.user_id not in read and seq <= one.delivered_seq)
    users = yield from users_seen_by(operation.user_id, {*read, *received})
    return ReadersFound(read, received, tuple(users.values()))


def fetch_pins(operation: FetchPins) -> Steps[Outcome]:
    """Ascending by seq."""
    chat_id = operation.chat_id
    member = yield from _MEMBER.one(chat_id=chat_id, user_id=operation.user_id)
    if member is None:
        return Refused("not_found")
    first_seq, left_seq, end, shows, *then = member
    rows = yield from _PINNED.all(chat_id=chat_id, first_seq=first_seq, end=end)
    who = (yield from readers(chat_id)) if left_seq is None else readers_then(*then)
    found = [read_message(row, is_read=shows and who.have_read(row.sender_id, row.seq)) for row in rows]
    kept = yield from completed(found, {} if left_seq is None else {chat_id: left_seq}, operation.user_id)
    users = yield from users_seen_by(operation.user_id, named_ids(kept))
    return PinsFound(tuple(kept), tuple(users.values()))
