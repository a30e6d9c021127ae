"""What somebody does with the whole of their account: /api/auth. It asks for the password once more."""

from datetime import datetime
from functools import partial

import msgspec

from chatproto.operations import AccountDeleted, DeleteAccount, LoginFound, Outcome, Refused
from runtime.administration import administer
from runtime.deletion import delete_account
from runtime.http.password_checks import LIMITED, as_owner
from runtime.http.problem import refusal
from runtime.http.routes import Answer, Call, Result, Route


class OwnPassword(msgspec.Struct, frozen=True, kw_only=True):
    """Shows that the account is the caller's."""

    password: str


async def delete_me(call: Call[OwnPassword, None]) -> Result:
    """Delete one's own account. What was written stays, and names nobody any more."""
    return await as_owner(call, call.body.password, partial(_delete, call))


async def _delete(call: Call[OwnPassword, None], shown: LoginFound) -> Result:
    services, now, user_id = call.services, call.services.now(), shown.user_id
    erase = partial(_written, call, user_id, now)
    outcome = await delete_account(erase, call.persist, user_id, services.random_token, now, shown.password_hash)
    match outcome:
        case AccountDeleted() | Refused("not_found"):  # the answer to an earlier attempt was lost
            return Answer(204)
        case _:
            return refusal(outcome)


async def _written(call: Call[OwnPassword, None], user_id: int, now: datetime, act: DeleteAccount) -> Outcome:
    """Do it, with its line in the audit."""
    return await administer(call.persist, user_id, call.address, act, now, own=True)


ROUTES = (
    Route(
        method="DELETE", path="/api/auth/me", handler=delete_me, summary="Delete one's own account",
        body=OwnPassword, answers={204: ()}, codes=(*LIMITED, "last_admin"),
    ),
)  # fmt: skip
