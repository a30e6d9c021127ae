"""Accounts made and mended from the command line, straight on the storage."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from chatproto.operations import (
    ChangePassword,
    CreateUser,
    FindLogin,
    ListUsers,
    LoginFound,
    OperationFailed,
    OutcomeUnknown,
    Refused,
    SessionsEnded,
    UserFound,
    UsersFound,
)
from chatproto.wire.model import User
from chatproto.wire.text import check_text, clean_username, fold, is_blank, is_email, normalize, search_words
from runtime.compose import open_prepared_storage
from runtime.config import Settings
from runtime.http.fields import MAX_NAME
from storage.passwords import Passwords, password_fault
from storage.port import Storage

PAGE = 200


class AccountError(Exception):
    """The account cannot be made or found; the text says why."""


@asynccontextmanager
async def _storage(settings: Settings) -> AsyncIterator[Storage]:
    storage = await open_prepared_storage(settings)
    try:
        yield storage
    finally:
        await storage.aclose()


async def create(settings: Settings, username: str, email: str | None, display_name: str | None, password: str) -> int:
    """Make an account and give its id; AccountError where a value is wrong or taken."""
    name = clean_username(username)
    if name is None:
        raise AccountError("a username has 3 to 32 of a-z, 0-9, _ . -")
    if email is not None and not (email.isascii() and is_email(email)):
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
    async with _storage(settings) as storage:
        match await storage.perform(operation):
            case UserFound(user):
                return user.id
            case Refused(code):
                raise AccountError(f"{name}: {code.replace('_', ' ')}")
            case other:
                raise AccountError(_away(other))


async def list_all(settings: Settings) -> list[User]:
    """Every account, by id."""
    users: list[User] = []
    async with _storage(settings) as storage:
        while True:
            match await storage.perform(ListUsers(after_id=users[-1].id if users else 0, limit=PAGE)):
                case UsersFound(()):
                    return users
                case UsersFound(more):
                    users += more
                case other:
                    raise AccountError(_away(other))


async def reset_password(settings: Settings, username: str, password: str) -> int:
    """Set a password and end all sessions; how many ended."""
    hashed = await _hash(password)
    async with _storage(settings) as storage:
        found = await storage.perform(FindLogin(fold(username)))
        if not isinstance(found, LoginFound):
            raise AccountError(f"{username}: no such account" if isinstance(found, Refused) else _away(found))
        match await storage.perform(ChangePassword(found.user_id, hashed, None, datetime.now(UTC))):
            case SessionsEnded(session_ids):
                return len(session_ids)
            case other:
                raise AccountError(_away(other))


async def _hash(password: str) -> str:
    password = normalize(password)
    fault = password_fault(password)
    if fault is not None:
        raise AccountError(f"the password is refused: {fault.replace('_', ' ')}")
    hashed = await Passwords().hash(password)
    assert isinstance(hashed, str), "nobody else waits in this process"
    return hashed


def _away(outcome: object) -> str:
    detail = outcome.detail if isinstance(outcome, OperationFailed | Refused) else ""
    unknown = " (perhaps it was done: look before you repeat it)" if isinstance(outcome, OutcomeUnknown) else ""
    return f"the database could not do it: {detail or type(outcome).__name__}{unknown}"
