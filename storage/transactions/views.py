"""A chat as a member sees it: first_seq, left_seq and all that is cut off there (docs/protocol.md I8).

One statement tells all of a user's chats, those that they were removed from too, and one more counts what is unread in
256 of them; so the cost in statements hardly depends on the number of chats.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from attrs import evolve, frozen
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.sql.expression import ScalarSelect

from chatproto.operations.message_events import pinned_from
from chatproto.wire.model import Chat, ChatType, Head, Message, Notify, RetentionDays, Role, User, Writers
from storage.statements import Row, Statement, Steps
from storage.tables import chat_users, chats, departures, messages
from storage.transactions.departures import DEPARTED, END
from storage.transactions.hiding import shows_reads
from storage.transactions.log import MESSAGE_COLUMNS, MessageRow, read_message
from storage.transactions.states import completed
from storage.transactions.unread import MANY, Behind, count_all_mentions, count_all_mentions_then, count_unread

_STRETCH: Final = 2 * MANY
"""The newest entries of a log among which unread messages are counted together with those of other chats."""
_FEW: Final = 16
_TOGETHER: Final = 256
"""Chats counted by one statement."""


@frozen
class ChatView:
    """Everything `chat` and the heads in `ready` tell, users left out.

    `last_message_seq`, `last_message_at`: of the newest message they may see, 0 and None where there is none;
    `last_message` is only loaded for `chat`."""

    id: int
    type: ChatType
    title: str | None
    avatar_url: str | None
    created_at: datetime
    direct: tuple[int, int] | None
    role: Role
    first_seq: int
    last_seq: int
    last_at: datetime | None
    left_seq: int | None
    read_seq: int
    delivered_seq: int
    others_read_seq: int
    others_delivered_seq: int
    muted: bool
    favourite: bool
    hidden_seq: int | None
    last_message_seq: int
    last_message_at: datetime | None
    last_message: Message | None
    unread_count: int
    pinned_seq: int
    mention_count: int
    notify: Notify
    muted_until: datetime | None
    writers: Writers
    retention_days: RetentionDays

    @property
    def active_at(self) -> tuple[datetime, int]:
        """What chats are ordered by, newest first: log events do not move a chat."""
        return self.last_message_at or self.created_at, self.id

    def peer_id(self, user_id: int) -> int | None:
        """The other one of a direct chat (oneself among saved messages); None for groups."""
        if self.direct is None:
            return None
        low, high = self.direct
        return high if user_id == low else low


class _Row(NamedTuple):
    """The columns of `_views`, but for those of the last message, which follow."""

    id: int
    type: ChatType
    title: str | None
    avatar_url: str | None
    created_at: datetime
    direct_low: int | None
    direct_high: int | None
    role: Role
    first_seq: int
    last_seq: int
    last_at: datetime | None
    left_seq: int | None
    read_seq: int
    delivered_seq: int
    others_read_seq: int | None
    others_delivered_seq: int | None
    muted: bool
    favourite: bool
    hidden_seq: int | None
    last_message_seq: int | None
    last_message_at: datetime | None
    pinned_seq: int | None
    notify: Notify
    muted_until: datetime | None
    writers: Writers
    retention_days: RetentionDays
    shows_reads: int
    """Whether others and they tell each other what they read."""
    others_have_read: int | None
    """How far somebody other than the sender of the last message has read."""


_PRESENT: Final = chat_users.c.left_seq.is_(None)


def _frozen(now: Any, then: Any) -> ColumnElement[Any]:
    """`now` for members, `then` for former ones."""
    return case((_PRESENT, now), else_=then)


def _furthest(column: ColumnElement[Any], other: Any, other_than: ColumnElement[Any]) -> ScalarSelect[Any]:
    """The highest mark of anybody but one, read from the end of an index that begins with the chat."""
    return (
        select(column)
        .where(other.c.chat_id == chats.c.id, other.c.user_id != other_than)
        .order_by(column.desc())
        .limit(1)
        .scalar_subquery()
        .correlate(chats, messages)
    )


def _views(*conditions: ColumnElement[bool], with_message: bool) -> Select[Any]:
    readers, receivers, judges = chat_users.alias("readers"), chat_users.alias("receivers"), chat_users.alias("judges")
    user_id: BindParameter[int] = bindparam("user_id")
    newest = (messages.c.chat_id == chats.c.id) & (
        messages.c.seq == _frozen(chats.c.last_message_seq, departures.c.last_message_seq)
    )
    another_had_read = case(
        (departures.c.reader_id == messages.c.sender_id, departures.c.second_reader_seq), else_=departures.c.reader_seq
    )
    columns = {
        "id": chats.c.id,
        "type": chats.c.type,
        "title": _frozen(chats.c.title, departures.c.title),
        "avatar_url": _frozen(chats.c.avatar_url, departures.c.avatar_url),
        "created_at": chats.c.created_at,
        "direct_low": chats.c.direct_low,
        "direct_high": chats.c.direct_high,
        "role": chat_users.c.role,
        "first_seq": chat_users.c.first_seq,
        "last_seq": END,
        "last_at": _frozen(chats.c.last_at, chat_users.c.left_at),
        "left_seq": chat_users.c.left_seq,
        "read_seq": chat_users.c.read_seq,
        "delivered_seq": chat_users.c.delivered_seq,
        "others_read_seq": _frozen(_furthest(readers.c.own_read_seq, readers, user_id), departures.c.others_read_seq),
        "others_delivered_seq": _frozen(
            _furthest(receivers.c.own_delivered_seq, receivers, user_id), departures.c.others_delivered_seq
        ),
        "muted": chat_users.c.muted,
        "favourite": chat_users.c.favourite,
        "hidden_seq": chat_users.c.hidden_seq,
        "last_message_seq": messages.c.seq,
        "last_message_at": messages.c.created_at,
        "pinned_seq": _frozen(chats.c.pinned_seq, departures.c.pinned_seq),
        "notify": chat_users.c.notify,
        "muted_until": chat_users.c.muted_until,
        "writers": _frozen(chats.c.writers, literal_column("'all'")),
        "retention_days": _frozen(chats.c.retention_days, literal_column("0")),
        "shows_reads": shows_reads(user_id),
        "others_have_read": (
            _frozen(_furthest(judges.c.own_read_seq, judges, messages.c.sender_id), another_had_read)
            if with_message
            else null()
        ),
    }
    assert tuple(columns) == _Row._fields
    visible = chat_users.join(chats, chats.c.id == chat_users.c.chat_id).outerjoin(*DEPARTED)
    return (
        select(*columns.values(), *(MESSAGE_COLUMNS if with_message else ()))
        .select_from(visible.outerjoin(messages, newest & (messages.c.seq >= chat_users.c.first_seq)))
        .where(chat_users.c.user_id == user_id, *conditions)
    )


def _unread(count: int) -> Statement:
    """Others' live messages in so many stretches. Bounds are constants: MySQL finds no range by columns of another
    table, it would go through whole logs. No `IN` of tuples either."""
    stretches = [
        and_(
            messages.c.chat_id == bindparam(f"chat_id_{number}"),
            messages.c.seq > bindparam(f"after_{number}"),
            messages.c.seq <= bindparam(f"upto_{number}"),
        )
        for number in range(count)
    ]
    return Statement(
        select(messages.c.chat_id, func.count())
        .where(or_(*stretches), messages.c.sender_id != bindparam("user_id"), messages.c.deleted.is_(False))
        .group_by(messages.c.chat_id)
    )


_UNREAD_FEW: Final = _unread(_FEW)
_UNREAD_MANY: Final = _unread(_TOGETHER)
_HEADS: Final = Statement(_views(with_message=False))
_OF_USER: Final = Statement(_views(with_message=True))
_ONE: Final = Statement(_views(chat_users.c.chat_id == bindparam("chat_id"), with_message=True))


def heads_of(user_id: int) -> Steps[list[ChatView]]:
    """Every chat that the user is or was in, the newest first, without last messages."""
    return (yield from _read_views(user_id, (yield from _HEADS.rows(user_id=user_id))))


def views_of(user_id: int) -> Steps[list[ChatView]]:
    """Every chat that the user is or was in, the newest first."""
    return (yield from _read_views(user_id, (yield from _OF_USER.rows(user_id=user_id))))


def view_of(user_id: int, chat_id: int) -> Steps[ChatView | None]:
    """One chat, or None where it does not exist for the user."""
    row = yield from _ONE.one(user_id=user_id, chat_id=chat_id)
    views = yield from _read_views(user_id, () if row is None else (row,))
    return views[0] if views else None


def _read_views(user_id: int, rows: Sequence[Row]) -> Steps[list[ChatView]]:
    """The newest first, each with its count up to its own last_seq, even if more is appended meanwhile."""
    width = len(_Row._fields)
    found = [(_Row(*row[:width]), MessageRow(*row[width:]) if row[width:] else None) for row in rows]
    new = [row for row, _ in found if (row.last_message_seq or 0) > row.read_seq]
    counts = yield from _count_unread(user_id, new)
    named = yield from _count_mentions(user_id, [row for row in new if counts.get(row.id)])
    views = [_view(row, message, counts.get(row.id, 0), named.get(row.id, 0)) for row, message in found]
    views = yield from _with_states(views, user_id)
    return sorted(views, key=lambda view: view.active_at, reverse=True)


def _count_mentions(user_id: int, chats_with_news: Sequence[_Row]) -> Steps[dict[int, int]]:
    """Those of them that name the user, by chat."""
    counts: dict[int, int] = {}
    present = [row for row in chats_with_news if row.left_seq is None]
    former = [row for row in chats_with_news if row.left_seq is not None]
    for rows, count in ((present, count_all_mentions), (former, count_all_mentions_then)):
        for start in range(0, len(rows), _TOGETHER):
            some = rows[start : start + _TOGETHER]
            found = yield from count([Behind(row.id, user_id, row.read_seq, row.last_seq) for row in some])
            counts |= {row.id: named for row, named in zip(some, found, strict=True)}
    return counts


def _with_states(views: Sequence[ChatView], user_id: int) -> Steps[list[ChatView]]:
    """With last messages as they are, or were when a former member left."""
    last_messages = [view.last_message for view in views if view.last_message is not None]
    ends = {view.id: view.left_seq for view in views if view.left_seq is not None}
    states = {message.chat_id: message for message in (yield from completed(last_messages, ends, user_id))}
    return [evolve(view, last_message=states.get(view.id)) for view in views]


def _count_unread(user_id: int, chats_with_news: Sequence[_Row]) -> Steps[dict[int, int]]:
    """Others' live messages after read_seq, by chat."""
    counts = {row.id: 0 for row in chats_with_news}
    for start in range(0, len(chats_with_news), _TOGETHER):
        some = chats_with_news[start : start + _TOGETHER]
        statement, size = (_UNREAD_FEW, _FEW) if len(some) <= _FEW else (_UNREAD_MANY, _TOGETHER)
        params: dict[str, Any] = {"user_id": user_id}
        for number in range(size):  # a short list repeats its last stretch
            row = some[min(number, len(some) - 1)]
            params[f"chat_id_{number}"], params[f"upto_{number}"] = row.id, row.last_seq
            params[f"after_{number}"] = max(row.read_seq, row.last_seq - _STRETCH)
        counts |= dict((yield from statement.rows(**params)))
    for row in chats_with_news:  # hardly ever: so much is new, and most of the newest of it is one's own, or events
        if counts[row.id] < MANY and row.last_seq - row.read_seq > _STRETCH:
            counts[row.id] = yield from count_unread(user_id, row.id, row.read_seq, row.last_seq)
    return {chat_id: min(count, MANY) for chat_id, count in counts.items()}


