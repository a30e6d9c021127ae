"""The words of `/ws/chat/{chat_id}` (docs/protocol.md section 5): the frames in the shape of the first contract."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from chatproto.wire import codec
from chatproto.wire.codec import BadFrame
from chatproto.wire.frames import (
    Ack,
    Auth,
    AuthExpiring,
    AuthOk,
    Bye,
    Cid,
    ErrorFrame,
    Expired,
    FromClient,
    FromServer,
    Id,
    Marks,
    Presence,
    Send,
    Typing,
    TypingFrame,
)
from chatproto.wire.limits import MAX_FILES
from chatproto.wire.model import Event, LogItem, Message

FILES: Final = "/api/files/"
FileRefs = str | list[str]
"""Ids of files, or their urls. Checked by `file_ids`: a pattern beside a list in one union makes msgspec 0.22 read and
free memory that is not its own."""
_REF: Final = re.compile(r"(/api/files/)?[A-Za-z0-9_-]{22}")


def file_ids(given: FileRefs | None) -> list[str] | None:
    """The ids of what the field `attachment` holds; None where one cannot be an id."""
    refs = [] if given is None else given if isinstance(given, list) else [given]
    return [ref.removeprefix(FILES) for ref in refs] if all(map(_REF.fullmatch, refs)) else None


class ChatMessage(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="message"):
    """A text for the chat; without cid the server makes one."""

    content: str
    cid: Cid | None = None
    reply_to: Id | None = None
    attachment: FileRefs | None = None


class ChatStatus(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="status"):
    """The user types, or stopped."""

    state: Literal["typing", "stopped"]


class ChatAuth(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="auth"):
    """A fresh access token in band."""

    token: Annotated[str, Meta(max_length=4096)]


_decoder: msgspec.json.Decoder[ChatMessage | ChatStatus | ChatAuth] = msgspec.json.Decoder(
    ChatMessage | ChatStatus | ChatAuth
)
_TYPES = frozenset({"message", "status", "auth"})


def decode(data: str, chat_id: int, new_cid: Callable[[], str]) -> FromClient | BadFrame:
    """One frame of a client as the frame of `/ws` that means the same."""
    frame = codec.decode_as(data, _decoder, _TYPES)
    match frame:
        case ChatMessage():
            attachments = file_ids(frame.attachment)
            if attachments is None or len(attachments) > MAX_FILES:
                detail = f"attachment holds at most {MAX_FILES} ids of files"
                return BadFrame(code="bad_frame", detail=detail, ref=frame.cid, chat_id=chat_id, field="attachment")
            return Send(
                chat_id=chat_id,
                cid=frame.cid or new_cid(),
                content=frame.content,
                reply_to=frame.reply_to,
                attachments=attachments,
            )
        case ChatStatus():
            return TypingFrame(chat_id=chat_id, on=frame.state == "typing")
        case ChatAuth():
            return Auth(token=frame.token)
        case _:
            return frame


def encode(frame: FromServer) -> bytes | None:
    """A frame for the client; None where this endpoint has no word for it."""
    match frame:
        case Typing():
            return _status(frame.chat_id, frame.user_id, "typing" if frame.on else "stopped")
        case Ack() | Expired() | ErrorFrame() | AuthExpiring() | AuthOk() | Bye():
            return _system(msgspec.to_builtins(frame, builtin_types=(), str_keys=True))
        case _:
            return None


def encode_item(item: LogItem) -> bytes:
    """A log item: a message as it is, the rest as a system event under its own word."""
    if isinstance(item, Message):
        return codec.encode_whole(item)
    fields = msgspec.to_builtins(item)
    return _system(fields if isinstance(item, Event) else {**fields, "type": "hidden"})


def encode_marks(frame: Marks) -> bytes:
    """How far somebody received and read."""
    return _system(msgspec.to_builtins(frame, builtin_types=(), str_keys=True))


def encode_presence(frame: Presence, chat_id: int) -> bytes:
    """A member came or went."""
    return _status(chat_id, frame.user_id, "online" if frame.online else "offline")


def _system(fields: dict[str, Any]) -> bytes:
    kind = fields.pop("type")
    word = fields.pop("event") if kind == "event" else kind
    return msgspec.json.encode({"type": "system", "event": word, **fields})


def _status(chat_id: int, user_id: int, state: str) -> bytes:
    return msgspec.json.encode({"type": "status", "chat_id": chat_id, "user_id": user_id, "state": state})
