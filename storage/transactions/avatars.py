"""Where files are avatars: of a user, of a group, of a group as somebody who left it sees it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import and_, bindparam, or_, select

from storage.statements import Lookup, Steps
from storage.tables import chat_users, chats, departures, users


class _Used(NamedTuple):
    avatar_url: str


_URL: Final = bindparam("url", type_=users.c.avatar_url.type)
_VIEWER: Final = bindparam("user_id", type_=users.c.id.type)
_GONE: Final = (
    departures.join(
        chat_users,
        and_(
            chat_users.c.chat_id == departures.c.chat_id,
            chat_users.c.user_id == departures.c.user_id,
            chat_users.c.left_seq.is_not(None),
        ),
    )
)  # fmt: skip
"""Only those who did not come back: a departure may outlive its end."""

SEEN_AS_AVATAR: Final = or_(
    select(users.c.id).where(users.c.avatar_url == _URL).exists(),
    select(chats.c.id)
    .join(chat_users, chat_users.c.chat_id == chats.c.id)
    .where(chats.c.avatar_url == _URL, chat_users.c.user_id == _VIEWER, chat_users.c.left_seq.is_(None))
    .exists(),
    select(departures.c.chat_id)
    .select_from(_GONE)
    .where(departures.c.avatar_url == _URL, departures.c.user_id == _VIEWER)
    .exists(),
)
"""Whether `user_id` may see the avatar at `url`: users are seen by all, groups by their members."""
_USERS: Final = Lookup(select(users.c.avatar_url), key=(users.c.avatar_url,), row=_Used)
_CHATS: Final = Lookup(select(chats.c.avatar_url), key=(chats.c.avatar_url,), row=_Used)
_DEPARTURES: Final = Lookup(
    select(departures.c.avatar_url).select_from(_GONE), key=(departures.c.avatar_url,), row=_Used
)


def urls_in_use(urls: Sequence[str]) -> Steps[set[str]]:
    """Those of them that are somebody's avatar."""
    keys = [{"avatar_url": url} for url in urls]
    used: set[str] = set()
    for statement in (_USERS, _CHATS, _DEPARTURES):
        used |= {row.avatar_url for row in (yield from statement.of(keys))}
    return used
