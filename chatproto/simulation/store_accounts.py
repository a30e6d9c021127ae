"""The model's accounts and sessions."""

from datetime import datetime, timedelta
from typing import Literal, assert_never

import msgspec
from msgspec import UNSET, UnsetType

from chatproto.operations import (
    ChangePassword,
    CleanedUp,
    CleanUp,
    CreateSession,
    CreateUser,
    Done,
    EndSessions,
    FindLogin,
    ListSessions,
    LoadSession,
    LoginFound,
    Outcome,
    Refused,
    RenewHash,
    RotateRefresh,
    SaveLastSeen,
    SessionCreated,
    SessionsEnded,
    SessionsFound,
    SetAccount,
    TouchSession,
    UpdateUser,
    UserFound,
    UserUpdated,
)
from chatproto.operations.accounts import NAME_KEPT
from chatproto.operations.auditing import FIRST_ADMIN
from chatproto.simulation.model_rows import Account, Login, RefreshToken
from chatproto.simulation.model_store import Store
from chatproto.simulation.store_audit import write_lines
from chatproto.simulation.store_files import change_avatar, release_avatar
from chatproto.simulation.store_invites import usable_invite
from chatproto.simulation.store_mails import (
    address_given,
    end_resets,
    end_setups,
    tell_of_address,
    tell_of_login,
    usable,
)
from chatproto.wire.model import PrivateUser, SessionInfo

GRACE = timedelta(seconds=60)
LATE_EXCHANGES = 5
TOUCH_INTERVAL = timedelta(minutes=1)
UNUSED = timedelta(days=90)
REUSE_KNOWN = timedelta(days=7)
ENDED_KNOWN = timedelta(days=365)
KEY_LIFETIME = timedelta(hours=24)
CODE_KNOWN = timedelta(days=7)
AUDIT_KNOWN = timedelta(days=365)


def create_user(store: Store, operation: CreateUser) -> Outcome:
    invite_hash, invite, is_first = operation.invite_hash, None, False
    if invite_hash is not None:
        is_first = not isinstance(usable(store, invite_hash, "setup", operation.now), Refused)
        invite = usable_invite(store, invite_hash, operation.now)
        if not is_first and invite is None:
            return Refused("invite_invalid")
    if any(_holds_name(account, operation) for account in store.accounts.values()):
        return Refused("username_taken", "this username is taken", "username")
    if _email_owner(store, operation.email_key) is not None:
        return Refused("email_taken", "this email is taken", "email")
    user_id = len(store.accounts) + 1
    if invite is not None:
        invite.by |= {user_id}
    elif invite_hash is not None:
        store.codes[invite_hash].used = True
    user = PrivateUser(
        id=user_id,
        username=operation.username,
        display_name=operation.display_name,
        created_at=operation.now,
        email=operation.email,
        role="admin" if is_first else UNSET,
    )
    store.accounts[user_id] = Account(
        user,
        operation.username_key,
        operation.email_key,
        operation.password_hash,
        operation.words,
        language=operation.language,
    )
    if is_first:
        write_lines(store, FIRST_ADMIN, operation.now, actor_id=None, subject_id=user_id)
    if operation.email is not None and operation.language is not None:
        address_given(store, operation.language, user_id, operation.email, operation.now)
    return UserFound(user)


def _holds_name(account: Account, operation: CreateUser) -> bool:
    kept = account.deleted_at is not None and account.deleted_at > operation.now - NAME_KEPT
    return account.username_key == operation.username_key or (kept and account.old_key == operation.username_key)


def _email_owner(store: Store, email_key: str | None) -> int | None:
    if email_key is None:
        return None
    owners = (user_id for user_id, account in store.accounts.items() if account.email_key == email_key)
    return next(owners, None)


def find_login(store: Store, operation: FindLogin) -> Outcome:
    if operation.login_key.startswith("~") and "@" not in operation.login_key:
        return Refused("not_found")
    for user_id, account in store.accounts.items():
        if operation.login_key in (account.username_key, account.email_key):
            return LoginFound(user_id, account.password_hash)
    return Refused("not_found")


def create_session(store: Store, operation: CreateSession) -> Outcome:
    account = store.accounts.get(operation.user_id)
    if account is None:
        return Refused("not_found")
    if account.disabled:
        return Refused("account_disabled")
    if operation.checked_hash not in (None, account.password_hash):
        return Refused("invalid_credentials")
    told = tell_of_login(store, operation, account, _live(store, operation.user_id))
    store.logins_made += 1
    session_id = store.logins_made
    store.logins[session_id] = Login(
        session_id,
        operation.user_id,
        operation.device,
        operation.key,
        operation.now,
        operation.now,
        operation.address,
    )
    store.tokens[operation.refresh_hash] = RefreshToken(operation.refresh_hash, session_id, None, operation.now)
    return SessionCreated(account.user, session_id, operation.key, operation.refresh_hash, told)


