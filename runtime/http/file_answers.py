"""A file on its way out: which part, under which headers."""

from typing import Final
from urllib.parse import quote

from attrs import frozen

from chatproto.operations import StoredFile
from runtime.files.blobs import Blob
from runtime.files.ranges import read_range
from runtime.files.sniffing import IMAGES, PLAYED
from runtime.http.exchange import Exchange, Headers
from runtime.http.problem import Problem
from runtime.http.routes import Answer, FileAnswer

POLICY: Final = b"default-src 'none'; img-src 'self'; media-src 'self'; sandbox"
CACHE: Final = b"private, max-age=31536000, immutable"
"""Bytes under one id never change; who may not have them any more had them before."""
_OF_NGINX: Final = frozenset({b"content-length", b"content-range", b"accept-ranges"})
"""What nginx says itself of a file that it sends."""


@frozen
class Told:
    """What the headers say of a blob."""

    etag: str
    content_type: str
    name: str
    inline: bool


def told_of(stored: StoredFile) -> Told:
    """Of a file: only what cannot run, and what was written anew here, may be shown in place."""
    file = stored.file
    inline = file.content_type in PLAYED or (file.content_type in IMAGES and not stored.as_file)
    return Told(file.sha256, file.content_type, file.name, inline)


def told_of_preview(stored: StoredFile, size: int) -> Told:
    """Of a preview."""
    name = f"{stored.file.name.rpartition('.')[0] or stored.file.name}.webp"
    return Told(f"{stored.file.sha256}-{size}", "image/webp", name, inline=True)


def file_answer(exchange: Exchange, told: Told, blob: Blob) -> FileAnswer | Problem:
    """The blob is the answer's from now on, where it is one."""
    etag = f'"{told.etag}"'
    headers: Headers = [
        (b"etag", etag.encode()),
        (b"accept-ranges", b"bytes"),
        (b"cache-control", CACHE),
        (b"content-security-policy", POLICY),
        (b"content-type", told.content_type.encode()),
        (b"content-disposition", disposition(told.name, inline=told.inline).encode()),
    ]
    known = exchange.header(b"if-none-match")
    if known is not None and (known.strip() == "*" or etag in _tags(known)):
        return FileAnswer(304, headers[:4], blob, 0, 0)
    condition = exchange.header(b"if-range")
    wanted = exchange.header(b"range") if condition in (None, etag) else None
    found = read_range(wanted, blob.size)
    if found == "nothing":
        return Problem("bad_range", headers=((b"content-range", b"bytes */%d" % blob.size),))
    offset, length = (0, blob.size) if found == "whole" else found
    headers.append((b"content-length", b"%d" % length))
    if found == "whole":
        return FileAnswer(200, headers, blob, offset, length)
    headers.append((b"content-range", b"bytes %d-%d/%d" % (offset, offset + length - 1, blob.size)))
    return FileAnswer(206, headers, blob, offset, length)


def handed_on(answer: FileAnswer, location: str) -> Answer:
    """What makes nginx send that blob, or the part of it that was asked for (X-Accel-Redirect)."""
    kept = [(name, value) for name, value in answer.headers if name not in _OF_NGINX]
    return Answer(200, headers=[*kept, (b"content-length", b"0"), (b"x-accel-redirect", location.encode())])


def _tags(header: str) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]


def disposition(name: str, *, inline: bool) -> str:
    """The value of Content-Disposition (RFC 6266): the whole name, and one for programs that know ASCII only."""
    plain = "".join(one if one.isascii() and one not in '"\\%' else "_" for one in name)
    return f"{'inline' if inline else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
