"""Users as others see them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from msgspec import UNSET
from sqlalchemy import BindParameter, and_, bindparam, exists, func, select

from chatproto.wire.limits import MAX_CHATS
from chatproto.wire.model import PrivateUser, User, deleted_user
from storage.statements import Select, Statement, Steps
from storage.tables import blocks, chat_users, chats, users
from storage.transactions.hiding import shows_last_seen


class _Account(NamedTuple):
    id: int
    username: str
    display_name: str
    avatar_url: str | None
    created_at: datetime
    last_seen_at: datetime | None
    deleted_at: datetime | None


class _Seen(NamedTuple):
    id: int
    username: str
    display_name: str
    avatar_url: str | None
    created_at: datetime
    last_seen_at: datetime | None
    deleted_at: datetime | None
    seen: int


class _Private(NamedTuple):
    id: int
    username: str
    display_name: str
    avatar_url: str | None
    created_at: datetime
    email: str | None
    email_verified: bool
    hide_last_seen: bool
    hide_reads: bool
    login_letters: bool
    role: str


_COMMON: Final = (users.c.id, users.c.username, users.c.display_name, users.c.avatar_url, users.c.created_at)
_OWN: Final = (
    *(users.c.email, users.c.email_verified, users.c.hide_last_seen, users.c.hide_reads, users.c.login_letters),
    users.c.role,
)
_PUBLIC: Final = (*_COMMON, users.c.last_seen_at, users.c.deleted_at)
_IDS: Final[BindParameter[int]] = bindparam("user_ids", expanding=True)

IS_LIVING: Final = Statement(select(users.c.id).where(users.c.id == bindparam("user_id"), users.c.deleted_at.is_(None)))
"""Whether somebody's account is there and was not deleted."""
LIVING: Final = select(users.c.id).where(users.c.id.in_(_IDS), users.c.deleted_at.is_(None)).order_by(users.c.id)
"""Those whose accounts were not deleted; to be locked in the order of their ids."""
SHARE_LIVING: Final = Statement(LIVING.with_for_update(read=True))
"""So that nobody deletes their account while they are being added, or their name is copied."""
_PLAIN: Final = Select(select(*_PUBLIC).where(users.c.id.in_(_IDS)).order_by(users.c.id), row=_Account)

_mine = chat_users.alias("mine")
_theirs = chat_users.alias("theirs")
_is_mine = (
    exists()
    .where(
        _mine.c.chat_id == _theirs.c.chat_id,
        _mine.c.user_id == bindparam("viewer_id"),
        _mine.c.left_seq.is_(None),
    )
    .correlate(_theirs)
)
SHARED = exists().where(_theirs.c.user_id == users.c.id, _theirs.c.left_seq.is_(None), _is_mine).correlate(users)
"""A chat that both are in now. From the chats of the one who is looked at: the viewer's may be a thousand, and many are
looked at together."""

_blocks_me = (
    exists().where(blocks.c.blocker_id == users.c.id, blocks.c.blocked_id == bindparam("viewer_id")).correlate(users)
)
_seen = and_(shows_last_seen(bindparam("viewer_id")), SHARED, ~_blocks_me)

_SEEN: Final = Select(select(*_PUBLIC, _seen).where(users.c.id.in_(_IDS)).order_by(users.c.id), row=_Seen)

_PRIVATE: Final = Select(select(*_COMMON, *_OWN).where(users.c.id == bindparam("user_id")), row=_Private)

_ALL: Final = Select(
    select(*_COMMON, *_OWN)
    .where(users.c.id > bindparam("after_id"), users.c.deleted_at.is_(None))
    .order_by(users.c.id)
    .limit(bindparam("limit")),
    row=_Private,
)


LOCK_USERS: Final = Statement(
    select(users.c.id)
    .where(users.c.id.in_(bindparam("user_ids", expanding=True)))
    .order_by(users.c.id)
    .with_for_update()
)
_FIND_DIRECT: Final = Statement(
    select(chats.c.id).where(chats.c.direct_low == bindparam("low"), chats.c.direct_high == bindparam("high"))
)


_FULL: Final = Statement(
    select(chat_users.c.user_id)
    .where(chat_users.c.user_id.in_(_IDS), chat_users.c.left_seq.is_(None))
    .group_by(chat_users.c.user_id)
    .having(func.count() >= bindparam("bound"))
    .limit(1)
)


def is_any_full(user_ids: Iterable[int]) -> Steps[bool]:
    """Whether one of them is in so many chats that they can be in no further one; two changes at once may both pass."""
    return (yield from _FULL.one(user_ids=sorted(user_ids), bound=MAX_CHATS)) is not None


def find_direct(low: int, high: int) -> Steps[int | None]:
    """The direct chat of a pair; of one with oneself both are the same."""
    row = yield from _FIND_DIRECT.one(low=low, high=high)
    return None if row is None else row[0]


def plain_users(user_ids: Iterable[int]) -> Steps[dict[int, User]]:
    """Public users by id without presence, as they stand in events that go to everybody."""
    ids = sorted(set(user_ids))
    rows = (yield from _PLAIN.all(user_ids=ids)) if ids else []
    return {row.id: _user(row, seen=False) for row in rows}


def users_seen_by(viewer_id: int, user_ids: Iterable[int]) -> Steps[dict[int, User]]:
    """Public users by id, ascending; presence only of those who share a chat with the viewer now and do not
    block them, where neither hides it.

    `online` is then False: who is connected, storage cannot know."""
    ids = sorted(set(user_ids))
    rows = (yield from _SEEN.all(viewer_id=viewer_id, user_ids=ids)) if ids else []
    return {row.id: _user(row, seen=bool(row.seen)) for row in rows}


def private_user(user_id: int) -> Steps[PrivateUser | None]:
    """One's own profile."""
    row = yield from _PRIVATE.first(user_id=user_id)
    return None if row is None else _private(row)


def all_users(after_id: int, limit: int) -> Steps[tuple[PrivateUser, ...]]:
    """Every account above `after_id`, ascending."""
    rows = yield from _ALL.all(after_id=after_id, limit=limit)
    return tuple(_private(row) for row in rows)


def _user(row: _Account | _Seen, *, seen: bool) -> User:
    if row.deleted_at is not None:
        return deleted_user(row.id, row.created_at)
    return User(
        id=row.id,
        username=row.username,
        display_name=row.display_name,
        avatar_url=row.avatar_url,
        created_at=row.created_at,
        online=False if seen else None,
        last_seen_at=row.last_seen_at if seen else None,
    )


def _private(row: _Private) -> PrivateUser:
    return PrivateUser(
        id=row.id,
        username=row.username,
        display_name=row.display_name,
        avatar_url=row.avatar_url,
        created_at=row.created_at,
        email=row.email,
        email_verified=True if row.email_verified else UNSET,
        hide_last_seen=True if row.hide_last_seen else UNSET,
        hide_reads=True if row.hide_reads else UNSET,
        login_letters=UNSET if row.login_letters else False,
        role="admin" if row.role == "admin" else UNSET,
    )
