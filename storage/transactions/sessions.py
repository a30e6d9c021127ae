"""Log-ins and their refresh tokens (docs/protocol.md section 2).

The session's row is locked before its tokens are judged, so two exchanges of one token, or an exchange and a log-out,
come one after the other.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import bindparam, null, or_, select, update

from chatproto.operations import (
    ChangePassword,
    CreateSession,
    Done,
    EndSessions,
    ListSessions,
    LoadSession,
    Outcome,
    Refused,
    RenewHash,
    RotateRefresh,
    SessionCreated,
    SessionsEnded,
    SessionsFound,
    TouchSession,
    UserFound,
)
from chatproto.wire.model import SessionInfo
from storage.statements import Row, Statement, Steps, into
from storage.tables import codes, refresh_tokens, sessions, users
from storage.transactions.login_letters import tell_of_login
from storage.transactions.people import private_user

GRACE: Final = timedelta(seconds=60)
"""After its first exchange a token is honoured again this long, whatever became of what was issued for it."""
LATE_EXCHANGES: Final = 5
"""So often it is honoured after that, while nothing that was issued for it has been used."""
TOUCH_INTERVAL: Final = timedelta(minutes=1)
"""`last_used_at` is written at most this often."""

UNUSED: Final = timedelta(days=90)
"""A refresh token that was not exchanged for so long ends, and so does a session that was not used."""

_INSERT_SESSION: Final = Statement(into(sessions, "user_id", "device", "created_at", "last_used_at", "key", "address"))
_LOCK_USER: Final = Statement(
    select(users.c.disabled_at, users.c.password_hash).where(users.c.id == bindparam("user_id")).with_for_update()
)
_INSERT_TOKEN: Final = Statement(into(refresh_tokens, "session_id", "parent_id", "hash", "created_at"))
_TOKEN_BY_HASH: Final = Statement(
    select(refresh_tokens.c.id, refresh_tokens.c.session_id).where(refresh_tokens.c.hash == bindparam("hash"))
)
_TOKEN: Final = Statement(
    select(refresh_tokens.c.created_at, refresh_tokens.c.exchanged_at, refresh_tokens.c.late_exchanges).where(
        refresh_tokens.c.id == bindparam("refresh_id")
    )
)
_USED_AT: Final = Statement(
    update(sessions)
    .where(sessions.c.id == bindparam("session_id"))
    .values(last_used_at=bindparam("last_used_at"), address=bindparam("address"))
)
_LOCK_SESSION: Final = Statement(
    select(sessions.c.user_id, sessions.c.ended_at, sessions.c.key, sessions.c.last_used_at, sessions.c.address)
    .where(sessions.c.id == bindparam("session_id"))
    .with_for_update()
)
_USED_CHILD: Final = Statement(
    select(refresh_tokens.c.id)
    .where(
        refresh_tokens.c.parent_id == bindparam("refresh_id"),
        or_(refresh_tokens.c.exchanged_at.is_not(None), refresh_tokens.c.used),
    )
    .limit(1)
)
_SET_EXCHANGED: Final = Statement(
    update(refresh_tokens)
    .where(refresh_tokens.c.id == bindparam("refresh_id"))
    .values(exchanged_at=bindparam("exchanged_at"))
)
_COUNT_LATE: Final = Statement(
    update(refresh_tokens)
    .where(refresh_tokens.c.id == bindparam("refresh_id"))
    .values(late_exchanges=refresh_tokens.c.late_exchanges + 1)
)
_STATE: Final = Statement(
    select(
        sessions.c.user_id,
        sessions.c.ended_at,
        sessions.c.last_used_at,
        sessions.c.device,
        sessions.c.key,
        refresh_tokens.c.id,
        refresh_tokens.c.used,
    )
    .select_from(
        sessions.outerjoin(
            refresh_tokens,
            (refresh_tokens.c.session_id == sessions.c.id) & (refresh_tokens.c.hash == bindparam("refresh_hash")),
        )
    )
    .where(sessions.c.id == bindparam("session_id"))
)
_SET_USED: Final = Statement(
    update(refresh_tokens).where(refresh_tokens.c.id == bindparam("refresh_id")).values(used=True)
)
_TOUCH: Final = Statement(
    update(sessions)
    .where(sessions.c.id == bindparam("session_id"), sessions.c.ended_at.is_(None))
    .values(last_used_at=bindparam("last_used_at"), device=bindparam("device"))
)
_LIVE: Final = Statement(
    select(sessions.c.id, sessions.c.device, sessions.c.created_at, sessions.c.last_used_at, sessions.c.address)
    .where(sessions.c.user_id == bindparam("user_id"), sessions.c.ended_at.is_(None))
    .order_by(sessions.c.id)
)
_LOCK_LIVE: Final = Statement(
    select(sessions.c.id)
    .where(sessions.c.user_id == bindparam("user_id"), sessions.c.ended_at.is_(None))
    .order_by(sessions.c.id)
    .with_for_update()
)
_END: Final = Statement(
    update(sessions)
    .where(sessions.c.id.in_(bindparam("session_ids", expanding=True)))
    .values(ended_at=bindparam("ended_at"), address=null())
)
_SET_PASSWORD: Final = Statement(
    update(users).where(users.c.id == bindparam("user_id")).values(password_hash=bindparam("password_hash"))
)
_RENEW_HASH: Final = Statement(
    update(users)
    .where(users.c.id == bindparam("user_id"), users.c.password_hash == bindparam("old_hash"))
    .values(password_hash=bindparam("new_hash"))
)

END_RESETS: Final = Statement(
    update(codes)
    .where(codes.c.user_id == bindparam("owner_id"), codes.c.kind == "reset", codes.c.used_at.is_(None))
    .values(used_at=bindparam("used_at"))
)
"""Codes for a new password open nothing any more."""


class _Token(NamedTuple):
    """A row of _TOKEN."""

    created_at: datetime
    exchanged_at: datetime | None
    late_exchanges: int


class _State(NamedTuple):
    """A row of _STATE: a session, and the refresh token with the given hash where it is one of this session's."""

    user_id: int
    ended_at: datetime | None
    last_used_at: datetime
    device: str
    key: bytes | None
    refresh_id: int | None
    used: bool | None


