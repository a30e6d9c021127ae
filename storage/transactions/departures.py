"""What a former member goes on seeing: title, picture, members and marks as they were at the removal (I8).

It is written down in the transaction that removes them, under the chat's lock, because nothing else remembers the
marks of others; who is added again sees the present again.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, case, delete, func, or_, select, update

from chatproto.wire.model import Role
from storage.statements import Statement, Steps, into
from storage.tables import chat_users, chats, departures
from storage.transactions.log import Readers

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_ROLES: Final[tuple[Role, ...]] = ("member", "admin")

_KEY: Final = (departures.c.chat_id == bindparam("chat_id"), departures.c.user_id == bindparam("user_id"))

DEPARTED: Final = (
    departures,
    (departures.c.chat_id == chat_users.c.chat_id) & (departures.c.user_id == chat_users.c.user_id),
)
"""Table and condition of an outer join to `chat_users`. A row may be there for a member too, who has come back."""
READERS_THEN: Final = (departures.c.reader_id, departures.c.reader_seq, departures.c.second_reader_seq)
"""What `readers_then` reads."""

END: Final = func.coalesce(chat_users.c.left_seq, chats.c.last_seq)
"""The last entry that somebody may see, where `chat_users` and `chats` are joined. What is read by a further statement
ends there: they may be removed in between."""


def within_sight(seq: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether an entry of the chat is among those that somebody may see, by their row of `chat_users`."""
    return and_(seq >= chat_users.c.first_seq, or_(chat_users.c.left_seq.is_(None), seq <= chat_users.c.left_seq))


TOLD_READ_SEQ: Final = case(
    (chat_users.c.own_read_seq > chat_users.c.joined_seq, chat_users.c.own_read_seq), else_=chat_users.c.joined_seq
)
"""How far a member has read, as others are told: of who hides it, where they began."""
_EVERYBODY: Final = Statement(
    select(
        chat_users.c.user_id,
        chat_users.c.role,
        chat_users.c.joined_at,
        TOLD_READ_SEQ,
        chat_users.c.delivered_seq,
        chat_users.c.left_seq,
        chat_users.c.own_read_seq,
        chat_users.c.own_delivered_seq,
    )
    .where(chat_users.c.chat_id == bindparam("chat_id"))
    .order_by(chat_users.c.joined_seq, chat_users.c.user_id)
)
_FORGET: Final = Statement(delete(departures).where(*_KEY))
_INSERT: Final = Statement(into(departures, *(column.name for column in departures.columns)))
_AVATAR_THEN: Final = Statement(select(departures.c.avatar_url).where(*_KEY))
_MEMBERS_THEN: Final = Statement(select(departures.c.members).where(*_KEY))

_AVATARS_OF: Final = Statement(
    select(departures.c.avatar_url)
    .where(departures.c.user_id == bindparam("owner_id"), departures.c.avatar_url.is_not(None))
    .distinct()
)
_EMPTY: Final = Statement(
    update(departures)
    .where(departures.c.user_id == bindparam("owner_id"))
    .values(title=None, avatar_url=None, members="[]")
)


class MemberThen(NamedTuple):
    """A member at the time of somebody's removal."""

    user_id: int
    role: Role
    joined_at: datetime
    read_seq: int
    delivered_seq: int


class _Everybody(NamedTuple):
    """A row of _EVERYBODY: members and former members."""

    user_id: int
    role: Role
    joined_at: datetime
    read_seq: int
    delivered_seq: int
    left_seq: int | None
    own_read_seq: int
    own_delivered_seq: int


def keep_departure(
    chat_id: int, user_id: int, *, title: str | None, avatar_url: str | None, last_message_seq: int, pinned_seq: int
) -> Steps[None]:
    """Write down what a member who is being removed sees now. The chat is locked, the member not yet marked as gone."""
    rows = yield from _EVERYBODY.rows(chat_id=chat_id)
    everybody = [_Everybody(*row) for row in rows]
    others = [row for row in everybody if row.user_id != user_id]
    members = [MemberThen(*row[:5]) for row in others if row.left_seq is None]
    furthest = sorted(everybody, key=lambda row: row.own_read_seq, reverse=True)[:2]
    yield from _FORGET.run(chat_id=chat_id, user_id=user_id)  # of an earlier removal
    yield from _INSERT.run(
        chat_id=chat_id,
        user_id=user_id,
        title=title,
        avatar_url=avatar_url,
        last_message_seq=last_message_seq,
        pinned_seq=pinned_seq,
        others_read_seq=max((row.own_read_seq for row in others), default=0),
        others_delivered_seq=max((row.own_delivered_seq for row in others), default=0),
        reader_id=furthest[0].user_id,
        reader_seq=furthest[0].own_read_seq,
        second_reader_seq=furthest[1].own_read_seq if len(furthest) > 1 else 0,
        members=write_members(members),
    )


def avatar_then(chat_id: int, user_id: int) -> Steps[str | None]:
    """The group's avatar when `user_id` was removed."""
    row = yield from _AVATAR_THEN.one(chat_id=chat_id, user_id=user_id)
    return None if row is None else row[0]


def avatars_then(user_id: int) -> Steps[list[str]]:
    """Of all groups from which `user_id` was removed, as they were then."""
    return (yield from _AVATARS_OF.column(owner_id=user_id))


def empty_departures(user_id: int) -> Steps[None]:
    """Nobody sees any more what `user_id` went on seeing; the rows stay for those who read their messages."""
    yield from _EMPTY.run(owner_id=user_id)


def members_then(chat_id: int, user_id: int) -> Steps[list[MemberThen]]:
    """Who was a member when `user_id` was removed, the longest-standing first; nobody where that is unknown."""
    row = yield from _MEMBERS_THEN.one(chat_id=chat_id, user_id=user_id)
    return [] if row is None else read_members(row[0])


def readers_then(reader_id: int | None, reader_seq: int | None, second_reader_seq: int | None) -> Readers:
    """Who had read furthest at the removal, from the columns READERS_THEN."""
    return Readers(((reader_id or 0, reader_seq or 0), (0, second_reader_seq or 0)))


def write_members(members: Sequence[MemberThen]) -> str:
    """As short as a group of 1,000 wants it: [user, role, joined_at in microseconds, read_seq, delivered_seq] each."""
    rows = [
        [one.user_id, _ROLES.index(one.role), (one.joined_at - _EPOCH) // _MICROSECOND, one.read_seq, one.delivered_seq]
        for one in members
    ]
    return json.dumps(rows, separators=(",", ":"))


def read_members(text: str) -> list[MemberThen]:
    """What `write_members` wrote."""
    return [
        MemberThen(user_id, _ROLES[role], _EPOCH + joined_at * _MICROSECOND, read_seq, delivered_seq)
        for user_id, role, joined_at, read_seq, delivered_seq in json.loads(text)
    ]
