"""Users as others see them."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import BindParameter, bindparam, exists, select

from chatproto.wire.model import PrivateUser, User
from storage.statements import Row, Statement, Steps
from storage.tables import chat_users, users

_PUBLIC: Final = (
    users.c.id,
    users.c.username,
    users.c.display_name,
    users.c.avatar_url,
    users.c.created_at,
    users.c.last_seen_at,
)
_IDS: Final[BindParameter[int]] = bindparam("user_ids", expanding=True)

_PLAIN: Final = Statement(select(*_PUBLIC).where(users.c.id.in_(_IDS)).order_by(users.c.id))

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
_shared = exists().where(_theirs.c.user_id == users.c.id, _theirs.c.left_seq.is_(None), _is_mine).correlate(users)
"""From the chats of the one who is looked at: the viewer's may be a thousand, and many are looked at together."""

_SEEN: Final = Statement(select(*_PUBLIC, _shared).where(users.c.id.in_(_IDS)).order_by(users.c.id))

_PRIVATE: Final = Statement(select(*_PUBLIC, users.c.email).where(users.c.id == bindparam("user_id")))

_ALL: Final = Statement(
    select(*_PUBLIC, users.c.email)
    .where(users.c.id > bindparam("after_id"))
    .order_by(users.c.id)
    .limit(bindparam("limit"))
)


def plain_users(user_ids: Iterable[int]) -> Steps[dict[int, User]]:
    """Public users by id without presence, as they stand in events that go to everybody."""
    ids = sorted(set(user_ids))
    rows = (yield from _PLAIN.rows(user_ids=ids)) if ids else []
    return {row[0]: _user(row, shared=False) for row in rows}


def users_seen_by(viewer_id: int, user_ids: Iterable[int]) -> Steps[dict[int, User]]:
    """Public users by id, ascending; presence only of those who share a chat with the viewer now.

    `online` is then False: who is connected, storage cannot know."""
    ids = sorted(set(user_ids))
    rows = (yield from _SEEN.rows(viewer_id=viewer_id, user_ids=ids)) if ids else []
    return {row[0]: _user(row, shared=bool(row[6])) for row in rows}


def private_user(user_id: int) -> Steps[PrivateUser | None]:
    """One's own profile."""
    row = yield from _PRIVATE.one(user_id=user_id)
    return None if row is None else _private(row)


def all_users(after_id: int, limit: int) -> Steps[tuple[PrivateUser, ...]]:
    """Every account above `after_id`, ascending."""
    rows = yield from _ALL.rows(after_id=after_id, limit=limit)
    return tuple(_private(row) for row in rows)


def _user(row: Row, *, shared: bool) -> User:
    user_id, username, display_name, avatar_url, created_at, last_seen_at = row[:6]
    return User(
        id=user_id,
        username=username,
        display_name=display_name,
        avatar_url=avatar_url,
        created_at=created_at,
        online=False if shared else None,
        last_seen_at=last_seen_at if shared else None,
    )


def _private(row: Row) -> PrivateUser:
    user_id, username, display_name, avatar_url, created_at, _last_seen_at, email = row
    return PrivateUser(
        id=user_id,
        username=username,
        display_name=display_name,
        avatar_url=avatar_url,
        created_at=created_at,
        email=email,
    )
