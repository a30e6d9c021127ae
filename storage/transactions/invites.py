"""Invitations: who may make them, and who comes by them. The invitation's row is locked before it is judged."""

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import bindparam, func, select, update

from chatproto.operations import (
    CreateInvite,
    Done,
    Invite,
    InviteOpened,
    InvitesFound,
    ListInvites,
    OpenInvite,
    Outcome,
    Refused,
    RevokeInvite,
)
from chatproto.operations.invites import MAX_INVITES
from storage.statements import Select, Statement, Steps, into
from storage.tables import chat_users, chats, invite_uses, invites, users
from storage.transactions.people import LOCK_USERS

INVALID: Final = Refused("invite_invalid")


class InviteRow(NamedTuple):
    """A row of the table."""

    id: int
    chat_id: int | None
    created_by: int | None
    uses: int
    used: int
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class _Member(NamedTuple):
    type: str
    role: str | None
    left_seq: int | None


_COLUMNS: Final = (
    invites.c.id, invites.c.chat_id, invites.c.created_by, invites.c.uses, invites.c.used, invites.c.created_at,
    invites.c.expires_at, invites.c.revoked_at,
)  # fmt: skip
_by_hash = select(*_COLUMNS).where(invites.c.hash == bindparam("code_hash"))
_FIND: Final = Select(_by_hash, row=InviteRow)
_LOCK: Final = Select(_by_hash.with_for_update(), row=InviteRow)
_BY_ID: Final = Select(select(*_COLUMNS).where(invites.c.id == bindparam("invite_id")), row=InviteRow)
_ALL: Final = Select(select(*_COLUMNS).order_by(invites.c.id.desc()).limit(bindparam("limit")), row=InviteRow)
_OWN: Final = Select(
    select(*_COLUMNS)
    .where(invites.c.created_by == bindparam("user_id"))
    .order_by(invites.c.id.desc())
    .limit(bindparam("limit")),
    row=InviteRow,
)
_LIVE: Final = Statement(
    select(func.count())
    .select_from(invites)
    .where(
        invites.c.created_by == bindparam("user_id"),
        invites.c.revoked_at.is_(None),
        invites.c.expires_at > bindparam("now"),
        invites.c.used < invites.c.uses,
    )
)
_INSERT: Final = Statement(into(invites, "hash", "chat_id", "created_by", "uses", "created_at", "expires_at"))
_REVOKE: Final = Statement(
    update(invites)
    .where(invites.c.id == bindparam("invite_id"), invites.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("revoked_at"))
)
_COUNT: Final = Statement(update(invites).where(invites.c.id == bindparam("invite_id")).values(used=invites.c.used + 1))
_INSERT_USE: Final = Statement(into(invite_uses, "invite_id", "user_id", "used_at"))
_USE: Final = Statement(
    select(invite_uses.c.used_at).where(
        invite_uses.c.invite_id == bindparam("invite_id"), invite_uses.c.user_id == bindparam("user_id")
    )
)
_KEEPER: Final = Statement(
    select(users.c.id).where(users.c.id == bindparam("user_id"), users.c.role == "admin", users.c.disabled_at.is_(None))
)
_MEMBER: Final = Select(
    select(chats.c.type, chat_users.c.role, chat_users.c.left_seq)
    .select_from(
        chats.outerjoin(
            chat_users, (chat_users.c.chat_id == chats.c.id) & (chat_users.c.user_id == bindparam("user_id"))
        )
    )
    .where(chats.c.id == bindparam("chat_id")),
    row=_Member,
)
_HOLD_CHAT: Final = Statement(
    select(chats.c.id).where(chats.c.id == bindparam("chat_id")).with_for_update(read=True)
)  # fmt: skip
_NOT_DISABLED: Final = Statement(
    select(users.c.id).where(users.c.id == bindparam("user_id"), users.c.disabled_at.is_(None))
)


def create_invite(operation: CreateInvite) -> Steps[Outcome]:
    """By those who may. Whoever makes one is locked, so that of several at once each counts those before it; their
    group is held before that, as by whoever writes there, for the row of an invitation needs both."""
    actor_id, chat_id = operation.actor_id, operation.chat_id
    refusal = yield from _may_not_invite(actor_id, chat_id)
    if refusal is not None:  # strangers hold no rows of a chat
        return refusal
    if chat_id is not None:
        yield from _HOLD_CHAT.run(chat_id=chat_id)
    if actor_id is not None:
        yield from LOCK_USERS.run(user_ids=[actor_id])
    refusal = yield from _may_not_invite(actor_id, chat_id)
    if refusal is not None:
        return refusal
    if actor_id is not None:
        live = yield from _LIVE.one(user_id=actor_id, now=operation.now)
        if live is None or live[0] >= MAX_INVITES:
            return Refused("too_many")
    made = yield from _INSERT.run(
        hash=operation.code_hash,
        chat_id=chat_id,
        created_by=actor_id,
        uses=operation.uses,
        created_at=operation.now,
        expires_at=operation.expires_at,
    )
    found = yield from _BY_ID.all(invite_id=made.last_id)
    return InvitesFound(tuple(map(_shown, found)))


