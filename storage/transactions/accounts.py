"""Accounts: registering, looking up for a log-in, the profile."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from sqlalchemy import bindparam, delete, or_, select, update

from chatproto.operations import (
    CreateUser,
    Done,
    FindLogin,
    Hides,
    ListUsers,
    LoginFound,
    Outcome,
    Refused,
    SaveLastSeen,
    SessionsEnded,
    SetAccount,
    UpdateUser,
    UserFound,
    UsersFound,
    UserUpdated,
)
from chatproto.operations.accounts import NAME_KEPT
from chatproto.operations.auditing import FIRST_ADMIN
from storage.statements import DuplicateKey, Statement, Steps, into
from storage.tables import chat_users, user_words, users
from storage.transactions.audit_lines import write_lines
from storage.transactions.codes import end_setups, lock_setup, use_code
from storage.transactions.files import change_avatar, release_avatar
from storage.transactions.invites import INVALID, count_use, lock_invite
from storage.transactions.mails import is_ordered, kind_of_login, order
from storage.transactions.people import all_users, private_user
from storage.transactions.sessions import END_RESETS, end_all

_INSERT: Final = Statement(
    into(
        users, "username", "username_key", "email", "email_key", "password_hash", "display_name", "created_at",
        "language",
    )
)  # fmt: skip
_INSERT_WORD: Final = Statement(into(user_words, "word", "user_id"))
_NAME_KEPT: Final = Statement(
    select(users.c.id)
    .where(users.c.name_digest == bindparam("digest"), users.c.deleted_at > bindparam("since"))
    .limit(1)
)
DELETE_WORDS: Final = Statement(delete(user_words).where(user_words.c.user_id == bindparam("user_id")))
_BY_USERNAME: Final = Statement(
    select(users.c.id, users.c.password_hash).where(users.c.username_key == bindparam("key"))
)
_BY_EMAIL: Final = Statement(select(users.c.id, users.c.password_hash).where(users.c.email_key == bindparam("key")))
_LOCK: Final = Statement(
    select(
        users.c.display_name,
        users.c.avatar_url,
        users.c.email,
        users.c.email_key,
        users.c.email_verified,
        users.c.hide_last_seen,
        users.c.hide_reads,
        users.c.language,
        users.c.login_letters,
    )
    .where(users.c.id == bindparam("user_id"), users.c.deleted_at.is_(None))
    .with_for_update()
)
_UPDATE: Final = Statement(
    update(users)
    .where(users.c.id == bindparam("user_id"))
    .values(
        display_name=bindparam("display_name"),
        avatar_url=bindparam("avatar_url"),
        email=bindparam("email"),
        email_key=bindparam("email_key"),
        email_verified=bindparam("email_verified"),
        hide_last_seen=bindparam("hide_last_seen"),
        hide_reads=bindparam("hide_reads"),
        language=bindparam("language"),
        login_letters=bindparam("login_letters"),
    )
)
_FORGET_READS: Final = Statement(
    update(chat_users).where(chat_users.c.user_id == bindparam("owner_id")).values(own_read_seq=0)
)
"""All their rows, also those where it is 0 already: a mark that is being made is waited for, and taken back."""
_SET_ROLE: Final = Statement(update(users).where(users.c.id == bindparam("user_id")).values(role=bindparam("role")))
_DISABLE: Final = Statement(
    update(users).where(users.c.id == bindparam("user_id")).values(disabled_at=bindparam("disabled_at"))
)
LOCK_KEEPERS: Final = Statement(
    select(users.c.id)
    .where(users.c.role == "admin", users.c.disabled_at.is_(None))
    .order_by(users.c.id)
    .with_for_update()
)
_SAVE_LAST_SEEN: Final = Statement(
    update(users)
    .where(
        users.c.id == bindparam("user_id"),
        users.c.deleted_at.is_(None),
        or_(users.c.last_seen_at.is_(None), users.c.last_seen_at < bindparam("seen_at")),
    )
    .values(last_seen_at=bindparam("seen_at"))
)
_CHATS_OF: Final = Statement(
    select(chat_users.c.chat_id)
    .where(chat_users.c.user_id == bindparam("user_id"), chat_users.c.left_seq.is_(None))
    .order_by(chat_users.c.chat_id)
)


def create_user(operation: CreateUser) -> Steps[Outcome]:
    """The unique keys decide; the look-ups only tell which of the two was taken, and that only to who is invited."""
    invite, is_first = None, False
    if operation.invite_hash is not None:
        is_first = yield from lock_setup(operation.invite_hash, operation.now)
        invite = None if is_first else (yield from lock_invite(operation.invite_hash, operation.now))
        if not is_first and (invite is None or invite.used >= invite.uses):
            return INVALID
    taken = yield from _taken(operation)
    if taken is not None:
        return taken
    try:
        result = yield from _INSERT.run(
            username=operation.username,
            username_key=operation.username_key,
            email=operation.email,
            email_key=operation.email_key,
            password_hash=operation.password_hash,
            display_name=operation.display_name,
            created_at=operation.now,
            language=operation.language,
        )
    except DuplicateKey:
        taken = yield from _taken(operation)
        if taken is None:
            raise
        return taken
    yield from _write_words(result.last_id, operation.words)
    if invite is not None:
        yield from count_use(invite, result.last_id, operation.now)
    if is_first and operation.invite_hash is not None:
        yield from use_code(operation.invite_hash, operation.now)
        yield from _SET_ROLE.run(user_id=result.last_id, role="admin")
        yield from write_lines(FIRST_ADMIN, operation.now, actor_id=None, subject_id=result.last_id)
    if operation.email is not None and operation.language is not None:
        yield from order("verify", operation.language, operation.now, user_id=result.last_id, address=operation.email)
    user = yield from private_user(result.last_id)
    assert user is not None
    return UserFound(user)


def _taken(operation: CreateUser) -> Steps[Refused | None]:
    """Somebody may register both between two look-ups: so the username is looked up once more after the email."""
    mail = operation.email_key
    named = yield from _BY_USERNAME.one(key=operation.username_key)
    if named is None:
        named = yield from _NAME_KEPT.one(digest=digest_of(operation.username_key), since=operation.now - NAME_KEPT)
    mailed = None if mail is None else (yield from _BY_EMAIL.one(key=mail))
    if named is None and mailed is not None:
        named = yield from _BY_USERNAME.one(key=operation.username_key)
    if named is not None:
        return Refused("username_taken", "this username is taken", "username")
    if mailed is not None:
        return Refused("email_taken", "this email is taken", "email")
    return None


def digest_of(username_key: str) -> bytes:
    """What stands for the username of a deleted account."""
    return sha256(username_key.encode()).digest()


def _write_words(user_id: int, words: Iterable[str]) -> Steps[None]:
    yield from _INSERT_WORD.many([{"word": word, "user_id": user_id} for word in sorted(words)])


def set_account(operation: SetAccount) -> Steps[Outcome]:
    """All admins are locked, in the order of their ids: of two who shut each other out one comes second."""
    keepers: list[int] = yield from LOCK_KEEPERS.column()
    if (yield from _LOCK.one(user_id=operation.user_id)) is None:
        return Refused("not_found")
    loses = operation.disabled is True or operation.role == "member"
    if loses and keepers == [operation.user_id]:
        return Refused("forbidden", "nobody else keeps this server")
    if operation.role is not None:
        yield from _SET_ROLE.run(user_id=operation.user_id, role=operation.role)
    if operation.role == "admin":
        yield from end_setups(operation.now)
    if operation.disabled is not None:
        yield from _DISABLE.run(user_id=operation.user_id, disabled_at=operation.now if operation.disabled else None)
    if not operation.disabled:
        return SessionsEnded(())
    return (yield from end_all(operation.user_id, None, operation.now))


def find_login(operation: FindLogin) -> Steps[Outcome]:
    """By either name."""
    kind = kind_of_login(operation.login_key)
    if kind is None:
        return Refused("not_found")
    look_up = _BY_EMAIL if kind == "email" else _BY_USERNAME
    row = yield from look_up.one(key=operation.login_key)
    return Refused("not_found") if row is None else LoginFound(*row)


def update_user(operation: UpdateUser) -> Steps[Outcome]:
    """None leaves a field, "" clears avatar or email."""
    row = yield from _LOCK.one(user_id=operation.user_id)
    if row is None:
        return Refused("not_found")
    display_name, avatar_url, email, email_key, verified, hid_last_seen, hid_reads, language, login_letters = row
    before, old_email = email, email if verified else None
    if operation.display_name is not None:
        display_name = operation.display_name
    old = avatar_url
    if operation.avatar_url is not None:
        avatar_url = operation.avatar_url or None
    if operation.email is not None:
        email, email_key = operation.email or None, operation.email_key or None
        verified = verified and email == old_email
        language = operation.language or language
    if email_key is not None:
        owner = yield from _BY_EMAIL.one(key=email_key)
        if owner is not None and owner[0] != operation.user_id:
            return _email_taken()
    refused = yield from change_avatar(operation.user_id, old, avatar_url, operation.now)
    if refused is not None:
        return refused
    try:
        yield from _UPDATE.run(
            user_id=operation.user_id,
            display_name=display_name,
            avatar_url=avatar_url,
            email=email,
            email_key=email_key,
            email_verified=verified,
            hide_last_seen=hid_last_seen if operation.hide_last_seen is None else operation.hide_last_seen,
            hide_reads=hid_reads if operation.hide_reads is None else operation.hide_reads,
            language=language,
            login_letters=login_letters if operation.login_letters is None else operation.login_letters,
        )
    except DuplicateKey:
        yield from release_avatar(avatar_url, operation.now)
        return _email_taken()
    if avatar_url != old:
        yield from release_avatar(old, operation.now)
    if operation.email is not None:
        yield from _tell_of_address(operation, old_email, email, verified, changed=email != before)
    if operation.words is not None:
        yield from DELETE_WORDS.run(user_id=operation.user_id)
        yield from _write_words(operation.user_id, operation.words)
    if operation.hide_reads and not hid_reads:
        yield from _FORGET_READS.run(owner_id=operation.user_id)
    user = yield from private_user(operation.user_id)
    assert user is not None
    hides = None if operation.hide_last_seen is None and operation.hide_reads is None else Hides.of(user)
    if operation.display_name is None and operation.avatar_url is None:
        return UserUpdated(user, (), hides)
    chat_ids = yield from _CHATS_OF.column(user_id=operation.user_id)
    return UserUpdated(user, tuple(chat_ids), hides)


def _tell_of_address(
    operation: UpdateUser, old: str | None, email: str | None, verified: bool, *, changed: bool
) -> Steps[None]:
    """`old`: the verified address before. What was sent there resets nothing any more. What is run again has changed
    the address already, where it was done the first time."""
    user_id, language = operation.user_id, operation.language
    if old is not None and old != email:
        yield from END_RESETS.run(owner_id=user_id, used_at=operation.now)
        if language is not None:
            yield from order("changed", language, operation.now, user_id=user_id, address=old)
    if email is not None and not verified and language is not None:
        if not changed and (yield from is_ordered("verify", operation.now, user_id, email)):
            return
        yield from order("verify", language, operation.now, user_id=user_id, address=email)


def _email_taken() -> Refused:
    return Refused("email_taken", "this email is taken", "email")


def save_last_seen(operation: SaveLastSeen) -> Steps[Outcome]:
    """The last writer wins; connections of one user may end on several processes."""
    yield from _SAVE_LAST_SEEN.many([{"user_id": user_id, "seen_at": at} for user_id, at in operation.seen])
    return Done()


def list_users(operation: ListUsers) -> Steps[Outcome]:
    """For the operator."""
    found = yield from all_users(operation.after_id, operation.limit)
    return UsersFound(found)
