"""Messages and the read mark: /api/chats/{chat_id}/messages and /read."""

from datetime import datetime
from typing import Any, Final

import msgspec

from chatproto.operations import (
    Appended,
    AppendMessage,
    AroundFound,
    FetchAround,
    FetchMessages,
    FetchPage,
    ForwardSource,
    Mark,
    Marked,
    MessagesFound,
    PageFound,
    Refused,
    Sweep,
    Swept,
    composing,
)
from chatproto.wire.limits import Limits
from chatproto.wire.model import Message, Page
from runtime.http.fields import Attachments, Cid, Content, Id, Limit, Offset, ReadSeq, Seq, Until
from runtime.http.problem import FieldError, Problem, refusal, wrong_fields
from runtime.http.routes import Answer, Call, Result, Route
from runtime.http.shapes import AroundPage, ItemPage, MessagePage, ReadState

ALL = -1
"""As `read_seq` of Mark: up to the end of the log."""


CURSORS: Final = ("offset", "before_seq", "after_seq", "around_seq", "around_at")


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """One of `offset`, `before_seq`, `after_seq`, `around_seq` and `around_at`; none is offset 0."""

    offset: Offset | None = None
    before_seq: Id | None = None
    after_seq: Seq | None = None
    around_seq: Id | None = None
    around_at: Until | None = None
    limit: Limit = 50


class Forward(msgspec.Struct, frozen=True, kw_only=True):
    """The message whose text is copied; `target_at`: its created_at."""

    chat_id: Id
    seq: Id
    target_at: datetime | None = None


class NewMessage(msgspec.Struct, frozen=True, kw_only=True):
    """`content` or `forward`. Without `cid` and without the header Idempotency-Key the server makes a cid."""

    content: Content | None = None
    forward: Forward | None = None
    cid: Cid | None = None
    reply_to: Id | None = None
    attachment: Attachments | None = None
    attachments: Attachments | None = None


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """All where `seq` is left out."""

    seq: ReadSeq | None = None


async def list_messages(call: Call[None, PageQuery], chat_id: int) -> Result:
    """A page of messages back from the newest or from `before_seq`; with the others all entries there."""
    query = call.query
    given = [name for name in CURSORS if getattr(query, name) is not None]
    if len(given) > 1:
        detail = f"Give only one of {', '.join(CURSORS)}."
        return wrong_fields(*(FieldError(field=name, code="not_allowed", detail=detail) for name in given))
    if query.around_seq is not None or query.around_at is not None:
        return await _items_around(call, chat_id)
    if query.after_seq is not None:
        return await _items_after(call, chat_id, query.after_seq)
    offset = None if query.before_seq is not None else query.offset or 0
    outcome = await call.ask(FetchMessages(call.me.user_id, chat_id, offset, query.before_seq, query.limit))
    if not isinstance(outcome, MessagesFound):
        return refusal(outcome)
    page = MessagePage(
        messages=outcome.messages, users=outcome.users, has_more=outcome.has_more, last_seq=outcome.last_seq
    )
    return Answer(200, page)


async def send_message(call: Call[NewMessage, None], chat_id: int) -> Result:
    """Append a message; 200 with the stored one where its cid was accepted before."""
    if (call.body.content is None) == (call.body.forward is None):
        code = "required" if call.body.content is None else "not_allowed"
        return wrong_fields(FieldError(field="content", code=code, detail="A message has content, or is forwarded."))
    operation, limits = _new_message(call, chat_id), call.services.limits
    outcome = await call.persist(operation)
    if isinstance(outcome, Refused) and outcome.code == operation.refusal:
        return wrong_fields(wrong_content(outcome.code, limits))
    if not isinstance(outcome, Appended):
        return refusal(outcome)
    message = outcome.items[0]
    assert isinstance(message, Message), "a send of the same digest stored a message"
    return Answer(200 if outcome.dup else 201, message)


