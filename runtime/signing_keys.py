"""The keys that sign access tokens and links to files: from the settings, where several machines share them, or a file.

The file holds the key that signs, alone on its first line, and on a second one the key before it with the time until
which what that one signed is still good: `vestnik key rotate`. A key is known by a hash of itself (`kid`), so machines
that share keys need not agree on names.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from chatproto.tokens import TokenKeys
from runtime.config import Settings
from runtime.secret_files import SecretFileError, load_or_create_secret, new_secret, replace_secret

FILE_NAME: Final = "token-key"
"""In the data directory, where the settings name no key."""


def load_keys(settings: Settings, now: datetime) -> TokenKeys:
    """The keys, the one that signs first. Makes the file where there is none. Raises SecretFileError."""
    if settings.jwt_secret:
        return _keys(settings.jwt_secret, *settings.jwt_secrets_accepted)
    path = settings.data_dir / FILE_NAME
    current, previous = _parsed(path, load_or_create_secret(path))
    return _keys(current) if previous is None or previous[1] <= now else _keys(current, previous[0])


def rotate(settings: Settings, now: datetime) -> Path:
    """Put a new key into the file; what the one before it signed stays good for as long as access tokens live.

    Servers use it from their next start on. Raises SecretFileError, also where the settings name the key.
    """
    if settings.jwt_secret:
        raise SecretFileError(
            "the key is in VESTNIK_JWT_SECRET: put a new one there, the old one into VESTNIK_JWT_SECRETS_ACCEPTED, and "
            "restart the servers one by one"
        )
    path = settings.data_dir / FILE_NAME
    current, _ = _parsed(path, load_or_create_secret(path))
    until = now + timedelta(seconds=settings.access_token_seconds)
    replace_secret(path, f"{new_secret()}\n{current} {until.isoformat(timespec='seconds')}\n")
    return path


def _parsed(path: Path, text: str) -> tuple[str, tuple[str, datetime] | None]:
    lines = text.split("\n")
    if len(lines) == 1:
        return lines[0], None
    secret, _, until = lines[1].partition(" ")
    try:
        ends = datetime.fromisoformat(until)
    except ValueError:
        ends = None
    if len(lines) > 2 or ends is None or ends.tzinfo is None:
        raise SecretFileError(f"{path}: its second line is no former key with a time")
    return lines[0], (secret, ends)


def _keys(*secrets: str) -> TokenKeys:
    by_id = {_kid(secret): secret.encode() for secret in secrets}
    return TokenKeys(current=_kid(secrets[0]), keys=by_id)


def _kid(secret: str) -> str:
    return sha256(b"vestnik kid " + secret.encode()).hexdigest()[:12]
