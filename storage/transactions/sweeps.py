"""What a connected process reads: everything at the start of a connection, heads every second (docs/protocol.md I9)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select, update

from chatproto.operations import Done, LoadSession, Outcome, Refused, RenewEpoch, SessionLoaded, Sweep, Swept
from storage.statements import Statement, Steps
from storage.tables import chat_users, chats, meta, sessions
from storage.transactions.blocks import blocks_of
from storage.transactions.chats import read_epoch
from storage.transactions.hiding import hides_of
from storage.transactions.people import private_user
from storage.transactions.views import heads_of, to_heads

_CHUNK: Final = 1000
"""Ids in one IN list."""

_HEADS: Final = Statement(
    select(chats.c.id, chats.c.last_seq, chats.c.last_at, chats.c.expired_seq).where(
        chats.c.id.in_(bindparam("chat_ids", expanding=True))
    )
)
_ENDED: Final = Statement(
    select(sessions.c.id).where(
        sessions.c.id.in_(bindparam("session_ids", expanding=True)), sessions.c.ended_at.is_not(None)
    )
)

_MEMBERSHIPS: Final = Statement(
    select(chat_users.c.user_id, chat_users.c.chat_id).where(
        chat_users.c.user_id.in_(bindparam("user_ids", expanding=True)), chat_users.c.left_seq.is_(None)
    )
)

_RENEW_EPOCH: Final = Statement(
    update(meta)
    .where(meta.c.name == "epoch", meta.c.value == bindparam("old"))
    .values(value=bindparam("new", type_=meta.c.value.type))
)


def load_session(operation: LoadSession) -> Steps[Outcome]:
    """The reading part of LoadSession."""
    ended = yield from _ENDED.one(session_ids=[operation.session_id])
    user = yield from private_user(operation.user_id)
    if ended is not None or user is None:
        return Refused("revoked")
    views = yield from heads_of(operation.user_id)
    peer_ids = {view.peer_id(operation.user_id) for view in views} - {None, operation.user_id}
    epoch = yield from read_epoch()
    blocks = yield from blocks_of([operation.user_id])
    return SessionLoaded(user, to_heads(views), tuple(sorted(filter(None, peer_ids))), epoch, blocks)


def sweep(operation: Sweep) -> Steps[Outcome]:
    """Chats that do not exist are left out."""
    heads: dict[int, tuple[int, datetime | None]] = {}
    begins: dict[int, int] = {}
    for ids in _chunks(operation.chat_ids):
        rows = yield from _HEADS.rows(chat_ids=ids)
        heads.update((chat_id, (last_seq, last_at)) for chat_id, last_seq, last_at, _ in rows)
        begins.update((chat_id, expired_seq + 1) for chat_id, *_, expired_seq in rows if expired_seq)
    ended: list[int] = []
    for ids in _chunks(operation.session_ids):
        ended += yield from _ENDED.column(session_ids=ids)
    memberships: dict[int, list[int]] = {user_id: [] for user_id in operation.user_ids}
    for ids in _chunks(operation.user_ids):
        for user_id, chat_id in (yield from _MEMBERSHIPS.rows(user_ids=ids)):
            memberships[user_id].append(chat_id)
    blocks: set[tuple[int, int]] = set()
    for ids in _chunks(operation.user_ids):
        blocks.update((yield from blocks_of(ids)))
    hides = yield from hides_of(operation.user_ids)
    epoch = yield from read_epoch()
    return Swept(
        heads,
        tuple(sorted(ended)),
        epoch,
        {user_id: tuple(sorted(chat_ids)) for user_id, chat_ids in memberships.items()},
        tuple(sorted(blocks)),
        begins,
        hides,
    )


def renew_epoch(operation: RenewEpoch) -> Steps[Outcome]:
    """Compare and set: of several processes that noticed it, one names the new history."""
    yield from _RENEW_EPOCH.run(old=operation.old, new=operation.new)
    return Done()


def _chunks(ids: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), _CHUNK):
        yield list(ids[start : start + _CHUNK])
