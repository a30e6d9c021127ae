"""Uploads that say one length and send another, never end, or are cut: answered, bounded, and nothing of them stays."""

from contextlib import AsyncExitStack, suppress
from pathlib import Path
from urllib.parse import quote

import pytest
import trio

from runtime.http.guards import FORMS
from tests.server.answers import code_of
from tests.server.conftest import OpenHouse
from tests.server.hostile import request
from tests.server.house import House, Person
from tests.server.test_http_files import blobs, drafts
from tests.server.test_http_uploads import BODY, create, offset_of, patch
from tests.server.uploads import upload

SOON = 60.0
LIMIT = 100_000
BEGIN = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
END = b"\r\n--b--\r\n"
PIECE = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
"""A chunk of a chunked body."""


async def connect(house: House) -> trio.SocketStream:
    host, port = house.url.removeprefix("http://").split(":")
    return await trio.open_tcp_stream(host, int(port))


def form(person: Person, *headers: str) -> bytes:
    """The head of an upload in one form."""
    own = (f"Authorization: Bearer {person.token}", "Content-Type: multipart/form-data; boundary=b")
    return request("POST /api/files", *own, *headers)


def rest(person: Person, path: str, *headers: str) -> bytes:
    """The head of a request that goes on with an upload."""
    own = (f"Authorization: Bearer {person.token}", f"Content-Type: {BODY}", "Tus-Resumable: 1.0.0", "Upload-Offset: 0")
    return request(f"PATCH {path}", *own, *headers)


async def status_of(stream: trio.SocketStream, data: bytes) -> int:
    """Of the answer to these bytes."""
    with trio.fail_after(SOON):
        await stream.send_all(data)
        received = b""
        while b"\r\n" not in received:
            piece = await stream.receive_some()
            assert piece, "it was closed without an answer"
            received += piece
    return int(received.split()[1])


async def endless(stream: trio.SocketStream, head: bytes) -> int:
    """The status of the answer to a body in chunks that never ends."""

    async def send() -> None:
        with suppress(trio.BrokenResourceError):
            while True:
                await stream.send_all(PIECE)

    async with trio.open_nursery() as nursery:
        await stream.send_all(head)
        nursery.start_soon(send)
        with trio.fail_after(SOON):
            status = int((await stream.receive_some()).split()[1])
        nursery.cancel_scope.cancel()
    return status


async def until(tmp_path: Path, drafted: int) -> None:
    """So many drafts are on the server's disk."""
    with trio.fail_after(SOON):
        while len(drafts(tmp_path)) != drafted:  # noqa: ASYNC110 - it is another's folder
            await trio.sleep(0.01)


async def test_b21_a_form_whose_length_is_not_what_it_says(house_at: OpenHouse, tmp_path: Path) -> None:
    body = BEGIN + b"x" * 1000 + END
    async with house_at(limit_file_bytes=LIMIT) as house:
        anna = await house.register("anna")
        async with await connect(house) as stream:
            short = form(anna, f"Content-Length: {len(body) - 500}") + body
            assert await status_of(stream, short) == 400, "the end of the form is missing"
        async with await connect(house) as stream:
            assert await status_of(stream, form(anna, f"Content-Length: {2 * LIMIT}")) == 413, "before its first byte"
        for lengths in (["-1"], ["1e3"], [str(len(body)), "5"]):
            async with await connect(house) as stream:
                assert await status_of(stream, form(anna, *[f"Content-Length: {one}" for one in lengths]) + body) == 400
        async with await connect(house) as stream:
            await stream.send_all(form(anna, f"Content-Length: {len(body) + 500}") + body[:600])
            await until(tmp_path, 1)
        await until(tmp_path, 0)
        assert not blobs(tmp_path)


