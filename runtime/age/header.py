"""The head of an age file: for whom it is, by whom nothing of it may be changed, and notes that anybody may read.

Each part is a stanza: `-> kind arguments`, and a body in base64. Programs pass over kinds that they do not know, so
notes are stanzas of a kind of our own.
"""

import hmac
import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Iterable, Mapping
from typing import BinaryIO, Final

from attrs import frozen
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION: Final = b"age-encryption.org/v1\n"
NOTE: Final = "vestnik-note"
_X25519: Final = "X25519"
_INFO: Final = b"age-encryption.org/v1/X25519"
_LINE: Final = 64
_MOST_LINES: Final = 1000
_ONCE: Final = bytes(12)
"""A nonce for keys that are used once."""
_WORD: Final = re.compile(r"[!-~]+")


class NotAge(Exception):
    """What is there is no such file, or is damaged, or is for others."""


@frozen
class Stanza:
    """`arguments` begin with its kind."""

    arguments: tuple[str, ...]
    body: bytes


def write_header(file_key: bytes, readers: Iterable[X25519PublicKey], notes: Mapping[str, str]) -> bytes:
    """For these readers. Notes are words without spaces."""
    stanzas = [_for_reader(file_key, reader) for reader in readers]
    stanzas += [Stanza((NOTE, name, value), b"") for name, value in notes.items()]
    text = VERSION + b"".join(map(_write, stanzas)) + b"---"
    return text + b" " + _b64(_mac(file_key, text)) + b"\n"


def read_header(file: BinaryIO) -> tuple[list[Stanza], bytes, bytes]:
    """Its stanzas, the text that is vouched for, and the voucher. The file stands behind it then. Raises NotAge."""
    text = file.read(len(VERSION))
    if text != VERSION:
        raise NotAge("is no file of age")
    stanzas = list[Stanza]()
    for _ in range(_MOST_LINES):
        line = file.readline(1000)
        if line.startswith(b"--- ") and line.endswith(b"\n"):
            return stanzas, text + b"---", _from_b64(line[4:-1])
        text += line
        if not line.startswith(b"-> ") or not line.endswith(b"\n"):
            break
        arguments = tuple(line[3:-1].decode("ascii", "replace").split(" "))
        if not all(_WORD.fullmatch(one) for one in arguments):
            break
        body = b""
        while len(part := file.readline(1000).removesuffix(b"\n")) == _LINE and len(body) < _LINE * _MOST_LINES:
            body += part
        stanzas.append(Stanza(arguments, _from_b64(body + part)))
        text += b"".join(body[at : at + _LINE] + b"\n" for at in range(0, len(body), _LINE)) + part + b"\n"
    raise NotAge("its head is damaged")


def notes_in(stanzas: Iterable[Stanza]) -> dict[str, str]:
    """What anybody may read, and nobody has vouched for yet."""
    return {
        one.arguments[1]: one.arguments[2] for one in stanzas if one.arguments[0] == NOTE and len(one.arguments) == 3
    }


def open_header(stanzas: Iterable[Stanza], text: bytes, voucher: bytes, keys: Iterable[X25519PrivateKey]) -> bytes:
    """The key of the file. Raises NotAge where none of these keys opens it, or it was changed."""
    for stanza in stanzas:
        for key in keys:
            file_key = _open(stanza, key)
            if file_key is not None:
                if not hmac.compare_digest(_mac(file_key, text), voucher):
                    raise NotAge("its head was changed")
                return file_key
    raise NotAge("is not for this key")


def derived(key: bytes, salt: bytes, info: bytes) -> bytes:
    """32 bytes."""
    return HKDF(SHA256(), 32, salt or None, info).derive(key)


def _for_reader(file_key: bytes, reader: X25519PublicKey) -> Stanza:
    once = X25519PrivateKey.generate()
    share = once.public_key().public_bytes_raw()
    wrapping = derived(once.exchange(reader), share + reader.public_bytes_raw(), _INFO)
    return Stanza((_X25519, _b64(share).decode()), ChaCha20Poly1305(wrapping).encrypt(_ONCE, file_key, None))


def _open(stanza: Stanza, key: X25519PrivateKey) -> bytes | None:
    match stanza.arguments:
        case ("X25519", text) if len(stanza.body) == 32:
            share = _from_b64(text.encode())
        case _:
            return None
    if len(share) != 32:
        return None
    try:
        shared = key.exchange(X25519PublicKey.from_public_bytes(share))
        wrapping = derived(shared, share + key.public_key().public_bytes_raw(), _INFO)
        return ChaCha20Poly1305(wrapping).decrypt(_ONCE, stanza.body, None)
    except (InvalidTag, ValueError):  # for somebody else; a share that says nothing
        return None


def _mac(file_key: bytes, text: bytes) -> bytes:
    return hmac.digest(derived(file_key, b"", b"header"), text, "sha256")


def _write(stanza: Stanza) -> bytes:
    body = _b64(stanza.body)
    lines = [body[at : at + _LINE] for at in range(0, len(body) + 1, _LINE)]  # the last one is shorter, maybe empty
    return b"-> " + " ".join(stanza.arguments).encode() + b"\n" + b"".join(line + b"\n" for line in lines)


def _b64(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")


def _from_b64(text: bytes) -> bytes:
    try:
        data = b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except Error:
        raise NotAge("its head is damaged") from None
    if _b64(data) != text:
        raise NotAge("its head is damaged")
    return data
