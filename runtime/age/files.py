"""Encrypts a file and reads it again, 64 KiB at a time: no piece can be changed, moved, left out or added unseen."""

import os
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from runtime.age.header import VERSION, NotAge, derived, notes_in, open_header, read_header, write_header

PIECE: Final = 64 * 1024
_TAG: Final = 16
_SALT: Final = 16


def is_encrypted(path: Path) -> bool:
    """Whether it begins as such files do. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(VERSION)) == VERSION


def notes_of(path: Path) -> dict[str, str]:
    """What stands there for anybody to read; {} for another file. Raises OSError."""
    try:
        with path.open("rb") as file:
            stanzas, _, _ = read_header(file)
    except NotAge:
        return {}
    return notes_in(stanzas)


def encrypt(source: Path, target: Path, readers: Iterable[X25519PublicKey], notes: Mapping[str, str]) -> None:
    """Write `target` (mode 0600, not there yet) to the disk, and read it once more: it gives `source` back.

    Raises OSError, and NotAge where it does not.
    """
    file_key = os.urandom(16)
    digest = sha256()
    with source.open("rb") as plain, open(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
        file.write(write_header(file_key, readers, notes))
        salt = os.urandom(_SALT)
        file.write(salt)
        cipher = ChaCha20Poly1305(derived(file_key, salt, b"payload"))
        piece, number = plain.read(PIECE), 0
        while True:
            digest.update(piece)
            following = plain.read(PIECE)
            file.write(cipher.encrypt(_nonce(number, last=not following), piece, None))
            if not following:
                break
            piece, number = following, number + 1
        file.flush()
        os.fsync(file.fileno())
        file.seek(0)
        _, text, _ = read_header(file)
        again = sha256()
        for part in _pieces(file, file_key):
            again.update(part)
        if again.digest() != digest.digest() or not text:
            raise NotAge(f"{target}: what was written is not what is read")


def decrypt(source: Path, target: Path, keys: Iterable[X25519PrivateKey]) -> None:
    """Write what is in `source` to `target` (mode 0600, not there yet), which is whole only where this returns.

    Raises NotAge for a file that is damaged or for others, and OSError.
    """
    with source.open("rb") as file, open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as plain:
        try:
            file_key = open_header(*read_header(file), tuple(keys))
            for piece in _pieces(file, file_key):
                plain.write(piece)
        except NotAge as error:
            raise NotAge(f"{source}: {error}") from None


def _pieces(file: BinaryIO, file_key: bytes) -> Iterator[bytes]:
    """Of a file that stands behind its head. Raises NotAge."""
    salt = file.read(_SALT)
    if len(salt) != _SALT:
        raise NotAge("is cut off")
    cipher = ChaCha20Poly1305(derived(file_key, salt, b"payload"))
    piece, number = file.read(PIECE + _TAG), 0
    while True:
        following = file.read(PIECE + _TAG)
        try:
            plain = cipher.decrypt(_nonce(number, last=not following), piece, None)
        except InvalidTag:
            raise NotAge("is damaged or cut off") from None
        if not plain and number:
            raise NotAge("is damaged: an empty piece at its end")
        yield plain
        if not following:
            return
        piece, number = following, number + 1


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\1" if last else b"\0")
