"""Files over HTTP: uploaded, sent, read by those who may, gone when no message holds them."""

import socket
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import pytest
import trio

from chatproto.operations import AddFile
from runtime.files.blobs import BlobStore
from runtime.files.downloads import MOST, Downloads
from runtime.http.api import ROUTES as API
from tests.server.answers import code_of, fields_of
from tests.server.conftest import OpenHouse
from tests.server.house import House, Person
from tests.server.sockets import open_socket
from tests.server.test_http_routes import url
from tests.server.uploads import swept, try_upload, upload

DATA = bytes(range(256)) * 10
LARGE = bytes(16 << 20)
"""No socket takes it at once."""
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
WAV = b"RIFF\x00\x00\x00\x00WAVE" + bytes(100)


async def send(person: Person, chat: int, *files: dict[str, Any], content: str = "") -> dict[str, Any]:
    return await person.send(chat, content, attachments=[file["id"] for file in files])


def blobs(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "files" / "blobs").rglob("*") if path.is_file()]


def drafts(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "files" / "incoming").iterdir())


@pytest.fixture
async def trio_of_them(house: House) -> tuple[Person, Person, Person]:
    anna, boris, eve = [await house.register(name) for name in ("anna", "boris", "eve")]
    return anna, boris, eve


async def test_a_file_is_uploaded_sent_and_read(house: House, tmp_path: Path) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    chat = await anna.direct(boris)
    answer = await try_upload(anna, DATA, "план.bin")
    file = answer.json()
    assert answer.status_code == 201
    assert (file["name"], file["size"], file["content_type"]) == ("план.bin", len(DATA), "application/octet-stream")
    assert (await boris.get(file["url"])).status_code == 404, "it is hers alone"
    message = await send(anna, chat, file)
    (attachment,) = message["attachments"]
    assert attachment == {name: file[name] for name in attachment} and message["attachment_url"] == file["url"]
    assert message["content"] == ""
    (seen,) = (await boris.get(f"/api/chats/{chat}/messages")).json()["messages"]
    assert seen["attachments"] == [attachment]
    read = await boris.get(file["url"])
    assert (read.status_code, read.content) == (200, DATA)
    (path,) = blobs(tmp_path)
    assert path.read_bytes() == DATA and path.stat().st_mode & 0o777 == 0o600
    assert not drafts(tmp_path)
    for folder in (tmp_path / "files", path.parent):
        assert folder.stat().st_mode & 0o777 == 0o700


async def test_frames_carry_files(house: House) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    chat = await anna.direct(boris)
    file = await upload(anna, DATA)
    async with open_socket(house.url) as a, open_socket(house.url) as b:
        await a.hello(anna.token)
        ready = await b.hello(boris.token)
        assert ready["limits"]["file_bytes"] == 25 * 1024 * 1024 and ready["limits"]["files_per_message"] == 10
        await a.send(type="send", chat_id=chat, cid="c-1", content="", attachments=[file["id"]])
        message = await b.until("message")
        assert [one["id"] for one in message["attachments"]] == [file["id"]]
        await b.send(type="send", chat_id=chat, cid="c-2", content="", attachments=[file["id"]])
        assert (await b.until("error"))["code"] == "attachment_invalid", "it is not theirs"
        page = {"type": "sync", "chat_id": chat, "after_seq": 0}
        await b.send(**page)
        assert (await b.until("page"))["items"][0]["attachments"] == message["attachments"]
    limits = (await house.http.get("/api/server")).json()["limits"]
    assert limits == ready["limits"]


