"""Accounts and log-ins: /api/auth."""

import msgspec
from attrs import frozen

from chatproto.operations import (
    ChangePassword,
    CreateSession,
    CreateUser,
    EndSessions,
    FindLogin,
    InviteOpened,
    ListSessions,
    LoginFound,
    OpenInvite,
    Outcome,
    OutcomeUnknown,
    RotateRefresh,
    SessionCreated,
    SessionsEnded,
    SessionsFound,
    UserFound,
)
from chatproto.operations.known_devices import device_key
from chatproto.operations.recovery import Language
from chatproto.tokens import SESSION_KEY_BYTES
from chatproto.wire.devices import label_of
from chatproto.wire.networks import network_of
from chatproto.wire.text import fold, search_words
from runtime.addresses import known_address
from runtime.codes import hash_of
from runtime.http.fields import DisplayName, Email, LoginName, NewPassword, Username
from runtime.http.invites import admission, joining
from runtime.http.logins import Caller
from runtime.http.password_checks import LIMITED, as_owner, renew_hash, with_password
from runtime.http.problem import FieldError, Problem, refusal, wrong_fields
from runtime.http.recovery import busy_problem, letter_language
from runtime.http.routes import Answer, Call, Result, Route, opening, take_turn
from runtime.http.shapes import LoggedIn, Sessions, Tokens
from storage.password_lanes import Busy, Lane


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """`display_name` is the username where it is left out. `invite`: the code of an invitation, or the
    one for the first admin. `language`: of the letter
    that asks to confirm the address."""

    username: Username
    password: NewPassword
    email: Email | None = None
    display_name: DisplayName | None = None
    invite: str | None = None
    language: Language = "en"


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """One of `username`, `email` and `login`, which is either. `language`: of a letter about this log-in, where the
    account has said none."""

    password: str
    username: LoginName | None = None
    email: LoginName | None = None
    login: LoginName | None = None
    language: Language = "en"


class Refresh(msgspec.Struct, frozen=True, kw_only=True):
    refresh_token: str


class Logout(msgspec.Struct, frozen=True, kw_only=True):
    """The refresh token ends its session where there is no valid access token any more."""

    refresh_token: str | None = None


class NewPasswords(msgspec.Struct, frozen=True, kw_only=True):
    current_password: str
    new_password: NewPassword


async def register(call: Call[Register, None]) -> Result:
    """Make an account and log in to it."""
    services, body = call.services, call.body
    refused = await admission(call, body.invite)
    if refused is not None:
        return refused
    network, registrations = network_of(call.address), services.guards.registrations
    wait = registrations.take(network, services.clock())
    if wait > 0:
        return Problem("rate_limited", "Too many new accounts.", retry_after=wait)
    password_hash = await services.passwords.hash(body.password, Lane.REGISTER)
    if isinstance(password_hash, Busy):
        registrations.give_back(network, services.clock())
        return busy_problem(password_hash)
    username = body.username.lower()
    display_name = body.display_name or body.username
    email = body.email or None
    operation = CreateUser(
        username=username,
        username_key=fold(username),
        email=email,
        email_key=None if email is None else fold(email),
        password_hash=password_hash,
        display_name=display_name,
        words=search_words(username, display_name),
        now=services.now(),
        language=letter_language(call, body.language),
        invite_hash=None if body.invite is None else hash_of(body.invite),
    )
    outcome = await call.ask(operation)
    user_id = await _made(call, operation, outcome)
    if user_id is None:
        return refusal(outcome)
    services.emptiness.came()
    if body.invite is not None:
        await _join_group(call, body.invite, user_id)
    if services.mailer is not None:
        services.mailer.hear()
    return await _log_in(call, user_id, 201, letter=None, checked_hash=None)


async def _made(call: Call[object, None], operation: CreateUser, outcome: Outcome) -> int | None:
    """The new account; None: there is none. Whoever asked again because nobody knows whether the commit took place
    would find their own name taken: so it is looked whether the account with this hash is there, which is no other's.
    """
    if isinstance(outcome, UserFound):
        return outcome.user.id
    if isinstance(outcome, OutcomeUnknown):
        found = await call.persist(FindLogin(operation.username_key))
        if isinstance(found, LoginFound) and found.password_hash == operation.password_hash:
            return found.user_id
    return None