def create_session(operation: CreateSession) -> Steps[Outcome]:
    """A session with its first refresh token."""
    user = yield from private_user(operation.user_id)
    if user is None:
        return Refused("not_found")
    account = yield from _LOCK_USER.one(user_id=operation.user_id)  # they may be shut out just now
    if account is None or account[0] is not None:
        return Refused("account_disabled")
    if operation.checked_hash not in (None, account[1]):
        return Refused("invalid_credentials")
    told = yield from tell_of_login(operation, user)
    session = yield from _INSERT_SESSION.run(
        user_id=operation.user_id,
        device=operation.device,
        created_at=operation.now,
        last_used_at=operation.now,
        key=operation.key,
        address=operation.address,
    )
    yield from _INSERT_TOKEN.run(
        session_id=session.last_id, parent_id=None, hash=operation.refresh_hash, created_at=operation.now
    )
    return SessionCreated(user, session.last_id, operation.key, operation.refresh_hash, told)


def rotate_refresh(operation: RotateRefresh) -> Steps[Outcome]:
    """Exchange a token for a further one of the same session, or end the session over its misuse."""
    found = yield from _TOKEN_BY_HASH.one(hash=operation.refresh_hash)
    if found is None:
        return Refused("token_invalid")
    refresh_id, session_id = found
    session = yield from _LOCK_SESSION.one(session_id=session_id)
    if session is None:
        return Refused("token_invalid")  # removed just now, long after its end
    user_id, ended_at, key, last_used_at, known_address = session
    if ended_at is not None:
        return Refused("revoked")
    row = yield from _TOKEN.one(refresh_id=refresh_id)
    token = None if row is None else _Token(*row)
    if token is None or operation.now - (token.exchanged_at or token.created_at) > UNUSED:
        return Refused("token_invalid")  # as after the clean-up, which may have removed it just now
    if not (yield from _exchange(refresh_id, token, operation.now)):
        yield from _END.run(session_ids=[session_id], ended_at=operation.now)
        return Refused("token_reused")
    yield from _INSERT_TOKEN.run(
        session_id=session_id, parent_id=refresh_id, hash=operation.new_refresh_hash, created_at=operation.now
    )
    address = operation.address or known_address
    if operation.now - last_used_at >= TOUCH_INTERVAL or address != known_address:
        yield from _USED_AT.run(session_id=session_id, last_used_at=max(operation.now, last_used_at), address=address)
    user = yield from private_user(user_id)
    assert user is not None
    return SessionCreated(user, session_id, bytes(key), operation.new_refresh_hash)


def _exchange(refresh_id: int, token: _Token, now: datetime) -> Steps[bool]:
    """Whether this token may be exchanged now; notes that it was. The session is locked."""
    if token.exchanged_at is None:
        yield from _SET_EXCHANGED.run(refresh_id=refresh_id, exchanged_at=now)
        return True
    if now - token.exchanged_at <= GRACE:
        return True
    if token.late_exchanges >= LATE_EXCHANGES or (yield from _USED_CHILD.one(refresh_id=refresh_id)) is not None:
        return False
    yield from _COUNT_LATE.run(refresh_id=refresh_id)
    return True


