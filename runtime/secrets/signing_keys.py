"""The keys that sign access tokens and links to files: from the settings, where several machines share them, or a file.

The file holds the key that signs, alone on its first line, and on a second one the key before it with the time until
which what that one signed is still good: `vestnik key rotate`. A key is known by a hash of itself (`kid`), so machines
that share keys need not agree on names.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from attrs import field, frozen

from chatproto.tokens import TokenKeys
from runtime.config import Settings
from runtime.secrets.secret_files import SecretFileError, load_or_create_secret, new_secret, replace_secret

FILE_NAME: Final = "token-key"
"""In the data directory, where the settings name no key."""


@frozen
class _FadingKeys(Mapping[str, bytes]):
    """Keys by id in the order of `all_keys`; those that have an end are not among them any more once it is there."""

    all_keys: Mapping[str, bytes] = field(repr=False)
    ends: Mapping[str, datetime]
    clock: Callable[[], datetime]

    def __getitem__(self, kid: str) -> bytes:
        if kid in self.ends and self.ends[kid] <= self.clock():
            raise KeyError(kid)
        return self.all_keys[kid]

    def __iter__(self) -> Iterator[str]:
        now = self.clock()
        return iter([kid for kid in self.all_keys if kid not in self.ends or self.ends[kid] > now])

    def __len__(self) -> int:
        return sum(1 for _ in self)


def load_keys(settings: Settings, clock: Callable[[], datetime]) -> TokenKeys:
    """The keys, the one that signs first. Makes the file where there is none. Raises SecretFileError.

    A former key that has an end opens nothing from then on, by `clock`, however long the process runs.
    """
    longest = timedelta(seconds=settings.access_token_seconds)
    if settings.jwt_secret:
        return _keys([settings.jwt_secret, *settings.jwt_secrets_accepted], {}, clock, longest)
    path = settings.data_dir / FILE_NAME
    current, previous = _parsed(path, load_or_create_secret(path))
    if previous is None or previous[0] == current:
        return _keys([current], {}, clock, longest)
    return _keys([current, previous[0]], {_kid(previous[0]): previous[1]}, clock, longest)


def rotate(settings: Settings, now: datetime, *, at_once: bool = False) -> Path:
    """Put a new key into the file; what the one before it signed stays good for as long as access tokens live, or
    `at_once` is good no more.

    Servers use it from their next start on. Raises SecretFileError, also where the settings name the key.
    """
    if settings.jwt_secret:
        raise SecretFileError(
            "the key is in VESTNIK_JWT_SECRET: put a new one into VESTNIK_JWT_SECRETS_ACCEPTED of all servers and "
            "restart them, then exchange the two, and at last leave the old one out; where others know it, change all "
            "at once"
        )
    path = settings.data_dir / FILE_NAME
    current, _ = _parsed(path, load_or_create_secret(path))
    until = now + timedelta(seconds=settings.access_token_seconds)
    former = "" if at_once else f"{current} {until.isoformat(timespec='seconds')}\n"
    replace_secret(path, f"{new_secret()}\n{former}")
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


def _keys(
    secrets: list[str], ends: Mapping[str, datetime], clock: Callable[[], datetime], longest: timedelta
) -> TokenKeys:
    by_id = {_kid(secret): secret.encode() for secret in secrets}
    return TokenKeys(_kid(secrets[0]), _FadingKeys(by_id, ends, clock) if ends else by_id, longest)


def _kid(secret: str) -> str:
    return sha256(b"vestnik kid " + secret.encode()).hexdigest()[:12]
