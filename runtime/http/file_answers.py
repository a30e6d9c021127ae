"""A file on its way out: which part, under which headers."""

from typing import Final
from urllib.parse import quote

from chatproto.operations import StoredFile
from runtime.files.blobs import Blob
from runtime.files.ranges import read_range
from runtime.files.sniffing import PLAYED
from runtime.http.exchange import Exchange, Headers
from runtime.http.problem import Problem
from runtime.http.routes import FileAnswer

POLICY: Final = b"default-src 'none'; img-src 'self'; media-src 'self'; sandbox"
CACHE: Final = b"private, max-age=31536000, immutable"
"""Bytes under one id never change; who may not have them any more had them before."""


def file_answer(exchange: Exchange, stored: StoredFile, blob: Blob) -> FileAnswer | Problem:
    """The blob is the answer's from now on, where it is one."""
    file, etag = stored.file, f'"{stored.file.sha256}"'
    headers: Headers = [
        (b"etag", etag.encode()),
        (b"accept-ranges", b"bytes"),
        (b"cache-control", CACHE),
        (b"content-security-policy", POLICY),
        (b"content-type", file.content_type.encode()),
        (b"content-disposition", disposition(file.name, inline=file.content_type in PLAYED).encode()),
    ]
    known = exchange.header(b"if-none-match")
    if known is not None and (known.strip() == "*" or etag in _tags(known)):
        return FileAnswer(304, headers[:4], blob, 0, 0)
    condition = exchange.header(b"if-range")
    wanted = exchange.header(b"range") if condition in (None, etag) else None
    found = read_range(wanted, blob.size)
    if found is None:
        return Problem("bad_range", headers=((b"content-range", b"bytes */%d" % blob.size),))
    offset, length = found
    headers.append((b"content-length", b"%d" % length))
    if length == blob.size:
        return FileAnswer(200, headers, blob, 0, length)
    headers.append((b"content-range", b"bytes %d-%d/%d" % (offset, offset + length - 1, blob.size)))
    return FileAnswer(206, headers, blob, offset, length)


def _tags(header: str) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]


def disposition(name: str, *, inline: bool) -> str:
    """The value of Content-Disposition (RFC 6266): the whole name, and one for programs that know ASCII only."""
    plain = "".join(one if one.isascii() and one not in '"\\%' else "_" for one in name)
    return f"{'inline' if inline else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
