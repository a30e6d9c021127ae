"""Accounts made and mended from the command line, straight on the storage."""

from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal

import trio

from chatproto.operations import (
    AccountDeleted,
    AuditLine,
    ChangePassword,
    CreateInvite,
    CreateUser,
    Done,
    EndSessions,
    FindLogin,
    Invite,
    InvitesFound,
    ListAccounts,
    ListAudit,
    ListInvites,
    LoginFound,
    LookAtSessions,
    MakeCode,
    OperationFailed,
    Outcome,
    OutcomeUnknown,
    Refused,
    RevokeInvite,
    SessionsEnded,
    SessionsFound,
    SetAccount,
    UserFound,
)
from chatproto.operations.administration import Account, Act, ExportData
from chatproto.operations.outcomes import AccountsFound, AuditFound
from chatproto.operations.recovery import RESET_LIFETIME
from chatproto.wire.model import SessionInfo
from chatproto.wire.text import check_text, clean_username, fold, is_blank, normalize, search_words
from runtime.addresses import is_mail_address
from runtime.administration import administer
from runtime.bounds import MAX_NAME
from runtime.codes import hash_of, new_code, random_token
from runtime.config import Settings
from runtime.data_export import ExportError, export_to
from runtime.deletion import delete_account
from runtime.files.service import open_store
from runtime.mail.letters import link_of, write_test
from runtime.mail.sending import MailSettings, hand_over
from runtime.mail.smtp import NotSent
from runtime.opened_storage import storage_of_command
from storage.passwords import hash_at_once, password_fault
from storage.port import Ask, Storage

PAGE = 200
SETUP_LIFETIME = timedelta(days=7)


class AccountError(Exception):
    """The account cannot be made or found; the text says why."""


async def create(settings: Settings, username: str, email: str | None, display_name: str | None, password: str) -> int:
    """Make an account and give its id; AccountError where a value is wrong or taken."""
    name = clean_username(username)
    if name is None:
        raise AccountError("a username has 3 to 32 of a-z, 0-9, _ . -")
    if email is not None and not is_mail_address(email):
        raise AccountError("this is no email address; write other alphabets in its domain as xn--")
    shown = normalize(display_name or username)
    if check_text(shown) is not None or is_blank(shown) or len(shown) > MAX_NAME:
        raise AccountError(f"a display name has 1 to {MAX_NAME} characters and something that can be seen")
    operation = CreateUser(
        username=name,
        username_key=fold(name),
        email=email,
        email_key=fold(email) if email else None,
        password_hash=await _hash(password),
        display_name=shown,
        words=search_words(name, shown),
        now=datetime.now(UTC),
    )
    async with storage_of_command(settings) as storage:
        match await _act(storage, operation):
            case UserFound(user):
                return user.id
            case Refused(code):
                raise AccountError(f"{name}: {code.replace('_', ' ')}")
            case other:
                raise AccountError(_away(other))


async def list_all(settings: Settings) -> list[Account]:
    """Every account that was not deleted, by id."""
    accounts: list[Account] = []
    async with storage_of_command(settings) as storage:
        while True:
            after_id = accounts[-1].id if accounts else 0
            match await storage.perform(ListAccounts(None, (), None, None, None, after_id, PAGE)):
                case AccountsFound(more, has_more):
                    accounts += more
                    if not has_more:
                        return accounts
                case other:
                    raise AccountError(_away(other))


async def reset_password(settings: Settings, username: str, password: str) -> int:
    """Set a password and end all sessions; how many ended."""
    hashed = await _hash(password)
    async with storage_of_command(settings) as storage:
        user_id = await _id_of(storage, username)
        match await _act(storage, ChangePassword(user_id, hashed, None, datetime.now(UTC))):
            case SessionsEnded(session_ids):
                return len(session_ids)
            case other:
                raise AccountError(_away(other))


async def _act(storage: Storage, act: Act) -> Outcome:
    """As the operator, which the audit tells."""
    return await administer(storage.perform, None, None, act, datetime.now(UTC))


async def list_sessions(settings: Settings, username: str) -> tuple[SessionInfo, ...]:
    """Where somebody is logged in, the oldest first."""
    async with storage_of_command(settings) as storage:
        user_id = await _id_of(storage, username)
        match await storage.perform(LookAtSessions(None, user_id, current_session_id=0)):
            case SessionsFound(sessions):
                return sessions
            case other:
                raise AccountError(_away(other))


async def end_sessions(settings: Settings, username: str, session_id: int | None = None) -> int:
    """Sign somebody out everywhere, or end one session; how many ended."""
    async with storage_of_command(settings) as storage:
        user_id = await _id_of(storage, username)
        match await _act(storage, EndSessions(user_id, session_id, keep=None, now=datetime.now(UTC))):
            case SessionsEnded(session_ids):
                return len(session_ids)
            case Refused("not_found"):
                raise AccountError(f"{username}: no such session")
            case other:
                raise AccountError(_away(other))


async def list_audit(settings: Settings, limit: int) -> tuple[AuditLine, ...]:
    """The newest `limit` lines, the newest first."""
    lines: tuple[AuditLine, ...] = ()
    async with storage_of_command(settings) as storage:
        while len(lines) < limit:
            size = min(PAGE, limit - len(lines))
            match await storage.perform(ListAudit(None, lines[-1].id if lines else None, size)):
                case AuditFound(more, has_more):
                    lines += more
                    if not has_more:
                        break
                case other:
                    raise AccountError(_away(other))
    return lines


