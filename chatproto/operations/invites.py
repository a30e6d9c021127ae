"""What is asked about invitations, and about who keeps the server or is shut out; codes arrive hashed."""

from datetime import datetime
from typing import Final, Literal

import msgspec
from attrs import frozen

MAX_INVITES: Final = 100
"""Invitations of one person that could still be used."""


class Invite(msgspec.Struct, frozen=True, kw_only=True):
    """`used` of `uses`. `chat_id`: the group it leads to. `created_by`: None, the operator."""

    id: int
    chat_id: int | None
    created_by: int | None
    uses: int
    used: int
    created_at: datetime
    expires_at: datetime
    revoked: bool


@frozen
class CreateInvite:
    """To the server, by its admins and its operator (`actor_id` None); or to a group as well, by that group's admins.
    Outcome: InvitesFound with the one; Refused forbidden / not_found / too_many."""

    actor_id: int | None
    code_hash: bytes
    chat_id: int | None
    uses: int
    now: datetime
    expires_at: datetime


@frozen
class ListInvites:
    """One's own, for an admin of the server and for the operator all; the newest `limit`. Outcome: InvitesFound."""

    actor_id: int | None
    limit: int


@frozen
class RevokeInvite:
    """One that ListInvites would show. Outcome: Done, or Refused not_found."""

    actor_id: int | None
    invite_id: int
    now: datetime


@frozen
class OpenInvite:
    """Where a group's invitation leads somebody who has an account; it is counted when they join (`AppendChange`). Who
    was in the group before does not come back by it. Outcome: InviteOpened, or Refused invite_invalid."""

    code_hash: bytes
    user_id: int
    now: datetime


@frozen
class SetAccount:
    """Shut somebody out (all sessions end) or let them in again; make them an admin of the server, or a member. None
    leaves a thing as it is. Outcome: SessionsEnded, or Refused not_found; forbidden where nobody could keep the server
    any more."""

    user_id: int
    disabled: bool | None
    role: Literal["member", "admin"] | None
    now: datetime