async def mark_read(call: Call[Read, None], chat_id: int) -> Result:
    """Raise one's read mark; it never goes back."""
    seq = ALL if call.body.seq is None else call.body.seq
    outcome = await call.ask(Mark(call.me.user_id, chat_id, None, seq, call.services.now()))
    if not isinstance(outcome, Marked):
        return refusal(outcome)
    state = ReadState(
        read_seq=outcome.read_seq,
        unread_count=outcome.unread_count,
        mention_count=outcome.mention_count,
        last_seq=outcome.last_seq,
    )
    return Answer(200, state)


def _new_message(call: Call[NewMessage, None], chat_id: int) -> AppendMessage:
    body, services, user_id = call.body, call.services, call.me.user_id
    cid = body.cid or call.idempotency_key or services.random_token()
    files = (*(body.attachment or ()), *(body.attachments or ()))
    if body.forward is not None:
        source = ForwardSource(body.forward.chat_id, body.forward.seq, body.forward.target_at)
        return composing.forward(chat_id, user_id, cid, source, body.reply_to, None, files, services.now())
    content = body.content or ""
    return composing.send(
        chat_id, user_id, cid, content, body.reply_to, None, files, services.limits, services.now()
    )  # fmt: skip


def wrong_content(code: str, limits: Limits) -> FieldError:
    """What a refusal of `check_content` is told as."""
    match code:
        case "attachment_invalid":
            return FieldError(field="attachments", code=code, detail=f"At most {limits.files_per_message}, each once.")
        case "content_too_long":
            most = limits.content_code_points
            detail = f"Must have at most {most} characters and {limits.content_bytes} bytes."
            return FieldError(field="content", code=code, detail=detail, limit=most)
        case "empty_content":
            return FieldError(field="content", code=code, detail="Must contain something visible.")
        case _:
            return FieldError(field="content", code=code, detail="Control characters are not allowed.")


async def _items_after(call: Call[None, PageQuery], chat_id: int, after_seq: int) -> Result:
    outcome = await call.ask(FetchPage(call.me.user_id, chat_id, after_seq, None, call.query.limit))
    if not isinstance(outcome, PageFound):
        return refusal(outcome)
    epoch = await _epoch_after(call)
    return Answer(200, ItemPage(**_told(outcome.page), epoch=epoch)) if isinstance(epoch, str) else epoch


async def _items_around(call: Call[None, PageQuery], chat_id: int) -> Result:
    query = call.query
    outcome = await call.ask(FetchAround(call.me.user_id, chat_id, query.around_seq, query.around_at, query.limit))
    if not isinstance(outcome, AroundFound):
        return refusal(outcome)
    epoch = await _epoch_after(call)
    if not isinstance(epoch, str):
        return epoch
    place = AroundPage(**_told(outcome.page), epoch=epoch, seq=outcome.seq, has_before=outcome.has_before)
    return Answer(200, place)


def _told(page: Page) -> dict[str, Any]:
    """What a page of entries says, but for the epoch."""
    names = ("items", "users", "from_seq", "to_seq", "last_seq")
    return {name: getattr(page, name) for name in names} | {"has_more": page.more}


async def _epoch_after(call: Call[None, PageQuery]) -> str | Problem:
    """Asked after the page: were the database replaced in between, a new epoch with an old page only makes the client
    drop it, while an old epoch with a new page would be kept."""
    swept = await call.ask(Sweep(chat_ids=(), session_ids=()))
    return swept.epoch if isinstance(swept, Swept) else refusal(swept)


ROUTES = (
    Route(
        method="GET", path="/api/chats/{chat_id}/messages", handler=list_messages, summary="A page of the log",
        query=PageQuery, answers={200: (MessagePage, ItemPage, AroundPage)}, codes=("use_cursor", "bad_seq"),
    ),
    Route(
        method="POST", path="/api/chats/{chat_id}/messages", handler=send_message, summary="Send a message",
        body=NewMessage, answers={201: (Message,), 200: (Message,)}, keyed=True,
        codes=("read_only", "peer_deleted", "empty_content", "content_too_long", "attachment_invalid", "bad_seq",
               "cid_conflict", "message_deleted"),
    ),
    Route(
        method="POST", path="/api/chats/{chat_id}/read", handler=mark_read, summary="Mark as read", body=Read,
        answers={200: (ReadState,)}, codes=("bad_seq",), rate="reads",
    ),
)  # fmt: skip
