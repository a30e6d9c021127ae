"""The opening handshake of a WebSocket (RFC 6455 section 4.2.1), as both servers judge it before anybody is asked."""

from base64 import b64decode
from binascii import Error
from collections.abc import Iterable
from typing import Final

Headers = Iterable[tuple[bytes, bytes]]

VERSION: Final = b"13"
_READ_AS_TEXT: Final = (b"connection", b"upgrade", b"host", b"origin")


def wants_websocket(method: bytes, headers: Headers) -> bool:
    """Whether a request asks for an upgrade to WebSocket, well or badly. Names of headers are in lower case."""
    tokens: list[bytes] = []
    upgrade = b""
    for name, value in headers:
        if name == b"connection":
            tokens += [token.strip().lower() for token in value.split(b",")]
        elif name == b"upgrade":
            upgrade = value.strip().lower()
    return method == b"GET" and b"upgrade" in tokens and upgrade == b"websocket"


def fault_of_handshake(version: bytes, headers: Headers) -> int | None:
    """The status that refuses a handshake which is none; None where it is good.

    A body is refused too: there is no place for it between the handshake and the first frame.
    """
    keys: list[bytes] = []
    versions: list[bytes] = []
    for name, value in headers:
        if name in (b"content-length", b"transfer-encoding"):
            return 400
        if (name in _READ_AS_TEXT or name.startswith(b"sec-websocket-")) and not value.isascii():
            return 400
        if name == b"sec-websocket-key":
            keys.append(value.strip())
        elif name == b"sec-websocket-version":
            versions.append(value.strip())
    if version != b"1.1" or versions != [VERSION] or len(keys) != 1:
        return 400
    return None if _is_key(keys[0]) else 400


def _is_key(value: bytes) -> bool:
    try:
        return len(b64decode(value, validate=True)) == 16
    except Error:
        return False
