"""What those who keep the server do to accounts, and the lines that tell of it; they read no chat by any of this."""

from datetime import datetime
from typing import Final, Literal

import msgspec
from attrs import frozen

from chatproto.operations.accounts import ChangePassword, CreateUser, DeleteAccount, EndSessions
from chatproto.operations.invites import CreateInvite, RevokeInvite, SetAccount
from chatproto.operations.recovery import MakeCode

AuditAction = Literal[
    "account_created",
    "account_deleted",
    "account_disabled",
    "account_enabled",
    "admin_granted",
    "admin_taken",
    "data_exported",
    "invite_created",
    "invite_revoked",
    "password_set",
    "reset_link",
    "session_ended",
    "sessions_ended",
]
Role = Literal["member", "admin"]

MAX_LISTED: Final = 200
"""Accounts or lines that one answer holds."""


@frozen
class ExportData:
    """Somebody is given a copy of what the server has of them. It changes nothing and is only written down. Outcome:
    Done."""

    user_id: int


Act = (
    CreateUser
    | SetAccount
    | MakeCode
    | EndSessions
    | ChangePassword
    | CreateInvite
    | RevokeInvite
    | DeleteAccount
    | ExportData
)


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who is meant by a line of the audit."""

    id: int
    username: str
    display_name: str


class AuditLine(msgspec.Struct, frozen=True, kw_only=True):
    """What was done. `actor`: null, the operator by a command. `subject`: whose account; `invite_id`: which invitation.
    `address`: where the request came from, null for a command."""

    id: int
    at: datetime
    actor: Person | None
    action: AuditAction
    subject: Person | None
    invite_id: int | None
    address: str | None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account as those see it who keep the server. `sessions`: log-ins that have not ended. `file_bytes`: of all
    files that they uploaded and that are still there."""

    id: int
    username: str
    display_name: str
    avatar_url: str | None
    created_at: datetime
    email: str | None
    email_verified: bool
    role: Role
    disabled_at: datetime | None
    last_seen_at: datetime | None
    sessions: int
    file_bytes: int


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is. `disabled` of `people`; `sessions` that have not ended; `file_bytes`: equal files of one user
    are kept, and counted, once."""

    people: int
    disabled: int
    sessions: int
    chats: int
    messages: int
    files: int
    file_bytes: int


@frozen
class Administer:
    """Do `act` as an admin of the server (`actor_id`) or its operator (None), and write down that it was done, in one
    transaction. `own`: the actor does it with their own account, having shown the password, and need be no admin
    for what everybody may do (auditing.is_own).
    `address`: where the request came from. Outcome: that of the act, or Refused forbidden where the actor
    is no admin (any more); not_found where the account is none. A refused act leaves no line."""

    actor_id: int | None
    address: str | None
    act: Act
    now: datetime
    own: bool = False


@frozen
class ListAccounts:
    """Accounts above `after_id`, ascending by id, for an admin of the server or its operator (None). `prefixes`,
    `email_key`: as in SearchUsers, but any address is found; both empty: everybody. Outcome:
    AccountsFound, or Refused forbidden."""

    actor_id: int | None
    prefixes: tuple[str, ...]
    email_key: str | None
    role: Role | None
    disabled: bool | None
    after_id: int
    limit: int


@frozen
class LookAtSessions:
    """The log-ins of somebody that have not ended, for an admin of the server or its operator (None);
    `current_session_id`: that of the admin. Outcome: SessionsFound, or Refused forbidden / not_found."""

    actor_id: int | None
    user_id: int
    current_session_id: int


@frozen
class MeasureServer:
    """For an admin of the server; it counts all there is. Outcome: ServerMeasured, or Refused forbidden."""

    actor_id: int


@frozen
class ListAudit:
    """Lines below `before_id` (None: from the newest on), the newest first; for an admin of the server, and for the
    operator (`actor_id` None). Outcome: AuditFound, or Refused forbidden."""

    actor_id: int | None
    before_id: int | None
    limit: int