async def _join_group(call: Call[object, None], code: str, user_id: int) -> None:
    """Where the invitation leads to a group. What fails here can be done again by opening the link."""
    services = call.services
    code_hash = hash_of(code)
    opened = await call.ask(OpenInvite(code_hash, user_id, services.now()))
    if isinstance(opened, InviteOpened):
        await call.persist(joining(opened, user_id, code_hash, services.random_token(), services.now()))


async def login(call: Call[Login, None]) -> Result:
    """Log in. Whether nobody has this name or the password is wrong, the work and the answer are the same."""
    body = call.body
    names = [name for name in (body.username, body.email, body.login) if name is not None]
    if len(names) != 1:
        return _one_name(body)
    name = fold(names[0])
    caller = Caller.at_log_in(name, label_of(call.user_agent), call.address)

    async def enter(checked: LoginFound) -> Result:
        refused = await take_turn(call.services, "writes", checked.user_id)
        if refused is not None:
            return refused
        letter = letter_language(call, body.language)
        result = await _log_in(call, checked.user_id, 200, letter=letter, checked_hash=checked.password_hash)
        if isinstance(result, Answer):
            await renew_hash(call, checked, body.password)
        return result

    return await with_password(call, name, body.password, caller, enter)


async def refresh(call: Call[Refresh, None]) -> Result:
    """Exchange a refresh token for a new pair of tokens."""
    exchanged = await _exchange(call, call.body.refresh_token)
    if isinstance(exchanged, Problem):
        return exchanged
    token = _sign(call, exchanged.created)
    return Answer(200, Tokens(access_token=token, expires_in=_lifetime(call), refresh_token=exchanged.refresh_token))


async def logout(call: Call[Logout, None]) -> Result:
    """End this session, by its access token, or by its refresh token where that has run out."""
    claims = await call.services.authenticate(call.authorization)
    if not isinstance(claims, Problem):
        user_id, session_id = claims.user_id, claims.session_id
    elif call.body.refresh_token is None or claims.status != 401:
        return claims
    else:
        exchanged = await _exchange(call, call.body.refresh_token)
        if isinstance(exchanged, Problem):
            ended = exchanged.code in ("revoked", "token_reused")
            return Answer(204) if ended else exchanged
        user_id, session_id = exchanged.created.user.id, exchanged.created.session_id
    return await _end(call, user_id, session_id)


async def password(call: Call[NewPasswords, None]) -> Result:
    """Change the password and end all other sessions."""
    me = call.me

    async def change(checked: LoginFound) -> Result:
        new_hash = await call.services.passwords.hash(call.body.new_password)
        if isinstance(new_hash, Busy):
            return busy_problem(new_hash)
        now, shown = call.services.now(), checked.password_hash
        outcome = await call.ask(ChangePassword(me.user_id, new_hash, me.session_id, now, shown))
        return Answer(204) if isinstance(outcome, SessionsEnded) else refusal(outcome)

    return await as_owner(call, call.body.current_password, change)


async def sessions(call: Call[None, None]) -> Result:
    """Where this account is logged in."""
    outcome = await call.ask(ListSessions(call.me.user_id, call.me.session_id))
    return Answer(200, Sessions(sessions=outcome.sessions)) if isinstance(outcome, SessionsFound) else refusal(outcome)


async def end_session(call: Call[None, None], session_id: int) -> Result:
    """End one of one's sessions."""
    return await _end(call, call.me.user_id, session_id)


# --- steps -----------------------------------------------------------------------------------------------------


@frozen
class _Exchanged:
    created: SessionCreated
    refresh_token: str


def _one_name(body: Login) -> Problem:
    given = [field for field in ("username", "email", "login") if getattr(body, field) is not None]
    code = "not_allowed" if given else "required"
    detail = "Give one of username, email and login."
    return wrong_fields(*(FieldError(field=name, code=code, detail=detail) for name in given or ("login",)))


