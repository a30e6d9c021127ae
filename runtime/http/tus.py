"""What the tus protocol (1.0.0) says in headers."""

import hashlib
from base64 import b64decode
from datetime import UTC, datetime
from email.utils import format_datetime
from hmac import compare_digest
from typing import Any, Final

from attrs import frozen

from runtime.files.resumable import Plan, Progress
from runtime.http.exchange import Exchange, Headers
from runtime.http.problem import Problem

VERSION: Final = (b"tus-resumable", b"1.0.0")
EXTENSIONS: Final = b"creation,creation-with-upload,termination,expiration,checksum"
BODY: Final = "application/offset+octet-stream"
ALGORITHMS: Final = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
MAX_METADATA: Final = 4096
_DIGITS: Final = 15


@frozen
class Checksum:
    """What a piece is said to be."""

    algorithm: Any
    expected: bytes

    def fits(self, digest: bytes) -> bool:
        """Whether it is."""
        return compare_digest(digest, self.expected)


def of_another_version(exchange: Exchange) -> Problem | None:
    """What is refused before all else."""
    if exchange.header(b"tus-resumable") == "1.0.0":
        return None
    return Problem("tus_version", headers=((b"tus-version", b"1.0.0"),))


def number(exchange: Exchange, name: bytes) -> int | None:
    """A header that counts bytes."""
    value = exchange.header(name) or ""
    return int(value) if value.isascii() and value.isdecimal() and len(value) <= _DIGITS else None


def plan_of(exchange: Exchange, length: int) -> Plan | None:
    """What is to be uploaded; None: the metadata cannot be read."""
    header = exchange.header(b"upload-metadata") or ""
    said: dict[str, str] = {}
    try:
        for pair in header[:MAX_METADATA].split(",") if header else []:
            key, _, value = pair.strip().partition(" ")
            said[key] = b64decode(value, validate=True).decode()
    except ValueError:
        return None
    return Plan(length, said.get("filename", ""), said.get("as_file") in ("1", "true"))


def checksum_of(exchange: Exchange) -> Checksum | Problem | None:
    """The checksum of a piece, where it has one."""
    header = exchange.header(b"upload-checksum")
    if header is None:
        return None
    name, _, value = header.partition(" ")
    try:
        return Checksum(ALGORITHMS[name](), b64decode(value, validate=True))
    except (KeyError, ValueError):
        return Problem("bad_request", "The checksum cannot be read.")


def told(progress: Progress) -> Headers:
    """How far it has come."""
    headers: Headers = [
        VERSION,
        (b"upload-offset", b"%d" % progress.offset),
        (b"upload-length", b"%d" % progress.plan.length),
        (b"upload-expires", format_datetime(datetime.fromtimestamp(progress.ends_at, UTC), usegmt=True).encode()),
    ]
    if progress.plan.file_id is not None:
        headers.append((b"vestnik-file-id", progress.plan.file_id.encode()))
    return headers
