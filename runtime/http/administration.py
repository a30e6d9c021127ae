"""For those who keep the server: /api/admin. Whoever is no admin of the server gets 403 from all of it."""

from functools import partial
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from chatproto.operations import (
    Account,
    AccountDeleted,
    AuditLine,
    Done,
    EndSessions,
    ListAccounts,
    ListAudit,
    LookAtSessions,
    MakeCode,
    MeasureServer,
    Refused,
    SessionsEnded,
    SessionsFound,
    SetAccount,
    Sizes,
)
from chatproto.operations.administration import MAX_LISTED, Act, Role
from chatproto.operations.outcomes import AccountsFound, AuditFound, Outcome, ServerMeasured
from chatproto.operations.recovery import RESET_LIFETIME
from chatproto.wire.text import fold, is_email, searched_words
from runtime.administration import administer, tell_of_reading
from runtime.codes import hash_of, new_code
from runtime.deletion import delete_account
from runtime.http.fields import Id, Search
from runtime.http.problem import Problem, refusal
from runtime.http.routes import Answer, Call, Result, Route
from runtime.http.shapes import Sessions
from runtime.mail.letters import link_of

PAGE: Final = 50
Listed = Annotated[int, Meta(ge=1, le=MAX_LISTED)]


class AccountsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """`query`: beginnings of names, or an email address. `after_id`: the last one of the page before."""

    query: Search | None = None
    role: Role | None = None
    disabled: Literal["true", "false"] | None = None
    after_id: Id | None = None
    limit: Listed = PAGE


class Accounts(msgspec.Struct, frozen=True, kw_only=True):
    """Ascending by id."""

    accounts: tuple[Account, ...]
    has_more: bool


class AccountChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is left out stays as it is. Who is `disabled` is signed out everywhere."""

    disabled: bool | None = None
    role: Role | None = None


class ResetLink(msgspec.Struct, frozen=True, kw_only=True):
    """To be handed over: it sets a new password, once, within `expires_in` seconds. `url`: null where the server does
    not know where people find it."""

    code: str
    url: str | None
    expires_in: int


class AuditQuery(msgspec.Struct, frozen=True, kw_only=True):
    """`before_id`: the last one of the page before."""

    before_id: Id | None = None
    limit: Listed = PAGE


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """The newest first."""

    lines: tuple[AuditLine, ...]
    has_more: bool


async def do_as_admin(call: Call[object, object], act: Act) -> Outcome:
    """By the caller, who is refused unless they are an admin of the server."""
    return await administer(call.ask, call.me.user_id, call.address, act, call.services.now())


async def list_accounts(call: Call[None, AccountsQuery]) -> Result:
    """The people of this server."""
    asked = call.query
    email = asked.query is not None and is_email(asked.query)
    outcome = await call.ask(
        ListAccounts(
            actor_id=call.me.user_id,
            prefixes=() if asked.query is None or email else searched_words(asked.query),
            email_key=fold(asked.query) if asked.query is not None and email else None,
            role=asked.role,
            disabled=None if asked.disabled is None else asked.disabled == "true",
            after_id=asked.after_id or 0,
            limit=asked.limit,
        )
    )
    if not isinstance(outcome, AccountsFound):
        return refusal(outcome)
    return Answer(200, Accounts(accounts=outcome.accounts, has_more=outcome.has_more))


async def change_account(call: Call[AccountChange, None], user_id: int) -> Result:
    """Shut somebody out or let them in; make them an admin of the server or not."""
    change = SetAccount(user_id, call.body.disabled, call.body.role, call.services.now())
    return _ended(await do_as_admin(call, change))


async def list_user_sessions(call: Call[None, None], user_id: int) -> Result:
    """Where somebody is logged in."""
    outcome = await call.ask(LookAtSessions(call.me.user_id, user_id, call.me.session_id))
    if not isinstance(outcome, SessionsFound):
        return refusal(outcome)
    tell_of_reading(call.me.user_id, user_id, call.address)
    return Answer(200, Sessions(sessions=outcome.sessions))


async def end_user_session(call: Call[None, None], user_id: int, session_id: int) -> Result:
    """End one log-in of somebody."""
    return _ended(await do_as_admin(call, EndSessions(user_id, session_id, keep=None, now=call.services.now())))


async def end_sessions(call: Call[None, None], user_id: int) -> Result:
    """Sign somebody out everywhere."""
    return _ended(await do_as_admin(call, EndSessions(user_id, session_id=None, keep=None, now=call.services.now())))


async def delete_user(call: Call[None, None], user_id: int) -> Result:
    """Delete somebody's account for good. What was written stays, and names nobody any more."""
    services = call.services
    erase = partial(do_as_admin, call)
    outcome = await delete_account(erase, call.persist, user_id, services.random_token, services.now())
    return Answer(204) if isinstance(outcome, AccountDeleted) else refusal(outcome)


