"""Getting back in: a new password by a letter, and addresses that are confirmed (docs/protocol.md section 2)."""

from typing import Final

import msgspec

from chatproto.operations import CheckCode, ConfirmEmail, Done, OrderReset, Refused, ResetPassword, SessionsEnded
from chatproto.operations.recovery import CodeKind, Language
from chatproto.wire.networks import network_of
from chatproto.wire.text import fold
from runtime.codes import hash_of
from runtime.http.fields import MAX_LOGIN, LoginName, NewPassword
from runtime.http.problem import Problem, refusal
from runtime.http.routes import Answer, Call, Result, Route, opening
from runtime.logs import get_logger
from storage.password_lanes import Busy

log = get_logger(__name__)

TOO_MANY_CODES: Final = "Too many codes that open nothing."


class ResetRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`login`: a username or an email address. `language`: of the letter."""

    login: LoginName
    language: Language = "en"


class ResetConfirmation(msgspec.Struct, frozen=True, kw_only=True):
    """`code`: what stands behind the # of a link."""

    code: str
    new_password: NewPassword


class EmailConfirmation(msgspec.Struct, frozen=True, kw_only=True):
    """`code`: what stands behind the # of a link."""

    code: str


async def request_reset(call: Call[ResetRequest, None]) -> Result:
    """Ask for a letter. The answer, and the work until it, are the same whomever the name belongs to: it is looked up
    when the letter is written. What goes beyond a limit is not done either, and not told."""
    services, mailer = call.services, call.services.mailer
    key = fold(call.body.login)
    if mailer is None or not key or len(key) > MAX_LOGIN or not _listens(call, key):
        return Answer(202)
    outcome = await call.ask(OrderReset(key, call.body.language, services.now()))
    if isinstance(outcome, Refused):
        log.warning("mail_queue_full")
    elif outcome != Done():
        return refusal(outcome)
    mailer.hear()
    return Answer(202)


def _listens(call: Call[object, None], key: str) -> bool:
    guards, now, network = call.services.guards, call.services.clock(), network_of(call.address)
    return (
        guards.reset_addresses.take(network, now) <= 0
        and guards.reset_pairs.take(hash_of(f"{key}\n{network}")[:16], now) <= 0
        and guards.resets.take(hash_of(key)[:16], now) <= 0
    )


async def confirm_reset(call: Call[ResetConfirmation, None]) -> Result:
    """Use the code of a letter, or of an administrator, for a new password; all sessions end."""
    services, code_hash = call.services, hash_of(call.body.code)
    refused = await check_code(call, code_hash, "reset")
    if refused is not None:
        return refused
    password_hash = await services.passwords.hash(call.body.new_password)
    if isinstance(password_hash, Busy):
        return busy_problem(password_hash)
    outcome = await call.ask(ResetPassword(code_hash, password_hash, services.now()))
    return Answer(204) if isinstance(outcome, SessionsEnded) else refusal(outcome)


async def check_code(call: Call[object, None], code_hash: bytes, kind: CodeKind) -> Problem | None:
    """Why a code cannot be used; asked before a password is hashed."""
    check = CheckCode(code_hash, kind, call.services.now())
    outcome = await opening(call, call.services.guards.refused_codes, TOO_MANY_CODES, lambda: call.ask(check))
    if isinstance(outcome, Problem):
        return outcome
    return None if outcome == Done() else refusal(outcome)


async def confirm_email(call: Call[EmailConfirmation, None]) -> Result:
    """Show by the code of a letter that the address is one's own."""
    code_hash = hash_of(call.body.code)
    refused = await check_code(call, code_hash, "email")
    if refused is not None:
        return refused
    outcome = await call.ask(ConfirmEmail(code_hash, call.services.now()))
    return Answer(204) if outcome == Done() else refusal(outcome)


def busy_problem(busy: Busy) -> Problem:
    """Too many passwords wait: when to come again."""
    return Problem("busy", "Many people log in at once.", retry_after=busy.retry_after)


def letter_language(call: Call[object, object], wanted: Language) -> Language | None:
    """The language of letters that a change orders; None where this server sends none."""
    return None if call.services.mailer is None else wanted


_CODES: Final = ("code_used", "code_expired", "rate_limited", "store_unavailable")

ROUTES = (
    Route(
        method="POST", path="/api/auth/reset", handler=request_reset, summary="Ask for a letter to set a new password",
        needs_token=False, body=ResetRequest, answers={202: ()}, codes=("store_unavailable",),
    ),
    Route(
        method="POST", path="/api/auth/reset/confirm", handler=confirm_reset, summary="Set a new password by a code",
        needs_token=False, body=ResetConfirmation, answers={204: ()}, codes=(*_CODES, "busy"),
    ),
    Route(
        method="POST", path="/api/auth/email/confirm", handler=confirm_email, summary="Confirm an email address",
        needs_token=False, body=EmailConfirmation, answers={204: ()}, codes=_CODES,
    ),
)  # fmt: skip
