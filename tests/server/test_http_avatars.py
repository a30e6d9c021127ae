"""Avatars over HTTP: a picture becomes a small square, which those see who see its user or group."""

from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest

Image = pytest.importorskip("PIL.Image")

from tests.server.answers import code_of, fields_of  # noqa: E402
from tests.server.hostile_pictures import SECRET, png  # noqa: E402
from tests.server.house import House, Person  # noqa: E402
from tests.server.sockets import open_socket  # noqa: E402
from tests.server.test_http_pictures import encoded, picture, with_exif  # noqa: E402
from tests.server.uploads import swept, upload  # noqa: E402

OWN = "/api/auth/me/avatar"


async def try_to_set(person: Person, path: str, data: bytes, key: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {person.token}"} | ({} if key is None else {"Idempotency-Key": key})
    return await person.http.post(path, files={"file": ("me.jpg", data, "image/jpeg")}, headers=headers)


async def set_avatar(person: Person, path: str, data: bytes) -> str:
    answer = await try_to_set(person, path, data)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["avatar_url"])


def blobs(tmp_path: Path) -> int:
    return sum(path.is_file() for path in (tmp_path / "files" / "blobs").rglob("*"))


async def opened(person: Person, url: str) -> Any:
    answer = await person.get(url)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/webp")
    assert answer.headers["Content-Disposition"].startswith("inline; ")
    assert SECRET not in answer.content
    return Image.open(BytesIO(answer.content))


async def test_a_picture_becomes_a_small_square_that_all_users_see(house: House) -> None:
    anna, eve = await house.register("anna"), await house.register("eve")
    for data in with_exif().values():
        url = await set_avatar(anna, OWN, data)
        shown = (await eve.get(f"/api/users/{anna.id}")).json()
        assert shown["avatar_url"] == url
        image = await opened(eve, url)
        assert image.width == image.height and image.width in (60, 512)
        small = Image.open(BytesIO((await eve.get(f"{url}/preview", size=320)).content))
        assert small.size == (min(320, image.width),) * 2
    etag = (await eve.get(url)).headers["ETag"]
    assert (await eve.call("GET", url, headers={"If-None-Match": etag})).status_code == 304
    link = (await eve.post(f"{url}/link")).json()["url"]
    assert (await house.http.get(link)).status_code == 200


async def test_a_transparent_or_narrow_picture_stays_what_it_is(house: House) -> None:
    anna = await house.register("anna")
    clear = Image.new("RGBA", (700, 700), (0, 0, 0, 0))
    assert (await opened(anna, await set_avatar(anna, OWN, encoded(clear, "PNG")))).convert("RGBA").getpixel((0, 0))[
        3
    ] == 0
    assert (await opened(anna, await set_avatar(anna, OWN, encoded(picture(2000, 1), "PNG")))).size == (1, 1)


async def test_what_cannot_be_an_avatar(house: House, tmp_path: Path) -> None:
    anna = await house.register("anna")
    for data in (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\xff\xd8\xff" + bytes(500), png(60_000, 60_000)):
        answer = await try_to_set(anna, OWN, data)
        assert (answer.status_code, fields_of(answer)) == (422, {"file": "bad_format"})
    assert code_of(await try_to_set(anna, OWN, b"")) == "file_empty"
    assert (await anna.get("/api/auth/me")).json()["avatar_url"] is None
    assert not blobs(tmp_path) and not list((tmp_path / "files" / "incoming").iterdir())


async def test_the_next_one_removes_the_one_before(house: House, tmp_path: Path) -> None:
    anna, eve = await house.register("anna"), await house.register("eve")
    first = await set_avatar(anna, OWN, encoded(picture(), "PNG"))
    kept = blobs(tmp_path)
    second = await set_avatar(anna, OWN, encoded(picture(600, 900), "PNG"))
    assert first != second and [(await eve.get(url)).status_code for url in (first, second)] == [404, 200]
    assert await swept(house) == 1
    assert blobs(tmp_path) == kept
    removed = await anna.delete(OWN)
    assert (removed.status_code, removed.json()["avatar_url"]) == (200, None)
    assert (await anna.delete(OWN)).status_code == 200
    await swept(house)
    assert not blobs(tmp_path)


async def test_an_answer_that_was_lost_may_be_asked_for_again(house: House) -> None:
    anna, data = await house.register("anna"), encoded(picture(), "PNG")
    first, again = [await try_to_set(anna, OWN, data, key="k") for _ in range(2)]
    assert first.json()["avatar_url"] == again.json()["avatar_url"]
    assert code_of(await try_to_set(anna, OWN, encoded(picture(90, 90), "PNG"), key="k")) == "cid_conflict"


async def test_a_picture_that_is_sent_too_is_another_file(house: House) -> None:
    anna, data = await house.register("anna"), encoded(picture(), "PNG")
    file = await upload(anna, data)
    url = await set_avatar(anna, OWN, data)
    assert (file["width"], file["content_type"]) == (800, "image/png")
    assert (await opened(anna, url)).size == (512, 512)
    assert fields_of(await anna.patch("/api/auth/me", {"avatar_url": file["url"]})) == {
        "avatar_url": "validation_failed"
    }
    assert (await anna.patch("/api/auth/me", {"avatar_url": url})).json()["avatar_url"] == url


async def test_the_avatar_of_a_group(house: House) -> None:
    anna, boris, eve = [await house.register(name) for name in ("anna", "boris", "eve")]
    group, direct = await anna.group("x", boris), await anna.direct(boris)
    path, data = f"/api/chats/{group}/avatar", encoded(picture(), "PNG")
    async with open_socket(house.url) as socket:
        await socket.hello(boris.token)
        url = await set_avatar(anna, path, data)
        event = await socket.until("event")
        assert (event["event"], event["data"]) == ("chat_updated", {"avatar_url": url})
    assert (await boris.get(f"/api/chats/{group}")).json()["avatar_url"] == url
    await opened(boris, url)
    assert (await eve.get(url)).status_code == 404
    for person, where, code in (
        (boris, group, "forbidden"), (eve, group, "not_found"), (anna, direct, "forbidden"), (anna, 999, "not_found"),
    ):  # fmt: skip
        for answer in (
            await try_to_set(person, f"/api/chats/{where}/avatar", data),
            await person.delete(f"/api/chats/{where}/avatar"),
        ):
            assert code_of(answer) == code
    await anna.delete(f"/api/chats/{group}/members/{boris.id}")
    removed = await anna.delete(path)
    assert (removed.status_code, removed.json()["avatar_url"]) == (200, None)
    await swept(house)
    await opened(boris, url)
    assert (await eve.get(url)).status_code == 404
    assert code_of(await try_to_set(boris, path, data)) == "not_found", "a former member"
