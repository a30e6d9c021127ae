"""What somebody does with the whole of their account: /api/auth. Both ask for the password once more."""

import msgspec

from chatproto.operations import AccountDeleted, Refused
from chatproto.wire.model import PrivateUser
from chatproto.wire.text import fold
from runtime.deletion import delete_account
from runtime.http.auth import LIMITED, check_password
from runtime.http.problem import Problem, refusal
from runtime.http.profile import own_user
from runtime.http.routes import Answer, Call, Result, Route


class OwnPassword(msgspec.Struct, frozen=True, kw_only=True):
    """Shows that the account is the caller's."""

    password: str


async def delete_me(call: Call[OwnPassword, None]) -> Result:
    """Delete one's own account. What was written stays, and names nobody any more."""
    user = await _owner(call)
    if isinstance(user, Problem):
        return user
    services = call.services
    outcome = await delete_account(call.persist, call.persist, user.id, services.random_token, services.now())
    match outcome:
        case AccountDeleted() | Refused("not_found"):  # the answer to an earlier attempt was lost
            return Answer(204)
        case _:
            return refusal(outcome)


async def _owner(call: Call[OwnPassword, None]) -> PrivateUser | Problem:
    """Who showed their password. A stranger who guesses at the log-in keeps nobody from this."""
    user = await own_user(call)
    if isinstance(user, Problem):
        return user
    checked = await check_password(call, fold(user.username), call.body.password, f"session {call.me.session_id}")
    return checked if isinstance(checked, Problem) else user


ROUTES = (
    Route(
        method="DELETE", path="/api/auth/me", handler=delete_me, summary="Delete one's own account",
        body=OwnPassword, answers={204: ()}, codes=(*LIMITED, "last_admin"),
    ),
)  # fmt: skip
