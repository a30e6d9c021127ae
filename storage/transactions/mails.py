"""The queue of letters: orders are taken one at a time, and what a letter needs is looked up when it is taken."""

from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple, assert_never

from sqlalchemy import and_, bindparam, delete, func, select, update

from chatproto.operations import Done, FinishMail, Letter, MailTaken, OrderReset, Outcome, Refused, TakeMail
from chatproto.operations.recovery import (
    EMAIL_LIFETIME,
    MAX_WAITING,
    RESET_LIFETIME,
    RESETS_AN_HOUR,
    Language,
    MailKind,
)
from storage.statements import Select, Statement, Steps, into
from storage.tables import codes, mails, users

_VOID_AT_ONCE: Final = 50
"""Orders that have become void are removed in one transaction up to this number."""

_INSERT: Final = Statement(
    into(
        mails, "kind", "language", "login_key", "user_id", "address", "created_at", "next_at", "device",
        "network_address",
    )
)  # fmt: skip
_WAITING: Final = Statement(select(func.count()).select_from(mails))
_ORDERED: Final = Statement(
    select(mails.c.id)
    .where(
        mails.c.user_id == bindparam("user_id"),
        mails.c.kind == bindparam("kind"),
        mails.c.address == bindparam("address"),
        mails.c.created_at == bindparam("ordered_at"),
    )
    .limit(1)
)


class _Order(NamedTuple):
    id: int
    kind: MailKind
    language: Language
    login_key: str | None
    user_id: int | None
    address: str | None
    created_at: datetime
    attempts: int
    device: str | None
    network_address: str | None


class LoginNews(NamedTuple):
    """What a letter tells of a log-in."""

    device: str | None = None
    network_address: str | None = None


NO_NEWS: Final = LoginNews()

_due = (
    select(
        mails.c.id,
        mails.c.kind,
        mails.c.language,
        mails.c.login_key,
        mails.c.user_id,
        mails.c.address,
        mails.c.created_at,
        mails.c.attempts,
        mails.c.device,
        mails.c.network_address,
    )
    .where(mails.c.next_at <= bindparam("now"))
    .order_by(mails.c.next_at, mails.c.id)
    .limit(1)
)
_DUE: Final = Select(_due, row=_Order)
_LOCK_DUE: Final = Select(_due.with_for_update(), row=_Order)
_LEASE: Final = Statement(
    update(mails)
    .where(mails.c.id == bindparam("mail_id"))
    .values(next_at=bindparam("next_at"), attempts=mails.c.attempts + 1)
)
_ORDER: Final = and_(mails.c.id == bindparam("mail_id"), mails.c.created_at == bindparam("ordered_at"))
_AGAIN: Final = Statement(update(mails).where(_ORDER).values(next_at=bindparam("next_at")))
_DELETE: Final = Statement(delete(mails).where(_ORDER))


class _Addressee(NamedTuple):
    id: int
    username: str
    email: str | None
    email_verified: bool
    disabled_at: datetime | None


_ADDRESSEE: Final = select(users.c.id, users.c.username, users.c.email, users.c.email_verified, users.c.disabled_at)
_BY_ID: Final = Select(_ADDRESSEE.where(users.c.id == bindparam("user_id")), row=_Addressee)
_BY_USERNAME: Final = Select(_ADDRESSEE.where(users.c.username_key == bindparam("key")), row=_Addressee)
_BY_EMAIL: Final = Select(_ADDRESSEE.where(users.c.email_key == bindparam("key")), row=_Addressee)
_LATELY: Final = Statement(
    select(func.count())
    .select_from(codes)
    .where(
        codes.c.user_id == bindparam("user_id"),
        codes.c.kind == "reset",
        codes.c.again.is_(False),
        codes.c.address.is_not(None),
        codes.c.created_at > bindparam("since"),
    )
)
INSERT_CODE: Final = Statement(
    into(codes, "hash", "kind", "user_id", "address", "created_at", "expires_at", "again")
)  # fmt: skip


def order_reset(operation: OrderReset) -> Steps[Outcome]:
    """The same work whomever it names."""
    taken = yield from order("reset", operation.language, operation.now, login_key=operation.login_key)
    return Done() if taken else Refused("too_many")


