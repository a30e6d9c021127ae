"""What is done to a message that is there: edit, delete, react, pin, and its former texts.

A message that the caller may not see, or a `target_at` that is not its own, answers as what does not exist.
"""

from datetime import datetime

import msgspec

from chatproto.operations import (
    Appended,
    FetchMessages,
    FetchPins,
    FetchReaders,
    FetchRevisions,
    LogCommand,
    MessagesFound,
    Outcome,
    PinsFound,
    ReadersFound,
    Refused,
    RevisionsFound,
    composing,
)
from chatproto.wire.model import Message
from runtime.http.fields import Cid, Content
from runtime.http.messages import wrong_content
from runtime.http.problem import Problem, refusal, wrong_fields
from runtime.http.routes import Answer, Call, Result, Route
from runtime.http.shapes import Pins, Readers, Revisions


class TargetQuery(msgspec.Struct, frozen=True, kw_only=True):
    """`target_at`: the message's created_at, for a caller who would not hit another one after a restore."""

    target_at: datetime | None = None


class NewText(msgspec.Struct, frozen=True, kw_only=True):
    """Without `cid` and without the header Idempotency-Key the server makes a cid."""

    content: Content
    cid: Cid | None = None


async def edit_message(call: Call[NewText, TargetQuery], chat_id: int, seq: int) -> Result:
    """Replace the text; the answer is the message as it is now."""
    limits, user_id, target_at = call.services.limits, call.me.user_id, call.query.target_at
    cid = call.body.cid or _cid(call)
    command = composing.edit(
        chat_id, user_id, cid, seq, target_at, call.body.content, limits, call.services.now()
    )  # fmt: skip
    outcome = await call.persist(command)
    if isinstance(outcome, Refused) and outcome.code == command.refusal:
        return wrong_fields(wrong_content(outcome.code, limits))
    if not isinstance(outcome, Appended):
        return _refusal(outcome)
    found = await call.ask(FetchMessages(user_id, chat_id, None, seq + 1, 1))
    if not isinstance(found, MessagesFound):
        return refusal(found)
    there = [message for message in found.messages if message.seq == seq]
    return Answer(200, there[0]) if there else Problem("not_found")  # it was done before, and has expired since


async def delete_message(call: Call[None, TargetQuery], chat_id: int, seq: int) -> Result:
    """Leave a tombstone."""
    target_at, now = call.query.target_at, call.services.now()
    return await _do(call, composing.delete(chat_id, call.me.user_id, _cid(call), seq, target_at, now))


async def add_reaction(call: Call[None, TargetQuery], chat_id: int, seq: int, emoji: str) -> Result:
    """Put an emoji under a message."""
    return await _react(call, chat_id, seq, emoji, on=True)


async def remove_reaction(call: Call[None, TargetQuery], chat_id: int, seq: int, emoji: str) -> Result:
    """Take one's own emoji away."""
    return await _react(call, chat_id, seq, emoji, on=False)


async def pin_message(call: Call[None, TargetQuery], chat_id: int, seq: int) -> Result:
    """Pin a message for all."""
    return await _pin(call, chat_id, seq, on=True)


async def unpin_message(call: Call[None, TargetQuery], chat_id: int, seq: int) -> Result:
    """Take the pin away."""
    return await _pin(call, chat_id, seq, on=False)


async def list_revisions(call: Call[None, None], chat_id: int, seq: int) -> Result:
    """Former texts, for the author and the admins of a group."""
    found = await call.ask(FetchRevisions(call.me.user_id, chat_id, seq))
    return Answer(200, Revisions(revisions=found.revisions)) if isinstance(found, RevisionsFound) else refusal(found)


async def list_readers(call: Call[None, None], chat_id: int, seq: int) -> Result:
    """Who has read or received a message, in chats of at most 50 members."""
    found = await call.ask(FetchReaders(call.me.user_id, chat_id, seq))
    if not isinstance(found, ReadersFound):
        return refusal(found)
    return Answer(200, Readers(read=found.read, received=found.received, users=found.users))


