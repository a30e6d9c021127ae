"""Making chats. The users' rows are locked in id order first, so two makers of one chat come one after the other."""

from collections.abc import Iterable
from datetime import timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import bindparam, delete, select

from chatproto.operations import ChatCreated, CreateDirect, CreateGroup, Outcome, Refused
from chatproto.operations.append_rules import FULL
from chatproto.operations.block_rules import CLOSED, NOT_ADDED
from chatproto.wire.limits import MAX_MEMBERS
from chatproto.wire.model import Role
from storage.statements import Statement, Steps, into
from storage.tables import chat_users, chats, idempotency_keys
from storage.transactions.blocks import can_add, is_blocked
from storage.transactions.chats import chat_of
from storage.transactions.log import MEMBER_IDS
from storage.transactions.people import LIVING, find_direct, is_any_full
from storage.transactions.views import view_of

KEY_LIFETIME: Final = timedelta(hours=24)
"""How long an Idempotency-Key is remembered."""

_LOCK_LIVING: Final = Statement(LIVING.with_for_update())
_INSERT_CHAT: Final = Statement(
    into(chats, "type", "title", "created_by", "created_at", "direct_low", "direct_high")
)  # fmt: skip
_INSERT_MEMBER: Final = Statement(into(chat_users, "chat_id", "user_id", "role", "joined_at"))
_FIND_KEY: Final = Statement(
    select(idempotency_keys.c.chat_id).where(
        idempotency_keys.c.user_id == bindparam("user_id"), idempotency_keys.c.key_hash == bindparam("key_hash")
    )
)
_FORGET_KEYS: Final = Statement(
    delete(idempotency_keys).where(
        idempotency_keys.c.user_id == bindparam("user_id"), idempotency_keys.c.created_at <= bindparam("before")
    )
)
_INSERT_KEY: Final = Statement(into(idempotency_keys, "user_id", "key_hash", "chat_id", "created_at"))


def create_direct(operation: CreateDirect) -> Steps[Outcome]:
    """One chat a pair, for ever."""
    low, high = sorted((operation.user_id, operation.peer_id))
    pair = {low, high}
    locked = yield from _LOCK_LIVING.column(user_ids=sorted(pair))
    if set(locked) != pair:
        return Refused("not_found", "no such user", "user_id")
    found = yield from find_direct(low, high)
    if found is not None:
        return (yield from _outcome(operation.user_id, found, created=False))
    if (yield from is_blocked(low, high)):
        return CLOSED
    if (yield from is_any_full(pair)):
        return FULL
    chat = yield from _INSERT_CHAT.run(
        type="direct",
        title=None,
        created_by=operation.user_id,
        created_at=operation.now,
        direct_low=low,
        direct_high=high,
    )
    roles: dict[int, Role] = dict.fromkeys(sorted(pair), "member")
    yield from _insert_members(chat.last_id, roles, operation)
    return (yield from _outcome(operation.user_id, chat.last_id, created=True))


def create_group(operation: CreateGroup) -> Steps[Outcome]:
    """Under a key used in the last 24 hours: the chat that was made then, whatever else is asked now."""
    everybody = {operation.user_id, *operation.user_ids}
    locked = yield from _LOCK_LIVING.column(user_ids=sorted(everybody))
    key_hash = None if operation.idempotency_key is None else sha256(operation.idempotency_key.encode()).digest()
    if key_hash is not None:
        yield from _FORGET_KEYS.run(user_id=operation.user_id, before=operation.now - KEY_LIFETIME)
        known = yield from _FIND_KEY.one(user_id=operation.user_id, key_hash=key_hash)
        if known is not None:
            return (yield from _outcome(operation.user_id, known[0], created=False))
    if set(locked) != everybody:
        return Refused("not_found", "no such user", "user_ids")
    if len(everybody) > MAX_MEMBERS:
        return Refused("validation_failed", f"a group has at most {MAX_MEMBERS} members", "user_ids")
    if not (yield from can_add(operation.user_id, operation.user_ids)):
        return NOT_ADDED
    if (yield from is_any_full(everybody)):
        return FULL
    chat = yield from _INSERT_CHAT.run(
        type="group",
        title=operation.title,
        created_by=operation.user_id,
        created_at=operation.now,
        direct_low=None,
        direct_high=None,
    )
    roles: dict[int, Role] = dict.fromkeys(sorted(everybody), "member")
    roles[operation.user_id] = "admin"
    yield from _insert_members(chat.last_id, roles, operation)
    if key_hash is not None:
        yield from _INSERT_KEY.run(
            user_id=operation.user_id, key_hash=key_hash, chat_id=chat.last_id, created_at=operation.now
        )
    return (yield from _outcome(operation.user_id, chat.last_id, created=True))


def _insert_members(chat_id: int, roles: dict[int, Role], operation: CreateDirect | CreateGroup) -> Steps[None]:
    yield from _INSERT_MEMBER.many(
        [
            {"chat_id": chat_id, "user_id": user_id, "role": role, "joined_at": operation.now}
            for user_id, role in roles.items()
        ]
    )


def _outcome(user_id: int, chat_id: int, *, created: bool) -> Steps[Outcome]:
    view = yield from view_of(user_id, chat_id)
    assert view is not None
    chat = yield from chat_of(view, user_id)
    member_ids: Iterable[int] = yield from MEMBER_IDS.column(chat_id=chat_id)
    return ChatCreated(chat, created, tuple(member_ids))
