"""A server's WebSocket messages to frames, for a client that may be older than the server."""

from typing import Any, Final, get_args

import msgspec

from chatproto.wire.frames import FromClient, FromServer

MAX_FRAME: Final = 1024 * 1024
"""Bytes a client accepts in one message (docs/protocol.md section 1)."""


class _Envelope(msgspec.Struct):
    type: Any = None


_decoder: Final[msgspec.json.Decoder[FromServer]] = msgspec.json.Decoder(FromServer)
_list_decoder: Final = msgspec.json.Decoder(list[msgspec.Raw])
_envelope: Final = msgspec.json.Decoder(_Envelope)
_encoder: Final = msgspec.json.Encoder()
_KNOWN: Final = frozenset(kind.__struct_config__.tag for kind in get_args(FromServer))


class BadServerFrame(Exception):
    """The server sent what is no frame of the protocol; the link is of no use."""


def decode(data: str | bytes) -> list[FromServer]:
    """The frames of one WebSocket message, one object or an array; unknown types are left out."""
    raw = data.encode() if isinstance(data, str) else data
    try:
        parts = [bytes(part) for part in _list_decoder.decode(raw)] if raw[:1] == b"[" else [raw]
        frames = [_decode_one(part) for part in parts]
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadServerFrame(str(error)[:200]) from None
    return [frame for frame in frames if frame is not None]


def encode(frame: FromClient) -> str:
    """One frame for the server."""
    return _encoder.encode(frame).decode()


def _decode_one(raw: bytes) -> FromServer | None:
    try:
        return _decoder.decode(raw)
    except msgspec.ValidationError:
        if _envelope.decode(raw).type in _KNOWN:
            raise
        return None  # a word of a newer server
