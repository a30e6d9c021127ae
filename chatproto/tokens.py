"""Access tokens (JWT, RFC 7519): signing and checking with injected time.

A token names its session by a random key (`skey`) and the refresh token it was issued with by that one's hash (`rid`):
numbers are given again after a database was put back to an older state, these are not. `sid` is what people see.

PyJWT reads the clock itself, so its checks of exp, nbf and iat are off and done here. The algorithm is pinned to the
key id: neither `none` nor another hash is accepted for it.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import jwt
from attrs import evolve, field, frozen

ALGORITHM: Final = "HS256"
ISSUER: Final = "vestnik"
AUDIENCE: Final = "vestnik"
LEEWAY: Final = 5
"""Seconds that iat and nbf may lie ahead, for servers whose clocks differ."""
MIN_KEY_BYTES: Final = 32
MAX_TOKEN_LENGTH: Final = 4096
SESSION_KEY_BYTES: Final = 16
MAX_REFRESH_ID_BYTES: Final = 32
LONGEST: Final = timedelta(days=1)
"""No token is good for longer, whatever it says."""


@frozen
class AccessClaims:
    """What an access token says. `refresh_id` names the refresh token it was issued with: its SHA-256."""

    user_id: int
    session_id: int
    session_key: bytes
    refresh_id: bytes
    issued_at: datetime
    expires_at: datetime


class TokenRefusal(StrEnum):
    """Why a token is refused; the value is the stable code."""

    INVALID = "token_invalid"
    EXPIRED = "token_expired"


def _long_enough(_instance: object, _attribute: object, keys: Mapping[str, bytes]) -> None:
    if not keys or any(len(key) < MIN_KEY_BYTES for key in keys.values()):
        raise ValueError(f"a signing key has at least {MIN_KEY_BYTES} bytes")


@frozen
class TokenKeys:
    """Keys by id (`kid`); new tokens are signed with `current`, the others only verify until they are retired.

    `longest`: whatever a token says, it is good no longer than that from when it is checked; then its key is needed
    again.
    """

    current: str
    keys: Mapping[str, bytes] = field(repr=False, validator=_long_enough)
    longest: timedelta = LONGEST

    def sign(
        self, *, user_id: int, session_id: int, session_key: bytes, refresh_id: bytes, jti: str, now: datetime,
        lifetime: int,
    ) -> str:  # fmt: skip
        """An access token that ends `lifetime` seconds after `now`. `session_key` is 16 bytes, `jti` is random."""
        issued = int(now.timestamp())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "sid": session_id,
            "skey": _text(session_key),
            "rid": _text(refresh_id),
            "iat": issued,
            "exp": issued + lifetime,
            "jti": jti,
        }
        return jwt.encode(claims, self.keys[self.current], ALGORITHM, headers={"kid": self.current})

    def check(self, token: str, now: datetime) -> AccessClaims | TokenRefusal:
        """The claims of a token valid at `now`, or why not."""
        if len(token) > MAX_TOKEN_LENGTH:
            return TokenRefusal.INVALID
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = self.keys.get(kid) if isinstance(kid, str) else None
            if key is None:
                return TokenRefusal.INVALID
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={
                    "require": ["iss", "aud", "sub", "sid", "rid", "iat", "exp", "jti"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except (jwt.InvalidTokenError, UnicodeError, RecursionError):
            return TokenRefusal.INVALID
        found = _read(claims, now)
        if isinstance(found, AccessClaims) and found.expires_at - now > self.longest:
            return evolve(found, expires_at=now + self.longest)
        return found


def _text(data: bytes) -> str:
    """Base64 for URLs, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bytes(text: object) -> bytes:
    """What `_text` wrote; empty for anything else."""
    if not isinstance(text, str) or not text.isascii():
        return b""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return b""


def _read(claims: dict[str, Any], now: datetime) -> AccessClaims | TokenRefusal:
    if "skey" not in claims:  # of a version before these had a name of their own: to be exchanged for a new one
        return TokenRefusal.EXPIRED
    session_key, refresh_id = _bytes(claims["skey"]), _bytes(claims["rid"])
    if len(session_key) != SESSION_KEY_BYTES or not 1 <= len(refresh_id) <= MAX_REFRESH_ID_BYTES:
        return TokenRefusal.INVALID
    numbers = [claims["sid"], claims["iat"], claims["exp"], claims.get("nbf", claims["iat"])]
    subject = claims["sub"]
    if any(type(number) is not int or not 0 < number < 2**53 for number in numbers):
        return TokenRefusal.INVALID
    if not (subject.isascii() and subject.isdecimal() and len(subject) <= 16):
        return TokenRefusal.INVALID
    try:
        issued_at = datetime.fromtimestamp(claims["iat"], UTC)
        not_before = datetime.fromtimestamp(numbers[3], UTC)
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
    except (ValueError, OverflowError, OSError):
        return TokenRefusal.INVALID
    if max(issued_at, not_before) > now + timedelta(seconds=LEEWAY):
        return TokenRefusal.INVALID
    if now >= expires_at:
        return TokenRefusal.EXPIRED
    return AccessClaims(int(subject), claims["sid"], session_key, refresh_id, issued_at, expires_at)
