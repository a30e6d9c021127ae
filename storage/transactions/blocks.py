"""Who blocks whom. `chats.closed` follows, under the lock of the chat: what is committed in it later sees the block."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import bindparam, delete, func, select, union, update

from chatproto.operations import BlockSet, BlocksFound, ListBlocks, Outcome, Refused, SetBlock
from chatproto.operations.block_rules import ONESELF, TOO_MANY_BLOCKS, is_full
from chatproto.wire.model import Block
from storage.statements import Statement, Steps, into
from storage.tables import blocks, chats
from storage.transactions.people import LIVING, LOCK_USERS, find_direct, users_seen_by

_PAIR: Final = (blocks.c.blocker_id == bindparam("blocker"), blocks.c.blocked_id == bindparam("blocked"))

_LOCK_CHAT: Final = Statement(select(chats.c.id).where(chats.c.id == bindparam("chat_id")).with_for_update())
_SET_CLOSED: Final = Statement(
    update(chats)
    .where(chats.c.id == bindparam("chat_key"))
    .values(closed=bindparam("closed", type_=chats.c.closed.type))
)
_LIVING: Final = Statement(LIVING)
_IS_SET: Final = Statement(select(blocks.c.created_at).where(*_PAIR))
_COUNT: Final = Statement(select(func.count()).where(blocks.c.blocker_id == bindparam("blocker")))
_INSERT: Final = Statement(into(blocks, "blocker_id", "blocked_id", "created_at"))
_DELETE: Final = Statement(delete(blocks).where(*_PAIR))
_OWN: Final = Statement(
    select(blocks.c.blocked_id, blocks.c.created_at)
    .where(blocks.c.blocker_id == bindparam("blocker"))
    .order_by(blocks.c.created_at.desc(), blocks.c.blocked_id.desc())
)
_BLOCKERS: Final = Statement(
    select(blocks.c.blocker_id).where(
        blocks.c.blocked_id == bindparam("blocked"),
        blocks.c.blocker_id.in_(bindparam("blockers", expanding=True)),
    )
)
_OF_USERS: Final = Statement(
    union(
        select(blocks.c.blocker_id, blocks.c.blocked_id).where(
            blocks.c.blocker_id.in_(bindparam("blockers", expanding=True))
        ),
        select(blocks.c.blocker_id, blocks.c.blocked_id).where(
            blocks.c.blocked_id.in_(bindparam("blocked", expanding=True))
        ),
    )
)


def set_block(operation: SetBlock) -> Steps[Outcome]:
    """The chat of the pair is locked before the people, as whoever writes in it does; where there is none yet, the
    people are, as whoever makes it does. Under their lock nobody else changes whom they block: the count is exact."""
    user_id, peer_id = operation.user_id, operation.peer_id
    if user_id == peer_id:
        return ONESELF
    low, high = sorted((user_id, peer_id))
    chat_id = yield from find_direct(low, high)
    if chat_id is not None:
        yield from _LOCK_CHAT.run(chat_id=chat_id)
    locked = yield from LOCK_USERS.column(user_ids=[low, high])
    if len(locked) < 2:
        return Refused("not_found", "no such user")
    if chat_id is None:
        chat_id = yield from find_direct(low, high)
        if chat_id is not None:
            yield from _LOCK_CHAT.run(chat_id=chat_id)
    if not (yield from _LIVING.column(user_ids=[user_id])):
        return Refused("not_found", "no such user")
    known = yield from _IS_SET.one(blocker=user_id, blocked=peer_id)
    if operation.on and known is None:
        count = yield from _COUNT.one(blocker=user_id)
        if count is not None and is_full(count[0]):
            return TOO_MANY_BLOCKS
        yield from _INSERT.run(blocker_id=user_id, blocked_id=peer_id, created_at=operation.now)
    elif not operation.on and known is not None:
        yield from _DELETE.run(blocker=user_id, blocked=peer_id)
    if chat_id is not None:
        yield from _SET_CLOSED.run(chat_key=chat_id, closed=(yield from is_blocked(low, high)))
    return BlockSet(user_id, peer_id, operation.on)


def list_blocks(operation: ListBlocks) -> Steps[Outcome]:
    """The newest first."""
    rows = yield from _OWN.rows(blocker=operation.user_id)
    seen = yield from users_seen_by(operation.user_id, (user_id for user_id, _ in rows))
    return BlocksFound(tuple(Block(user=seen[user_id], created_at=created_at) for user_id, created_at in rows))


def is_blocked(one: int, other: int) -> Steps[bool]:
    """One of the two blocks the other."""
    for blocker, blocked in ((one, other), (other, one)):
        if (yield from _IS_SET.one(blocker=blocker, blocked=blocked)) is not None:
            return True
    return False


def can_add(actor_id: int, user_ids: Collection[int]) -> Steps[bool]:
    """None of them blocks the actor."""
    return not user_ids or not (yield from _BLOCKERS.column(blocked=actor_id, blockers=sorted(user_ids)))


def blocks_of(user_ids: Collection[int]) -> Steps[tuple[tuple[int, int], ...]]:
    """Those by them and those of them, as pairs: who blocks whom. Ascending."""
    ids = list(user_ids)
    rows = (yield from _OF_USERS.rows(blockers=ids, blocked=ids)) if ids else []
    return tuple(sorted((blocker, blocked) for blocker, blocked in rows))
