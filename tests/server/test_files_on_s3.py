"""Files over HTTP whose bytes are in an S3 store: the same answers, and nothing of them on the server's own disk."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import trio

from runtime.config import Secret
from runtime.files.downloads import MOST_OF_S3
from runtime.files.places import read_place
from tests.s3_server import CREDENTIALS, absent_bucket, make_bucket, new_bucket
from tests.server.conftest import OpenHouse
from tests.server.house import House
from tests.server.test_blob_stores import listed
from tests.server.test_http_files import begun
from tests.server.uploads import swept, try_upload, upload

LARGE = bytes(range(256)) * (10 << 12)
"""More than a part of an upload to the store."""


def on_s3(url: str) -> dict[str, Any]:
    """Settings."""
    return {
        "files_url": read_place(url),
        "files_access_key": CREDENTIALS.access_key,
        "files_secret_key": Secret(CREDENTIALS.secret_key),
    }


def on_disk(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "files").rglob("*") if path.is_file()]


async def keys_of(house: House) -> list[str]:
    return [key for key, _ in await listed(house.services.files.store)]


async def test_a_file_lives_as_long_as_a_message_holds_it(house_at: OpenHouse, tmp_path: Path) -> None:
    async with house_at(**on_s3(new_bucket("files"))) as house:
        anna, boris, eve = [await house.register(name) for name in ("anna", "boris", "eve")]
        chat, other = await anna.direct(boris), await anna.group("x", boris)
        file = await upload(anna, LARGE, "план.bin")
        (key,) = await keys_of(house)
        for where in (chat, other):
            await anna.send(where, "", attachments=[file["id"]])
        assert (await boris.get(file["url"])).content == LARGE
        some = await boris.call("GET", file["url"], headers={"Range": "bytes=9000000-9000099"})
        assert (some.status_code, some.content) == (206, LARGE[9_000_000:9_000_100])
        assert (await boris.call("HEAD", file["url"])).headers["Content-Length"] == str(len(LARGE))
        assert (await eve.get(file["url"])).status_code == 404
        assert not on_disk(tmp_path)
        await anna.delete(f"/api/chats/{chat}/messages/1")
        assert await swept(house) == 0
        assert (await boris.get(file["url"])).status_code == 200 and await keys_of(house) == [key]
        await anna.delete(f"/api/chats/{other}/messages/1")
        assert (await boris.get(file["url"])).status_code == 404
        assert await swept(house) == 1
        assert await keys_of(house) == []


async def test_pictures_and_avatars(house_at: OpenHouse, tmp_path: Path) -> None:
    pytest.importorskip("PIL.Image")
    pictures = __import__("tests.server.test_http_pictures", fromlist=["encoded"])
    data = pictures.encoded(pictures.picture(), "PNG")
    async with house_at(**on_s3(new_bucket())) as house:
        anna, boris = await house.register("anna"), await house.register("boris")
        headers = {"Authorization": f"Bearer {anna.token}"}
        answer = await house.http.post("/api/auth/me/avatar", files={"file": ("a", data)}, headers=headers)
        assert (await boris.get(f"{answer.json()['avatar_url']}/preview")).headers["Content-Type"] == "image/webp"
        await anna.delete("/api/auth/me/avatar")
        assert await swept(house) == 1
        assert await keys_of(house) == [] and not on_disk(tmp_path)


async def test_nobody_holds_all_connections_to_the_store(house_at: OpenHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """One who reads slowly has few of them, and who can have none is told so before anything is sent."""
    monkeypatch.setattr("runtime.files.s3.DOWNLOADS", MOST_OF_S3 + 1)
    monkeypatch.setattr("runtime.files.s3.QUEUE", 0.1)
    async with house_at(**on_s3(new_bucket("files"))) as house:
        anna, boris = await house.register("anna"), await house.register("boris")
        file, other = await upload(anna, bytes(16 << 20)), await upload(boris, bytes(16 << 20))
        async with AsyncExitStack() as stack:
            for _ in range(MOST_OF_S3):
                held = await stack.enter_async_context(await begun(house, anna, file["url"]))
                assert (await held.receive_some(12)).endswith(b" 200")
            refused = await anna.get(file["url"])
            assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
            held = await stack.enter_async_context(await begun(house, boris, other["url"]))
            assert (await held.receive_some(12)).endswith(b" 200")
            refused = await boris.get(other["url"])
            assert (refused.status_code, refused.json()["code"]) == (503, "store_unavailable")
        assert (await anna.get(file["url"])).status_code == 200


async def test_a_store_that_is_away_loses_nothing(house_at: OpenHouse, tmp_path: Path) -> None:
    url = absent_bucket()
    async with house_at(**on_s3(url)) as house:
        anna = await house.register("anna")
        answer = await try_upload(anna, b"x", key="k")
        assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
        assert not on_disk(tmp_path), "it is asked again with its key"
        await trio.to_thread.run_sync(make_bucket, url)
        assert (await try_upload(anna, b"x", key="k")).status_code == 201
