"""`vestnik files check | gc | move`: what is wrong is told, what is too much removed, what moves is never away."""

import os
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import evolve

from runtime.cli import main
from runtime.commands import file_commands
from runtime.config import Secret, Settings
from runtime.files.blobs import FolderStore
from runtime.files.service import folder_store
from runtime.files.upkeep import GRACE, BlobFault, remove_orphans
from storage.migrate import upgrade
from tests.s3_server import new_bucket
from tests.server.conftest import OpenHouse
from tests.server.house import House
from tests.server.test_blob_stores import listed
from tests.server.test_files_on_s3 import on_s3
from tests.server.uploads import upload

DATA = [b"first", b"second" * 100_000, b"third", b"fourth"]


class Said(list[str]):
    """What a command told, in its order."""

    def faults(self) -> list[str]:
        return [line.partition(":")[0] for line in self if not line.startswith("checked")][:-1]


def settings_of(house: House) -> Settings:
    settings = house.services.settings
    return evolve(settings, database_url=Secret(f"sqlite:///{settings.data_dir}/vestnik.sqlite3"))


async def check(house: House, *, hashes: bool = False) -> tuple[bool, list[str]]:
    said = Said()
    fine = await file_commands.check(settings_of(house), said.append, hashes=hashes)
    return fine, said.faults()


def place(tmp_path: Path, data: bytes) -> Path:
    return next(
        path for path in (tmp_path / "files" / "blobs").rglob("*") if path.is_file() and path.read_bytes() == data
    )


async def test_check_tells_what_is_wrong(house: House, tmp_path: Path) -> None:
    anna = await house.register("anna")
    assert await check(house) == (True, [])
    for data in DATA:
        await upload(anna, data)
    assert await check(house, hashes=True) == (True, [])
    place(tmp_path, DATA[0]).unlink()
    assert await check(house) == (False, ["missing"])
    place(tmp_path, DATA[1]).write_bytes(b"short")
    assert sorted((await check(house))[1]) == ["missing", "wrong size"]
    place(tmp_path, DATA[2]).write_bytes(b"THIRD")
    assert len((await check(house))[1]) == 2
    assert sorted((await check(house, hashes=True))[1]) == ["missing", "wrong hash", "wrong size"]


async def test_gc_removes_what_no_file_names(house: House, tmp_path: Path) -> None:
    anna = await house.register("anna")
    await upload(anna, DATA[0])
    folder = tmp_path / "files" / "blobs"
    old, young = "0" * 32, "f" * 32
    for key in (old, f"{old}-320", young):
        (folder / key[:2]).mkdir(exist_ok=True)
        (folder / key[:2] / key).write_bytes(b"x")
    for key in (old, f"{old}-320"):
        os.utime(folder / key[:2] / key, (time.time() - GRACE - 60,) * 2)
    before = await listed(FolderStore(folder))
    assert await check(house) == (True, ["orphaned"])
    said = Said()
    await file_commands.collect(settings_of(house), said.append, dry=True)
    assert "would be removed: 1 blobs" in said[-1] and await listed(FolderStore(folder)) == before
    await file_commands.collect(settings_of(house), said.append, dry=False)
    assert "removed: 1 blobs" in said[-1]
    assert [key for key, _ in await listed(FolderStore(folder)) if key in (old, f"{old}-320")] == []
    assert len(await listed(FolderStore(folder))) == 2 and await check(house) == (True, [])


async def test_gc_asks_again_before_it_removes(house: House, tmp_path: Path) -> None:
    """A file may have come to name a blob since that was looked at."""
    anna = await house.register("anna")
    await upload(anna, DATA[0])
    kept = place(tmp_path, DATA[0]).name
    findings = [BlobFault("orphaned", kept, 1), BlobFault("orphaned", "0" * 32, 1), BlobFault("missing", "1" * 32, 1)]
    removed = await remove_orphans(settings_of(house).database_url, house.services.files, findings)
    assert removed == findings[1:2] and place(tmp_path, DATA[0]).name == kept


async def test_a_blob_is_as_old_as_it_is_a_blob(tmp_path: Path) -> None:
    """An upload may be whole hours after its last byte; what is put together for it is young all the same."""
    (tmp_path / "blobs").mkdir()
    draft = tmp_path / "draft"
    draft.write_bytes(b"x")
    os.utime(draft, (0, 0))
    store = FolderStore(tmp_path / "blobs")
    await store.put(draft, "0" * 32)
    [entry] = [entry async for entry in store.entries()]
    assert entry.changed_at > time.time() - GRACE


async def test_check_knows_previews(house: House, tmp_path: Path) -> None:
    pytest.importorskip("PIL.Image")
    pictures: Any = __import__("tests.server.test_http_pictures", fromlist=["encoded"])
    anna = await house.register("anna")
    await upload(anna, pictures.encoded(pictures.picture(), "PNG"), "a.png")
    assert await check(house, hashes=True) == (True, [])
    next((tmp_path / "files" / "blobs").rglob("*-320")).unlink()
    assert await check(house) == (True, ["no preview"])


@asynccontextmanager
async def moving(house_at: OpenHouse, url: str, *, back: bool = False) -> AsyncIterator[House]:
    """A server that knows both places."""
    places = on_s3(url)
    places["files_old_url"] = "folder"
    if back:
        places["files_url"], places["files_old_url"] = places["files_old_url"], places["files_url"]
    async with house_at(**places) as house:
        yield house