async def _id_of(storage: Storage, username: str) -> int:
    found = await storage.perform(FindLogin(fold(username)))
    if not isinstance(found, LoginFound):
        raise AccountError(f"{username}: no such account" if isinstance(found, Refused) else _away(found))
    return found.user_id


async def reset_link(settings: Settings, username: str) -> str:
    """A link by which a new password can be set within an hour, once."""
    code, now = new_code(random_token), datetime.now(UTC)
    async with storage_of_command(settings) as storage:
        user_id = await _id_of(storage, username)
        made = await _act(storage, MakeCode(hash_of(code), "reset", user_id, now, now + RESET_LIFETIME))
    if made != Done():
        raise AccountError(_away(made))
    return link_of(public_url(settings), "reset", code)


async def set_account(
    settings: Settings, username: str, disabled: bool | None = None, role: Literal["member", "admin"] | None = None
) -> None:
    """Shut somebody out or let them in; make them an admin of the server or not."""
    async with storage_of_command(settings) as storage:
        user_id = await _id_of(storage, username)
        match await _act(storage, SetAccount(user_id, disabled, role, datetime.now(UTC))):
            case SessionsEnded():
                return
            case Refused(_, detail):
                raise AccountError(f"{username}: {detail}")
            case other:
                raise AccountError(_away(other))


async def delete(settings: Settings, username: str) -> None:
    """Delete an account for good."""
    async with storage_of_command(settings) as storage:
        user_id = await _id_of(storage, username)
        erase = partial(_act, storage)
        match await delete_account(erase, storage.perform, user_id, random_token, datetime.now(UTC)):
            case AccountDeleted():
                return
            case Refused(_, detail):
                raise AccountError(f"{username}: {detail}")
            case other:
                raise AccountError(_away(other))


async def export(settings: Settings, username: str, path: Path) -> tuple[str, ...]:
    """Write what the server has of somebody to a new file; ids of their files whose bytes are missing."""
    async with storage_of_command(settings) as storage, aclosing(open_store(settings)) as store:
        user_id = await _id_of(storage, username)
        try:
            missing = await export_to(path, storage.perform, store, user_id, datetime.now(UTC))
        except (ExportError, OSError) as error:
            raise AccountError(f"{username}: {error}") from None
        if (written := await _act(storage, ExportData(user_id))) != Done():
            raise AccountError(_away(written))
        return missing


async def create_invite(settings: Settings, uses: int, days: int) -> str:
    """The link of an invitation to the server."""
    code, now = new_code(random_token), datetime.now(UTC)
    async with storage_of_command(settings) as storage:
        operation = CreateInvite(None, hash_of(code), None, uses, now, now + timedelta(days=days))
        made = await _act(storage, operation)
    if not isinstance(made, InvitesFound):
        raise AccountError(_away(made))
    return link_of(public_url(settings), "join", code)


async def list_invites(settings: Settings) -> tuple[Invite, ...]:
    """The newest ones."""
    async with storage_of_command(settings) as storage:
        found = await storage.perform(ListInvites(None, PAGE))
    if not isinstance(found, InvitesFound):
        raise AccountError(_away(found))
    return found.invites


async def revoke_invite(settings: Settings, invite_id: int) -> None:
    """Nobody comes by it any more."""
    async with storage_of_command(settings) as storage:
        done = await _act(storage, RevokeInvite(None, invite_id, datetime.now(UTC)))
    if done != Done():
        raise AccountError(f"{invite_id}: no such invitation" if isinstance(done, Refused) else _away(done))


async def first_code(ask: Ask) -> str | None:
    """The code by which the first admin registers; None where there is one, or the database is away. Each start makes a
    new one, and the one before ends."""
    if await ask(ListAccounts(None, (), None, "admin", None, 0, 1)) != AccountsFound((), has_more=False):
        return None
    code, now = new_code(random_token), datetime.now(UTC)
    made = await ask(MakeCode(hash_of(code), "setup", None, now, now + SETUP_LIFETIME))
    return code if made == Done() else None


def public_url(settings: Settings) -> str:
    """Where people find the server, as far as the settings tell."""
    return settings.public_url or f"http://{settings.host}:{settings.port}"


async def send_test(settings: Settings, address: str) -> None:
    """A letter at once, past the queue; AccountError where it was not taken."""
    if not settings.smtp_url:
        raise AccountError("no server for letters is named: set VESTNIK_SMTP_URL, see docs/settings.md")
    if not is_mail_address(address):
        raise AccountError("this is no email address; write other alphabets in its domain as xn--")
    mail = MailSettings.of(settings)
    message = write_test(address, "en", mail.envelope(random_token(), datetime.now(UTC)))
    result = await hand_over(mail.server, message)
    if isinstance(result, NotSent):
        raise AccountError(f"{mail.server.host}:{mail.server.port} did not take the letter: {result.reason}")


async def _hash(password: str) -> str:
    password = normalize(password)
    fault = password_fault(password)
    if fault is not None:
        raise AccountError(f"the password is refused: {fault.replace('_', ' ')}")
    return await trio.to_thread.run_sync(hash_at_once, password)


def _away(outcome: object) -> str:
    detail = outcome.detail if isinstance(outcome, OperationFailed | Refused) else ""
    unknown = " (perhaps it was done: look before you repeat it)" if isinstance(outcome, OutcomeUnknown) else ""
    return f"the database could not do it: {detail or type(outcome).__name__}{unknown}"