async def _log_in(
    call: Call[object, None], user_id: int, status: int, *, letter: Language | None, checked_hash: str | None
) -> Result:
    """`letter`: its language, None for none. It is only ordered here, so the answer takes no longer for it."""
    services, guards = call.services, call.services.guards
    refresh_token, key = services.random_token(), hash_of(services.random_token())[:SESSION_KEY_BYTES]
    device, address = label_of(call.user_agent), known_address(call.address)
    mark = hash_of(f"{user_id} {device_key(device, address)}")[:16]
    if mark in guards.devices:
        letter = None
    counted = letter is not None and guards.login_letters.take(user_id, services.clock()) <= 0
    ordered = letter if counted else None
    asked = CreateSession(user_id, device, hash_of(refresh_token), key, services.now(), address, ordered, checked_hash)
    outcome = await call.ask(asked)
    told = isinstance(outcome, SessionCreated) and outcome.told
    if counted and not told:
        guards.login_letters.give_back(user_id, services.clock())
    if not isinstance(outcome, SessionCreated):
        return refusal(outcome)
    guards.devices.add(mark)
    if told and services.mailer is not None:
        services.mailer.hear()
    answer = LoggedIn(
        access_token=_sign(call, outcome),
        expires_in=_lifetime(call),
        refresh_token=refresh_token,
        user=outcome.user,
    )
    return Answer(status, answer)


async def _exchange(call: Call[object, None], token: str) -> _Exchanged | Problem:
    services = call.services
    new_token = services.random_token()
    rotate = RotateRefresh(hash_of(token), hash_of(new_token), services.now(), known_address(call.address))
    outcome = await opening(call, services.guards.refused_tokens, "Too many refused tokens.", lambda: call.ask(rotate))
    if isinstance(outcome, Problem):
        return outcome
    return _Exchanged(outcome, new_token) if isinstance(outcome, SessionCreated) else refusal(outcome)


async def _end(call: Call[object, None], user_id: int, session_id: int) -> Result:
    outcome = await call.ask(EndSessions(user_id, session_id=session_id, keep=None, now=call.services.now()))
    return Answer(204) if isinstance(outcome, SessionsEnded) else refusal(outcome)


def _sign(call: Call[object, None], created: SessionCreated) -> str:
    services = call.services
    return services.keys.sign(
        user_id=created.user.id,
        session_id=created.session_id,
        session_key=created.session_key,
        refresh_id=created.refresh_id,
        jti=services.random_token(),
        now=services.now(),
        lifetime=_lifetime(call),
    )


def _lifetime(call: Call[object, None]) -> int:
    return call.services.settings.access_token_seconds


ROUTES = (
    Route(
        method="POST", path="/api/auth/register", handler=register, summary="Make an account", needs_token=False,
        body=Register, answers={201: (LoggedIn,)},
        codes=("registration_closed", "invite_invalid", "username_taken", "email_taken", "rate_limited", "busy",
               "store_unavailable"),
    ),
    Route(
        method="POST", path="/api/auth/login", handler=login, summary="Log in", needs_token=False,
        body=Login, answers={200: (LoggedIn,)}, codes=(*LIMITED, "account_disabled"),
    ),
    Route(
        method="POST", path="/api/auth/refresh", handler=refresh, summary="Exchange a refresh token",
        needs_token=False, body=Refresh, answers={200: (Tokens,)},
        codes=("token_invalid", "token_reused", "revoked", "rate_limited", "store_unavailable"),
    ),
    Route(
        method="POST", path="/api/auth/logout", handler=logout, summary="End this session", needs_token=False,
        body=Logout, answers={204: ()},
        codes=("token_missing", "token_invalid", "token_expired", "revoked", "not_found", "rate_limited",
               "store_unavailable"),
    ),
    Route(
        method="POST", path="/api/auth/password", handler=password, summary="Change the password",
        body=NewPasswords, answers={204: ()}, codes=LIMITED,
    ),
    Route(
        method="GET", path="/api/auth/sessions", handler=sessions, summary="One's log-ins", answers={200: (Sessions,)}
    ),
    Route(
        method="DELETE", path="/api/auth/sessions/{session_id}", handler=end_session, summary="End one log-in",
        answers={204: ()},
    ),
)  # fmt: skip
