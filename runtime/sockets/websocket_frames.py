"""WebSocket frames of the server (RFC 6455 section 5.2): never masked, never in pieces, shared by all who get them."""

from collections.abc import Iterable

_TEXT, _CLOSE, _PING, _PONG = 0x81, 0x88, 0x89, 0x8A
"""FIN, and the opcode."""


def text_frame(payload: bytes) -> bytes:
    """One text message as it stands on the wire."""
    size = len(payload)
    if size < 126:
        return bytes((_TEXT, size)) + payload
    if size < 65536:
        return bytes((_TEXT, 126)) + size.to_bytes(2, "big") + payload
    return bytes((_TEXT, 127)) + size.to_bytes(8, "big") + payload


def text_frames(payloads: Iterable[bytes]) -> bytes:
    """Several messages, one behind the other."""
    return b"".join(map(text_frame, payloads))


def ping_frame() -> bytes:
    """A ping without a payload."""
    return bytes((_PING, 0))


def pong_frame(payload: bytes) -> bytes:
    """The answer to a ping, with its payload of at most 125 bytes."""
    return bytes((_PONG, len(payload))) + payload


def close_frame(code: int | None, reason: str | None) -> bytes:
    """A close with an ASCII reason of at most 123 bytes; without a code it has neither."""
    payload = b"" if code is None else code.to_bytes(2, "big") + (reason or "").encode("ascii")
    return bytes((_CLOSE, len(payload))) + payload
