"""What those who keep the server do, each act with its line in the audit.

All admins are locked first, in the order of their ids, so whoever acts is one until it is done.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from chatproto.operations import (
    Administer,
    ChangePassword,
    CreateInvite,
    CreateUser,
    DeleteAccount,
    Done,
    EndSessions,
    GroupsToLeave,
    MakeCode,
    Outcome,
    Refused,
    RevokeInvite,
    SetAccount,
)
from chatproto.operations.administration import ExportData
from chatproto.operations.auditing import about, actions_of, is_own, subject_of
from storage.statements import Steps
from storage.transactions.accounts import LOCK_KEEPERS, create_user, set_account
from storage.transactions.audit_lines import write_lines
from storage.transactions.codes import make_code
from storage.transactions.deletion import delete_account
from storage.transactions.invites import create_invite, revoke_invite
from storage.transactions.people import IS_LIVING
from storage.transactions.sessions import change_password, end_sessions

A = TypeVar("A")

_ACTS: Final[dict[type[Any], Callable[[Any], Steps[Outcome]]]] = {
    CreateUser: create_user,
    SetAccount: set_account,
    MakeCode: make_code,
    EndSessions: end_sessions,
    ChangePassword: change_password,
    DeleteAccount: delete_account,
    CreateInvite: create_invite,
    RevokeInvite: revoke_invite,
    ExportData: lambda _: _nothing(),
}


def administer(operation: Administer) -> Steps[Outcome]:
    """By an admin, the operator or whose account it is, and written down where it was done."""
    act, actor_id = operation.act, operation.actor_id
    if actor_id is not None and not is_own(operation) and actor_id not in (yield from LOCK_KEEPERS.column()):
        return Refused("forbidden")
    subject = subject_of(act)
    if subject is not None and (yield from IS_LIVING.one(user_id=subject)) is None:
        return Refused("not_found")
    outcome = yield from _ACTS[type(act)](act)
    if not isinstance(outcome, Refused | GroupsToLeave):
        subject_id, invite_id = about(act, outcome)
        yield from write_lines(
            actions_of(act),
            operation.now,
            actor_id=actor_id,
            subject_id=subject_id,
            invite_id=invite_id,
            address=operation.address,
        )
    return outcome


def _nothing() -> Steps[Outcome]:
    """Of an act that is only written down."""
    yield from ()
    return Done()
