"""Invitations: /api/invites."""

from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta, structs

from chatproto.operations import (
    AppendChange,
    Appended,
    CheckCode,
    CreateInvite,
    Done,
    Invite,
    InviteOpened,
    InvitesFound,
    ListInvites,
    LoadChat,
    OpenInvite,
    Refused,
    RevokeInvite,
)
from chatproto.operations.outcomes import ChatFound
from chatproto.wire.model import Chat
from runtime.administration import administer
from runtime.bounds import LONGEST_INVITE, MAX_USES
from runtime.codes import hash_of, new_code
from runtime.http.fields import Id
from runtime.http.problem import Problem, refusal
from runtime.http.recovery import TOO_MANY_CODES
from runtime.http.routes import Answer, Call, Result, Route, opening
from runtime.mail.letters import link_of

LISTED: Final = 200


class NewInvite(msgspec.Struct, frozen=True, kw_only=True):
    """`expires_in` is in seconds. With `chat_id` it leads into that group as well."""

    uses: Annotated[int, Meta(ge=1, le=MAX_USES)] = 1
    expires_in: Annotated[int, Meta(ge=60, le=LONGEST_INVITE)] = 7 * 24 * 3600
    chat_id: Id | None = None


class InviteCode(msgspec.Struct, frozen=True, kw_only=True):
    """`code`: what stands behind the # of a link."""

    code: str


class MadeInvite(Invite, frozen=True, kw_only=True):
    """`code` is told once. `url`: null where the server does not know where people find it."""

    code: str
    url: str | None


class Invites(msgspec.Struct, frozen=True, kw_only=True):
    """The newest first."""

    invites: tuple[Invite, ...]


async def create_invite(call: Call[NewInvite, None]) -> Result:
    """Invite people to this server, or to a group of one's own."""
    services, body = call.services, call.body
    code, now = new_code(services.random_token), services.now()
    expires_at = now + timedelta(seconds=body.expires_in)
    operation = CreateInvite(call.me.user_id, hash_of(code), body.chat_id, body.uses, now, expires_at)
    outcome = await administer(call.ask, call.me.user_id, call.address, operation, now)
    if body.chat_id is not None and isinstance(outcome, Refused) and outcome.code == "forbidden":
        outcome = await call.ask(operation)  # as an admin of the group alone
    if not isinstance(outcome, InvitesFound):
        return refusal(outcome)
    public_url = services.settings.public_url
    url = link_of(public_url, "join", code) if public_url else None
    return Answer(201, MadeInvite(**structs.asdict(outcome.invites[0]), code=code, url=url))


async def list_invites(call: Call[None, None]) -> Result:
    """One's own invitations; an admin of the server sees all."""
    outcome = await call.ask(ListInvites(call.me.user_id, LISTED))
    if not isinstance(outcome, InvitesFound):
        return refusal(outcome)
    return Answer(200, Invites(invites=outcome.invites))


async def revoke_invite(call: Call[None, None], invite_id: int) -> Result:
    """Nobody comes by it any more. Admins of the server may take back any, which is written down; others their own."""
    user_id, now = call.me.user_id, call.services.now()
    revoke = RevokeInvite(user_id, invite_id, now)
    outcome = await administer(call.ask, user_id, call.address, revoke, now)
    if isinstance(outcome, Refused) and outcome.code == "forbidden":
        outcome = await call.ask(revoke)
    return Answer(204) if outcome == Done() else refusal(outcome)


async def accept_invite(call: Call[InviteCode, None]) -> Result:
    """Join the group of an invitation; who is in it already stays as they are."""
    services, user_id = call.services, call.me.user_id
    code_hash = hash_of(call.body.code)
    question = OpenInvite(code_hash, user_id, services.now())
    opened = await opening(call, services.guards.refused_codes, TOO_MANY_CODES, lambda: call.ask(question))
    if isinstance(opened, Problem):
        return opened
    if not isinstance(opened, InviteOpened):
        return refusal(opened)
    return await _join(call, opened, user_id, code_hash)


async def _join(call: Call[object, None], opened: InviteOpened, user_id: int, code_hash: bytes) -> Result:
    """In the name of the admin who invited them, who may have lost that right just now."""
    joined = await call.persist(joining(opened, user_id, code_hash, call.services.random_token(), call.services.now()))
    if isinstance(joined, Refused):
        return Problem("invite_invalid")
    if not isinstance(joined, Appended):
        return refusal(joined)
    outcome = await call.ask(LoadChat(user_id, opened.chat_id, with_members=True))
    return Answer(200, outcome.chat) if isinstance(outcome, ChatFound) else refusal(outcome)


def joining(opened: InviteOpened, user_id: int, code_hash: bytes, cid: str, now: datetime) -> AppendChange:
    """The change by which somebody is in the group."""
    return AppendChange(
        chat_id=opened.chat_id,
        actor_id=opened.inviter_id,
        kind="add",
        user_ids=(user_id,),
        history="all",
        role=None,
        title=None,
        avatar_url=None,
        cid=cid,
        now=now,
        invite_hash=code_hash,
    )


async def admission(call: Call[object, None], code: str | None) -> Problem | None:
    """Why nobody registers with this code, as far as the mode of the server tells. The code for the first admin opens
    every mode."""
    mode = call.services.settings.registration
    if mode == "invite" and code is None:
        return Problem("invite_invalid", "This server takes people by invitation.")
    if mode != "closed":
        return None
    outcome = Refused("") if code is None else await call.ask(CheckCode(hash_of(code), "setup", call.services.now()))
    if isinstance(outcome, Refused):
        return Problem("registration_closed", "Ask the operator of this server for an account.")
    return None if outcome == Done() else refusal(outcome)


ROUTES = (
    Route(
        method="POST", path="/api/invites", handler=create_invite, summary="Invite people", body=NewInvite,
        answers={201: (MadeInvite,)}, codes=("not_found", "too_many"),
    ),
    Route(
        method="GET", path="/api/invites", handler=list_invites, summary="One's invitations",
        answers={200: (Invites,)},
    ),
    Route(
        method="DELETE", path="/api/invites/{invite_id}", handler=revoke_invite, summary="Take an invitation back",
        answers={204: ()},
    ),
    Route(
        method="POST", path="/api/invites/accept", handler=accept_invite, summary="Join the group of an invitation",
        body=InviteCode, answers={200: (Chat,)}, codes=("invite_invalid", "not_found"),
    ),
)  # fmt: skip
