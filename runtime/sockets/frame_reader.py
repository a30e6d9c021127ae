"""What clients send on a WebSocket (RFC 6455 section 5): bytes in, whole messages and control frames out.

A program of its own, as each message and each ping passes here: wsproto takes several times as long for them. What this
must do is held against wsproto by a test.
"""

from typing import Final

from attrs import frozen

_FIN: Final = 0x80
_RESERVED: Final = 0x70
_MASKED: Final = 0x80
_SHORT: Final = 125
"""Bytes of the largest payload whose size stands in the second byte; control frames have no more."""
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10
_KNOWN: Final = frozenset({_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG})
_CODES: Final = frozenset({*range(1000, 1004), *range(1007, 1014), *range(3000, 5000)})
"""Close codes that may be on the wire (RFC 6455 section 7.4, and the registry it founded)."""


@frozen
class Pinged:
    """To be answered by a pong with the same payload."""

    payload: bytes


@frozen
class Ponged:
    """The answer to a ping, or unasked."""


@frozen
class Ended:
    """The client closed, or broke the rules: close with this code; None where the client said none."""

    code: int | None
    reason: str | None = None


Received = str | bytes | Pinged | Ponged | Ended

_PROTOCOL_ERROR: Final = Ended(1002)
_NO_UNICODE: Final = Ended(1007)


class FrameReader:
    """Holds what is not whole yet: at most one frame and one message, of `max_bytes` each. After `Ended` nothing more
    comes.
    """

    __slots__ = ("_at", "_data", "_max_bytes", "_message", "_text")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._data = b""
        self._at = 0
        self._message: bytearray | None = None
        """Of a message in several frames those that came."""
        self._text = False

    def feed(self, data: bytes) -> None:
        """Take in what was read. To be called once `next` has given None."""
        self._data = self._data + data if self._data else data

    def next(self) -> Received | None:
        """The next whole message or control frame; None: more must be read."""
        data, at = self._data, self._at
        left = len(data) - at
        if not left:
            self._data, self._at = b"", 0
            return None
        if left >= 6 and data[at] == _FIN | _TEXT and self._message is None:
            size = data[at + 1] - _MASKED
            if 0 <= size <= _SHORT and left >= 6 + size:  # nearly all frames; the rest of this class is for the others
                self._at = at + 6 + size
                try:
                    return _unmasked(data, at + 2, size).decode()
                except UnicodeDecodeError:
                    return _NO_UNICODE
        return self._next()

    def _next(self) -> Received | None:
        while True:
            head = self._head()
            if isinstance(head, Ended):
                return head
            if head is None or len(self._data) < head[2] + head[3]:
                self._data, self._at = self._data[self._at :], 0
                return None
            opcode, last, start, size = head
            payload = _unmasked(self._data, start - 4, size)
            self._at = start + size
            whole = _control(opcode, payload) if opcode >= _CLOSE else self._part(opcode, last, payload)
            if whole is not None:
                return whole

    def _head(self) -> tuple[int, bool, int, int] | Ended | None:
        """Opcode, whether it is the last one of its message, where the payload starts, and its size."""
        data, at = self._data, self._at
        if len(data) < at + 2:
            return None
        first, second = data[at], data[at + 1]
        opcode, last, size, start = first & 0x0F, first >= _FIN, second & 0x7F, at + 6
        control = opcode >= _CLOSE
        if first & _RESERVED or opcode not in _KNOWN or second < _MASKED or (control and (size > _SHORT or not last)):
            return _PROTOCOL_ERROR
        if not control and (opcode == _CONTINUATION) != (self._message is not None):
            return _PROTOCOL_ERROR
        if size > _SHORT:
            width, least = (2, _SHORT + 1) if size == 126 else (8, 1 << 16)
            start += width
            if len(data) < start - 4:
                return None
            size = int.from_bytes(data[at + 2 : at + 2 + width], "big")
            if size < least:
                return _PROTOCOL_ERROR  # it must stand in the fewest bytes that can hold it
        if not control and size + len(self._message or b"") > self._max_bytes:
            return Ended(1009, "message too big")
        return (opcode, last, start, size) if len(data) >= start else None

    def _part(self, opcode: int, last: bool, payload: bytes) -> str | bytes | Ended | None:
        """The message that this frame ends."""
        if self._message is not None:
            self._message += payload
        else:
            self._text = opcode == _TEXT
            if not last:
                self._message = bytearray(payload)
        if not last:
            return None
        whole, self._message = payload if self._message is None else bytes(self._message), None
        try:
            return whole.decode() if self._text else whole
        except UnicodeDecodeError:
            return _NO_UNICODE


def _unmasked(data: bytes, mask_at: int, size: int) -> bytes:
    """The payload behind the mask (RFC 6455 section 5.3)."""
    start = mask_at + 4
    mask = (data[mask_at:start] * (size // 4 + 1))[:size]
    payload = data[start : start + size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")).to_bytes(size, "big")


def _control(opcode: int, payload: bytes) -> Pinged | Ponged | Ended:
    if opcode == _PING:
        return Pinged(payload)
    if opcode == _PONG:
        return Ponged()
    if not payload:
        return Ended(None)
    code = int.from_bytes(payload[:2], "big")
    if len(payload) < 2 or code not in _CODES:
        return _PROTOCOL_ERROR
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        return _NO_UNICODE
    return Ended(code)
