"""What stands in the lines of the audit: derived from what was asked and what came of it."""

from typing import Final, assert_never

from chatproto.operations.accounts import ChangePassword, CreateUser, DeleteAccount, EndSessions
from chatproto.operations.administration import Act, Administer, AuditAction, ExportData, Role
from chatproto.operations.invites import CreateInvite, RevokeInvite, SetAccount
from chatproto.operations.outcomes import InvitesFound, Outcome, UserFound
from chatproto.operations.recovery import MakeCode

FIRST_ADMIN: Final[tuple[AuditAction, ...]] = ("admin_granted",)
"""The audit line for the person who registers with the code that the server prints while it has no users. It names no
actor: the operator gave the code."""


def is_own(operation: Administer) -> bool:
    """Whether it is what everybody may do: delete one's own account, take a copy of one's own data."""
    act = operation.act
    return operation.own and isinstance(act, DeleteAccount | ExportData) and act.user_id == operation.actor_id


def subject_of(act: Act) -> int | None:
    """The account that an act is about, where there is one before it."""
    match act:
        case SetAccount() | MakeCode() | EndSessions() | ChangePassword() | DeleteAccount() | ExportData():
            return act.user_id
        case CreateUser() | CreateInvite() | RevokeInvite():
            return None
        case _:
            assert_never(act)


def about(act: Act, outcome: Outcome) -> tuple[int | None, int | None]:
    """The account and the invitation that a line names."""
    match outcome:
        case UserFound(user):
            return user.id, None
        case InvitesFound(invites):
            return None, invites[0].id
        case _:
            return subject_of(act), act.invite_id if isinstance(act, RevokeInvite) else None


def actions_of(act: Act) -> tuple[AuditAction, ...]:
    """What an act is called in the audit, one line each."""
    match act:
        case CreateUser():
            return ("account_created",)
        case DeleteAccount():
            return ("account_deleted",)
        case ExportData():
            return ("data_exported",)
        case MakeCode():
            return ("reset_link",)
        case EndSessions(_, session_id):
            return ("sessions_ended",) if session_id is None else ("session_ended",)
        case ChangePassword():
            return ("password_set",)
        case CreateInvite():
            return ("invite_created",)
        case RevokeInvite():
            return ("invite_revoked",)
        case SetAccount(_, disabled, role):
            return (*_access(disabled), *_role(role))
        case _:
            assert_never(act)


def _access(disabled: bool | None) -> tuple[AuditAction, ...]:
    if disabled is None:
        return ()
    return ("account_disabled",) if disabled else ("account_enabled",)


def _role(role: Role | None) -> tuple[AuditAction, ...]:
    if role is None:
        return ()
    return ("admin_granted",) if role == "admin" else ("admin_taken",)
