"""File tokens: a URL by which a browser gets one file without a header, for some minutes.

A token names the file, the viewer and its end; whether the viewer may see the file is asked at each use.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from attrs import field, frozen

LIFETIME: Final = timedelta(minutes=5)
MAX_LENGTH: Final = 128


@frozen
class FileLinks:
    """Signs with the first of the keys, takes what any of them signed."""

    keys: Mapping[str, bytes] = field(repr=False)

    def sign(self, file_id: str, user_id: int, now: datetime) -> tuple[str, datetime]:
        """A token, and when it ends: a whole second."""
        ends = int((now + LIFETIME).timestamp())
        key = next(iter(self.keys.values()))
        return f"{ends}.{user_id}.{_mac(key, file_id, user_id, ends)}", datetime.fromtimestamp(ends, UTC)

    def viewer(self, token: str, file_id: str, now: datetime) -> int | None:
        """Whom a token names that is good for this file now."""
        parts = token.split(".")
        if len(token) > MAX_LENGTH or len(parts) != 3:
            return None
        if not all(part.isascii() and part.isdecimal() and len(part) <= 16 for part in parts[:2]):
            return None
        ends, user_id, mac = int(parts[0]), int(parts[1]), parts[2].encode()
        good = [hmac.compare_digest(_mac(key, file_id, user_id, ends).encode(), mac) for key in self.keys.values()]
        return user_id if any(good) and now.timestamp() < ends else None


def _mac(key: bytes, file_id: str, user_id: int, ends: int) -> str:
    own = hmac.digest(key, b"vestnik file links", sha256)
    return urlsafe_b64encode(hmac.digest(own, f"{file_id}.{user_id}.{ends}".encode(), sha256)).rstrip(b"=").decode()
