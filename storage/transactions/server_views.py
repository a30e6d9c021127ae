"""What those who keep the server look at: accounts, sizes and the audit. No text of any chat is among it."""

from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, Boolean, and_, bindparam, func, or_, select, true

from chatproto.operations import (
    Account,
    AuditLine,
    ListAccounts,
    ListAudit,
    ListSessions,
    LookAtSessions,
    MeasureServer,
    Outcome,
    Refused,
    Sizes,
)
from chatproto.operations.administration import Person
from chatproto.operations.outcomes import AccountsFound, AuditFound, ServerMeasured
from chatproto.wire.text import SEARCHED_WORDS
from storage.statements import Select, Statement, Steps
from storage.tables import audit, chats, files, messages, sessions, users
from storage.transactions.invites import keeps
from storage.transactions.people import IS_LIVING
from storage.transactions.people_search import has_word, prefix_params
from storage.transactions.sessions import list_sessions


class _Account(NamedTuple):
    id: int
    username: str
    display_name: str
    avatar_url: str | None
    created_at: datetime
    email: str | None
    email_verified: bool
    role: Any
    disabled_at: datetime | None
    last_seen_at: datetime | None


class _Line(NamedTuple):
    id: int
    at: datetime
    action: Any
    invite_id: int | None
    address: str | None
    actor_id: int | None
    actor_username: str | None
    actor_name: str | None
    subject_id: int | None
    subject_username: str | None
    subject_name: str | None


_IDS: Final[BindParameter[int]] = bindparam("user_ids", expanding=True)


def _named(count: int) -> Any:
    """Somebody with a word for each of so many beginnings; nobody in particular where there is none."""
    return and_(true(), *(has_word(number, users.c.id) for number in range(count)))


def _accounts(count: int) -> Select[_Account]:
    """`role` and `disabled` bound to null: any. With an `email_key` its owner is found as well; without a name to look
    for, nobody else."""
    named = _named(count)
    addressed = users.c.email_key == bindparam("email_key")
    wanted = or_(addressed, named) if count else or_(addressed, bindparam("everybody"))
    role = bindparam("role", type_=users.c.role.type)
    disabled: BindParameter[bool] = bindparam("disabled", type_=Boolean)
    return Select(
        select(
            users.c.id, users.c.username, users.c.display_name, users.c.avatar_url, users.c.created_at, users.c.email,
            users.c.email_verified, users.c.role, users.c.disabled_at, users.c.last_seen_at,
        )
        .where(
            users.c.id > bindparam("after_id"),
            users.c.deleted_at.is_(None),
            wanted,
            or_(role.is_(None), users.c.role == role),
            or_(disabled.is_(None), users.c.disabled_at.is_not(None) == disabled),
        )
        .order_by(users.c.id)
        .limit(bindparam("limit")),
        row=_Account,
    )  # fmt: skip


_BY_NAME: Final = {count: _accounts(count) for count in range(SEARCHED_WORDS + 1)}
_SESSIONS_OF: Final = Statement(
    select(sessions.c.user_id, func.count())
    .where(sessions.c.user_id.in_(_IDS), sessions.c.ended_at.is_(None))
    .group_by(sessions.c.user_id)
)
_same = select(files.c.owner_id, files.c.blob, func.max(files.c.size).label("size")).group_by(
    files.c.owner_id, files.c.blob
)
_kept_of = _same.where(files.c.owner_id.in_(_IDS)).subquery()
_BYTES_OF: Final = Statement(select(_kept_of.c.owner_id, func.sum(_kept_of.c.size)).group_by(_kept_of.c.owner_id))

_count = func.count
_kept = _same.subquery()
_SIZES: Final = (
    Statement(select(_count(), _count(users.c.disabled_at)).where(users.c.deleted_at.is_(None))),
    Statement(select(_count()).select_from(sessions).where(sessions.c.ended_at.is_(None))),
    Statement(select(_count()).select_from(chats)),
    Statement(select(_count()).select_from(messages).where(messages.c.deleted.is_(False))),
    Statement(select(_count()).select_from(files)),
    Statement(select(func.sum(_kept.c.size))),
)
"""They go through whole tables; how often an admin may ask is limited."""