def look_at_session(operation: TouchSession | LoadSession) -> Steps[Outcome]:
    """UserFound where the session is alive and nothing is to be written; Done where something is.

    That the tokens are used is written before the answer, once for each of them, because the detection of reuse builds
    on it. The time of use is written with the first answer of a minute."""
    state = yield from _state_of(operation)
    if state is None:
        return Refused("revoked")
    label = operation.device if isinstance(operation, LoadSession) else ""
    if state.used is False or label not in ("", state.device) or operation.now - state.last_used_at >= TOUCH_INTERVAL:
        return Done()
    user = yield from private_user(operation.user_id)
    assert user is not None
    return UserFound(user)


def _state_of(operation: TouchSession | LoadSession) -> Steps[_State | None]:
    """The live session that the operation names by number, key and user; None where there is none."""
    row = yield from _STATE.one(session_id=operation.session_id, refresh_hash=operation.refresh_id)
    state = None if row is None else _State(*row)
    named = (operation.user_id, operation.session_key)
    if state is None or state.ended_at is not None or (state.user_id, state.key) != named:
        return None
    return state


def touch_session(operation: TouchSession) -> Steps[Outcome]:
    """Writes only what is not yet so."""
    return (yield from _touch(operation, None))


def keep_device(operation: LoadSession) -> Steps[Outcome]:
    """The writing part of LoadSession: the tokens are used, the label of the device is kept."""
    return (yield from _touch(operation, operation.device or None))


def _touch(operation: TouchSession | LoadSession, label: str | None) -> Steps[Outcome]:
    session_id, now = operation.session_id, operation.now
    state = yield from _state_of(operation)
    if state is None:
        return Refused("revoked")
    last_used_at, device = state.last_used_at, state.device
    if state.used is False:
        yield from _SET_USED.run(refresh_id=state.refresh_id)
    label = device if label is None else label
    if now - last_used_at >= TOUCH_INTERVAL or label != device:
        yield from _TOUCH.run(session_id=session_id, last_used_at=max(now, last_used_at), device=label)
    user = yield from private_user(operation.user_id)
    assert user is not None
    return UserFound(user)


def end_sessions(operation: EndSessions) -> Steps[Outcome]:
    """One session, or all but `keep`."""
    if operation.session_id is None:
        return (yield from end_all(operation.user_id, operation.keep, operation.now))
    live: list[int] = yield from _LOCK_LIVE.column(user_id=operation.user_id)
    if operation.session_id not in live:
        return Refused("not_found")
    return (yield from _end([operation.session_id], operation.now))


def change_password(operation: ChangePassword) -> Steps[Outcome]:
    """Those who knew the old password are out, except the session that changed it."""
    account = yield from _LOCK_USER.one(user_id=operation.user_id)
    if account is None or operation.checked_hash not in (None, account[1]):
        return Refused("invalid_credentials")
    yield from set_password(operation.user_id, operation.password_hash, operation.now)
    return (yield from end_all(operation.user_id, operation.keep, operation.now))


def set_password(user_id: int, password_hash: str, now: datetime) -> Steps[None]:
    """Codes for yet another one end."""
    yield from _SET_PASSWORD.run(user_id=user_id, password_hash=password_hash)
    yield from END_RESETS.run(owner_id=user_id, used_at=now)


def end_all(user_id: int, keep: int | None, now: datetime) -> Steps[Outcome]:
    """Every session of an account, but `keep`."""
    live: list[int] = yield from _LOCK_LIVE.column(user_id=user_id)
    return (yield from _end([session_id for session_id in live if session_id != keep], now))


def renew_hash(operation: RenewHash) -> Steps[Outcome]:
    """Where the password was changed meanwhile, that one stays."""
    yield from _RENEW_HASH.run(user_id=operation.user_id, old_hash=operation.old_hash, new_hash=operation.new_hash)
    return Done()


def _end(session_ids: Sequence[int], now: datetime) -> Steps[Outcome]:
    if session_ids:
        yield from _END.run(session_ids=list(session_ids), ended_at=now)
    return SessionsEnded(tuple(session_ids))


def list_sessions(operation: ListSessions) -> Steps[Outcome]:
    """The live ones, oldest first."""
    rows = yield from _LIVE.rows(user_id=operation.user_id)
    return SessionsFound(tuple(_session(row, operation.current_session_id) for row in rows))


def _session(row: Row, current_id: int) -> SessionInfo:
    session_id, device, created_at, last_used_at, address = row
    return SessionInfo(
        id=session_id,
        device=device,
        created_at=created_at,
        last_used_at=last_used_at,
        address=address,
        current=session_id == current_id,
    )
