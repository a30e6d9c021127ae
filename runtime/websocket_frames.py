"""WebSocket frames of the server (RFC 6455 section 5.2): never masked, never in pieces, shared by all who get them."""

from collections.abc import Iterable

_TEXT = 0x81
"""FIN, opcode 1."""


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
