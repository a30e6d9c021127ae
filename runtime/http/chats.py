"""Chats and their members: /api/chats."""

from datetime import datetime
from typing import Annotated, Final, Literal, cast

import msgspec
from attrs import evolve
from msgspec import Meta

from chatproto.operations import (
    AppendChange,
    Appended,
    ChatCreated,
    ChatFound,
    ChatsFound,
    CreateDirect,
    CreateGroup,
    ListChats,
    LoadChat,
    Refused,
    SetFlags,
)
from chatproto.wire.limits import MAX_MEMBERS
from chatproto.wire.model import Chat, GroupWriters, Notify, RetentionDays, Role
from runtime.http.cursors import microseconds
from runtime.http.fields import AvatarUrl, ChatCursor, Id, Limit, Title, Until
from runtime.http.problem import FieldError, Problem, refusal, wrong_fields
from runtime.http.routes import Answer, Call, Result, Route, take_turn
from runtime.http.shapes import ChatList, ChatPage

MAX_NAMED = 10_000
"""Ids in one list, repeated ones included."""
CHATS_PAGE: Final = 100
"""Chats of a page where no number is asked for."""
NOBODY: Final = 0
"""An id that nobody has."""

UserIds = Annotated[list[Id], Meta(max_length=MAX_NAMED)]


class NewChat(msgspec.Struct, frozen=True, kw_only=True):
    """`direct` with `user_id`, or `group` with `title` and `user_ids`."""

    type: Literal["direct", "group"]
    user_id: Id | None = None
    title: Title | None = None
    user_ids: UserIds | None = None


class ListQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Without both, all chats in one answer. `cursor` alone: the usual number of them."""

    limit: Limit | None = None
    cursor: ChatCursor | None = None


class ChatChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is left out stays as it is. `retention_days`: how long messages are kept, 0: for ever. `muted_until`: muted
    until then; `muted` alone: for ever, or not at all."""

    title: Title | None = None
    avatar_url: AvatarUrl | None = None
    writers: GroupWriters | None = None
    retention_days: RetentionDays | None = None
    muted: bool | None = None
    favourite: bool | None = None
    hidden: bool | None = None
    notify: Notify | None = None
    muted_until: Until | None = None


NOTHING: Final = ChatChange()


class NewMembers(msgspec.Struct, frozen=True, kw_only=True):
    """`history`: whether they may read what was written before they came."""

    user_ids: Annotated[list[Id], Meta(min_length=1, max_length=MAX_NAMED)]
    history: Literal["all", "none"] = "all"


class NewRole(msgspec.Struct, frozen=True, kw_only=True):
    role: Role


async def create_chat(call: Call[NewChat, None]) -> Result:
    """A direct chat, the one that is there already included, or a new group."""
    if call.body.type == "direct":
        return await _create_direct(call)
    return await _create_group(call)


async def list_chats(call: Call[None, ListQuery]) -> Result:
    """One's chats, the ones with the newest messages first: all, or a page of them.

    A page is cut from the whole list: where each chat stands in it is known by its last message alone, and reading a
    thousand costs less than sending a hundred.
    """
    outcome = await call.ask(ListChats(call.me.user_id))
    if not isinstance(outcome, ChatsFound):
        return refusal(outcome)
    chats = tuple(sorted(outcome.chats, key=_recency, reverse=True))
    if call.query.limit is None and call.query.cursor is None:
        return Answer(200, ChatList(chats=chats, users=outcome.users, epoch=outcome.epoch))
    after = cast("tuple[int, int] | None", call.query.cursor)
    rest = chats if after is None else tuple(chat for chat in chats if _place(chat) < after)
    page = rest[: call.query.limit or CHATS_PAGE]
    named = {chat.last_message.sender_id for chat in page if chat.last_message}
    named |= {chat.peer.id for chat in page if chat.peer}
    return Answer(
        200,
        ChatPage(
            chats=page,
            users=tuple(user for user in outcome.users if user.id in named),
            epoch=outcome.epoch,
            next_cursor=None if len(page) == len(rest) else "{}-{}".format(*_place(page[-1])),
        ),
    )


async def one_chat(call: Call[None, None], chat_id: int) -> Result:
    """A chat with its members."""
    return await _show(call, chat_id, with_members=True)


