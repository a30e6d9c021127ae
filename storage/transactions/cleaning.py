"""Removing what has no meaning any more: old refresh tokens, sessions that ended, keys of groups made yesterday.

Reuse of an exchanged token is recognised, and ends its session, for REUSE_KNOWN after its exchange; later it is a token
that nobody knows, and opens nothing either. One that may still be exchanged, because the answer to its exchange was
lost, is kept as long as a token that was never exchanged. The last tokens of a session that was ended say so for
ENDED_KNOWN (docs/protocol.md section 2).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, assert_never

from sqlalchemy import BindParameter, bindparam, delete, exists, null, or_, select, update

from chatproto.operations import CleanedUp, CleanUp, Outcome
from chatproto.operations.accounts import NAME_KEPT
from storage.statements import Statement, Steps
from storage.tables import audit, codes, idempotency_keys, refresh_tokens, sessions, users
from storage.transactions.groups import KEY_LIFETIME
from storage.transactions.sessions import UNUSED

REUSE_KNOWN: Final = timedelta(days=7)
"""So long a token is kept after its exchange, and one that was exchanged after the end of its session."""
ENDED_KNOWN: Final = timedelta(days=365)
"""So long after its end a session is kept, and its last token: a device that comes back late is told that it was signed
out, and removes what it keeps, which it does not where its session has merely not been used for long."""
CODE_KNOWN: Final = timedelta(days=7)
"""So long after its end it is told of a code whether it was used."""
AUDIT_KNOWN: Final = timedelta(days=365)
"""So long a line of the audit is kept."""

_IDS: Final[BindParameter[int]] = bindparam("ids", expanding=True)

_successor = refresh_tokens.alias("successor")
_succeeded = (
    exists()
    .where(
        _successor.c.parent_id == refresh_tokens.c.id, or_(_successor.c.exchanged_at.is_not(None), _successor.c.used)
    )
    .correlate(refresh_tokens)
)
_TOKENS: Final = Statement(
    select(
        refresh_tokens.c.id,
        refresh_tokens.c.created_at,
        refresh_tokens.c.exchanged_at,
        sessions.c.ended_at,
        _succeeded,
    )
    .select_from(refresh_tokens.join(sessions, sessions.c.id == refresh_tokens.c.session_id))
    .where(refresh_tokens.c.id > bindparam("after_id"))
    .order_by(refresh_tokens.c.id)
    .limit(bindparam("limit"))
)
_FORGET_PARENTS: Final = Statement(
    update(refresh_tokens).where(refresh_tokens.c.parent_id.in_(_IDS)).values(parent_id=None)
)
_DELETE_TOKENS: Final = Statement(delete(refresh_tokens).where(refresh_tokens.c.id.in_(_IDS)))

_has_tokens = exists().where(refresh_tokens.c.session_id == sessions.c.id).correlate(sessions)
_SESSIONS: Final = Statement(
    select(sessions.c.id, sessions.c.ended_at, sessions.c.last_used_at, _has_tokens)
    .where(sessions.c.id > bindparam("after_id"))
    .order_by(sessions.c.id)
    .limit(bindparam("limit"))
)
_END_UNUSED: Final = Statement(
    update(sessions)
    .where(
        sessions.c.id.in_(_IDS), sessions.c.ended_at.is_(None), sessions.c.last_used_at <= bindparam("last_used_before")
    )
    .values(ended_at=bindparam("ended_at"), address=null())
)
_DELETE_SESSIONS: Final = Statement(delete(sessions).where(sessions.c.id.in_(_IDS)))

_KEYS: Final = Statement(
    select(idempotency_keys.c.user_id, idempotency_keys.c.key_hash)
    .where(idempotency_keys.c.created_at <= bindparam("before"))
    .limit(bindparam("limit"))
)
_DELETE_KEY: Final = Statement(
    delete(idempotency_keys).where(
        idempotency_keys.c.user_id == bindparam("user_id"), idempotency_keys.c.key_hash == bindparam("key_hash")
    )
)

_CODES: Final = Statement(
    select(codes.c.hash).where(codes.c.expires_at <= bindparam("before")).limit(bindparam("limit"))
)
_DELETE_CODES: Final = Statement(delete(codes).where(codes.c.hash.in_(bindparam("hashes", expanding=True))))
_LINES: Final = Statement(
    select(audit.c.id).where(audit.c.at <= bindparam("before")).order_by(audit.c.at).limit(bindparam("limit"))
)
_DELETE_LINES: Final = Statement(delete(audit).where(audit.c.id.in_(_IDS)))

_KEPT_NAMES: Final = Statement(
    select(users.c.id)
    .where(users.c.name_digest > b"", users.c.deleted_at <= bindparam("before"))
    .limit(bindparam("limit"))
)  # of those that have one, by its index
_FREE_NAMES: Final = Statement(update(users).where(users.c.id.in_(_IDS)).values(name_digest=None))


class _Token(NamedTuple):
    """A row of _TOKENS. `succeeded`: what was issued for it has been used, so presenting it again is reuse."""

    id: int
    created_at: datetime
    exchanged_at: datetime | None
    session_ended_at: datetime | None
    succeeded: bool

    def removable(self, now: datetime) -> bool:
        """Whether nobody will miss it."""
        used_at = self.exchanged_at or self.created_at
        exchanged = self.exchanged_at is not None and self.succeeded
        if self.session_ended_at is not None and self.session_ended_at - used_at <= UNUSED:
            return now - self.session_ended_at > (REUSE_KNOWN if exchanged else ENDED_KNOWN)
        return now - used_at > (REUSE_KNOWN if exchanged else UNUSED)


class _Session(NamedTuple):
    """A row of _SESSIONS."""

    id: int
    ended_at: datetime | None
    last_used_at: datetime
    has_tokens: bool


def clean_up(operation: CleanUp) -> Steps[Outcome]:
    """One slice; it may be repeated, by several processes at once too."""
    match operation.kind:
        case "tokens":
            return (yield from _clean_tokens(operation))
        case "sessions":
            return (yield from _clean_sessions(operation))
        case "keys":
            return (yield from _clean_keys(operation))
        case "codes":
            return (yield from _clean_codes(operation))
        case "audit":
            return (yield from _clean_audit(operation))
        case "names":
            return (yield from _free_names(operation))
        case _:
            assert_never(operation.kind)


def _clean_tokens(operation: CleanUp) -> Steps[CleanedUp]:
    """In the order of their making: a slice in which all are young is the last one."""
    rows = yield from _TOKENS.rows(after_id=operation.after_id, limit=operation.limit)
    tokens = [_Token(*row) for row in rows]
    ids = [token.id for token in tokens if token.removable(operation.now)]
    if ids:
        yield from _FORGET_PARENTS.run(ids=ids)
        yield from _DELETE_TOKENS.run(ids=ids)
    all_young = all(operation.now - token.created_at < REUSE_KNOWN for token in tokens)
    return CleanedUp(len(ids), next_id=None if all_young else _next(tokens, operation.limit))


def _clean_sessions(operation: CleanUp) -> Steps[CleanedUp]:
    """Those that ended are removed after their tokens."""
    now = operation.now
    rows = yield from _SESSIONS.rows(after_id=operation.after_id, limit=operation.limit)
    found = [_Session(*row) for row in rows]
    unused = [one.id for one in found if one.ended_at is None and now - one.last_used_at > UNUSED]
    if unused:
        yield from _END_UNUSED.run(ids=unused, last_used_before=now - UNUSED, ended_at=now)
    old = [one for one in found if one.ended_at is not None and now - one.ended_at > ENDED_KNOWN]
    gone = [one.id for one in old if not one.has_tokens]
    if gone:
        yield from _DELETE_SESSIONS.run(ids=gone)
    return CleanedUp(len(gone), ended=len(unused), next_id=_next(found, operation.limit))


def _clean_keys(operation: CleanUp) -> Steps[CleanedUp]:
    rows = yield from _KEYS.rows(before=operation.now - KEY_LIFETIME, limit=operation.limit)
    yield from _DELETE_KEY.many([{"user_id": user_id, "key_hash": key_hash} for user_id, key_hash in rows])
    return CleanedUp(len(rows), next_id=0 if len(rows) == operation.limit else None)


def _clean_codes(operation: CleanUp) -> Steps[CleanedUp]:
    hashes = yield from _CODES.column(before=operation.now - CODE_KNOWN, limit=operation.limit)
    if hashes:
        yield from _DELETE_CODES.run(hashes=hashes)
    return CleanedUp(len(hashes), next_id=0 if len(hashes) == operation.limit else None)


def _clean_audit(operation: CleanUp) -> Steps[CleanedUp]:
    ids = yield from _LINES.column(before=operation.now - AUDIT_KNOWN, limit=operation.limit)
    if ids:
        yield from _DELETE_LINES.run(ids=ids)
    return CleanedUp(len(ids), next_id=0 if len(ids) == operation.limit else None)


def _free_names(operation: CleanUp) -> Steps[CleanedUp]:
    ids = yield from _KEPT_NAMES.column(before=operation.now - NAME_KEPT, limit=operation.limit)
    if ids:
        yield from _FREE_NAMES.run(ids=ids)
    return CleanedUp(len(ids), next_id=0 if len(ids) == operation.limit else None)


def _next(rows: Sequence[_Token] | Sequence[_Session], limit: int) -> int | None:
    return rows[-1].id if len(rows) == limit else None
