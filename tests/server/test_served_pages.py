"""The messenger's own pages at `/`: what is served, how, and what is not."""

import gzip
import posixpath
import re
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Final

import httpx
import pytest
import trio

from runtime.config import DESKTOP, load_settings
from runtime.http.web import MAX_FILE, NO_PAGES, policy, read_pages
from tests.server import sockets
from tests.server.conftest import OpenHouse

PAGE: Final = "<!doctype html><title>Вестник</title>" + "<p>text</p>" * 50
SCRIPT: Final = 'import "./protocol/session.js";\n' * 50


@pytest.fixture
def web_dir(tmp_path: Path) -> Path:
    """A small face, and much beside it that is nobody's business."""
    folder = tmp_path / "face"
    files = {
        "renderer/index.html": PAGE,
        "renderer/app.js": SCRIPT,
        "renderer/tiny.css": "a{}",
        "renderer/protocol/session.js": "export {};",
        "renderer/icon.svg": "<svg/>",
        "renderer/package.json": "{}",
        "renderer/types.d.ts": "no",
        "renderer/README.md": "no",
        "renderer/.env": "secret",
        "renderer/.git/config.js": "secret",
        "renderer/protocol/.hidden.js": "secret",
        "renderer/vendor/LICENSE": "no",
        "renderer/odd name.js": "no",
        "renderer/<id:x>.js": "no",
        "renderer/large.js": "x" * (MAX_FILE + 1),
        "locales/ru.json": '{"a": "Вестник"}',
        "main.js": "secret",
        "package.json": "secret",
        "test/x.js": "secret",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "outside.js").write_text("secret")
    (folder / "renderer" / "link.js").symlink_to(tmp_path / "outside.js")
    return folder


