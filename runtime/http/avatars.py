"""Avatars: of oneself, /api/auth/me/avatar, and of a group, /api/chats/{chat_id}/avatar.

A picture becomes a small square, that a file of the caller's, and its path the avatar: two transactions. What was
uploaded and did not become an avatar ends after a day, like every file that is not used.
"""

from collections.abc import Awaitable, Callable

from chatproto.operations import AppendChange, Appended, ChatFound, LoadChat, Refused, UpdateUser, UserUpdated
from chatproto.operations.append_rules import ADMINS_ONLY, DIRECT_STAYS, NO_CHAT
from chatproto.wire.model import Chat, PrivateUser
from runtime.http.exchange import Exchange
from runtime.http.file_adding import add_avatar
from runtime.http.file_forms import received_form
from runtime.http.files import away
from runtime.http.problem import Problem, refusal
from runtime.http.routes import Answer, Call, Result, Route


async def set_own_avatar(call: Call[None, None], exchange: Exchange) -> Result | None:
    """A form with one picture."""
    return await _set(call, exchange, lambda url: _wear(call, url))


async def remove_own_avatar(call: Call[None, None]) -> Result:
    """To have none."""
    return await _wear(call, "")


async def set_chat_avatar(call: Call[None, None], exchange: Exchange, chat_id: int) -> Result | None:
    """A form with one picture, of an admin of the group."""
    refused = await _refused(call, chat_id)
    return refused or await _set(call, exchange, lambda url: _dress(call, chat_id, url))


async def remove_chat_avatar(call: Call[None, None], chat_id: int) -> Result:
    """To have none."""
    return await _dress(call, chat_id, "")


async def _set(
    call: Call[None, None], exchange: Exchange, use: Callable[[str], Awaitable[Result]]
) -> Result | None:  # fmt: skip
    try:
        async with received_form(call, exchange) as form:
            if form is None or isinstance(form, Problem):
                return form
            key = f"avatar {call.idempotency_key}" if call.idempotency_key else ""
            added = await add_avatar(call, form.draft, key=key)
    except OSError as error:
        return away(error)
    return added if isinstance(added, Problem) else await use(added.stored.file.url)


async def _refused(call: Call[None, None], chat_id: int) -> Problem | None:
    """Looked at before anything is received; what counts is the look of the change itself."""
    found = await call.ask(LoadChat(call.me.user_id, chat_id, False))
    if not isinstance(found, ChatFound):
        return refusal(found)
    wrong: Refused | None = None
    if found.chat.left_seq is not None:
        wrong = NO_CHAT
    elif found.chat.type == "direct":
        wrong = DIRECT_STAYS
    elif found.chat.role != "admin":
        wrong = ADMINS_ONLY
    return None if wrong is None else refusal(wrong)


async def _wear(call: Call[None, None], url: str) -> Result:
    outcome = await call.persist(UpdateUser(call.me.user_id, None, url, None, None, None, call.services.now()))
    return Answer(200, outcome.user) if isinstance(outcome, UserUpdated) else refusal(outcome)


async def _dress(call: Call[None, None], chat_id: int, url: str) -> Result:
    user_id, services = call.me.user_id, call.services
    outcome = await call.persist(
        AppendChange(
            chat_id=chat_id, actor_id=user_id, kind="update", user_ids=(), history="all", role=None, title=None,
            avatar_url=url, cid=services.random_token(), now=services.now(),
        )
    )  # fmt: skip
    if not isinstance(outcome, Appended):
        return refusal(outcome)
    found = await call.ask(LoadChat(user_id, chat_id, False))
    return Answer(200, found.chat) if isinstance(found, ChatFound) else refusal(found)


_OWN, _CHAT = "/api/auth/me/avatar", "/api/chats/{chat_id}/avatar"
_CODES = ("bad_request", "request_timeout", "too_large", "file_empty", "cid_conflict", "quota_exceeded")
ROUTES = (
    Route(
        method="POST", path=_OWN, handler=set_own_avatar, summary="Set one's avatar", streams=True, keyed=True,
        form=True, answers={200: (PrivateUser,)}, rate="uploads", codes=_CODES,
    ),
    Route(
        method="DELETE", path=_OWN, handler=remove_own_avatar, summary="Have no avatar", answers={200: (PrivateUser,)},
    ),
    Route(
        method="POST", path=_CHAT, handler=set_chat_avatar, summary="Set the avatar of a group", streams=True,
        keyed=True, form=True, answers={200: (Chat,)}, rate="uploads", codes=_CODES,
    ),
    Route(
        method="DELETE", path=_CHAT, handler=remove_chat_avatar, summary="Take the avatar of a group away",
        answers={200: (Chat,)},
    ),
)  # fmt: skip
