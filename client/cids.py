"""Names of commands: UUIDv7 (RFC 9562), so that they sort by the time they were made."""

import secrets
import time
from uuid import UUID


def new_cid() -> str:
    """A fresh one. Uniqueness rests on its 74 random bits; the clock may be wrong."""
    return uuid7(time.time_ns() // 1_000_000, secrets.randbits(74))


def uuid7(milliseconds: int, random_bits: int) -> str:
    """By the time since 1970 and 74 random bits."""
    high, low = random_bits >> 62, random_bits & (2**62 - 1)
    return str(UUID(int=(milliseconds & (2**48 - 1)) << 80 | 7 << 76 | high << 64 | 2 << 62 | low))
