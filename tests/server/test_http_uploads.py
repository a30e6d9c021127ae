"""Uploads in pieces: cut, gone on with, also after a restart, refused where they do not fit."""

import errno
from base64 import b64encode
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from msgspec import structs

from runtime.files.resumable import Upload, Writer
from runtime.http.api import ROUTES as API
from tests.server.answers import code_of
from tests.server.conftest import OpenHouse
from tests.server.house import House, Person
from tests.server.test_http_routes import url

BODY = "application/offset+octet-stream"
DATA = bytes(range(256)) * 12_000


async def call(person: Person, method: str, path: str, content: bytes | None = None, **more: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {person.token}", "Tus-Resumable": "1.0.0"}
    headers |= {} if content is None else {"Content-Type": BODY}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    return await person.http.request(method, path, content=content, headers=headers)


async def create(person: Person, length: int, content: bytes | None = None, name: str = "план.bin") -> httpx.Response:
    metadata = f"filename {b64encode(name.encode()).decode()},filetype {b64encode(b'image/png').decode()}"
    return await call(
        person, "POST", "/api/uploads", content, Upload_Length=str(length), Upload_Metadata=metadata
    )  # fmt: skip


async def patch(person: Person, path: str, offset: int, content: bytes, **more: str) -> httpx.Response:
    return await call(person, "PATCH", path, content, Upload_Offset=str(offset), **more)


async def offset_of(person: Person, path: str) -> int:
    answer = await call(person, "HEAD", path)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    return int(answer.headers["Upload-Offset"])


async def send_and_cut(house: House, person: Person, path: str, offset: int, count: int) -> None:
    """Announce all the rest, send so many bytes of it, and be gone."""
    host, port = house.url.removeprefix("http://").split(":")
    stream = await trio.open_tcp_stream(host, int(port))
    rest = DATA[offset:]
    head = [
        f"PATCH {path} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {person.token}", "Tus-Resumable: 1.0.0",
        f"Content-Type: {BODY}", f"Upload-Offset: {offset}", f"Content-Length: {len(rest)}", "", "",
    ]  # fmt: skip
    await stream.send_all("\r\n".join(head).encode() + rest[:count])
    await trio.aclose_forcefully(stream)


async def test_an_upload_that_is_cut_goes_on_also_after_a_restart(house_at: OpenHouse, tmp_path: Path) -> None:
    sent = 0
    async with house_at() as house:
        anna = await house.register("anna")
        created = await create(anna, len(DATA))
        path = created.headers["Location"]
        assert created.status_code == 201 and created.headers["Upload-Offset"] == "0"
        for count in (500_000, 700_000, 300_000):
            offset = await offset_of(anna, path)
            await send_and_cut(house, anna, path, offset, count)
            with trio.fail_after(60):
                now = offset
                while now == offset:  # until the server has what came
                    now = await offset_of(anna, path)
                while (answer := await patch(anna, path, await offset_of(anna, path), b"")).status_code != 204:
                    # until it has seen that nobody is there any more
                    assert code_of(answer) in ("upload_locked", "offset_conflict")
                    await trio.sleep(0.01)
            sent += count
    async with house_at() as house:
        anna = await house.login("anna")
        offset = await offset_of(anna, path)
        assert 0 < offset <= sent
        assert (await anna.get(path)).status_code == 404, "it is not whole"
        done = await patch(anna, path, offset, DATA[offset:])
        assert done.status_code == 204 and done.headers["Upload-Offset"] == str(len(DATA))
        head = await call(anna, "HEAD", path)
        file = (await anna.get(path)).json()
        assert done.headers["Vestnik-File-Id"] == head.headers["Vestnik-File-Id"] == file["id"]
        assert (file["name"], file["sha256"]) == ("план.bin", sha256(DATA).hexdigest())
        assert (await anna.get(file["url"])).content == DATA
        again = await patch(anna, path, len(DATA), b"")
        assert again.headers["Vestnik-File-Id"] == file["id"]
        assert not list((tmp_path / "files" / "incoming").rglob("*.data"))
        assert (await call(anna, "DELETE", path)).status_code == 204
        assert (await anna.get(path)).status_code == 404 and (await anna.get(file["url"])).status_code == 200


async def test_in_one_request_and_what_the_server_can(house: House) -> None:
    anna = await house.register("anna")
    answer = await create(anna, 5, b"hello", "a.txt")
    file = (await anna.get(answer.headers["Location"])).json()
    assert answer.status_code == 201 and (file["size"], file["content_type"]) == (5, "text/plain")
    told = await house.http.request("OPTIONS", "/api/uploads")
    assert told.status_code == 204 and told.headers["Tus-Extension"].startswith("creation,")
    assert told.headers["Tus-Max-Size"] == str(25 * 1024 * 1024)


async def test_checksums(house: House) -> None:
    anna = await house.register("anna")
    path = (await create(anna, 10)).headers["Location"]

    def said(algorithm: str, digest: bytes) -> dict[str, Any]:
        return {"Upload_Checksum": f"{algorithm} {b64encode(digest).decode()}"}

    assert (await patch(anna, path, 0, b"hello", **said("sha256", sha256(b"hello").digest()))).status_code == 204
    wrong = await patch(anna, path, 5, b"world", **said("sha256", sha256(b"other").digest()))
    assert (wrong.status_code, code_of(wrong)) == (460, "checksum_mismatch") and await offset_of(anna, path) == 5
    assert code_of(await patch(anna, path, 5, b"world", **said("md5", b"x"))) == "bad_request"
    assert (await patch(anna, path, 5, b"world", **said("sha1", sha1(b"world").digest()))).status_code == 204
    assert (await anna.get((await anna.get(path)).json()["url"])).content == b"helloworld"


async def test_a_first_request_that_is_refused_leaves_nothing(house: House) -> None:
    """Its client is not told where the upload is; a user has room for so many only."""
    anna = await house.register("anna")
    folder = house.services.files.drafts / f"u{anna.id}"
    wrong = {"Upload_Length": "10", "Upload_Checksum": f"sha256 {b64encode(bytes(32)).decode()}"}
    assert code_of(await call(anna, "POST", "/api/uploads", b"hello", **wrong)) == "checksum_mismatch"
    assert code_of(await create(anna, 4, b"hello")) == "too_large"
    house.storage.broken = True
    assert code_of(await create(anna, 5, b"hello")) == "store_unavailable"
    assert not list(folder.iterdir())


async def test_a_checked_piece_that_no_room_is_left_for_does_not_count(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await house.register("anna")
    path = (await create(anna, 10)).headers["Location"]
    write = Writer.write

    def full(writer: Writer, data: bytes | bytearray) -> None:
        write(writer, data[:2])
        raise OSError(errno.ENOSPC, "no space left on device")

    def broken(writer: Writer, size: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    said = {"Upload_Checksum": f"sha256 {b64encode(sha256(b'hello').digest()).decode()}"}
    with monkeypatch.context() as patched:
        patched.setattr(Writer, "write", full)
        assert (await patch(anna, path, 0, b"hello", **said)).status_code == 503
    assert await offset_of(anna, path) == 0
    with monkeypatch.context() as patched:
        patched.setattr(Writer, "write", full)
        patched.setattr(Writer, "cut", broken)
        assert (await patch(anna, path, 0, b"hello", **said)).status_code == 503
    assert await offset_of(anna, path) == 2
    assert (await patch(anna, path, 2, b"llo")).status_code == 204, "it is not locked for ever"


async def test_a_last_piece_that_another_request_was_faster_with(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = await house.register("anna")
    path = (await create(anna, 5, b"hello"[:4])).headers["Location"]
    opened = Upload.open

    def too_late(upload: Upload) -> Writer:
        progress = upload.look()
        assert progress is not None
        upload.finish(structs.replace(progress.plan, file_id="f" * 22))
        return opened(upload)

    monkeypatch.setattr(Upload, "open", too_late)
    last = await patch(anna, path, 5, b"")
    assert (last.status_code, last.headers["Vestnik-File-Id"]) == (204, "f" * 22)
    assert code_of(await patch(anna, path, 4, b"o")) == "offset_conflict"


async def test_b21_what_is_refused(house_at: OpenHouse, tmp_path: Path) -> None:
    async with house_at(limit_file_bytes=1000, limit_user_file_bytes=1500) as house:
        anna, eve = await house.register("anna"), await house.register("eve")
        assert code_of(await create(anna, 1001)) == "too_large"
        assert code_of(await create(anna, 0)) == "file_empty"
        assert code_of(await call(anna, "POST", "/api/uploads")) == "bad_request"
        for broken in ("filename !", "filename /w=="):
            answer = await call(anna, "POST", "/api/uploads", Upload_Length="5", Upload_Metadata=broken)
            assert code_of(answer) == "bad_request"
        path = (await create(anna, 1000)).headers["Location"]
        old = await call(anna, "PATCH", path, b"x", Tus_Resumable="0.2.2")
        assert (old.status_code, old.headers["Tus-Version"]) == (412, "1.0.0")
        assert code_of(await patch(anna, path, 1, b"x")) == "offset_conflict"
        assert code_of(await patch(anna, path, 0, b"x" * 1001)) == "too_large"
        assert code_of(await call(anna, "PATCH", path, b"x")) == "bad_request"
        assert code_of(await call(anna, "PATCH", path, b"x", Content_Type="text/plain")) == "media_type"
        for route in [route for route in API if "{upload_id}" in route.path]:
            strange = await call(eve, route.method, path, b"", Upload_Offset="0")
            nowhere = await call(eve, route.method, url(route), b"", Upload_Offset="0")
            assert (strange.status_code, strange.content) == (404, nowhere.content), route.method
        assert await offset_of(anna, path) == 0
        assert (await patch(anna, path, 0, b"x" * 1000)).status_code == 204
        full = (await create(anna, 600)).headers["Location"]
        refused = await patch(anna, full, 0, b"y" * 600)
        assert (refused.status_code, code_of(refused)) == (507, "quota_exceeded")
        for _ in range(19):  # one became a file, and counts no more
            assert (await create(anna, 10)).status_code == 201
        assert code_of(await create(anna, 10)) == "too_many"
        assert (await create(eve, 10)).status_code == 201


async def test_a_store_that_goes_away_at_the_end_loses_nothing(house: House) -> None:
    anna = await house.register("anna")
    path = (await create(anna, 5)).headers["Location"]
    house.storage.broken = True
    assert code_of(await patch(anna, path, 0, b"hello")) == "store_unavailable"
    assert await offset_of(anna, path) == 5, "how far it has come is told also while no file can be made of it"
    house.storage.broken = False
    assert (await patch(anna, path, 5, b"")).headers["Vestnik-File-Id"] == (await anna.get(path)).json()["id"]


async def test_head_only_looks_and_whoever_has_no_room_is_told_so(house_at: OpenHouse) -> None:
    """An answer to HEAD has no body, so a refusal would not say why; and each one would have the file made anew."""
    async with house_at(limit_user_file_bytes=10) as house:
        anna = await house.register("anna")
        assert (await create(anna, 8, b"8 bytes.")).status_code == 201
        path = (await create(anna, 6)).headers["Location"]
        assert code_of(await patch(anna, path, 0, b"6 more")) == "quota_exceeded"
        for _ in range(2):
            head = await call(anna, "HEAD", path)
            assert (head.status_code, head.headers["Upload-Offset"]) == (200, "6")
            assert "Vestnik-File-Id" not in head.headers
            again = await patch(anna, path, 6, b"")
            assert (again.status_code, code_of(again)) == (507, "quota_exceeded")
        assert code_of(await anna.get(path)) == "quota_exceeded"