def rotate_refresh(store: Store, operation: RotateRefresh) -> Outcome:
    token = store.tokens.get(operation.refresh_hash)
    if token is None:
        return Refused("token_invalid")
    login = store.logins[token.session_id]
    if login.ended_at is not None:
        return Refused("revoked")
    if operation.now - (token.exchanged_at or token.created_at) > UNUSED:
        return Refused("token_invalid")
    if token.exchanged_at is None:
        token.exchanged_at = operation.now
    elif operation.now - token.exchanged_at > GRACE:
        if token.late_exchanges >= LATE_EXCHANGES or _successor_used(store, token):
            login.ended_at = operation.now
            return Refused("token_reused")
        token.late_exchanges += 1
    fresh = operation.new_refresh_hash
    store.tokens[fresh] = RefreshToken(fresh, login.id, token.hash, operation.now)
    address = operation.address or login.address
    if operation.now - login.last_used_at >= TOUCH_INTERVAL or address != login.address:
        login.last_used_at, login.address = max(operation.now, login.last_used_at), address
    return SessionCreated(store.accounts[login.user_id].user, login.id, login.key, fresh)


def _successor_used(store: Store, token: RefreshToken) -> bool:
    return any(
        other.parent == token.hash and (other.used or other.exchanged_at is not None) for other in store.tokens.values()
    )


def touch(store: Store, operation: TouchSession | LoadSession, device: str | None) -> Outcome:
    login = store.logins.get(operation.session_id)
    if (
        login is None
        or login.ended_at is not None
        or (login.user_id, login.key) != (operation.user_id, operation.session_key)
    ):
        return Refused("revoked")
    token = store.tokens.get(operation.refresh_id)
    if token is not None and token.session_id == login.id:
        token.used = True
    if operation.now - login.last_used_at >= TOUCH_INTERVAL or device not in (None, login.device):
        login.last_used_at = max(login.last_used_at, operation.now)
    login.device = login.device if device is None else device
    return UserFound(store.accounts[login.user_id].user)


def clean_up(store: Store, operation: CleanUp) -> Outcome:
    """All in one slice."""
    now = operation.now
    match operation.kind:
        case "tokens":
            old = [token for token in store.tokens.values() if _removable(store, token, now)]
            for token in old:
                del store.tokens[token.hash]
            return CleanedUp(len(old))
        case "sessions":
            logins = list(store.logins.values())
            unused = [login for login in logins if login.ended_at is None and now - login.last_used_at > UNUSED]
            kept = {token.session_id for token in store.tokens.values()}
            gone = [login.id for login in logins if login.ended_at and now - login.ended_at > ENDED_KNOWN]
            gone = [login_id for login_id in gone if login_id not in kept]
            for login in unused:
                login.ended_at = now
            for login_id in gone:
                del store.logins[login_id]
            return CleanedUp(len(gone), ended=len(unused))
        case "keys":
            forgotten = [name for name, (_, made) in store.keys.items() if now - made >= KEY_LIFETIME]
            for name in forgotten:
                del store.keys[name]
            return CleanedUp(len(forgotten))
        case "codes":
            gone_codes = [name for name, code in store.codes.items() if now - code.expires_at >= CODE_KNOWN]
            for code_hash in gone_codes:
                del store.codes[code_hash]
            return CleanedUp(len(gone_codes))
        case "audit":
            kept_lines = [line for line in store.audit if now - line.at < AUDIT_KNOWN]
            removed = len(store.audit) - len(kept_lines)
            store.audit = kept_lines
            return CleanedUp(removed)
        case "names":
            return CleanedUp(_free_names(store, now))
        case _:
            assert_never(operation.kind)


def _free_names(store: Store, now: datetime) -> int:
    freed = [
        one for one in store.accounts.values() if one.old_key and one.deleted_at and now - one.deleted_at >= NAME_KEPT
    ]
    for account in freed:
        account.old_key = None
    return len(freed)


def _removable(store: Store, token: RefreshToken, now: datetime) -> bool:
    ended_at = store.logins[token.session_id].ended_at
    used_at = token.exchanged_at or token.created_at
    exchanged = token.exchanged_at is not None and _successor_used(store, token)
    if ended_at is not None and ended_at - used_at <= UNUSED:
        return now - ended_at > (REUSE_KNOWN if exchanged else ENDED_KNOWN)
    return now - used_at > (REUSE_KNOWN if exchanged else UNUSED)


def end_sessions(store: Store, operation: EndSessions) -> Outcome:
    if operation.session_id is None:
        return end_all(store, operation.user_id, operation.keep, operation.now)
    login = store.logins.get(operation.session_id)
    if login is None or login.user_id != operation.user_id or login.ended_at is not None:
        return Refused("not_found")
    login.ended_at = operation.now
    return SessionsEnded((login.id,))


def end_all(store: Store, user_id: int, keep: int | None, now: datetime) -> Outcome:
    return SessionsEnded(end_live(store, user_id, now, keep))


