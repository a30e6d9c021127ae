"""Erasing an account. What it wrote stays, and names nobody any more."""

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import BindParameter, bindparam, delete, or_, select, update

from chatproto.operations import AccountDeleted, DeleteAccount, GroupsToLeave, Outcome, Refused, SessionsEnded
from chatproto.wire.model import DELETED_NAME, deleted_username
from storage.statements import Select, Statement, Steps
from storage.tables import blocks, chat_users, chats, codes, idempotency_keys, mails, messages, sessions, users
from storage.transactions.accounts import DELETE_WORDS, LOCK_KEEPERS, digest_of
from storage.transactions.departures import avatars_then, empty_departures
from storage.transactions.files import lock_avatars, release_avatars
from storage.transactions.sessions import end_all


class _Row(NamedTuple):
    username_key: str
    email_key: str | None
    avatar_url: str | None
    created_at: datetime
    password_hash: str


class _Place(NamedTuple):
    """A chat they are or were in."""

    chat_id: int
    type: str
    left_seq: int | None
    direct_low: int | None
    direct_high: int | None


_ID: Final[BindParameter[int]] = bindparam("owner_id")
_LOCK: Final = Select(
    select(users.c.username_key, users.c.email_key, users.c.avatar_url, users.c.created_at, users.c.password_hash)
    .where(users.c.id == _ID, users.c.deleted_at.is_(None))
    .with_for_update(),
    row=_Row,
)
_PLACES: Final = Select(
    select(chat_users.c.chat_id, chats.c.type, chat_users.c.left_seq, chats.c.direct_low, chats.c.direct_high)
    .select_from(chat_users.join(chats, chats.c.id == chat_users.c.chat_id))
    .where(chat_users.c.user_id == _ID)
    .order_by(chat_users.c.chat_id),
    row=_Place,
)
_CLOSE: Final = Statement(
    update(chats)
    .where(chats.c.id == bindparam("chat_key"))
    .values(writers="none", closed=bindparam("blocked", type_=chats.c.closed.type))
)
_LOCK_CHATS: Final = Statement(
    select(chats.c.id)
    .where(chats.c.id.in_(bindparam("chat_ids", expanding=True)))
    .order_by(chats.c.id)
    .with_for_update()
)
"""Before the blocks are looked at, as whoever blocks somebody does."""
_BLOCKS: Final = Statement(delete(blocks).where(blocks.c.blocker_id == _ID))
_BLOCKERS: Final = Statement(select(blocks.c.blocker_id).where(blocks.c.blocked_id == _ID))
_ERASE: Final = Statement(
    update(users)
    .where(users.c.id == _ID)
    .values(
        username=bindparam("name"),
        username_key=bindparam("name_key"),
        email=None,
        email_key=None,
        email_verified=False,
        password_hash="",
        display_name=DELETED_NAME,
        avatar_url=None,
        last_seen_at=None,
        language=None,
        hide_last_seen=False,
        hide_reads=False,
        login_letters=True,
        role="member",
        disabled_at=bindparam("at"),
        deleted_at=bindparam("at"),
        name_digest=bindparam("digest"),
    )
)
_FORWARDED: Final = Statement(
    update(messages).where(messages.c.forwarded_id == _ID).values(forwarded_name=DELETED_NAME)
)  # fmt: skip
_DEVICES: Final = Statement(update(sessions).where(sessions.c.user_id == _ID).values(device=""))
_FLAGS: Final = Statement(
    update(chat_users)
    .where(chat_users.c.user_id == _ID)
    .values(muted=False, favourite=False, notify="all", muted_until=None, hidden_seq=None)
)
_CODES: Final = Statement(delete(codes).where(codes.c.user_id == _ID))
_KEYS: Final = Statement(delete(idempotency_keys).where(idempotency_keys.c.user_id == _ID))
_MAILS: Final = Statement(
    delete(mails).where(
        or_(mails.c.user_id == _ID, mails.c.login_key.in_(bindparam("login_keys", expanding=True)))
    )
)  # fmt: skip


def delete_account(operation: DeleteAccount) -> Steps[Outcome]:
    """All that keep the server are locked first, as wherever their number changes; chats in the order of their ids."""
    user_id, now = operation.user_id, operation.now
    keepers: list[int] = yield from LOCK_KEEPERS.column()
    row = yield from _LOCK.first(owner_id=user_id)
    if row is None:
        return Refused("not_found")
    if operation.checked_hash not in (None, row.password_hash):
        return Refused("invalid_credentials")
    if keepers == [user_id]:
        return Refused("last_admin", "nobody else keeps this server")
    places = yield from _PLACES.all(owner_id=user_id)
    groups = tuple(place.chat_id for place in places if place.type == "group" and place.left_seq is None)
    if groups:
        return GroupsToLeave(groups)
    directs = [place for place in places if place.type == "direct"]
    yield from _LOCK_CHATS.column(chat_ids=[place.chat_id for place in directs])
    yield from _BLOCKS.run(owner_id=user_id)
    blockers: list[int] = yield from _BLOCKERS.column(owner_id=user_id)
    yield from _CLOSE.many(
        [
            {"chat_key": place.chat_id, "blocked": not {place.direct_low, place.direct_high}.isdisjoint(blockers)}
            for place in directs
        ]
    )
    pictures = yield from lock_avatars([row.avatar_url, *(yield from avatars_then(user_id))])
    name = deleted_username(user_id)
    yield from _ERASE.run(owner_id=user_id, name=name, name_key=name, at=now, digest=digest_of(row.username_key))
    yield from empty_departures(user_id)
    yield from release_avatars(pictures, now)
    yield from DELETE_WORDS.run(user_id=user_id)
    yield from _FORWARDED.run(owner_id=user_id)
    login_keys = [key for key in (row.username_key, row.email_key) if key is not None]
    yield from _MAILS.run(owner_id=user_id, login_keys=login_keys)
    yield from _CODES.run(owner_id=user_id)
    yield from _KEYS.run(owner_id=user_id)
    ended = yield from end_all(user_id, None, now)
    assert isinstance(ended, SessionsEnded)
    yield from _DEVICES.run(owner_id=user_id)
    yield from _FLAGS.run(owner_id=user_id)
    return AccountDeleted(user_id, row.created_at, tuple(place.chat_id for place in places), ended.session_ids)