async def change_chat(call: Call[ChatChange, None], chat_id: int) -> Result:
    """Title, picture, who writes and how long messages are kept, for the admins of a group; one's own flags, for
    everybody."""
    body = call.body
    if (body.title, body.avatar_url, body.writers, body.retention_days) != (None, None, None, None):
        outcome = await call.persist(_change(call, chat_id, "update", looks=body))
        if not isinstance(outcome, Appended):
            return refusal(outcome)
    flags = _flags(body, call.me.user_id, chat_id)
    if flags is None:
        return await _show(call, chat_id, with_members=False)
    flagged = await call.ask(flags)
    return Answer(200, flagged.chat) if isinstance(flagged, ChatFound) else refusal(flagged)


async def add_members(call: Call[NewMembers, None], chat_id: int) -> Result:
    """Take people in; those who are members already stay as they are."""
    ids = tuple(dict.fromkeys(call.body.user_ids))
    if len(ids) > MAX_MEMBERS:
        return _too_many()
    members, user_id = call.services.guards.new_members, call.me.user_id
    wait = members.take(user_id, call.services.clock(), len(ids))
    if wait > 0:
        return Problem("rate_limited", "Too many new members.", retry_after=wait)
    outcome = await call.persist(_change(call, chat_id, "add", user_ids=ids, history=call.body.history))
    added = len(outcome.added_ids) if isinstance(outcome, Appended) else 0
    members.give_back(user_id, call.services.clock(), len(ids) - added)
    return await _show(call, chat_id, with_members=True) if isinstance(outcome, Appended) else refusal(outcome)


async def change_role(call: Call[NewRole, None], chat_id: int, user_id: int) -> Result:
    """Make a member an admin, or an admin a member."""
    outcome = await call.persist(_change(call, chat_id, "role", user_ids=(user_id,), role=call.body.role))
    return await _show(call, chat_id, with_members=True) if isinstance(outcome, Appended) else refusal(outcome)


async def remove_member(call: Call[None, None], chat_id: int, user_id: int) -> Result:
    """Remove a member, or leave."""
    outcome = await call.persist(_change(call, chat_id, "remove", user_ids=(user_id,)))
    return Answer(204) if isinstance(outcome, Appended) else refusal(outcome)


# --- steps -----------------------------------------------------------------------------------------------------


async def _create_direct(call: Call[NewChat, None]) -> Result:
    if call.body.user_id is None:
        return wrong_fields(FieldError(field="user_id", code="required", detail="Whom the chat is with."))
    return await _create(call, CreateDirect(call.me.user_id, call.body.user_id, call.services.now()))


async def _create_group(call: Call[NewChat, None]) -> Result:
    if call.body.title is None:
        return wrong_fields(FieldError(field="title", code="required", detail="A group has a title."))
    others = tuple(id_ for id_ in dict.fromkeys(call.body.user_ids or ()) if id_ != call.me.user_id)
    if len(others) >= MAX_MEMBERS:
        return _too_many()
    operation = CreateGroup(
        user_id=call.me.user_id,
        title=call.body.title,
        user_ids=others,
        idempotency_key=call.idempotency_key,
        now=call.services.now(),
    )
    return await _create(call, operation)


async def _create(call: Call[NewChat, None], operation: CreateDirect | CreateGroup) -> Result:
    """Only what made a chat counts against the limit, but from its beginning: many at once are no way around it."""
    chats, user_id = call.services.guards.new_chats, call.me.user_id
    wait = chats.take(user_id, call.services.clock())
    if wait > 0:
        there = await _there_already(call, operation)
        return there or Problem("rate_limited", "Too many new chats.", retry_after=wait)
    outcome = await call.ask(operation)
    if not (isinstance(outcome, ChatCreated) and outcome.created):
        chats.give_back(user_id, call.services.clock())
    if not isinstance(outcome, ChatCreated):
        return refusal(outcome)
    return Answer(201 if outcome.created else 200, outcome.chat)


