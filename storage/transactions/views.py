"""A chat as a member sees it: first_seq, left_seq and all that is cut off there (docs/protocol.md I8)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from attrs import evolve, frozen
from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, func, select
from sqlalchemy.sql.expression import ScalarSelect

from chatproto.wire.model import Chat, ChatType, Head, Message, Role, User
from storage.statements import Row, Statement, Steps
from storage.tables import chat_users, chats, messages
from storage.transactions.log import MESSAGE_COLUMNS, count_unread, read_message, readers

_COUNTED_TOGETHER: Final = 2000
"""Chats with at most this many entries unread are counted in one statement, the others one by one up to 1000."""


@frozen
class ChatView:
    """Everything `chat` and the heads in `ready` tell, users left out."""

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
    last_message: Message | None
    unread_count: int = 0

    @property
    def active_at(self) -> tuple[datetime, int]:
        """What chats are ordered by, newest first: log events do not move a chat."""
        return (self.last_message.created_at if self.last_message else self.created_at), self.id

    @property
    def last_message_seq(self) -> int:
        """0 where there is none he may see."""
        return self.last_message.seq if self.last_message else 0

    def peer_id(self, user_id: int) -> int | None:
        """The other one of a direct chat (oneself among saved messages); None for groups."""
        if self.direct is None:
            return None
        low, high = self.direct
        return high if user_id == low else low


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


def _views(*conditions: ColumnElement[bool]) -> Select[Any]:
    readers_, receivers, judges = chat_users.alias("readers"), chat_users.alias("receivers"), chat_users.alias("judges")
    user_id: BindParameter[int] = bindparam("user_id")
    newest = (messages.c.chat_id == chats.c.id) & (messages.c.seq == chats.c.last_message_seq)
    return (
        select(
            chats.c.id,
            chats.c.type,
            chats.c.title,
            chats.c.avatar_url,
            chats.c.created_at,
            chats.c.direct_low,
            chats.c.direct_high,
            chats.c.last_seq,
            chats.c.last_at,
            chat_users.c.role,
            chat_users.c.first_seq,
            chat_users.c.left_seq,
            chat_users.c.left_at,
            chat_users.c.read_seq,
            chat_users.c.delivered_seq,
            chat_users.c.muted,
            chat_users.c.favourite,
            chat_users.c.hidden_seq,
            _furthest(readers_.c.own_read_seq, readers_, user_id),
            _furthest(receivers.c.own_delivered_seq, receivers, user_id),
            _furthest(judges.c.own_read_seq, judges, messages.c.sender_id),
            *MESSAGE_COLUMNS,
        )
        .select_from(chat_users.join(chats, chats.c.id == chat_users.c.chat_id).outerjoin(messages, newest))
        .where(chat_users.c.user_id == user_id, *conditions)
    )


_OF_USER: Final = Statement(_views())
_ONE: Final = Statement(_views(chat_users.c.chat_id == bindparam("chat_id")))

_LAST_BETWEEN: Final = Statement(
    select(*MESSAGE_COLUMNS)
    .where(
        messages.c.chat_id == bindparam("chat_id"),
        messages.c.seq >= bindparam("first_seq"),
        messages.c.seq <= bindparam("left_seq"),
    )
    .order_by(messages.c.seq.desc())
    .limit(1)
)
_UNREAD_TOGETHER: Final = Statement(
    select(messages.c.chat_id, func.count(), func.max(messages.c.seq))
    .select_from(
        chat_users.join(
            messages, (messages.c.chat_id == chat_users.c.chat_id) & (messages.c.seq > chat_users.c.read_seq)
        )
    )
    .where(
        chat_users.c.user_id == bindparam("user_id"),
        chat_users.c.chat_id.in_(bindparam("chat_ids", expanding=True)),
        messages.c.sender_id != bindparam("user_id"),
        messages.c.deleted.is_(False),
    )
    .group_by(messages.c.chat_id)
)


def views_of(user_id: int) -> Steps[list[ChatView]]:
    """Every chat he is or was in, the newest first."""
    rows = yield from _OF_USER.rows(user_id=user_id)
    views = yield from _finish(user_id, rows)
    return sorted(views, key=lambda view: view.active_at, reverse=True)


def view_of(user_id: int, chat_id: int) -> Steps[ChatView | None]:
    """One chat, or None where it does not exist for him."""
    rows = yield from _ONE.rows(user_id=user_id, chat_id=chat_id)
    views = yield from _finish(user_id, rows)
    return views[0] if views else None


def _finish(user_id: int, rows: Sequence[Row]) -> Steps[list[ChatView]]:
    views = []
    for row in rows:
        view = _read_view(row)
        if view.left_seq is not None:
            view = yield from _cut_off(view, row[12])
        views.append(view)
    return (yield from _with_unread(user_id, views))


def _read_view(row: Row) -> ChatView:
    (
        chat_id, chat_type, title, avatar_url, created_at, low, high, last_seq, last_at,
        role, first_seq, left_seq, _left_at, read_seq, delivered_seq, muted, favourite, hidden_seq,
        others_read_seq, others_delivered_seq, judged_seq, *message,
    ) = row  # fmt: skip
    last_message = None
    if message[0] is not None and message[2] >= first_seq:
        last_message = read_message(message, is_read=(judged_seq or 0) >= message[2])
    return ChatView(
        id=chat_id, type=chat_type, title=title, avatar_url=avatar_url, created_at=created_at,
        direct=None if low is None else (low, high), role=role, first_seq=first_seq, last_seq=last_seq,
        last_at=last_at, left_seq=left_seq, read_seq=read_seq, delivered_seq=delivered_seq,
        others_read_seq=others_read_seq or 0, others_delivered_seq=others_delivered_seq or 0,
        muted=muted, favourite=favourite, hidden_seq=hidden_seq, last_message=last_message,
    )  # fmt: skip


def _cut_off(view: ChatView, left_at: datetime | None) -> Steps[ChatView]:
    """For a former member the chat ended with the entry that removed him."""
    left_seq = view.left_seq
    assert left_seq is not None
    row = yield from _LAST_BETWEEN.one(chat_id=view.id, first_seq=view.first_seq, left_seq=left_seq)
    last_message = None
    if row is not None:
        who = yield from readers(view.id)
        last_message = read_message(row, is_read=who.have_read(row[4], row[2]))
    return evolve(
        view,
        last_seq=left_seq,
        last_at=left_at,
        last_message=last_message,
        others_read_seq=min(view.others_read_seq, left_seq),
        others_delivered_seq=min(view.others_delivered_seq, left_seq),
    )


def _with_unread(user_id: int, views: Sequence[ChatView]) -> Steps[list[ChatView]]:
    """Counts up to each view's own last_seq, even if more is appended meanwhile."""
    waiting = {view.id: view for view in views if view.last_message_seq > view.read_seq}
    counts: dict[int, int] = {}
    together = [
        view.id
        for view in waiting.values()
        if view.left_seq is None and view.last_seq - view.read_seq <= _COUNTED_TOGETHER
    ]
    if len(together) > 1:
        rows = yield from _UNREAD_TOGETHER.rows(user_id=user_id, chat_ids=together)
        newest = {row[0]: row[2] for row in rows}
        counts = {chat_id: 0 for chat_id in together} | {row[0]: min(row[1], 1000) for row in rows}
        counts = {key: count for key, count in counts.items() if newest.get(key, 0) <= waiting[key].last_seq}
    for view in waiting.values():
        if view.id not in counts:
            counts[view.id] = yield from count_unread(user_id, view.id, view.read_seq, view.last_seq)
    return [evolve(view, unread_count=counts.get(view.id, 0)) for view in views]


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
        )
        for view in views
    )
