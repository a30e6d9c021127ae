"""The messenger's own pages at `/`: the files of the desktop client's renderer, read once and served from memory."""

import gzip
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

from attrs import frozen
from werkzeug.http import parse_etags

from runtime.http.exchange import Exchange, Headers, Reply
from runtime.http.packing import takes_gzip
from runtime.logs import get_logger

log = get_logger(__name__)

TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mp3": "audio/mpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wav": "audio/wav",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""What is served at all."""
PACKED: Final = frozenset({".css", ".html", ".js", ".json", ".svg", ".webmanifest"})
"""What becomes smaller by gzip."""
PRIVATE: Final = frozenset({"package.json"})
NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
"""Of a file or folder: nothing hidden, nothing that means anything in a URL or a route."""
DOORS: Final = ("/", "/reset", "/confirm", "/join", "/setup")
"""Where the messenger's one page stands: itself, and where links in letters lead."""
MAX_FILE: Final = 4 * 1024 * 1024
"""Bytes; a larger one is no file of ours."""
HOST: Final = re.compile(r"([A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")
"""What may stand in a policy: a header of the request must not write directives into it."""


@frozen
class WebFile:
    """One file. `digest`: SHA-256 of it, in hex. `packed`: the same by gzip, where that is smaller."""

    content_type: str
    body: bytes
    digest: str
    packed: bytes | None


def policy(host: str) -> str:
    """The Content-Security-Policy of the pages; `host` is the Host header.

    Older browsers do not take WebSockets of the same host for 'self'.
    """
    sockets = f" ws://{host} wss://{host}" if HOST.fullmatch(host) else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: https:; "
        f"media-src 'self'; connect-src 'self'{sockets}; font-src 'self'; manifest-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types lit-html vestnik-paste vestnik-worker vestnik-search"
    )


def read_pages(folder: Path | None) -> dict[str, WebFile]:
    """Files by the path they are asked for, from `folder`/renderer and `folder`/locales; {} where the face is off."""
    if folder is None:
        return {}
    if not (folder / "renderer" / "index.html").is_file():
        log.warning("pages_missing", folder=str(folder))
        return {}
    pages = {name: _made(path) for path, name in _found(folder.resolve())}
    return {**dict.fromkeys(DOORS, pages["/index.html"]), **pages}


def _found(root: Path) -> Iterator[tuple[Path, str]]:
    """Every file that may be served, with its path on the server. Links that lead out of the folder lead nowhere."""
    for part, prefix in (("renderer", ""), ("locales", "/locales")):
        base = root / part
        for path in sorted(base.rglob("*")):
            inner = path.relative_to(base)
            plain = all(NAME.fullmatch(piece) for piece in inner.parts)
            if not plain or path.suffix not in TYPES or path.name in PRIVATE or not path.is_file():
                continue
            if not path.resolve().is_relative_to(root) or path.stat().st_size > MAX_FILE:
                log.warning("file_not_served", path=str(path), limit=MAX_FILE)
                continue
            yield path, f"{prefix}/{inner.as_posix()}"


def _made(path: Path) -> WebFile:
    body = path.read_bytes()
    digest = sha256(body).hexdigest()
    packed = gzip.compress(body, mtime=0) if path.suffix in PACKED else body
    smaller = packed if len(packed) < len(body) else None
    return WebFile(TYPES[path.suffix], body, digest, smaller)


def page(file: WebFile, exchange: Exchange) -> Reply:
    """The answer to GET and HEAD; a browser asks each time whether its copy is still good."""
    packed = file.packed if takes_gzip(exchange.header(b"accept-encoding")) else None
    body = file.body if packed is None else packed
    etag = file.digest if packed is None else f"{file.digest}-gzip"
    fresh = parse_etags(exchange.header(b"if-none-match")).contains_weak(etag)  # a proxy may have made it a weak one
    headers: Headers = [
        (b"etag", f'"{etag}"'.encode()),
        (b"vary", b"Accept-Encoding"),
        (b"cache-control", b"no-cache"),
        (b"content-security-policy", policy(exchange.header(b"host") or "").encode()),
        (b"cross-origin-resource-policy", b"same-origin"),
    ]
    if not fresh:
        headers += [(b"content-type", file.content_type.encode()), (b"content-length", b"%d" % len(body))]
        if packed is not None:
            headers.append((b"content-encoding", b"gzip"))
    return Reply(304 if fresh else 200, headers, b"" if fresh or exchange.method == "HEAD" else body)