async def test_b21_what_is_refused(house_at: OpenHouse, tmp_path: Path) -> None:
    async with house_at(limit_file_bytes=1000) as house:
        anna = await house.register("anna")
        assert (await try_upload(anna, b"x" * 1000)).status_code == 201
        for size in (1001, 100_000, 3_000_000):
            answer = await try_upload(anna, b"x" * size)
            assert (answer.status_code, code_of(answer)) == (413, "too_large")
        empty = await try_upload(anna, b"")
        assert (empty.status_code, code_of(empty)) == (422, "file_empty")
        headers = {"Authorization": f"Bearer {anna.token}"}
        for content, kind in ((b"{}", "application/json"), (b"x", "multipart/form-data; boundary=b"), (b"", "")):
            answer = await house.http.post("/api/files", content=content, headers=headers | {"Content-Type": kind})
            assert (answer.status_code, code_of(answer)) == (400, "bad_request"), kind
        no_file = await house.http.post("/api/files", files={"other": ("a", b"x")}, headers=headers)
        assert fields_of(no_file) == {"file": "not_allowed"}
        two = await house.http.post("/api/files", files=[("file", ("a", b"x")), ("file", ("b", b"y"))], headers=headers)
        assert fields_of(two) == {"file": "not_allowed"}
        only_fields = await house.http.post("/api/files", files={"as_file": (None, b"1")}, headers=headers)
        assert fields_of(only_fields) == {"file": "required"}
        cut = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc'
        answer = await house.http.post(
            "/api/files", content=cut, headers=headers | {"Content-Type": "multipart/form-data; boundary=b"}
        )
        assert code_of(answer) == "bad_request"
        assert len(blobs(tmp_path)) == 1 and not drafts(tmp_path)


async def test_a_key_and_the_quota(house_at: OpenHouse, tmp_path: Path) -> None:
    async with house_at(limit_user_file_bytes=1000) as house:
        anna = await house.register("anna")
        first, again = await try_upload(anna, b"x" * 600, key="k"), await try_upload(anna, b"x" * 600, key="k")
        assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
        other = await try_upload(anna, b"y" * 600, key="k")
        assert (other.status_code, code_of(other)) == (409, "cid_conflict")
        full = await try_upload(anna, b"y" * 600)
        assert (full.status_code, code_of(full)) == (507, "quota_exceeded")
        assert len(blobs(tmp_path)) == 1


async def test_b21_names_and_types_are_not_believed(house: House) -> None:
    """O16 of docs/security.md."""
    anna = await house.register("anna")
    told = [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\CON", "_CON"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("ж" * 300 + ".jpg", "ж" * 98 + ".jpg"),
    ]
    for given, expected in told:
        file = await upload(anna, b"<html><script>alert(1)</script>", given)
        assert (file["name"], file["content_type"]) == (expected, "text/plain")
        answer = await anna.get(file["url"])
        assert answer.headers["Content-Disposition"].startswith("attachment; ")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_what_goes_out(house: House) -> None:
    anna = await house.register("anna")
    file = await upload(anna, DATA, 'a"ы\\.bin')
    whole = await anna.get(file["url"])
    etag = whole.headers["ETag"]
    assert whole.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert whole.headers["Content-Disposition"] == "attachment; filename=\".bin\"; filename*=UTF-8''.bin"
    head = await anna.call("HEAD", file["url"])
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(DATA))) and head.content == b""

    async def part(wanted: str, **headers: str) -> httpx.Response:
        return await anna.call("GET", file["url"], headers={"Range": wanted, **headers})

    for wanted, start, end in (("bytes=0-0", 0, 1), ("bytes=0-", 0, None), ("bytes=100-", 100, None),
                               ("bytes=-10", -10, None), ("bytes=5-999999", 5, None)):  # fmt: skip
        answer = await part(wanted)
        assert (answer.status_code, answer.content) == (206, DATA[start:end])
    assert (await part("bytes=7-9")).headers["Content-Range"] == f"bytes 7-9/{len(DATA)}"
    for wanted in ("bytes=5-2", "bytes=0-1,3-4", "rows=1-2", "bytes=-"):
        assert (await part(wanted)).status_code == 200
    beyond = await part(f"bytes={len(DATA)}-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(DATA)}")
    assert (await part("bytes=0-1", **{"If-Range": etag})).status_code == 206
    assert (await part("bytes=0-1", **{"If-Range": '"other"'})).status_code == 200
    for known in (etag, f'"x", W/{etag}', "*"):
        same = await anna.call("GET", file["url"], headers={"If-None-Match": known})
        assert (same.status_code, same.content) == (304, b"")
    sound = await upload(anna, WAV)
    assert (await anna.get(sound["url"])).headers["Content-Disposition"].startswith("inline; ")