def _ended(outcome: Outcome) -> Result:
    return Answer(204) if isinstance(outcome, SessionsEnded) else refusal(outcome)


async def reset_link(call: Call[None, None], user_id: int) -> Result:
    """A link by which somebody sets a new password."""
    services = call.services
    code, now = new_code(services.random_token), services.now()
    outcome = await do_as_admin(call, MakeCode(hash_of(code), "reset", user_id, now, now + RESET_LIFETIME))
    if outcome != Done():
        return refusal(outcome)
    public_url = services.settings.public_url
    url = link_of(public_url, "reset", code) if public_url else None
    return Answer(201, ResetLink(code=code, url=url, expires_in=int(RESET_LIFETIME.total_seconds())))


async def sizes(call: Call[None, None]) -> Result:
    """How much there is on this server. All of it is counted, so it is not asked too often."""
    measures, clock = call.services.guards.measures, call.services.clock
    user_id = call.me.user_id
    wait = measures.take(user_id, clock())
    if wait > 0:
        return Problem("rate_limited", "Counting everything takes its time.", retry_after=wait)
    outcome = await call.ask(MeasureServer(user_id))
    if isinstance(outcome, Refused):
        measures.give_back(user_id, clock())
    return Answer(200, outcome.sizes) if isinstance(outcome, ServerMeasured) else refusal(outcome)


async def list_audit(call: Call[None, AuditQuery]) -> Result:
    """What those who keep this server did, within the last year."""
    outcome = await call.ask(ListAudit(call.me.user_id, call.query.before_id, call.query.limit))
    if not isinstance(outcome, AuditFound):
        return refusal(outcome)
    return Answer(200, Audit(lines=outcome.lines, has_more=outcome.has_more))


ROUTES = (
    Route(
        method="GET", path="/api/admin/users", handler=list_accounts, summary="The people of this server",
        query=AccountsQuery, answers={200: (Accounts,)}, rate="searches",
    ),
    Route(
        method="PATCH", path="/api/admin/users/{user_id}", handler=change_account, summary="Shut out, or make an admin",
        body=AccountChange, answers={204: ()},
    ),
    Route(
        method="DELETE", path="/api/admin/users/{user_id}", handler=delete_user, summary="Delete an account",
        answers={204: ()}, codes=("last_admin",),
    ),
    Route(
        method="POST", path="/api/admin/users/{user_id}/reset-link", handler=reset_link,
        summary="A link for a new password", answers={201: (ResetLink,)},
    ),
    Route(
        method="GET", path="/api/admin/users/{user_id}/sessions", handler=list_user_sessions,
        summary="Where somebody is logged in", answers={200: (Sessions,)}, rate="searches",
    ),
    Route(
        method="DELETE", path="/api/admin/users/{user_id}/sessions/{session_id}", handler=end_user_session,
        summary="End one log-in of somebody", answers={204: ()},
    ),
    Route(
        method="DELETE", path="/api/admin/users/{user_id}/sessions", handler=end_sessions,
        summary="Sign somebody out everywhere", answers={204: ()},
    ),
    Route(
        method="GET", path="/api/admin/sizes", handler=sizes, summary="How much there is", answers={200: (Sizes,)},
    ),
    Route(
        method="GET", path="/api/admin/audit", handler=list_audit, summary="What administrators did",
        query=AuditQuery, answers={200: (Audit,)},
    ),
)  # fmt: skip
