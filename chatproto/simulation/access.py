"""The access tokens of a world: names in a table instead of signatures, which cost more than all that they let in.

When one is valid is decided as `chatproto.tokens` does.
"""

from datetime import datetime, timedelta

from chatproto.operations import SessionCreated
from chatproto.tokens import LEEWAY, AccessClaims, TokenRefusal

CANARY = "token-canary"
"""What every token begins with: in a trace there must be none (S11)."""


class AccessTokens:
    """`lifetime` in seconds."""

    def __init__(self, lifetime: int) -> None:
        self._lifetime = timedelta(seconds=lifetime)
        self._issued: dict[str, AccessClaims] = {}

    def issue(self, user_id: int, created: SessionCreated, now: datetime) -> str:
        """A token of that session."""
        token = f"{CANARY}-{len(self._issued)}"
        issued = now.replace(microsecond=0)
        self._issued[token] = AccessClaims(
            user_id, created.session_id, created.session_key, created.refresh_id, issued, issued + self._lifetime
        )
        return token

    def check(self, token: str, now: datetime) -> AccessClaims | TokenRefusal:
        """As `TokenKeys.check`."""
        claims = self._issued.get(token)
        if claims is None or claims.issued_at > now + timedelta(seconds=LEEWAY):
            return TokenRefusal.INVALID
        return TokenRefusal.EXPIRED if now >= claims.expires_at else claims