async def test_links(house: House, trio_of_them: tuple[Person, Person, Person]) -> None:
    anna, boris, eve = trio_of_them
    chat = await anna.group("x", boris)
    file, other = await upload(anna, DATA), await upload(anna, b"other")
    await send(anna, chat, file)
    link = (await boris.post(f"{file['url']}/link")).json()
    assert (await house.http.get(link["url"])).content == DATA
    token = link["url"].partition("?token=")[2]
    ends, user, mac = token.split(".")
    forged = [
        f"{ends}.{anna.id}.{mac}",
        f"{int(ends) + 1}.{user}.{mac}",
        token[:-1],
        "..",
        f"{ends}.-1.{mac}",
        "x" * 999,
    ]
    for wrong in forged:
        assert code_of(await house.http.get(file["url"], params={"token": wrong})) == "not_found"
    assert code_of(await house.http.get(other["url"], params={"token": token})) == "not_found"
    assert (await eve.post(f"{file['url']}/link")).status_code == 404
    await anna.delete(f"/api/chats/{chat}/members/{boris.id}")
    assert (await house.http.get(link["url"])).status_code == 200, "what they were given they may read"
    await anna.delete(f"/api/chats/{chat}/messages/1")
    assert (await house.http.get(link["url"])).status_code == 404, "the right is looked at each time"
    await send(anna, chat, other)
    fresh = (await anna.post(f"{other['url']}/link")).json()
    house.clock.advance(minutes=5)
    assert (await house.http.get(fresh["url"])).status_code == 404


async def test_strangers_and_former_members_get_404_on_every_route(
    house: House, trio_of_them: tuple[Person, Person, Person]
) -> None:
    """O8 of docs/security.md."""
    anna, boris, eve = trio_of_them
    chat = await anna.group("x", boris)
    await anna.delete(f"/api/chats/{chat}/members/{boris.id}")
    file = await upload(anna, DATA)
    await send(anna, chat, file)
    for route in [route for route in API if "{file_id}" in route.path]:
        for person in (boris, eve):
            strange = await person.call(route.method, url(route).replace("f" * 22, file["id"]))
            nowhere = await person.call(route.method, url(route))
            assert (strange.status_code, strange.content) == (404, nowhere.content), route.path
    assert (await eve.call("HEAD", file["url"])).status_code == 404
    mine = await eve.direct(eve)
    stolen = await eve.post(f"/api/chats/{mine}/messages", {"content": "", "attachments": [file["id"]]})
    assert code_of(stolen) == "attachment_invalid"


async def test_what_no_message_holds_is_removed(house: House, tmp_path: Path) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    chat, other = await anna.direct(boris), await anna.group("x", boris)
    kept, unsent = await upload(anna, b"kept"), await upload(anna, b"unsent")
    for where in (chat, other):
        await send(anna, where, kept)
    await anna.delete(f"/api/chats/{chat}/messages/1")

    assert await swept(house) == 0 and (await boris.get(kept["url"])).content == b"kept"
    await anna.delete(f"/api/chats/{other}/messages/1")
    assert [(await person.get(kept["url"])).status_code for person in (anna, boris)] == [404, 404], "its owner too"
    assert await swept(house) == 1 and [path.read_bytes() for path in blobs(tmp_path)] == [b"unsent"]
    house.clock.advance(hours=24, seconds=1)
    anna = await house.login("anna")
    assert await swept(house) == 1 and blobs(tmp_path) == [] and (await anna.get(unsent["url"])).status_code == 404


