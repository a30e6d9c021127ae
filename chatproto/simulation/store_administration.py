"""What those who keep the model's server do and look at."""

from collections.abc import Callable

from chatproto.operations import (
    Account,
    Administer,
    AuditLine,
    Done,
    GroupsToLeave,
    ListAccounts,
    ListAudit,
    ListSessions,
    LookAtSessions,
    MeasureServer,
    Operation,
    Outcome,
    Refused,
    Sizes,
)
from chatproto.operations.administration import ExportData, Person
from chatproto.operations.auditing import about, actions_of, is_own, subject_of
from chatproto.operations.outcomes import AccountsFound, AuditFound, ServerMeasured
from chatproto.simulation import model_rows
from chatproto.simulation.model_rows import KeptLine
from chatproto.simulation.model_store import Store
from chatproto.simulation.store_accounts import list_sessions
from chatproto.simulation.store_audit import write_lines
from chatproto.simulation.store_chats import as_of
from chatproto.simulation.store_invites import keeps
from chatproto.wire.model import Message


def administer(store: Store, operation: Administer, perform: Callable[[Store, Operation], Outcome]) -> Outcome:
    """`perform` does one operation: the one that is administered."""
    act = operation.act
    if not is_own(operation) and not keeps(store, operation.actor_id):
        return Refused("forbidden")
    subject = subject_of(act)
    if subject is not None and subject not in store.living():
        return Refused("not_found")
    outcome = Done() if isinstance(act, ExportData) else perform(store, act)
    if isinstance(outcome, Refused | GroupsToLeave):
        return outcome
    subject_id, invite_id = about(operation.act, outcome)
    write_lines(
        store,
        actions_of(operation.act),
        operation.now,
        actor_id=operation.actor_id,
        subject_id=subject_id,
        invite_id=invite_id,
        address=operation.address,
    )
    return outcome


def look_at_sessions(store: Store, operation: LookAtSessions) -> Outcome:
    if not keeps(store, operation.actor_id):
        return Refused("forbidden")
    if operation.user_id not in store.living():
        return Refused("not_found")
    return list_sessions(store, ListSessions(operation.user_id, operation.current_session_id))


def list_accounts(store: Store, operation: ListAccounts) -> Outcome:
    if not keeps(store, operation.actor_id):
        return Refused("forbidden")
    found = [
        account
        for user_id, account in store.accounts.items()
        if user_id > operation.after_id and _is_meant(account, operation)
    ]
    shown = tuple(_account(store, account) for account in found[: operation.limit])
    return AccountsFound(shown, has_more=len(found) > len(shown))


def _is_meant(account: model_rows.Account, operation: ListAccounts) -> bool:
    if account.deleted_at is not None or operation.role not in (None, account.user.role or "member"):
        return False
    if operation.disabled not in (None, account.disabled):
        return False
    if operation.email_key is not None and account.email_key == operation.email_key:
        return True
    if not operation.prefixes:
        return operation.email_key is None
    return all(any(word.startswith(one) for word in account.words) for one in operation.prefixes)


def _account(store: Store, account: model_rows.Account) -> Account:
    user = account.user
    return Account(
        id=user.id,
        username=user.username,
        display_name=user.display_name,
        avatar_url=user.avatar_url,
        created_at=user.created_at,
        email=user.email,
        email_verified=bool(user.email_verified),
        role=user.role or "member",
        disabled_at=account.disabled_at,
        last_seen_at=account.last_seen_at,
        sessions=sum(login.user_id == user.id and login.ended_at is None for login in store.logins.values()),
        file_bytes=_bytes_of(store, user.id),
    )


def _bytes_of(store: Store, owner_id: int) -> int:
    stored = [kept.stored for kept in store.files.values() if kept.stored.owner_id == owner_id]
    return sum({one.blob: one.file.size for one in stored}.values())


def measure_server(store: Store, operation: MeasureServer) -> Outcome:
    if not keeps(store, operation.actor_id):
        return Refused("forbidden")
    living = store.living()
    sent = [(room, item) for room in store.rooms.values() for item in room.log if isinstance(item, Message)]
    return ServerMeasured(
        Sizes(
            people=len(living),
            disabled=sum(store.accounts[user_id].disabled for user_id in living),
            sessions=sum(login.ended_at is None for login in store.logins.values()),
            chats=len(store.rooms),
            messages=sum(not as_of(room, message, None).deleted for room, message in sent),
            files=len(store.files),
            file_bytes=sum(_bytes_of(store, user_id) for user_id in store.accounts),
        )
    )


def list_audit(store: Store, operation: ListAudit) -> Outcome:
    if not keeps(store, operation.actor_id):
        return Refused("forbidden")
    before_id = operation.before_id
    found = [line for line in reversed(store.audit) if before_id is None or line.id < before_id]
    shown = tuple(_line(store, line) for line in found[: operation.limit])
    return AuditFound(shown, has_more=len(found) > len(shown))


def _line(store: Store, line: KeptLine) -> AuditLine:
    return AuditLine(
        id=line.id,
        at=line.at,
        actor=_person(store, line.actor_id),
        action=line.action,
        subject=_person(store, line.subject_id),
        invite_id=line.invite_id,
        address=line.address,
    )


def _person(store: Store, user_id: int | None) -> Person | None:
    if user_id is None:
        return None
    user = store.accounts[user_id].user
    return Person(id=user.id, username=user.username, display_name=user.display_name)