def end_live(store: Store, user_id: int, now: datetime, keep: int | None = None) -> tuple[int, ...]:
    """Those that ended."""
    ended = [login for login in _live(store, user_id) if login.id != keep]
    for login in ended:
        login.ended_at = now
    return tuple(login.id for login in ended)


def _live(store: Store, user_id: int) -> list[Login]:
    return [login for login in store.logins.values() if login.user_id == user_id and login.ended_at is None]


def list_sessions(store: Store, operation: ListSessions) -> Outcome:
    return SessionsFound(
        tuple(
            SessionInfo(
                id=login.id,
                device=login.device,
                created_at=login.created_at,
                last_used_at=login.last_used_at,
                address=login.address,
                current=login.id == operation.current_session_id,
            )
            for login in _live(store, operation.user_id)
        )
    )


def set_account(store: Store, operation: SetAccount) -> Outcome:
    account = store.accounts.get(operation.user_id)
    if account is None or account.deleted_at is not None:
        return Refused("not_found")
    keepers = [one.user.id for one in store.accounts.values() if one.user.role == "admin" and not one.disabled]
    if (operation.disabled or operation.role == "member") and keepers == [operation.user_id]:
        return Refused("forbidden", "nobody else keeps this server")
    if operation.role is not None:
        role: Literal["admin"] | UnsetType = "admin" if operation.role == "admin" else UNSET
        account.user = msgspec.structs.replace(account.user, role=role)
    if operation.role == "admin":
        end_setups(store)
    if operation.disabled is not None:
        account.disabled_at = operation.now if operation.disabled else None
    return end_all(store, operation.user_id, None, operation.now) if operation.disabled else SessionsEnded(())


def change_password(store: Store, operation: ChangePassword) -> Outcome:
    account = store.accounts[operation.user_id]
    if operation.checked_hash not in (None, account.password_hash):
        return Refused("invalid_credentials")
    account.password_hash = operation.password_hash
    end_resets(store, operation.user_id)
    return end_all(store, operation.user_id, operation.keep, operation.now)


def renew_hash(store: Store, operation: RenewHash) -> Outcome:
    account = store.accounts[operation.user_id]
    if account.password_hash == operation.old_hash:
        account.password_hash = operation.new_hash
    return Done()


def update_user(store: Store, operation: UpdateUser) -> Outcome:
    account = store.accounts.get(operation.user_id)
    if account is None or account.deleted_at is not None:
        return Refused("not_found")
    if _email_owner(store, operation.email_key or None) not in (None, operation.user_id):
        return Refused("email_taken", "this email is taken", "email")
    user = account.user
    old = user.avatar_url
    refused = change_avatar(store, user.id, old, operation.avatar_url, operation.now)
    if refused is not None:
        return refused
    if operation.display_name is not None:
        user = msgspec.structs.replace(user, display_name=operation.display_name)
    if operation.avatar_url is not None:
        user = msgspec.structs.replace(user, avatar_url=operation.avatar_url or None)
    if operation.email is not None:
        before = user
        kept = user.email_verified if operation.email == user.email else UNSET
        user = msgspec.structs.replace(user, email=operation.email or None, email_verified=kept)
        account.email_key = operation.email_key or None
        account.language = operation.language or account.language
        tell_of_address(store, operation, before, user)
    if operation.words is not None:
        account.words = operation.words
    if operation.hide_last_seen is not None:
        user = msgspec.structs.replace(user, hide_last_seen=operation.hide_last_seen or UNSET)
    if operation.hide_reads is not None:
        user = msgspec.structs.replace(user, hide_reads=operation.hide_reads or UNSET)
    if operation.login_letters is not None:
        user = msgspec.structs.replace(user, login_letters=UNSET if operation.login_letters else False)
    account.user = user
    _hide_reads(store, account)
    if old != user.avatar_url:
        release_avatar(store, old, operation.now)
    chat_ids = [room.id for room in store.rooms.values() if room.membership(user.id)]
    unseen = operation.display_name is None and operation.avatar_url is None
    unhidden = operation.hide_last_seen is None and operation.hide_reads is None
    return UserUpdated(user, () if unseen else tuple(chat_ids), None if unhidden else account.hides)


def _hide_reads(store: Store, account: Account) -> None:
    """A user who hides what they read has read nothing, as far as others are told."""
    hides = account.hides.reads
    for member in [room.members[account.user.id] for room in store.rooms.values() if account.user.id in room.members]:
        member.hides_reads = hides
        member.own_read_seq = 0 if hides else member.own_read_seq


def save_last_seen(store: Store, operation: SaveLastSeen) -> Outcome:
    for user_id, seen_at in operation.seen:
        account = store.accounts[user_id]
        if account.deleted_at is None and (account.last_seen_at is None or account.last_seen_at < seen_at):
            account.last_seen_at = seen_at
    return Done()