def _view(row: _Row, message: MessageRow | None, unread_count: int, mention_count: int) -> ChatView:
    last_message = None
    if message is not None and row.last_message_seq is not None:
        have_read = row.others_have_read or 0 if row.shows_reads else 0
        last_message = read_message(message, is_read=have_read >= row.last_message_seq)
    direct = None
    if row.direct_low is not None and row.direct_high is not None:
        direct = (row.direct_low, row.direct_high)
    return ChatView(
        id=row.id, type=row.type, title=row.title, avatar_url=row.avatar_url, created_at=row.created_at,
        direct=direct, role=row.role, first_seq=row.first_seq, last_seq=row.last_seq,
        last_at=row.last_at, left_seq=row.left_seq, read_seq=row.read_seq, delivered_seq=row.delivered_seq,
        others_read_seq=row.others_read_seq or 0 if row.shows_reads else 0,
        others_delivered_seq=row.others_delivered_seq or 0,
        muted=row.muted, favourite=row.favourite, hidden_seq=row.hidden_seq,
        last_message_seq=row.last_message_seq or 0, last_message_at=row.last_message_at, last_message=last_message,
        unread_count=unread_count, pinned_seq=row.pinned_seq or 0, mention_count=mention_count,
        notify=row.notify, muted_until=row.muted_until, writers=row.writers,
        retention_days=row.retention_days,
    )  # fmt: skip


