"""Files of keys for backups, as `age-keygen` writes them: a public one to encrypt with, a secret one to read with.

The server needs the public key alone, so whoever takes the server gets no older backup.
"""

import os
import stat
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from runtime.age import bech32
from runtime.secrets.file_modes import open_to

PUBLIC: Final = "age"
SECRET: Final = "age-secret-key-"
_SIZE: Final = 32
_MOST_BYTES: Final = 64 * 1024
"""Of a file of keys."""


class KeyFileError(Exception):
    """The text names the file and what is wrong with it, never what stands in it."""


def make_keys(path: Path) -> str:
    """Write a new secret key to `path` (mode 0600), which is not there yet; the public one.

    Raises KeyFileError, OSError.
    """
    secret = X25519PrivateKey.generate()
    public = write_public(secret.public_key())
    text = bech32.encode(SECRET, secret.private_bytes_raw()).upper()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyFileError(f"{path}: is there already; backups that it opens would be lost with it") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(f"# public key: {public}\n{text}\n")
        file.flush()
        os.fsync(file.fileno())
    return public


def write_public(key: X25519PublicKey) -> str:
    """As it stands in a file."""
    return bech32.encode(PUBLIC, key.public_bytes_raw())


def read_public(path: Path) -> tuple[X25519PublicKey, ...]:
    """The public keys in a file, and those of its secret ones. Raises KeyFileError."""
    public, secret = _read(path)
    found = (*public, *(key.public_key() for key in secret))
    if not found:
        raise KeyFileError(f"{path}: holds no key: `vestnik backup-key FILE` or `age-keygen` make some")
    return found


def read_secret(path: Path) -> tuple[X25519PrivateKey, ...]:
    """The secret keys in a file that others cannot read. Raises KeyFileError."""
    _, secret = _read(path)
    if not secret:
        raise KeyFileError(f"{path}: holds no secret key (AGE-SECRET-KEY-1...), which reading needs")
    return tuple(secret)


def _read(path: Path) -> tuple[list[X25519PublicKey], list[X25519PrivateKey]]:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise KeyFileError(f"{path}: is not a plain file")
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be opened: {error.strerror}") from None
    if len(data) > _MOST_BYTES:
        raise KeyFileError(f"{path}: is no file of keys")
    public, secret = list[X25519PublicKey](), list[X25519PrivateKey]()
    for number, line in enumerate(data.decode("ascii", "replace").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            kind, raw = bech32.decode(text)
        except ValueError as error:
            raise KeyFileError(f"{path}, line {number}: {error}") from None
        if kind not in (PUBLIC, SECRET) or len(raw) != _SIZE:
            raise KeyFileError(f"{path}, line {number}: is no key of age's own kind (age1... or AGE-SECRET-KEY-1...)")
        if kind == PUBLIC:
            public.append(X25519PublicKey.from_public_bytes(raw))
        else:
            secret.append(X25519PrivateKey.from_private_bytes(raw))
    if secret and open_to(status) == "others":
        raise KeyFileError(f"{path}: others can read this secret key: chmod 600 {path}")
    return public, secret
