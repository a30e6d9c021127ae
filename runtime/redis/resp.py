"""RESP2, the protocol of Redis: commands as bytes, and replies out of bytes as they come. No input or output here."""

from typing import Final

from attrs import frozen

LONGEST_LINE: Final = 64 * 1024
LONGEST_TEXT: Final = 16 * 1024 * 1024
"""Bytes of one string."""
MOST_PARTS: Final = 1_000
DEEPEST: Final = 4


class RespError(Exception):
    """What came is no RESP, or more than was asked for."""


@frozen
class Refused:
    """The server's own words, which begin with a code such as NOAUTH."""

    text: str


Reply = bytes | int | None | Refused | list["Reply"]
"""One reply: a string, a number, nothing, a refusal, or several of them."""


class _Incomplete(Exception):
    """More bytes are needed."""


def command(*parts: bytes) -> bytes:
    """A command as it is sent."""
    head = b"*%d\r\n" % len(parts)
    return head + b"".join([b"$%d\r\n%b\r\n" % (len(part), part) for part in parts])


class Replies:
    """Cuts what comes into replies."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._at = 0

    def feed(self, data: bytes | bytearray) -> None:
        """Some more bytes."""
        self._bytes += data

    def take(self) -> tuple[Reply] | None:
        """The next reply, alone in a tuple; None: it has not come whole. Raises RespError."""
        self._at = 0
        try:
            reply = self._reply(0)
        except _Incomplete:
            return None
        del self._bytes[: self._at]
        return (reply,)

    def _reply(self, depth: int) -> Reply:
        line = self._line()
        kind, rest = line[:1], line[1:]
        match kind:
            case b"+":
                return rest
            case b"-":
                return Refused(rest.decode(errors="replace"))
            case b":":
                return _number(rest)
            case b"$":
                return self._text(_number(rest))
            case b"*":
                count = _number(rest)
                if count > MOST_PARTS or depth == DEEPEST:
                    raise RespError("too many parts")
                return None if count < 0 else [self._reply(depth + 1) for _ in range(count)]
            case _:
                raise RespError("no RESP")

    def _line(self) -> bytes:
        end = self._bytes.find(b"\r\n", self._at, self._at + LONGEST_LINE)
        if end < 0:
            if len(self._bytes) - self._at >= LONGEST_LINE:
                raise RespError("too long a line")
            raise _Incomplete
        line, self._at = bytes(self._bytes[self._at : end]), end + 2
        return line

    def _text(self, length: int) -> bytes | None:
        if length < 0:
            return None
        if length > LONGEST_TEXT:
            raise RespError("too long a string")
        end = self._at + length
        if len(self._bytes) < end + 2:
            raise _Incomplete
        if self._bytes[end : end + 2] != b"\r\n":
            raise RespError("no RESP")
        text, self._at = bytes(self._bytes[self._at : end]), end + 2
        return text


def _number(text: bytes) -> int:
    try:
        if len(text) > 20:
            raise ValueError
        return int(text)
    except ValueError:
        raise RespError("no number") from None
