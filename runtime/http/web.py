"""The messenger's own pages at `/`: the files of the desktop client's renderer, read once and served from memory."""

import gzip
import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
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
VERSIONED: Final = re.compile(r"/v/([0-9a-f]{16})(/.+)")
"""Where the page's files stand a second time: under a name of all that is served, so what is there never changes."""
LASTING: Final = b"public, max-age=31536000, immutable"
"""Of what stands under the name of what is served now."""
_NAMED: Final = re.compile(rb'(?<= )((?:href|src)=")([\w./-]+)"')
"""What the page asks for first; the rest is found from there, and so under the same name."""
_SCRIPT: Final = re.compile(rb'<script type="module" src="([\w./-]+)"></script>\n?')
_IMPORTED: Final = re.compile(rb'^(?:import|export)\b[^;]*?"(\.{1,2}/[\w./-]+)";', re.MULTILINE)
"""What a module needs before it runs, in the form that the formatter gives it."""
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


@frozen
class Pages:
    """What is served. `files` by their paths; `version` names all of them, of their names and contents."""

    files: dict[str, WebFile]
    version: str = ""

    def __bool__(self) -> bool:
        return bool(self.files)

    def find(self, path: str) -> WebFile | None:
        """The file at this path, or at a versioned one; the page itself, which names the version, is at none.

        Under the name of another version, too: while servers are replaced one by one, a page of one may ask another.
        """
        versioned = VERSIONED.fullmatch(path)
        if versioned is None:
            return self.files.get(path)
        file = self.files.get(versioned[2])
        return None if file is None or file.content_type == TYPES[".html"] else file

    def lasts(self, path: str) -> bool:
        """What is at this path will never be anything else."""
        versioned = VERSIONED.fullmatch(path)
        return versioned is not None and versioned[1] == self.version


NO_PAGES: Final = Pages({})


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


def read_pages(folder: Path | None) -> Pages:
    """Files by the path they are asked for, from `folder`/renderer and `folder`/locales; none where the face is off."""
    if folder is None:
        return NO_PAGES
    if not (folder / "renderer" / "index.html").is_file():
        log.warning("pages_missing", folder=str(folder))
        return NO_PAGES
    files = {name: _made(path.suffix, path.read_bytes()) for path, name in _found(folder.resolve())}
    version = sha256("".join(f"{name} {file.digest}\n" for name, file in files.items()).encode()).hexdigest()[:16]

    def named(match: re.Match[bytes]) -> bytes:
        start, name = match.groups()
        return start + b'v/%s/%s"' % (version.encode(), name) if f"/{name.decode()}" in files else match[0]

    told = _SCRIPT.sub(lambda script: script[0] + _preloads(files, script[1]), files["/index.html"].body)
    index = _made(".html", _NAMED.sub(named, told))
    return Pages({**files, "/index.html": index, **dict.fromkeys(DOORS, index)}, version)


def _preloads(files: Mapping[str, WebFile], script: bytes) -> bytes:
    """Links to all that a module of the page needs, so that a browser asks for everything at once; else it would find
    what to ask for next in each answer: eight times, one after the other, on a link where an answer takes its time."""
    paths = [f"/{script.decode()}"]
    for path in paths:  # which grows
        body = files[path].body if path in files else b""
        for name in _IMPORTED.findall(body):
            needed = posixpath.normpath(posixpath.join(posixpath.dirname(path), name.decode()))
            if needed in files and needed not in paths:
                paths.append(needed)
    return "".join(f'<link rel="modulepreload" href="{path[1:]}">\n' for path in paths[1:]).encode()


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


def _made(suffix: str, body: bytes) -> WebFile:
    digest = sha256(body).hexdigest()
    packed = _compressed(body) if suffix in PACKED else body
    smaller = packed if len(packed) < len(body) else None
    return WebFile(TYPES[suffix], body, digest, smaller)


@lru_cache(maxsize=1024)
def _compressed(body: bytes) -> bytes:
    """Servers of one process share it; all files take 0.1 s."""
    return gzip.compress(body, mtime=0)


def page(pages: Pages, file: WebFile, exchange: Exchange) -> Reply:
    """The answer to GET and HEAD. Of what may change a browser asks each time whether its copy is still good."""
    packed = file.packed if takes_gzip(exchange.header(b"accept-encoding")) else None
    body = file.body if packed is None else packed
    etag = file.digest if packed is None else f"{file.digest}-gzip"
    fresh = parse_etags(exchange.header(b"if-none-match")).contains_weak(etag)  # a proxy may have made it a weak one
    headers: Headers = [
        (b"etag", f'"{etag}"'.encode()),
        (b"vary", b"Accept-Encoding"),
        (b"cache-control", LASTING if pages.lasts(exchange.path) else b"no-cache"),
        (b"content-security-policy", policy(exchange.header(b"host") or "").encode()),
        (b"cross-origin-resource-policy", b"same-origin"),
    ]
    if not fresh:
        headers += [(b"content-type", file.content_type.encode()), (b"content-length", b"%d" % len(body))]
        if packed is not None:
            headers.append((b"content-encoding", b"gzip"))
    return Reply(304 if fresh else 200, headers, b"" if fresh or exchange.method == "HEAD" else body)
