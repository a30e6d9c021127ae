"""Invitations, and what admins of a server do, with the Python client. All raise ChatError."""

from typing import Literal

import msgspec

from chatproto.operations.administration import Account as AccountInfo
from chatproto.operations.administration import AuditLine, Sizes
from chatproto.operations.invites import Invite
from chatproto.wire.model import Chat, SessionInfo
from client.account import Account


class MadeInvite(Invite, frozen=True, kw_only=True):
    """`code` is told once. `url`: None where the server does not know where people find it."""

    code: str
    url: str | None


class ResetLink(msgspec.Struct, frozen=True, kw_only=True):
    """Sets a new password, once, within `expires_in` seconds."""

    code: str
    url: str | None
    expires_in: int


async def make_invite(
    account: Account, *, uses: int = 1, expires_in: int = 604_800, chat_id: int | None = None
) -> MadeInvite:
    """Invite `uses` people to the server, or to a group, for `expires_in` seconds."""
    body = {"uses": uses, "expires_in": expires_in, "chat_id": chat_id}
    return msgspec.convert(await account.call("POST", "/api/invites", body), MadeInvite)


async def list_invites(account: Account) -> tuple[Invite, ...]:
    """One's own, the newest first; an admin of the server is told all."""
    return msgspec.convert((await account.call("GET", "/api/invites"))["invites"], tuple[Invite, ...])


async def revoke_invite(account: Account, invite_id: int) -> None:
    """Nobody comes by it any more."""
    await account.call("DELETE", f"/api/invites/{invite_id}")


async def accept_invite(account: Account, code: str) -> Chat:
    """Join the group of an invitation."""
    return msgspec.convert(await account.call("POST", "/api/invites/accept", {"code": code}), Chat)


async def list_accounts(
    account: Account, query: str | None = None, *, after_id: int | None = None
) -> tuple[AccountInfo, ...]:
    """At most 50 people of the server, by id; ask on with the id of the last one."""
    wanted = {"query": query, "after_id": after_id}
    answer = await account.call("GET", "/api/admin/users", **{k: v for k, v in wanted.items() if v is not None})
    return msgspec.convert(answer["accounts"], tuple[AccountInfo, ...])


async def change_account(
    account: Account, user_id: int, *, disabled: bool | None = None, role: Literal["member", "admin"] | None = None
) -> None:
    """Shut somebody out or let them in; make them an admin of the server or not."""
    await account.call("PATCH", f"/api/admin/users/{user_id}", {"disabled": disabled, "role": role})


async def list_sessions(account: Account, user_id: int) -> tuple[SessionInfo, ...]:
    """Where somebody is logged in, the oldest first."""
    answer = await account.call("GET", f"/api/admin/users/{user_id}/sessions")
    return msgspec.convert(answer["sessions"], tuple[SessionInfo, ...])


async def end_session(account: Account, user_id: int, session_id: int) -> None:
    """End one log-in of somebody. Also raises not_found."""
    await account.call("DELETE", f"/api/admin/users/{user_id}/sessions/{session_id}")


async def sign_out(account: Account, user_id: int) -> None:
    """End all sessions of somebody."""
    await account.call("DELETE", f"/api/admin/users/{user_id}/sessions")


async def delete_account(account: Account, user_id: int) -> None:
    """Delete somebody's account for good; what they sent stays. Also raises last_admin."""
    await account.call("DELETE", f"/api/admin/users/{user_id}")


async def make_reset_link(account: Account, user_id: int) -> ResetLink:
    """A link by which somebody sets a new password."""
    return msgspec.convert(await account.call("POST", f"/api/admin/users/{user_id}/reset-link"), ResetLink)


async def measure(account: Account) -> Sizes:
    """How much there is on the server."""
    return msgspec.convert(await account.call("GET", "/api/admin/sizes"), Sizes)


async def list_audit(account: Account, before_id: int | None = None) -> tuple[AuditLine, ...]:
    """At most 50 lines, the newest first; ask on with the id of the last one."""
    params = {} if before_id is None else {"before_id": before_id}
    answer = await account.call("GET", "/api/admin/audit", **params)
    return msgspec.convert(answer["lines"], tuple[AuditLine, ...])