async def test_a_store_that_goes_away_keeps_what_may_be_needed(house: House, tmp_path: Path) -> None:
    anna = await house.register("anna")
    await anna.get("/api/chats")
    house.storage.broken = True
    answer = await try_upload(anna, DATA, key="k")
    assert (answer.status_code, code_of(answer)) == (503, "store_unavailable")
    house.storage.broken = False
    assert (await try_upload(anna, DATA, key="k")).status_code == 201
    assert len(blobs(tmp_path)) == 1


async def test_a_file_whose_commit_nobody_heard_of_keeps_its_bytes(house: House, tmp_path: Path) -> None:
    """The database went away in the middle of it: the file may be known, so its bytes must not be taken away."""
    anna = await house.register("anna")
    await anna.get("/api/chats")
    house.storage.loses = AddFile
    assert (await try_upload(anna, DATA, key="k")).status_code == 503
    house.storage.broken = False
    again = await try_upload(anna, DATA, key="k")
    assert again.status_code == 200, "it was added the first time"
    assert (await anna.get(again.json()["url"])).content == DATA
    assert len(blobs(tmp_path)) == 1


async def begun(house: House, person: Person, path: str) -> trio.SocketStream:
    """A download of which next to nothing is read."""
    held = trio.socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    where = urlsplit(house.url)
    await held.connect((where.hostname or "", where.port or 0))
    stream = trio.SocketStream(held)
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {person.token}\r\n\r\n"
    await stream.send_all(request.encode())
    return stream


async def test_nobody_holds_the_files_of_all(house_at: OpenHouse) -> None:
    """Who reads as many as one may, and slowly, is refused the next one; others are not."""
    async with house_at() as house:
        anna, boris = await house.register("anna"), await house.register("boris")
        file, other = (await try_upload(anna, LARGE)).json(), (await try_upload(boris, DATA)).json()
        async with AsyncExitStack() as stack:
            for _ in range(MOST):
                held = await stack.enter_async_context(await begun(house, anna, file["url"]))
                assert (await held.receive_some(12)).endswith(b" 200")
            refused = await anna.get(file["url"])
            assert (refused.status_code, code_of(refused)) == (429, "rate_limited")
            assert (await boris.get(other["url"])).content == DATA
        assert (await anna.get(file["url"])).content == LARGE


async def test_a_burst_of_downloads_is_counted_before_they_begin() -> None:
    now = most = admitted = 0

    class Slow:
        """A store that is asked over a network."""

        async def open(self, key: str) -> None:
            nonlocal now, most
            now += 1
            most = max(most, now)
            await trio.lowlevel.checkpoint()
            now -= 1

    downloads = Downloads()

    async def begin() -> None:
        nonlocal admitted
        if await downloads.have_room(1):
            admitted += 1
            assert await downloads.open(cast("BlobStore", Slow()), "key", 1) is None

    async with trio.open_nursery() as nursery:
        for _ in range(2 * MOST):
            nursery.start_soon(begin)
    assert most == MOST and admitted == 2 * MOST, "further ones wait for a moment"
    assert downloads == Downloads(), "none of them is under way any more"


async def test_the_files_of_a_chat(trio_of_them: tuple[Person, Person, Person]) -> None:
    anna, boris, eve = trio_of_them
    chat = await anna.direct(boris)
    path = f"/api/chats/{chat}/files"
    assert (await boris.get(path)).json() == {"files": [], "has_more": False}
    text, sound = await upload(anna, DATA, "a.bin"), await upload(anna, WAV, "b.wav")
    await send(anna, chat, text)
    await send(anna, chat, sound)
    whole = [{"file": sound, "seq": 2}, {"file": text, "seq": 1}]
    assert (await boris.get(path)).json() == {"files": whole, "has_more": False}
    assert (await boris.get(path, limit=1)).json() == {"files": whole[:1], "has_more": True}
    assert (await boris.get(path, before_seq=2)).json()["files"] == whole[1:]
    assert (await boris.get(path, kind="audio")).json()["files"] == whole[:1]
    assert code_of(await eve.get(path)) == "not_found"
    wrong = await boris.get(path, kind="pictures", limit=201, before_seq=0)
    assert set(fields_of(wrong)) == {"kind", "limit", "before_seq"}