async def list_pins(call: Call[None, None], chat_id: int) -> Result:
    """The pinned messages that one may see."""
    found = await call.ask(FetchPins(call.me.user_id, chat_id))
    return (
        Answer(200, Pins(messages=found.messages, users=found.users))
        if isinstance(found, PinsFound)
        else refusal(found)
    )


# --- steps -----------------------------------------------------------------------------------------------------


async def _react(call: Call[None, TargetQuery], chat_id: int, seq: int, emoji: str, *, on: bool) -> Result:
    target_at, now = call.query.target_at, call.services.now()
    return await _do(call, composing.react(chat_id, call.me.user_id, _cid(call), seq, target_at, emoji, on, now))


async def _pin(call: Call[None, TargetQuery], chat_id: int, seq: int, *, on: bool) -> Result:
    target_at, now = call.query.target_at, call.services.now()
    return await _do(call, composing.pin(chat_id, call.me.user_id, _cid(call), seq, target_at, on, now))


async def _do(call: Call[None, TargetQuery], command: LogCommand) -> Result:
    outcome = await call.persist(command)
    return Answer(204) if isinstance(outcome, Appended) else _refusal(outcome)


def _cid(call: Call[object, TargetQuery]) -> str:
    return call.idempotency_key or call.services.random_token()


def _refusal(outcome: Outcome) -> Problem:
    if isinstance(outcome, Refused) and outcome.code == "bad_seq":
        return Problem("not_found")
    return refusal(outcome)


_MESSAGE = "/api/chats/{chat_id}/messages/{seq}"
_REACTION = _MESSAGE + "/reactions/{emoji}"
ROUTES = (
    Route(
        method="PATCH", path=_MESSAGE, handler=edit_message, summary="Edit a message", body=NewText,
        query=TargetQuery, answers={200: (Message,)}, keyed=True,
        codes=("read_only", "peer_deleted", "empty_content", "content_too_long", "cid_conflict", "message_deleted"),
    ),
    Route(
        method="DELETE", path=_MESSAGE, handler=delete_message, summary="Delete a message", query=TargetQuery,
        answers={204: ()}, keyed=True, codes=("cid_conflict",),
    ),
    Route(
        method="GET", path=_MESSAGE + "/revisions", handler=list_revisions, summary="Former texts of a message",
        answers={200: (Revisions,)},
    ),
    Route(
        method="GET", path=_MESSAGE + "/readers", handler=list_readers, summary="Who has read a message",
        answers={200: (Readers,)}, codes=("too_many",),
    ),
    Route(
        method="PUT", path=_REACTION, handler=add_reaction, summary="React to a message", query=TargetQuery,
        answers={204: ()}, keyed=True, codes=("emoji_invalid", "cid_conflict", "message_deleted", "too_many"),
        text="emoji",
    ),
    Route(
        method="DELETE", path=_REACTION, handler=remove_reaction, summary="Take a reaction back", query=TargetQuery,
        answers={204: ()}, keyed=True, codes=("emoji_invalid", "cid_conflict", "message_deleted"), text="emoji",
    ),
    Route(
        method="PUT", path=_MESSAGE + "/pin", handler=pin_message, summary="Pin a message", query=TargetQuery,
        answers={204: ()}, keyed=True, codes=("cid_conflict", "message_deleted", "too_many"),
    ),
    Route(
        method="DELETE", path=_MESSAGE + "/pin", handler=unpin_message, summary="Unpin a message", query=TargetQuery,
        answers={204: ()}, keyed=True, codes=("cid_conflict", "message_deleted"),
    ),
    Route(
        method="GET", path="/api/chats/{chat_id}/pins", handler=list_pins, summary="Pinned messages",
        answers={200: (Pins,)},
    ),
)  # fmt: skip
