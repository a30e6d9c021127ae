"""One's own profile and settings: /api/auth/me."""

import msgspec

from chatproto.operations import TouchSession, UpdateUser, UserFound, UserUpdated
from chatproto.operations.recovery import Language
from chatproto.wire.model import PrivateUser
from chatproto.wire.text import fold, search_words
from runtime.http.fields import AvatarUrl, DisplayName, Email
from runtime.http.problem import Problem, refusal
from runtime.http.recovery import letter_language
from runtime.http.routes import Answer, Call, Result, Route


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What is left out stays as it is. `language`: of letters about another address, or one that is given again to be
    confirmed, and of later ones. `hide_last_seen`, `hide_reads`: from others, and with that what others tell of
    themselves. `login_letters`: about log-ins from devices that are not known."""

    display_name: DisplayName | None = None
    avatar_url: AvatarUrl | None = None
    email: Email | None = None
    language: Language = "en"
    hide_last_seen: bool | None = None
    hide_reads: bool | None = None
    login_letters: bool | None = None


async def me(call: Call[None, None]) -> Result:
    """One's own profile."""
    user = await own_user(call)
    return user if isinstance(user, Problem) else Answer(200, user)


async def change_me(call: Call[Profile, None]) -> Result:
    """Change one's own profile."""
    user = await own_user(call)
    if isinstance(user, Problem):
        return user
    services, name, email = call.services, call.body.display_name, call.body.email
    if email is not None and services.mailer is not None:
        wait = services.guards.own_letters.take(user.id, services.clock())
        if wait > 0:
            return Problem("rate_limited", "Too many changes of the address.", retry_after=wait)
    outcome = await call.ask(
        UpdateUser(
            user_id=user.id,
            display_name=name,
            avatar_url=call.body.avatar_url,
            email=email,
            email_key=None if email is None else fold(email),
            words=None if name is None else search_words(user.username, name),
            now=services.now(),
            language=letter_language(call, call.body.language),
            hide_last_seen=call.body.hide_last_seen,
            hide_reads=call.body.hide_reads,
            login_letters=call.body.login_letters,
        )
    )
    if services.mailer is not None:
        services.mailer.hear()
    return Answer(200, outcome.user) if isinstance(outcome, UserUpdated) else refusal(outcome)


async def own_user(call: Call[object, None]) -> PrivateUser | Problem:
    """The profile of whoever asks, whose session is looked at once more."""
    me = call.me
    outcome = await call.ask(
        TouchSession(me.user_id, me.session_id, me.session_key, me.refresh_id, call.services.now())
    )
    return outcome.user if isinstance(outcome, UserFound) else refusal(outcome)


ROUTES = (
    Route(method="GET", path="/api/auth/me", handler=me, summary="One's own profile", answers={200: (PrivateUser,)}),
    Route(
        method="PATCH", path="/api/auth/me", handler=change_me, summary="Change one's own profile",
        body=Profile, answers={200: (PrivateUser,)}, codes=("email_taken", "rate_limited"),
    ),
)  # fmt: skip
