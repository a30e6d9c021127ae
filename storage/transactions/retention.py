"""Messages that are removed after their time (chatproto/operations/retention.py): what each table holds of them goes.

Their rows stay, empty as after a deletion, so that the log stays dense; nobody is shown them, since the part of the log
that each member may see begins behind them.
"""

from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Table, bindparam, delete, func, null, select, true, update

from chatproto.operations import EntriesExpired, Expire, ExpiredFound, FindExpired, Outcome
from chatproto.operations.message_events import OF_CONTENT
from chatproto.operations.retention import kept_since
from chatproto.wire.model import Message
from storage.statements import Lookup, Select, Statement, Steps
from storage.tables import chat_events, chat_users, chats, messages, pins, reactions, revisions
from storage.transactions.files import release_expired_files
from storage.transactions.indexing import forget_words
from storage.transactions.log import MESSAGE_COLUMNS, MessageRow, read_message
from storage.transactions.naming import forget_mentions


class _Chat(NamedTuple):
    id: int
    last_seq: int
    pinned_seq: int
    retention_days: int
    expired_seq: int


class _Entry(NamedTuple):
    chat_id: int
    seq: int
    created_at: datetime


_CHAT: Final = select(
    chats.c.id, chats.c.last_seq, chats.c.pinned_seq, chats.c.retention_days, chats.c.expired_seq
).order_by(chats.c.id)
_CHATS: Final = Select(_CHAT.where(chats.c.id > bindparam("after_id")).limit(bindparam("limit")), row=_Chat)
_LOCK: Final = Select(_CHAT.where(chats.c.id == bindparam("chat_id")).with_for_update(), row=_Chat)


def _times(table: Table) -> Lookup[_Entry]:
    return Lookup(
        select(table.c.chat_id, table.c.seq, table.c.created_at), key=(table.c.chat_id, table.c.seq), row=_Entry
    )


_OF_MESSAGES: Final = _times(messages)
_OF_EVENTS: Final = _times(chat_events)


def _span(table: Table) -> tuple[Any, ...]:
    """From behind `after` to `upto`; no name of a column, which would be set."""
    seq = table.c.target_seq if table is chat_events else table.c.seq
    return table.c.chat_id == bindparam("chat_key"), seq > bindparam("after"), seq <= bindparam("upto")


_TEXTS: Final = Select(select(*MESSAGE_COLUMNS).where(*_span(messages)).order_by(messages.c.seq), row=MessageRow)
_EVENT_TIMES: Final = Select(
    select(chat_events.c.chat_id, chat_events.c.seq, chat_events.c.created_at).where(
        chat_events.c.chat_id == bindparam("chat_key"),
        chat_events.c.seq > bindparam("after"),
        chat_events.c.seq <= bindparam("upto"),
    ),
    row=_Entry,
)
_EMPTY: Final = Statement(
    update(messages)
    .where(*_span(messages), messages.c.deleted.is_(False))
    .values(
        content=null(),
        attachment_url=null(),
        edited_at=null(),
        rev=messages.c.rev + 1,
        deleted=true(),
        mentions=null(),
        mentions_all=False,
        forwarded_id=null(),
        forwarded_name=null(),
        attachments=null(),
    )
)
_EMPTY_EVENTS: Final = Statement(
    update(chat_events).where(*_span(chat_events), chat_events.c.event.in_(sorted(OF_CONTENT))).values(data="{}")
)
_REMOVE: Final = tuple(Statement(delete(table).where(*_span(table))) for table in (revisions, reactions, pins))
_IN_CHAT: Final = chat_users.c.chat_id == bindparam("chat_key")
_BEGIN_BEHIND: Final = Statement(
    update(chat_users)
    .where(
        _IN_CHAT,
        chat_users.c.first_seq <= bindparam("upto"),
        func.coalesce(chat_users.c.left_seq, bindparam("upto")) >= bindparam("upto"),
    )
    .values(first_seq=bindparam("begin"))
)
_NOTHING_LEFT: Final = Statement(
    update(chat_users)
    .where(_IN_CHAT, chat_users.c.left_seq < bindparam("upto"), chat_users.c.first_seq <= chat_users.c.left_seq)
    .values(first_seq=chat_users.c.left_seq + 1)
)
"""Former members of whose part of the log nothing is left."""
_MOVE: Final = Statement(
    update(chats)
    .where(chats.c.id == bindparam("chat_key"))
    .values(expired_seq=bindparam("upto"), pinned_seq=bindparam("pinned"))
)


def find_expired(operation: FindExpired) -> Steps[Outcome]:
    """By the first entry of each that is left."""
    rows = yield from _CHATS.all(after_id=operation.after_id, limit=operation.limit)
    ends = {chat.id: kept_since(operation.now, operation.days, chat.retention_days) for chat in rows}
    keys = [
        {"chat_id": chat.id, "seq": chat.expired_seq + 1}
        for chat in rows
        if ends[chat.id] is not None and chat.expired_seq < chat.last_seq
    ]
    begins = [*(yield from _OF_MESSAGES.of(keys)), *(yield from _OF_EVENTS.of(keys))]
    found = {entry.chat_id for entry in begins if (end := ends[entry.chat_id]) is not None and entry.created_at < end}
    return ExpiredFound(tuple(sorted(found)), rows[-1].id if len(rows) == operation.limit else None)


def expire(operation: Expire) -> Steps[Outcome]:
    """A chat that does not exist has nothing."""
    chat_id = operation.chat_id
    chat = yield from _LOCK.first(chat_id=chat_id)
    end = None if chat is None else kept_since(operation.now, operation.days, chat.retention_days)
    if chat is None or end is None:
        return EntriesExpired(chat_id, 0, 1 if chat is None else chat.expired_seq + 1, more=False)
    after = chat.expired_seq
    looked_at = min(after + operation.limit, chat.last_seq)
    texts = yield from _TEXTS.all(chat_key=chat_id, after=after, upto=looked_at)
    events = yield from _EVENT_TIMES.all(chat_key=chat_id, after=after, upto=looked_at)
    times = [(row.seq, row.created_at) for row in texts] + [(row.seq, row.created_at) for row in events]
    young = [seq for seq, created_at in times if created_at >= end]
    upto = min(young, default=looked_at + 1) - 1
    gone = [read_message(row, is_read=False) for row in texts if row.seq <= upto and not row.deleted]
    if upto > after:
        yield from _remove(chat, upto, gone, operation.now)
    return EntriesExpired(chat_id, len(gone), upto + 1, more=upto == looked_at < chat.last_seq)


def _remove(chat: _Chat, upto: int, gone: list[Message], now: datetime) -> Steps[None]:
    span = {"chat_key": chat.id, "after": chat.expired_seq, "upto": upto}
    if gone:
        yield from forget_words(chat.id, gone)
        yield from release_expired_files(chat.id, gone, now)
        for message in gone:
            yield from forget_mentions(message)
        yield from _EMPTY.run(**span)
        for statement in _REMOVE:
            yield from statement.run(**span)
        yield from _EMPTY_EVENTS.run(**span)
    yield from _BEGIN_BEHIND.run(chat_key=chat.id, upto=upto, begin=upto + 1)
    yield from _NOTHING_LEFT.run(chat_key=chat.id, upto=upto)
    yield from _MOVE.run(chat_key=chat.id, upto=upto, pinned=0 if chat.pinned_seq <= upto else chat.pinned_seq)