@pytest.mark.parametrize("back", [False, True], ids=["to S3", "from S3"])
async def test_files_move_while_they_are_read(
    house_at: OpenHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, back: bool
) -> None:
    url = new_bucket("p")
    async with house_at(**(on_s3(url) if back else {})) as house:
        anna = await house.register("anna")
        files = [await upload(anna, data) for data in DATA]
    async with moving(house_at, url, back=back) as house:
        anna, settings = await house.login("anna"), settings_of(house)

        async def all_are_there() -> bool:
            return [(await anna.get(file["url"])).content for file in files] == [*DATA, b"late"][: len(files)]

        assert await all_are_there()
        files.append(await upload(anna, b"late"))
        store = house.services.files.store
        new: Any = getattr(store, "new")  # noqa: B009 -- the port does not have it
        put, left = type(new).put, [2]

        async def failing(self: Any, path: Path, key: str) -> None:
            if not left[0]:
                raise OSError("the new store is full")
            left[0] -= 1
            await put(self, path, key)

        said = Said()
        with monkeypatch.context() as patch:
            patch.setattr(type(new), "put", failing)
            with pytest.raises(OSError, match="full"):
                await file_commands.bring(settings, said.append)
        assert await all_are_there() and not list((tmp_path / "files" / "incoming").iterdir())
        old: Any = getattr(store, "old")  # noqa: B009
        rest = len(await listed(old))  # others were on their way, and are given up
        assert rest >= len(DATA) - 2
        await file_commands.bring(settings, said.append)
        assert said[-1].startswith(f"all is moved ({rest} blobs)")
        assert await all_are_there() and await listed(old) == [] and len(await listed(new)) == len(files)
        assert await file_commands.check(settings, said.append, hashes=True)
    assert bool(await listed(folder_store(tmp_path))) == back


async def test_a_blob_that_is_removed_while_it_moves_is_gone(
    house_at: OpenHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house_at() as house:
        await upload(await house.register("anna"), DATA[0])
    async with moving(house_at, new_bucket()) as house:
        store: Any = house.services.files.store
        put = type(store.new).put

        async def late(self: Any, path: Path, key: str) -> None:
            await put(self, path, key)
            await store.old.remove(key)

        monkeypatch.setattr(type(store.new), "put", late)
        await file_commands.bring(settings_of(house), lambda _line: None)
        assert await listed(store) == []


def test_what_cannot_be_moved_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    upgrade(f"sqlite:///{tmp_path}/vestnik.sqlite3")
    assert main(["files", "move", "--data-dir", str(tmp_path)]) == 1
    assert "VESTNIK_FILES_OLD_URL" in capsys.readouterr().err
    monkeypatch.setenv("VESTNIK_FILES_OLD_URL", "folder")
    assert main(["files", "move", "--data-dir", str(tmp_path)]) == 1
    assert "the same place" in capsys.readouterr().err


async def test_a_backup_holds_the_bytes_of_files(house_at: OpenHouse, tmp_path: Path) -> None:
    pytest.importorskip("PIL.Image")
    pictures: Any = __import__("tests.server.test_http_pictures", fromlist=["encoded"])
    async with house_at() as house:
        anna = await house.register("anna")
        files = [await upload(anna, data) for data in (*DATA, DATA[0])]
        files.append(await upload(anna, pictures.encoded(pictures.picture(), "PNG"), "a.png"))
        bytes_of = [(await anna.get(file["url"])).content for file in files]
        preview = (await anna.get(files[-1]["preview_url"])).content
    blobs = await listed(folder_store(tmp_path))
    data = ["--data-dir", str(tmp_path)]
    small, whole = tmp_path / "small", tmp_path / "whole"

    async def run(*arguments: str | Path) -> int:
        return await trio.to_thread.run_sync(lambda: main([*map(str, arguments), *data]))

    assert await run("backup", "--without-files", small) == 0
    assert await run("backup", whole) == 0 and whole.stat().st_size > sum(size for _, size in blobs)
    shutil.rmtree(tmp_path / "files")
    assert await run("restore", small, "--replace") == 0 and await listed(folder_store(tmp_path)) == []
    assert await run("restore", whole, "--replace") == 0
    assert await listed(folder_store(tmp_path)) == blobs
    async with house_at() as house:
        anna = await house.login("anna")
        assert [(await anna.get(file["url"])).content for file in files] == bytes_of
        assert (await anna.get(files[-1]["preview_url"])).content == preview


async def test_a_damaged_backup_is_refused_before_anything_is_lost(
    house_at: OpenHouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with house_at() as house:
        anna = await house.register("anna")
        file, other = await upload(anna, DATA[0]), await upload(anna, DATA[1])
    backup, data = tmp_path / "backup", ["--data-dir", str(tmp_path)]
    place(tmp_path, DATA[1]).unlink()
    assert await trio.to_thread.run_sync(lambda: main(["backup", str(backup), *data])) == 1
    assert "is not in the store" in capsys.readouterr().err and backup.exists()
    with closing(sqlite3.connect(backup)) as damaged, damaged:
        damaged.execute("UPDATE backup_parts SET data = 'other'")
    assert await trio.to_thread.run_sync(lambda: main(["restore", str(backup), "--replace", *data])) == 1
    assert "damaged" in capsys.readouterr().err
    async with house_at() as house:
        anna = await house.login("anna")
        assert (await anna.get(file["url"])).content == DATA[0]
        assert (await anna.get(other["url"])).status_code == 404