def _may_not_invite(actor_id: int | None, chat_id: int | None) -> Steps[Refused | None]:
    if chat_id is None:
        return None if (yield from keeps(actor_id)) else Refused("forbidden")
    member = yield from _MEMBER.first(user_id=actor_id, chat_id=chat_id)
    if member is None or member.role is None or member.left_seq is not None:
        return Refused("not_found")
    return None if member.type == "group" and member.role == "admin" else Refused("forbidden")


def keeps(actor_id: int | None) -> Steps[bool]:
    """The operator, or an admin of the server."""
    return actor_id is None or (yield from _KEEPER.one(user_id=actor_id)) is not None


def list_invites(operation: ListInvites) -> Steps[Outcome]:
    """The newest first."""
    if (yield from keeps(operation.actor_id)):
        found = yield from _ALL.all(limit=operation.limit)
    else:
        found = yield from _OWN.all(user_id=operation.actor_id, limit=operation.limit)
    return InvitesFound(tuple(map(_shown, found)))


def _shown(row: InviteRow) -> Invite:
    return Invite(
        id=row.id,
        chat_id=row.chat_id,
        created_by=row.created_by,
        uses=row.uses,
        used=row.used,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked=row.revoked_at is not None,
    )


def revoke_invite(operation: RevokeInvite) -> Steps[Outcome]:
    """Twice does no harm."""
    row = yield from _BY_ID.first(invite_id=operation.invite_id)
    if row is None or (row.created_by != operation.actor_id and not (yield from keeps(operation.actor_id))):
        return Refused("not_found")
    yield from _REVOKE.run(invite_id=operation.invite_id, revoked_at=operation.now)
    return Done()


def lock_invite(code_hash: bytes, now: datetime) -> Steps[InviteRow | None]:
    """An invitation that one more may come by; None for all others. One to a group counts as long as who made it is
    still an admin there."""
    return (yield from _valid((yield from _LOCK.first(code_hash=code_hash)), now))


def _valid(row: InviteRow | None, now: datetime) -> Steps[InviteRow | None]:
    if row is None or row.revoked_at is not None or row.expires_at <= now:
        return None
    if row.created_by is not None and (yield from _NOT_DISABLED.one(user_id=row.created_by)) is None:
        return None
    if row.chat_id is not None:
        maker = yield from _MEMBER.first(user_id=row.created_by, chat_id=row.chat_id)
        if maker is None or maker.role != "admin" or maker.left_seq is not None:
            return None
    return row


def count_use(row: InviteRow, user_id: int, now: datetime) -> Steps[None]:
    """Somebody came by it; nobody counts twice."""
    if (yield from _USE.one(invite_id=row.id, user_id=user_id)) is not None:
        return
    yield from _INSERT_USE.run(invite_id=row.id, user_id=user_id, used_at=now)
    yield from _COUNT.run(invite_id=row.id)


def open_invite(operation: OpenInvite) -> Steps[Outcome]:
    """What it leads to; nothing is written."""
    found = yield from _FIND.first(code_hash=operation.code_hash)
    row = yield from _valid(found, operation.now)
    if row is None or row.chat_id is None or row.created_by is None:
        return INVALID
    if not (yield from _lets_in(row, row.chat_id, operation.user_id)):
        return INVALID
    return InviteOpened(row.chat_id, row.created_by)


def lock_way_in(code_hash: bytes, chat_id: int, user_id: int, now: datetime) -> Steps[InviteRow | None]:
    """The invitation by which somebody may be in this group, which is locked; None where it is none."""
    row = yield from lock_invite(code_hash, now)
    if row is None or row.chat_id != chat_id:
        return None
    return row if (yield from _lets_in(row, chat_id, user_id)) else None


def _lets_in(row: InviteRow, chat_id: int, user_id: int) -> Steps[bool]:
    """Members, and those who registered by it; of the others so many as it says, but nobody who has left."""
    member = yield from _MEMBER.first(user_id=user_id, chat_id=chat_id)
    if member is not None and member.role is not None:
        return member.left_seq is None
    return row.used < row.uses or (yield from _USE.one(invite_id=row.id, user_id=user_id)) is not None
