"""Bytes to frames and back, strictly: a refusal is a value with its code."""

import json
import re
from collections.abc import Sequence
from typing import Any, Final, TypeVar

import msgspec
from attrs import frozen

from chatproto.wire.frames import CLIENT_TYPES, FromClient, FromServer, PageFrame
from chatproto.wire.model import LogItem, Message

T = TypeVar("T")
_decoder: msgspec.json.Decoder[FromClient] = msgspec.json.Decoder(FromClient)
_encoder = msgspec.json.Encoder()
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


class _Envelope(msgspec.Struct):
    """Enough of a frame to answer it when the rest is wrong."""

    type: Any = None
    id: Any = None
    cid: Any = None
    chat_id: Any = None


_envelope: msgspec.json.Decoder[_Envelope] = msgspec.json.Decoder(_Envelope)


@frozen
class BadFrame:
    """What is wrong with a frame: code bad_frame, bad_unicode or unknown_type."""

    code: str
    detail: str
    ref: str | None = None
    chat_id: int | None = None
    field: str | None = None


def decode(data: str) -> FromClient | BadFrame:
    """One client frame of `/ws` from one WebSocket message."""
    return decode_as(data, _decoder, CLIENT_TYPES)


def decode_as(data: str, decoder: msgspec.json.Decoder[T], types: frozenset[str]) -> T | BadFrame:
    """One frame by `decoder`, whose union has the tags `types`."""
    try:
        raw = data.encode("utf-8")
    except UnicodeEncodeError:
        return BadFrame(code="bad_unicode", detail="not valid Unicode")
    try:
        return decoder.decode(raw)
    except RecursionError:
        return BadFrame(code="bad_frame", detail="nested too deeply")
    except msgspec.DecodeError as error:
        return _explain(raw, str(error), types)


def parse_lone_surrogate(text: str) -> Any:
    """The value of a JSON text that msgspec refuses only for half a surrogate pair, escaped; else None."""
    try:
        found = json.loads(text)
        return found if _SURROGATE.search(json.dumps(found, ensure_ascii=False)) else None
    except (ValueError, RecursionError):
        return None


def _explain(raw: bytes, detail: str, types: frozenset[str]) -> BadFrame:
    lone = False
    try:
        envelope = _envelope.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        found = parse_lone_surrogate(raw.decode())
        if not isinstance(found, dict):
            return BadFrame(code="bad_frame", detail="not a JSON object")
        lone = True
        envelope = _Envelope(*(found.get(name) for name in _Envelope.__struct_fields__))
    ref = envelope.cid if isinstance(envelope.cid, str) else envelope.id
    ref = ref if isinstance(ref, str) and 1 <= len(ref) <= 64 and not _SURROGATE.search(ref) else None
    chat_id = envelope.chat_id if type(envelope.chat_id) is int else None
    if isinstance(envelope.type, str) and envelope.type not in types:
        return BadFrame(code="unknown_type", detail="unknown frame type", ref=ref, chat_id=chat_id)
    if lone:
        return BadFrame(code="bad_unicode", detail="not valid Unicode", ref=ref, chat_id=chat_id)
    field = detail.rpartition("$.")[2].rstrip("`") if "$." in detail else None
    return BadFrame(code="bad_frame", detail=detail[:200], ref=ref, chat_id=chat_id, field=field)


class _SparseMessage(Message, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="message"):
    """A message without the fields that have their default. `rev` is always said: clients of version 0.1 ask for it."""

    rev: int


def encode(frame: FromServer) -> bytes:
    """One frame of `/ws` as JSON; encoded once and shared by all who get it.

    Messages leave out what has its default (docs/protocol.md section 2): most have no more than a text and an author.
    """
    match frame:
        case Message():
            return _encoder.encode(_sparse(frame))
        case PageFrame():
            return _encoder.encode(msgspec.structs.replace(frame, items=tuple(_sparse(item) for item in frame.items)))
        case _:
            return _encoder.encode(frame)


def encode_whole(message: Message) -> bytes:
    """A message with all its fields, as `/ws/chat` and HTTP give it."""
    return _encoder.encode(message)


def _sparse(item: LogItem) -> LogItem:
    return msgspec.convert(item, _SparseMessage, from_attributes=True) if isinstance(item, Message) else item


def join(frames: Sequence[bytes]) -> bytes:
    """What leaves in one write: a single object, or an array of at most 64."""
    return frames[0] if len(frames) == 1 else b"[" + b",".join(frames) + b"]"