async def _there_already(call: Call[NewChat, None], operation: CreateDirect | CreateGroup) -> Result | None:
    """The chat that would not be new, for whoever may make no new one; None: there is none. It costs a read."""
    if isinstance(operation, CreateGroup) and operation.idempotency_key is None:
        return None
    refused = await take_turn(call.services, "reads", operation.user_id)
    if refused is not None:
        return refused
    if isinstance(operation, CreateDirect):
        listed = await call.ask(ListChats(operation.user_id))
        if not isinstance(listed, ChatsFound):
            return refusal(listed)
        found = (chat for chat in listed.chats if _is_with(chat, operation.peer_id))
        return next((Answer(200, chat) for chat in found), None)
    # A key that is known is told before anything else; with somebody in it who is not there no group is made.
    outcome = await call.ask(evolve(operation, user_ids=(NOBODY,)))
    if isinstance(outcome, ChatCreated):
        return Answer(200, outcome.chat)
    return None if isinstance(outcome, Refused) else refusal(outcome)


async def _show(call: Call[object, None], chat_id: int, *, with_members: bool) -> Result:
    outcome = await call.ask(LoadChat(call.me.user_id, chat_id, with_members))
    return Answer(200, outcome.chat) if isinstance(outcome, ChatFound) else refusal(outcome)


def _change(
    call: Call[object, None],
    chat_id: int,
    kind: Literal["add", "remove", "role", "update"],
    *,
    user_ids: tuple[int, ...] = (),
    history: Literal["all", "none"] = "all",
    role: Role | None = None,
    looks: ChatChange = NOTHING,
) -> AppendChange:
    services = call.services
    return AppendChange(
        chat_id=chat_id, actor_id=call.me.user_id, kind=kind, user_ids=user_ids, history=history, role=role,
        title=looks.title, avatar_url=looks.avatar_url, cid=services.random_token(), now=services.now(),
        writers=looks.writers, retention_days=looks.retention_days,
    )  # fmt: skip


def _flags(body: ChatChange, user_id: int, chat_id: int) -> SetFlags | None:
    muted = True if body.muted is None and body.muted_until is not None else body.muted
    if all(flag is None for flag in (muted, body.favourite, body.hidden, body.notify)):
        return None
    until = body.muted_until if muted else None
    return SetFlags(user_id, chat_id, muted, body.favourite, body.hidden, body.notify, until)


def _is_with(chat: Chat, peer_id: int) -> bool:
    """Whether it is the direct chat with somebody who is still there."""
    return chat.peer is not None and chat.peer.id == peer_id and not chat.peer.deleted


def _recency(chat: Chat) -> tuple[datetime, int]:
    last = chat.last_message
    return (chat.created_at if last is None else last.created_at, chat.id)


def _place(chat: Chat) -> tuple[int, int]:
    """Where it stands in the list: microseconds since 1970, and its id."""
    moment, chat_id = _recency(chat)
    return microseconds(moment), chat_id


def _too_many() -> Problem:
    detail = f"A group has at most {MAX_MEMBERS} members."
    return wrong_fields(FieldError(field="user_ids", code="too_long", detail=detail, limit=MAX_MEMBERS))


ROUTES = (
    Route(
        method="POST", path="/api/chats", handler=create_chat, summary="Begin a chat", body=NewChat,
        answers={201: (Chat,), 200: (Chat,)}, codes=("not_found", "too_many"), keyed=True,
    ),
    Route(
        method="GET", path="/api/chats", handler=list_chats, summary="One's chats", query=ListQuery,
        answers={200: (ChatList, ChatPage)},
    ),
    Route(method="GET", path="/api/chats/{chat_id}", handler=one_chat, summary="One chat", answers={200: (Chat,)}),
    Route(
        method="PATCH", path="/api/chats/{chat_id}", handler=change_chat, summary="Change a chat or one's flags",
        body=ChatChange, answers={200: (Chat,)},
    ),
    Route(
        method="POST", path="/api/chats/{chat_id}/members", handler=add_members, summary="Add members",
        body=NewMembers, answers={200: (Chat,)}, codes=("too_many",),
    ),
    Route(
        method="PATCH", path="/api/chats/{chat_id}/members/{user_id}", handler=change_role, summary="Change a role",
        body=NewRole, answers={200: (Chat,)},
    ),
    Route(
        method="DELETE", path="/api/chats/{chat_id}/members/{user_id}", handler=remove_member,
        summary="Remove a member, or leave", answers={204: ()}, codes=("validation_failed",),
    ),
)  # fmt: skip
