"""Files whose bytes are lost, as after a backup without them was restored: who sends them again has them again."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from runtime.files.blobs import BlobStore
from tests.s3_server import new_bucket
from tests.server.conftest import OpenHouse
from tests.server.house import House, Person
from tests.server.test_blob_stores import listed
from tests.server.test_files_on_s3 import on_s3
from tests.server.uploads import upload

DATA = b"what somebody has still got" * 1000


async def lose_all(store: BlobStore) -> list[tuple[str, int]]:
    """What was there."""
    found = await listed(store)
    for key, _ in found:
        await store.remove(key)
    assert await listed(store) == []
    return found


async def sent_again(person: Person, house: House, data: bytes, name: str) -> list[dict[str, Any]]:
    """Two files of the same bytes: those of the first were lost before the second came. Nothing but them is kept."""
    store = house.services.files.store
    first = await upload(person, data, name)
    before = await lose_all(store)
    assert (await person.get(first["url"])).status_code == 404
    second = await upload(person, data, name)
    assert second["id"] != first["id"] and await listed(store) == before
    return [first, second]


@pytest.mark.parametrize("where", ["folder", "S3"])
async def test_the_bytes_that_come_again_are_those_of_both(house_at: OpenHouse, where: str) -> None:
    async with house_at(**(on_s3(new_bucket("files")) if where == "S3" else {})) as house:
        anna = await house.register("anna")
        for file in await sent_again(anna, house, DATA, "a.bin"):
            answer = await anna.get(file["url"])
            assert (answer.status_code, answer.content) == (200, DATA)


async def test_a_picture_comes_again_with_its_previews(house: House) -> None:
    pytest.importorskip("PIL.Image")
    pictures: Any = __import__("tests.server.test_http_pictures", fromlist=["encoded"])
    anna = await house.register("anna")
    for file in await sent_again(anna, house, pictures.encoded(pictures.picture(), "PNG"), "a.png"):
        for path in (file["url"], file["preview_url"]):
            assert (await anna.get(path)).status_code == 200


async def test_an_avatar_comes_again(house: House) -> None:
    pytest.importorskip("PIL.Image")
    pictures: Any = __import__("tests.server.test_http_pictures", fromlist=["encoded"])
    anna, face = await house.register("anna"), pictures.encoded(pictures.picture(), "PNG")
    headers = {"Authorization": f"Bearer {anna.token}"}
    for _ in range(2):
        await lose_all(house.services.files.store)
        answer = await house.http.post("/api/auth/me/avatar", files={"file": ("a", face)}, headers=headers)
        assert (await anna.get(answer.json()["avatar_url"])).status_code == 200


async def test_other_bytes_do_not_stand_in_for_those_that_are_lost(house: House, tmp_path: Path) -> None:
    """An earlier version may have written the same picture anew in another way: what is told of the file would be
    wrong."""
    anna = await house.register("anna")
    file = await upload(anna, DATA)
    await lose_all(house.services.files.store)
    with closing(sqlite3.connect(tmp_path / "vestnik.sqlite3")) as database, database:
        database.execute("UPDATE files SET sha256 = zeroblob(32)")
    await upload(anna, DATA)
    assert (await anna.get(file["url"])).status_code == 404 and await listed(house.services.files.store) == []
