"""Random texts that open something: how they are made, and how they are kept."""

import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import Final

CODE_LETTERS: Final = 22
"""Of base64url: more than 128 bits."""


def new_code(random_token: Callable[[], str]) -> str:
    """128 random bits for a link. `random_token`: 256 random bits in URL-safe letters."""
    return random_token()[:CODE_LETTERS]


def hash_of(secret: str) -> bytes:
    """SHA-256 of a code or a token. They are random, so a plain hash keeps them."""
    return sha256(secret.encode(errors="surrogatepass")).digest()


def random_token() -> str:
    """256 random bits in URL-safe letters."""
    return secrets.token_urlsafe(32)
