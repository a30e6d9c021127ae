"""Codes that open something once: a new password, an address that is confirmed. Kept as hashes.

The account's row is locked before the code's, as wherever an account is changed.
"""

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import bindparam, select, update

from chatproto.operations import CheckCode, ConfirmEmail, Done, MakeCode, Outcome, Refused, ResetPassword
from storage.statements import Select, Statement, Steps
from storage.tables import codes, users
from storage.transactions.mails import INSERT_CODE
from storage.transactions.sessions import end_all, set_password


class Code(NamedTuple):
    """A row of the table."""

    kind: str
    user_id: int | None
    address: str | None
    expires_at: datetime
    used_at: datetime | None


_code = select(codes.c.kind, codes.c.user_id, codes.c.address, codes.c.expires_at, codes.c.used_at).where(
    codes.c.hash == bindparam("hash")
)
_CODE: Final = Select(_code, row=Code)
_LOCK_CODE: Final = Select(_code.with_for_update(), row=Code)
_USE: Final = Statement(
    update(codes).where(codes.c.hash == bindparam("code_hash")).values(used_at=bindparam("used_at"))
)
_LOCK_USER: Final = Statement(
    select(users.c.email)
    .where(users.c.id == bindparam("user_id"), users.c.deleted_at.is_(None))
    .with_for_update()
)  # fmt: skip
_END_SETUPS: Final = Statement(
    update(codes)
    .where(codes.c.user_id.is_(None), codes.c.kind == "setup", codes.c.used_at.is_(None))
    .values(used_at=bindparam("used_at"))
)
_VERIFY: Final = Statement(update(users).where(users.c.id == bindparam("user_id")).values(email_verified=True))


def make_code(operation: MakeCode) -> Steps[Outcome]:
    """For somebody to hand over."""
    if operation.kind == "setup":
        yield from end_setups(operation.now)
    elif (yield from _LOCK_USER.one(user_id=operation.user_id)) is None:
        return Refused("not_found")
    yield from INSERT_CODE.run(
        hash=operation.code_hash,
        kind=operation.kind,
        user_id=operation.user_id,
        address=None,
        created_at=operation.now,
        expires_at=operation.expires_at,
        again=False,
    )
    return Done()


def end_setups(now: datetime) -> Steps[None]:
    """Nobody becomes the first admin by a code that was made before."""
    yield from _END_SETUPS.run(used_at=now)


def lock_setup(code_hash: bytes, now: datetime) -> Steps[bool]:
    """Whether this code makes the first admin."""
    code = yield from _LOCK_CODE.first(hash=code_hash)
    return fault_of(code, "setup", now) is None


def use_code(code_hash: bytes, now: datetime) -> Steps[None]:
    """It is locked, and judged."""
    yield from _USE.run(code_hash=code_hash, used_at=now)


def check_code(operation: CheckCode) -> Steps[Outcome]:
    """Without using it."""
    code = yield from _CODE.first(hash=operation.code_hash)
    return fault_of(code, operation.kind, operation.now) or Done()


def fault_of(code: Code | None, kind: str, now: datetime) -> Refused | None:
    """Why it cannot be used. What nobody knows may have been removed long after its end."""
    if code is None or code.kind != kind:
        return Refused("code_expired")
    if code.used_at is not None:
        return Refused("code_used")
    return Refused("code_expired") if code.expires_at <= now else None


def reset_password(operation: ResetPassword) -> Steps[Outcome]:
    """Whoever was logged in, is out; other codes of this kind end too."""
    found = yield from _used(operation.code_hash, "reset", operation.now)
    if isinstance(found, Refused):
        return found
    user_id, _, _ = found
    yield from set_password(user_id, operation.password_hash, operation.now)
    return (yield from end_all(user_id, None, operation.now))


def confirm_email(operation: ConfirmEmail) -> Steps[Outcome]:
    """Of the address that was written to, if it is still the account's."""
    found = yield from _used(operation.code_hash, "email", operation.now)
    if isinstance(found, Refused):
        return found
    user_id, email, address = found
    if email != address:
        return Refused("code_expired")
    yield from _VERIFY.run(user_id=user_id)
    return Done()


def _used(code_hash: bytes, kind: str, now: datetime) -> Steps[tuple[int, str | None, str | None] | Refused]:
    """The account of a code, its address, and the one that was written to; the code is used."""
    known = yield from _CODE.first(hash=code_hash)
    if known is None or known.user_id is None:
        return Refused("code_expired")
    account = yield from _LOCK_USER.one(user_id=known.user_id)
    code = yield from _LOCK_CODE.first(hash=code_hash)
    fault = fault_of(code, kind, now)
    if fault is not None or account is None:
        return fault or Refused("code_expired")
    yield from use_code(code_hash, now)
    return known.user_id, account[0], known.address
