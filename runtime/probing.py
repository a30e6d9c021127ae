"""How `vestnik doctor` shows a server that it has the server's key, and so may be told what the server sees of it."""

from datetime import datetime
from hmac import compare_digest, digest
from typing import Final

from chatproto.tokens import TokenKeys

_SCHEME: Final = "Doctor "
_STEP: Final = 60
"""Seconds; a proof is good for this minute and the ones beside it, as clocks differ."""


def proof(keys: TokenKeys, now: datetime) -> str:
    """For the header Authorization."""
    return _SCHEME + _proof(keys.keys[keys.current], _minute(now))


def is_proven(keys: TokenKeys, authorization: str | None, now: datetime) -> bool:
    """Whether that header was made with one of these keys, just now."""
    if authorization is None or not authorization.startswith(_SCHEME):
        return False
    given = authorization.removeprefix(_SCHEME).encode()
    minutes = [_minute(now) + off for off in (-1, 0, 1)]
    return any(compare_digest(_proof(key, at).encode(), given) for key in keys.keys.values() for at in minutes)


def _minute(now: datetime) -> int:
    return int(now.timestamp()) // _STEP


def _proof(key: bytes, minute: int) -> str:
    return digest(key, b"vestnik doctor %d" % minute, "sha256").hex()
