"""Files through deploy/nginx.conf: up as they come, down in parts, also where nginx sends them by itself."""

import os
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from tests.server.answers import code_of
from tests.server.conftest import OpenHouse
from tests.server.hostile import request
from tests.server.house import House, Person
from tests.server.proxied import Proxied, needs_nginx, nginx
from tests.server.test_http_files import blobs
from tests.server.test_http_pictures import encoded, picture
from tests.server.test_http_uploads import BODY, create, offset_of, patch
from tests.server.uploads import try_upload

pytestmark = needs_nginx

LARGEST = 25 * 1024 * 1024
ACCEL = "/internal/files/"
CUT = 3_000_000
SOON = 60.0


@pytest.fixture(params=["the server sends", "nginx sends"])
def settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Both ways down."""
    return {"proxy_hops": 1} | ({"files_accel": ACCEL} if request.param == "nginx sends" else {})


@pytest.fixture
async def house(house_at: OpenHouse, settings: dict[str, Any]) -> AsyncIterator[House]:
    async with house_at(**settings) as house:
        yield house


@pytest.fixture
async def proxied(house: House, tmp_path: Path) -> AsyncIterator[Proxied]:
    address = house.url.removeprefix("http://")
    async with nginx(address, tmp_path / "nginx", tmp_path / "files" / "blobs") as proxied:
        yield proxied


def through(http: httpx.AsyncClient, person: Person) -> Person:
    """The same person, by way of nginx."""
    return Person(http, person.user, person.token, person.refresh_token)


async def test_the_largest_file_goes_up_and_comes_down_in_parts(
    house: House, proxied: Proxied, settings: dict[str, Any], tmp_path: Path
) -> None:
    data = os.urandom(LARGEST)
    async with proxied.client() as http:
        anna, eve = through(http, await house.register("anna")), through(http, await house.register("eve"))
        over = await try_upload(anna, data + b"x", "отчёт.bin")
        assert (over.status_code, code_of(over)) == (413, "too_large")
        answer = await try_upload(anna, data, "отчёт.bin")
        assert answer.status_code == 201, answer.text
        file = answer.json()
        assert file["sha256"] == sha256(data).hexdigest()
        direct = await house.http.get(file["url"], headers={"Authorization": f"Bearer {anna.token}"})
        if "files_accel" in settings:
            (path,) = blobs(tmp_path)
            assert direct.headers["X-Accel-Redirect"] == f"{ACCEL}{path.parent.name}/{path.name}"
            assert direct.content == b"", "it is nginx that sends"
            assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o640, 0o750)
        whole = await anna.get(file["url"])
        assert whole.content == data
        etag = f'"{file["sha256"]}"'
        named = dict(whole.headers)
        assert "x-accel-redirect" not in named and "last-modified" not in named
        for name in ("content-type", "content-disposition", "cache-control", "content-security-policy", "vary",
                     "x-content-type-options", "referrer-policy"):  # fmt: skip
            assert named[name] == direct.headers[name], name
        assert (named["etag"], named["accept-ranges"], named["content-length"]) == (etag, "bytes", str(LARGEST))
        assert "strict-transport-security" in named
        for wanted, start, end in (("bytes=0-0", 0, 1), ("bytes=9000000-9000099", 9_000_000, 9_000_100),
                                   ("bytes=-10", -10, None)):  # fmt: skip
            part = await anna.call("GET", file["url"], headers={"Range": wanted})
            assert (part.status_code, part.content) == (206, data[start:end])
            assert part.headers["Content-Range"].endswith(f"/{LARGEST}") and part.headers["ETag"] == etag
        same = {"Range": "bytes=0-1", "If-Range": etag}
        assert (await anna.call("GET", file["url"], headers=same)).status_code == 206
        other = {"Range": "bytes=0-1", "If-Range": '"other"'}
        head = await anna.call("HEAD", file["url"], headers=other)
        assert (head.status_code, head.headers["Content-Length"], head.content) == (200, str(LARGEST), b"")
        known = await anna.call("GET", file["url"], headers={"If-None-Match": etag})
        assert (known.status_code, known.content) == (304, b"")
        beyond = await anna.call("GET", file["url"], headers={"Range": f"bytes={LARGEST}-"})
        assert (beyond.status_code, code_of(beyond)) == (416, "bad_range")
        strange = await eve.get(file["url"])
        assert (strange.status_code, code_of(strange)) == (404, "not_found")
        link = (await anna.post(f"{file['url']}/link")).json()["url"]
        assert (await http.get(link, headers={"Range": "bytes=5-9"})).content == data[5:10]
        (path,) = blobs(tmp_path)
        for outside in (f"{ACCEL}{path.parent.name}/{path.name}", f"/x/..{ACCEL}{path.parent.name}/{path.name}"):
            assert (await anna.get(outside)).status_code == 404, "nobody asks there from outside"
    for folder in ("body", "proxy"):
        assert not [one for one in (proxied.folder / folder).rglob("*") if one.is_file()], "nothing is kept on its disk"


async def test_pictures_are_shown_in_place(house: House, proxied: Proxied) -> None:
    async with proxied.client() as http:
        anna = through(http, await house.register("anna"))
        file = (await try_upload(anna, encoded(picture(), "PNG"), "a.png")).json()
        for path, kind in ((file["url"], "image/png"), (file["preview_url"], "image/webp")):
            origin = {"Origin": "app://ui"}
            answer = await anna.call("GET", path, headers=origin)
            assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)
            assert answer.headers["Content-Disposition"].startswith("inline; ")
            assert answer.headers["Access-Control-Allow-Origin"] == "app://ui"
            assert "Content-Range" in answer.headers["Access-Control-Expose-Headers"]


async def test_an_upload_that_is_cut_at_nginx_goes_on(house_at: OpenHouse, tmp_path: Path) -> None:
    data = os.urandom(LARGEST)
    async with (
        house_at(proxy_hops=1) as house,
        nginx(house.url.removeprefix("http://"), tmp_path / "nginx") as proxied,
        proxied.client() as http,
    ):
        anna = through(http, await house.register("anna"))
        path = (await create(anna, LARGEST)).headers["Location"]
        host, port = proxied.url.removeprefix("https://").split(":")
        tcp = await trio.open_tcp_stream(host, int(port))
        stream = trio.SSLStream(tcp, proxied.tls, server_hostname=host, https_compatible=True)
        headers = (f"Authorization: Bearer {anna.token}", "Tus-Resumable: 1.0.0", f"Content-Type: {BODY}",
                   "Upload-Offset: 0", f"Content-Length: {LARGEST}")  # fmt: skip
        await stream.send_all(request(f"PATCH {path}", *headers) + data[:CUT])
        with trio.fail_after(SOON):
            while not await offset_of(anna, path):  # noqa: ASYNC110 - it is on the server's disk, not on nginx's
                await trio.sleep(0.01)
        await trio.aclose_forcefully(tcp)
        with trio.fail_after(SOON):
            while (free := await patch(anna, path, await offset_of(anna, path), b"")).status_code != 204:
                # until the server has seen that nobody is there any more
                assert code_of(free) in ("upload_locked", "offset_conflict")
                await trio.sleep(0.01)
        offset = await offset_of(anna, path)
        assert 0 < offset <= CUT
        assert (await patch(anna, path, offset, data[offset:])).status_code == 204
        file = (await anna.get(path)).json()
        assert (file["size"], file["sha256"]) == (LARGEST, sha256(data).hexdigest())
        assert not [one for one in (proxied.folder / "body").rglob("*") if one.is_file()]