@pytest.fixture
async def http(house_at: OpenHouse, web_dir: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Asks a server with that face; `Accept-Encoding` is sent only where a test sets it."""
    async with house_at(web_dir=web_dir) as house, httpx.AsyncClient(base_url=house.url, timeout=60) as client:
        del client.headers["Accept-Encoding"]
        yield client


def refused(answer: httpx.Response, code: str = "not_found") -> bool:
    return answer.headers["Content-Type"] == "application/problem+json" and answer.json()["code"] == code


async def test_the_table_of_files_is_what_may_be_seen(web_dir: Path) -> None:
    assert sorted(read_pages(web_dir).files) == [
        "/", "/app.js", "/confirm", "/icon.svg", "/index.html", "/join", "/locales/ru.json", "/protocol/session.js",
        "/reset", "/setup", "/tiny.css",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/reset", "text/html; charset=utf-8"),
        ("/app.js", "text/javascript; charset=utf-8"),
        ("/protocol/session.js", "text/javascript; charset=utf-8"),
        ("/tiny.css", "text/css; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
        ("/locales/ru.json", "application/json"),
    ],
)
async def test_files_come_as_what_they_are(
    http: httpx.AsyncClient, web_dir: Path, path: str, content_type: str
) -> None:
    doors = dict.fromkeys(("/", "/reset", "/confirm"), "renderer/index.html")
    inner = {**doors, "/locales/ru.json": "locales/ru.json"}.get(path, f"renderer{path}")
    body = (web_dir / inner).read_bytes()
    answer = await http.get(path)
    assert answer.status_code == 200 and answer.content == body
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["ETag"] == f'"{sha256(body).hexdigest()}"'
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Content-Encoding" not in answer.headers
    head = await http.head(path)
    assert head.status_code == 200 and head.content == b""
    for name in ("Content-Type", "Content-Length", "ETag", "Content-Security-Policy"):
        assert head.headers[name] == answer.headers[name], name


async def test_a_copy_that_is_still_good_is_not_sent_again(http: httpx.AsyncClient) -> None:
    etag = (await http.get("/app.js")).headers["ETag"]
    for value in (etag, f'"other", W/{etag}', "*"):
        answer = await http.get("/app.js", headers={"If-None-Match": value})
        assert (answer.status_code, answer.content) == (304, b""), value
        assert answer.headers["ETag"] == etag and answer.headers["Cache-Control"] == "no-cache"
        assert "Content-Length" not in answer.headers and "Content-Type" not in answer.headers
    stale = await http.get("/app.js", headers={"If-None-Match": '"other"'})
    assert stale.status_code == 200


async def test_what_the_page_names_is_kept_for_good(http: httpx.AsyncClient, web_dir: Path) -> None:
    """The page asks under the name of what is served now, so a second visit costs one request."""
    index = '<link rel="stylesheet" href="tiny.css"><a href="nothing.js">x</a><script src="app.js"></script>'
    (web_dir / "renderer" / "index.html").write_text(index)
    pages = read_pages(web_dir)
    named = [pages.files[door].body.decode() for door in ("/", "/index.html", "/setup")]
    start = f"v/{pages.version}/"
    expected = index.replace("tiny.css", f"{start}tiny.css").replace("app.js", f"{start}app.js")
    assert named == [expected] * 3
    version = read_pages(web_dir).version
    assert pages.version == version and re.fullmatch("[0-9a-f]{16}", version)
    (web_dir / "renderer" / "protocol" / "session.js").write_text("export { a };")
    assert read_pages(web_dir).version != version, "one file is another"


def test_the_page_names_all_that_its_modules_need(web_dir: Path) -> None:
    """Else a browser would find what to ask for next in each answer, one after the other."""
    renderer = web_dir / "renderer"
    (renderer / "index.html").write_text('<head>\n<script type="module" src="app.js"></script>\n</head>')
    (renderer / "app.js").write_text(
        '/** @typedef {import("./tiny.js").Tiny} Tiny */\nimport {\n  a,\n  b,\n} from "./protocol/session.js";\n'
        'import "./absent.js";\nconst later = () => import("./ui/later.js");\n'
    )
    (renderer / "protocol" / "session.js").write_text(
        'export * from "../ui/face.js";\nimport { c } from "../app.js";\n'
    )
    (renderer / "ui").mkdir()
    for name in ("face", "later"):
        (renderer / "ui" / f"{name}.js").write_text('import { a } from "../protocol/session.js";\n')
    pages = read_pages(web_dir)
    start = f'<link rel="modulepreload" href="v/{pages.version}'
    assert pages.files["/"].body.decode().splitlines()[1:-1] == [
        f'<script type="module" src="v/{pages.version}/app.js"></script>',
        f'{start}/protocol/session.js">',
        f'{start}/ui/face.js">',
    ]


def test_the_real_page_does_so() -> None:
    pages = read_pages(DESKTOP)
    found = re.findall(r'<link rel="modulepreload" href="v/[0-9a-f]{16}/([^"]+)">', pages.files["/"].body.decode())
    needed = {"app.js"}
    for path in ("app.js", *found):
        for name in re.findall(r'(?:from ?|^import )"(\.[^"]+)";', _text(path), re.MULTILINE):
            needed.add(posixpath.normpath(f"{posixpath.dirname(path)}/{name}".lstrip("/")))
    assert needed == {"app.js", *found} and len(found) == len(set(found)) > 200


def _text(path: str) -> str:
    return (DESKTOP / "renderer" / path).read_text()


async def test_a_versioned_file_is_the_same_and_asked_for_once(http: httpx.AsyncClient, web_dir: Path) -> None:
    (web_dir / "renderer" / "index.html").write_text(PAGE)
    version = read_pages(web_dir).version
    plain, lasting = await http.get("/app.js"), await http.get(f"/v/{version}/app.js")
    assert lasting.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert plain.headers["Cache-Control"] == "no-cache" and plain.content == lasting.content
    for name in ("Content-Type", "ETag", "Content-Security-Policy", "Vary"):
        assert lasting.headers[name] == plain.headers[name], name
    other = await http.get("/v/0123456789abcdef/app.js")
    assert (other.status_code, other.content) == (200, plain.content), "while servers are replaced one by one"
    assert other.headers["Cache-Control"] == "no-cache"
    for path in ("", "index.html", "setup"):
        assert refused(await http.get(f"/v/{version}/{path}")), "the page names the version itself"
    posted = await http.post(f"/v/{version}/app.js", json={})
    assert posted.status_code == 405 and {"GET", "HEAD"} <= set(re.split(", ?", posted.headers["Allow"]))


async def test_what_becomes_smaller_is_packed_for_who_can_unpack(http: httpx.AsyncClient) -> None:
    plain = await http.get("/app.js")
    async with http.stream("GET", "/app.js", headers={"Accept-Encoding": "br, gzip;q=0.5"}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["Content-Encoding"] == "gzip" and gzip.decompress(raw) == SCRIPT.encode()
    assert int(answer.headers["Content-Length"]) == len(raw) < len(plain.content)
    assert answer.headers["ETag"] != plain.headers["ETag"], "two bodies of one address"
    assert "Accept-Encoding" in answer.headers.get("Vary", "") and "Accept-Encoding" in plain.headers["Vary"]
    headers = {"Accept-Encoding": "gzip", "If-None-Match": answer.headers["ETag"]}
    assert (await http.get("/app.js", headers=headers)).status_code == 304
    for refusing in ("gzip;q=0", "identity"):
        assert "Content-Encoding" not in (await http.get("/app.js", headers={"Accept-Encoding": refusing})).headers
    tiny = await http.get("/tiny.css", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in tiny.headers, "it would grow"


async def test_pages_may_do_only_what_they_need(http: httpx.AsyncClient) -> None:
    said = (await http.get("/")).headers["Content-Security-Policy"]
    host = f"{http.base_url.host}:{http.base_url.port}"
    directives = dict(part.strip().partition(" ")[::2] for part in said.split(";"))
    assert directives == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data: blob: https:",
        "media-src": "'self'",
        "connect-src": f"'self' ws://{host} wss://{host}",
        "font-src": "'self'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "lit-html vestnik-paste vestnik-worker vestnik-search",
    }


@pytest.mark.parametrize("host", ["chat.example.org", "chat.example.org:8443", "127.0.0.1:8000", "[::1]:8000", "a"])
def test_a_host_is_named_in_the_policy(host: str) -> None:
    assert f"connect-src 'self' ws://{host} wss://{host};" in policy(host)


@pytest.mark.parametrize(
    "host", ["", "a b", "a;script-src *", "a,b", "*", "*.example.org", "a'b", "a\n", "[::1", "a:port", ".a", "x" * 300]
)
def test_a_header_writes_nothing_into_the_policy(host: str) -> None:
    assert "connect-src 'self'; font-src" in policy(host)


async def test_a_policy_has_no_room_for_a_forged_host(http: httpx.AsyncClient) -> None:
    answer = await http.get("/", headers={"Host": "a; script-src *"})
    assert "script-src *" not in answer.headers.get("Content-Security-Policy", "")


@pytest.mark.parametrize(
    "path",
    [
        "/package.json", "/types.d.ts", "/README.md", "/.env", "/.git/config.js", "/protocol/.hidden.js",
        "/vendor/LICENSE", "/odd%20name.js", "/%3Cid:x%3E.js", "/5.js", "/large.js", "/link.js", "/main.js",
        "/test/x.js", "/protocol", "/protocol/", "/locales", "/locales/", "/app.js/", "/APP.JS", "/app.js%00",
        "/app.js%2f",
        "/app.js.", "/./app.js", "/../main.js", "/protocol/../app.js", "/protocol/../../main.js", "/..%2fmain.js",
        "/%2e%2e/main.js", "/..%5cmain.js", "/%252e%252e/main.js", "/..;/main.js", "/locales/../main.js",
        "/locales/..%2f..%2foutside.js", "/renderer/app.js", "/protocol//session.js", "/%2e/app.js",
        "/file:///etc/passwd", "/%c0%ae%c0%ae/main.js",
        "/v/0123456789abcdef/main.js", "/v/0123456789abcdef/../../main.js", "/v/0123456789abcdef/",
        "/v/0123456789abcdef//app.js", "/v/0123456789abcdef/index.html", "/v/0123456789abcdef/setup",
        "/v/0123456789abcdef/v/0123456789abcdef/app.js", "/v/0123456789ABCDEF/app.js", "/v/app.js", "/v//app.js",
    ],
)  # fmt: skip
async def test_nothing_else_is_found(http: httpx.AsyncClient, path: str) -> None:
    """Sent as it stands: clients tidy such paths up."""
    host, port = http.base_url.host, http.base_url.port
    stream = await trio.open_tcp_stream(host, port or 80)
    async with stream:
        await stream.send_all(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        with trio.fail_after(60):
            answer = b"".join([part async for part in stream])
    assert re.match(rb"HTTP/1\.1 40[04] ", answer), answer[:200]
    assert b"secret" not in answer and PAGE.encode() not in answer


async def test_refusals_have_the_form_of_all_others(http: httpx.AsyncClient) -> None:
    assert refused(await http.get("/nothing.js"))
    posted = await http.post("/", json={})
    assert posted.status_code == 405 and {"GET", "HEAD"} <= set(re.split(", ?", posted.headers["Allow"]))
    assert posted.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


async def test_pages_of_others_get_neither_files_nor_sockets(http: httpx.AsyncClient) -> None:
    own = f"http://{http.base_url.host}:{http.base_url.port}"
    for origin in ("https://evil.example", "null", f"{own}.evil.example", "app://ui.evil", "file://"):
        assert refused(await http.get("/", headers={"Origin": origin}), "forbidden"), origin
        assert refused(await http.get("/healthz", headers={"Origin": origin}), "forbidden"), origin
        assert await sockets.refused(own, "/ws", extra_headers=[("Origin", origin)]) == (403, "forbidden"), origin
    for origin in (own, "app://ui"):
        assert (await http.get("/", headers={"Origin": origin})).status_code == 200
        async with sockets.open_socket(own, extra_headers=[("Origin", origin)]) as guest:
            await guest.send(type="ping")
            assert (await guest.end())[0] == 4400, "it was let in, and had no manners"


async def test_the_api_is_described_without_the_pages(http: httpx.AsyncClient) -> None:
    assert not {"/", "/index.html", "/app.js"} & set((await http.get("/openapi.json")).json()["paths"])


def test_pages_are_those_of_the_checkout_of_a_folder_or_none(tmp_path: Path, web_dir: Path) -> None:
    assert load_settings({}).web_dir == DESKTOP and DESKTOP.parent.name == "client"
    assert load_settings({"VESTNIK_WEB_DIR": ""}).web_dir == DESKTOP
    assert load_settings({"VESTNIK_WEB_DIR": str(web_dir)}).web_dir == web_dir
    assert load_settings({"VESTNIK_WEB_DIR": "off"}).web_dir is None
    assert read_pages(None) == NO_PAGES


def test_a_folder_without_pages_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert read_pages(tmp_path / "nowhere") == NO_PAGES
    assert "pages_missing" in caplog.text and "nowhere" in caplog.text


async def test_without_pages_there_is_nothing_at_the_root(house_at: OpenHouse) -> None:
    async with house_at(web_dir=None) as house:
        assert refused(await house.http.get("/")) and refused(await house.http.get("/index.html"))