def to_chat(view: ChatView, user_id: int, users: dict[int, User]) -> Chat:
    """The `chat` object; `users` holds at least the peer."""
    peer_id = view.peer_id(user_id)
    return Chat(
        id=view.id,
        type=view.type,
        is_group=view.type == "group",
        title=view.title,
        avatar_url=view.avatar_url,
        created_at=view.created_at,
        role=view.role,
        first_seq=view.first_seq,
        last_seq=view.last_seq,
        last_at=view.last_at,
        left_seq=view.left_seq,
        last_message=view.last_message,
        read_seq=view.read_seq,
        delivered_seq=view.delivered_seq,
        others_read_seq=view.others_read_seq,
        others_delivered_seq=view.others_delivered_seq,
        unread_count=view.unread_count,
        muted=view.muted,
        favourite=view.favourite,
        hidden=view.hidden_seq is not None and view.last_message_seq <= view.hidden_seq,
        peer=None if peer_id is None else users[peer_id],
        pinned_seq=pinned_from(view.pinned_seq or None, view.first_seq),
        mention_count=view.mention_count,
        notify=view.notify,
        muted_until=view.muted_until,
        writers=view.writers,
        retention_days=view.retention_days,
    )


def to_heads(views: Iterable[ChatView]) -> tuple[Head, ...]:
    """What `ready` lists."""
    return tuple(
        Head(
            chat_id=view.id,
            first_seq=view.first_seq,
            last_seq=view.last_seq,
            last_at=view.last_at,
            left_seq=view.left_seq,
            read_seq=view.read_seq,
            delivered_seq=view.delivered_seq,
            others_read_seq=view.others_read_seq,
            others_delivered_seq=view.others_delivered_seq,
            unread_count=view.unread_count,
            mention_count=view.mention_count,
        )
        for view in views
    )