def order(
    kind: MailKind,
    language: Language,
    now: datetime,
    *,
    login_key: str | None = None,
    user_id: int | None = None,
    address: str | None = None,
    news: LoginNews = NO_NEWS,
) -> Steps[bool]:
    """Put an order into the queue; False where it is full."""
    waiting = yield from _WAITING.one()
    if waiting is None or waiting[0] >= MAX_WAITING:
        return False
    yield from _INSERT.run(
        kind=kind,
        language=language,
        login_key=login_key,
        user_id=user_id,
        address=address,
        created_at=now,
        next_at=now,
        device=news.device,
        network_address=news.network_address,
    )
    return True


def is_ordered(kind: MailKind, now: datetime, user_id: int, address: str) -> Steps[bool]:
    """Whether this very order waits: of a transaction that is run again, because nobody knows whether it was done."""
    row = yield from _ORDERED.one(user_id=user_id, kind=kind, address=address, ordered_at=now)
    return row is not None


def look_at_mails(operation: TakeMail) -> Steps[Outcome]:
    """Done where something is due."""
    due = yield from _DUE.first(now=operation.now)
    return MailTaken(None) if due is None else Done()


def take_mail(operation: TakeMail) -> Steps[Outcome]:
    """The next order whose letter can be written."""
    for _ in range(_VOID_AT_ONCE):
        due = yield from _LOCK_DUE.first(now=operation.now)
        if due is None:
            break
        letter = yield from _letter(due, operation)
        if letter is not None:
            yield from _LEASE.run(mail_id=due.id, next_at=operation.until)
            return MailTaken(letter)
        yield from _DELETE.run(mail_id=due.id, ordered_at=due.created_at)
    return MailTaken(None)


def _letter(due: _Order, operation: TakeMail) -> Steps[Letter | None]:
    """None: there is nobody to be written to, or nothing to tell them any more."""
    address = due.address
    match due.kind:
        case "reset":
            who = yield from _named(due.login_key or "")
            if who is None or not who.email_verified or who.email is None or who.disabled_at is not None:
                return None
            address = who.email
            if due.attempts == 0 and (yield from _has_enough(who.id, operation)):
                return None
            yield from _store_code(due, operation, who.id, address, RESET_LIFETIME)
        case "verify":
            who = yield from _BY_ID.first(user_id=due.user_id)
            if who is None or who.email != address or who.email_verified or who.disabled_at is not None:
                return None
            yield from _store_code(due, operation, who.id, address, EMAIL_LIFETIME)
        case "changed" | "login":
            who = yield from _BY_ID.first(user_id=due.user_id)
            if who is None:
                return None
        case _:
            assert_never(due.kind)
    return Letter(
        id=due.id,
        kind=due.kind,
        language=due.language,
        address=address or "",
        username=who.username,
        attempts=due.attempts + 1,
        created_at=due.created_at,
        device=due.device or "",
        network_address=due.network_address,
    )


def _named(login_key: str) -> Steps[_Addressee | None]:
    kind = kind_of_login(login_key)
    if kind is None:
        return None
    look_up = _BY_EMAIL if kind == "email" else _BY_USERNAME
    return (yield from look_up.first(key=login_key))


def kind_of_login(login_key: str) -> Literal["email", "username"] | None:
    """No username holds an @, so the key says which of the two it is. None: nobody has it. To MySQL, `ann ` equals
    `ann`; to nobody else. A name that begins with ~ is that of a deleted account."""
    if login_key.endswith(" "):
        return None
    if "@" in login_key:
        return "email"
    return None if login_key.startswith("~") else "username"


def _has_enough(user_id: int, operation: TakeMail) -> Steps[bool]:
    row = yield from _LATELY.one(user_id=user_id, since=operation.now - timedelta(hours=1))
    return row is not None and row[0] >= RESETS_AN_HOUR


def _store_code(
    due: _Order, operation: TakeMail, user_id: int, address: str | None, lifetime: timedelta
) -> Steps[None]:
    yield from INSERT_CODE.run(
        hash=operation.code_hash,
        kind="reset" if due.kind == "reset" else "email",
        user_id=user_id,
        address=address,
        created_at=operation.now,
        expires_at=operation.now + lifetime,
        again=due.attempts > 0,
    )


def finish_mail(operation: FinishMail) -> Steps[Outcome]:
    """Out of the queue, or later."""
    if operation.again_at is None:
        yield from _DELETE.run(mail_id=operation.mail_id, ordered_at=operation.created_at)
    else:
        yield from _AGAIN.run(mail_id=operation.mail_id, ordered_at=operation.created_at, next_at=operation.again_at)
    return Done()