_actor, _subject = users.alias("actor"), users.alias("subject")
_LINES: Final = Select(
    select(
        audit.c.id, audit.c.at, audit.c.action, audit.c.invite_id, audit.c.address,
        _actor.c.id, _actor.c.username, _actor.c.display_name,
        _subject.c.id, _subject.c.username, _subject.c.display_name,
    )
    .select_from(
        audit.outerjoin(_actor, _actor.c.id == audit.c.actor_id).outerjoin(
            _subject, _subject.c.id == audit.c.subject_id
        )
    )
    .where(audit.c.id < bindparam("before_id"))
    .order_by(audit.c.id.desc())
    .limit(bindparam("limit")),
    row=_Line,
)  # fmt: skip
_ABOVE_ALL: Final = 2**53


def list_accounts(operation: ListAccounts) -> Steps[Outcome]:
    """One more than was asked for is read, to know whether others follow."""
    if not (yield from keeps(operation.actor_id)):
        return Refused("forbidden")
    prefixes = operation.prefixes
    params: dict[str, Any] = {**prefix_params(prefixes)}
    if not prefixes:
        params["everybody"] = operation.email_key is None
    rows = yield from _BY_NAME[len(prefixes)].all(
        **params,
        email_key=operation.email_key,
        role=operation.role,
        disabled=operation.disabled,
        after_id=operation.after_id,
        limit=operation.limit + 1,
    )
    shown = rows[: operation.limit]
    ids = [row.id for row in shown]
    live: dict[int, int] = dict((yield from _SESSIONS_OF.rows(user_ids=ids)) if ids else [])
    kept: dict[int, int] = dict((yield from _BYTES_OF.rows(user_ids=ids)) if ids else [])
    accounts = tuple(
        Account(
            **{**row._asdict(), "email_verified": bool(row.email_verified)},
            sessions=live.get(row.id, 0),
            file_bytes=int(kept.get(row.id, 0)),
        )
        for row in shown
    )
    return AccountsFound(accounts, has_more=len(rows) > len(shown))


def look_at_sessions(operation: LookAtSessions) -> Steps[Outcome]:
    """The live ones, oldest first."""
    if not (yield from keeps(operation.actor_id)):
        return Refused("forbidden")
    if (yield from IS_LIVING.one(user_id=operation.user_id)) is None:
        return Refused("not_found")
    return (yield from list_sessions(ListSessions(operation.user_id, operation.current_session_id)))


def measure_server(operation: MeasureServer) -> Steps[Outcome]:
    """Everything is counted."""
    if not (yield from keeps(operation.actor_id)):
        return Refused("forbidden")
    counts: list[int] = []
    for statement in _SIZES:
        row = yield from statement.one()
        counts += [int(value or 0) for value in row or ()]
    names = ("people", "disabled", "sessions", "chats", "messages", "files", "file_bytes")
    return ServerMeasured(Sizes(**dict(zip(names, counts, strict=True))))


def list_audit(operation: ListAudit) -> Steps[Outcome]:
    """With the names of today."""
    if not (yield from keeps(operation.actor_id)):
        return Refused("forbidden")
    before_id = _ABOVE_ALL if operation.before_id is None else operation.before_id
    rows = yield from _LINES.all(before_id=before_id, limit=operation.limit + 1)
    shown = tuple(map(_line, rows[: operation.limit]))
    return AuditFound(shown, has_more=len(rows) > operation.limit)


def _line(row: _Line) -> AuditLine:
    return AuditLine(
        id=row.id,
        at=row.at,
        actor=_person(row.actor_id, row.actor_username, row.actor_name),
        action=row.action,
        subject=_person(row.subject_id, row.subject_username, row.subject_name),
        invite_id=row.invite_id,
        address=row.address,
    )


def _person(user_id: int | None, username: str | None, display_name: str | None) -> Person | None:
    if user_id is None or username is None or display_name is None:
        return None
    return Person(id=user_id, username=username, display_name=display_name)