async def test_b21_bodies_without_an_end(house_at: OpenHouse, tmp_path: Path) -> None:
    """O18 of docs/security.md."""
    chunked = "Transfer-Encoding: chunked"
    async with house_at(limit_file_bytes=LIMIT) as house:
        anna = await house.register("anna")
        begin = b"%x\r\n" % len(BEGIN) + BEGIN + b"\r\n"
        async with await connect(house) as stream:
            assert await endless(stream, form(anna, chunked) + begin) == 413
        async with await connect(house) as stream:
            many = b"".join(b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n' for _ in range(200))
            assert await status_of(stream, form(anna, chunked) + b"%x\r\n" % len(many) + many) == 400, "parts"
        path = (await create(anna, 50_000)).headers["Location"]
        async with await connect(house) as stream:
            assert await endless(stream, rest(anna, path, chunked)) == 413
        offset = await offset_of(anna, path)
        assert offset <= 50_000, "never more than was announced"
        async with await connect(house) as stream:
            assert await status_of(stream, rest(anna, path, "Content-Length: 50001")) == 413
        whole = await patch(anna, path, offset, b"x" * (50_000 - offset))
        assert whole.status_code == 204, "what was announced may still come"
        assert len(blobs(tmp_path)) == 1 and not list((tmp_path / "files" / "incoming").glob("*.part"))


async def test_nobody_fills_the_disk_with_forms_that_do_not_end(house: House, tmp_path: Path) -> None:
    """O18 of docs/security.md. Drafts count in no quota, so few of one user are on their way at a time."""
    anna, boris = await house.register("anna"), await house.register("boris")
    async with AsyncExitStack() as stack:
        for _ in range(FORMS):
            stream = await stack.enter_async_context(await connect(house))
            await stream.send_all(form(anna, "Content-Length: 1000000") + BEGIN)
        await until(tmp_path, FORMS)
        for path in ("/api/files", "/api/auth/me/avatar"):
            refused = await anna.call("POST", path, files={"file": ("a.txt", b"x")})
            assert (refused.status_code, code_of(refused)) == (429, "rate_limited"), path
            assert refused.json()["retry_after_ms"] == 5000
        await upload(boris, b"x")
        assert len(drafts(tmp_path)) == FORMS, "what was refused leaves nothing"
    await until(tmp_path, 0)
    await upload(anna, b"x")


NAMES = {
    "CON": "_CON",
    "nul.txt": "_nul.txt",
    "a/../../b": "b",
    "..\\..\\boot.ini": "boot.ini",
    "photo\u202egpj.exe": "photogpj.exe",
    "\u2066x\u2069\u200f.exe": "x.exe",
    "x" * 300 + ".jpg": "x" * 196 + ".jpg",
    "ж" * 300: "ж" * 100,
    "readme.txt.lnk": "readme.txt.lnk",
    "trailing. . ": "trailing",
    "a\r\nSet-Cookie: b": "aSet-Cookie_ b",
    "nothing\0.exe": "nothing.exe",
    "\u200b": "file",
}


async def test_b21_names_are_safe_whichever_way_a_file_comes(house: House) -> None:
    """O16 of docs/security.md. In the answer, in the message that others get, in the header that browsers save by."""
    anna, boris = await house.register("anna"), await house.register("boris")
    chat = await anna.direct(boris)
    data = b"<html><script>alert(1)</script>"
    for given, expected in NAMES.items():
        path = (await create(anna, len(data), data, given)).headers["Location"]
        files = [(await anna.get(path)).json()]
        if given.isprintable() or "\u202e" in given:  # a form has a way of its own to write the others
            files.append(await upload(anna, data, given))
        said = await anna.send(chat, "", attachments=[file["id"] for file in files])
        [seen] = (await boris.get(f"/api/chats/{chat}/messages", limit=1)).json()["messages"]
        assert seen["attachments"] == said["attachments"]
        for file in [*files, *seen["attachments"]]:
            assert (file["name"], file["content_type"]) == (expected, "text/plain"), given
            answer = await boris.get(file["url"])
            assert answer.headers["Content-Disposition"].startswith("attachment; ")
            assert answer.headers["Content-Disposition"].endswith(f"filename*=UTF-8''{quote(expected, safe='')}")
            assert "Set-Cookie" not in answer.headers


POLYGLOTS = {
    "a picture with a page in it": (b"GIF89a/*<script>alert(1)</script>*/=1;", "x.html", "application/octet-stream"),
    "a program": (b"MZ\x90\0\3\0\0\0", "photo.jpg", "application/octet-stream"),
    "a shortcut": (b"L\0\0\0\1\x14\2\0" + bytes(60), "readme.txt.lnk", "application/octet-stream"),
    "an SVG with a script": (
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>",
        "x.svg",
        "text/plain",
    ),
    "a page named .jpg": (b"<!doctype html><script>x</script>", "x.jpg", "text/plain"),
    "a PDF": (b"%PDF-1.7 <script>", "x.png", "application/pdf"),
    "an archive": (b"PK\x03\x04" + bytes(40), "x.gif", "application/zip"),
    "XML with a style sheet": (b"<?xml version='1.0'?><?xml-stylesheet href='x'?><x/>", "x.xml", "text/plain"),
    "a script in UTF-16": ("<script>alert(1)</script>".encode("utf-16"), "x.txt", "application/octet-stream"),
}


@pytest.mark.parametrize("what", POLYGLOTS)
async def test_b21_nothing_that_can_run_is_shown_in_place(house: House, what: str) -> None:
    """O14 of docs/security.md."""
    data, name, kind = POLYGLOTS[what]
    anna = await house.register("anna")
    file = await upload(anna, data, name)
    assert (file["content_type"], file["preview_url"], file["name"]) == (kind, None, name)
    token = (await anna.post(f"{file['url']}/link")).json()["url"]
    for answer in (await anna.get(file["url"]), await house.http.get(token)):
        assert answer.content == data, "a file that is none of ours to change"
        assert answer.headers["Content-Disposition"].startswith("attachment; ")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].endswith("sandbox")
    preview = await anna.get(f"{file['url']}/preview")
    assert (preview.status_code, code_of(preview)) == (404, "no_preview")
