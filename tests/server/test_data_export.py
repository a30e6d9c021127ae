"""What `vestnik user export` gives: what the person may see, and nothing else."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from runtime.commands import account_commands
from runtime.commands.account_commands import AccountError
from runtime.files.blobs import FolderStore
from tests.server.house import House
from tests.server.test_invites import settings_of
from tests.server.uploads import upload


def read(archive: zipfile.ZipFile, name: str) -> list[Any]:
    return [json.loads(line) for line in archive.read(name).splitlines()]


def texts(archive: zipfile.ZipFile, chat_id: int) -> list[Any]:
    rows = read(archive, f"chats/{chat_id}/messages.jsonl")
    return [row["content"] for row in rows if row["type"] == "message"]


async def test_people_get_what_they_may_see(house: House, tmp_path: Path) -> None:
    anna = await house.register("anna", email="anna@example.org")
    boris, vera = await house.register("boris"), await house.register("vera")
    direct, group = await anna.direct(boris), await boris.group("Rowing", vera)
    elsewhere = await boris.group("What Anna never saw", vera)
    await boris.send(elsewhere, "out of sight")
    await boris.send(group, "before Anna came")
    added = {"user_ids": [anna.id], "history": "none"}
    assert (await boris.post(f"/api/chats/{group}/members", added)).is_success
    await boris.send(group, "while Anna was there")
    assert (await anna.call("DELETE", f"/api/chats/{group}/members/{anna.id}")).is_success
    await boris.send(group, "after Anna went")
    for number in range(201):
        await boris.send(direct, f"line {number}")
    own, others = await upload(anna, b"by Anna", "a.txt"), await upload(boris, b"by Boris", "b.txt")
    for person, file in ((anna, own), (boris, others)):
        sent = {"content": "with a file", "attachment": file["id"]}
        assert (await person.post(f"/api/chats/{direct}/messages", sent)).is_success
    unsaid = (await boris.post(f"/api/chats/{direct}/messages", {"content": "taken back"})).json()
    assert (await boris.call("DELETE", f"/api/chats/{direct}/messages/{unsaid['seq']}")).is_success

    store = house.services.files.store
    assert isinstance(store, FolderStore)
    settings = evolve(settings_of(house, tmp_path), data_dir=store.root.parent.parent)
    path = tmp_path / "anna.zip"
    assert await account_commands.export(settings, "anna", path) == ()
    assert (path.stat().st_mode & 0o777) == 0o600
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        [profile] = read(archive, "profile.json")
        assert (profile["username"], profile["email"]) == ("anna", "anna@example.org")
        assert len(read(archive, "sessions.jsonl")) == 1
        assert {chat["id"] for chat in read(archive, "chats.jsonl")} == {direct, group}
        assert texts(archive, group) == ["while Anna was there"]
        lines = [f"line {number}" for number in range(201)]
        assert texts(archive, direct) == [*lines, "with a file", "with a file", None]
        people = read(archive, f"chats/{direct}/people.jsonl")
        assert {one["username"] for one in people} == {"anna", "boris"}
        assert [file["name"] for file in read(archive, "files.jsonl")] == ["a.txt"]
        assert archive.read(f"files/{own['id']}") == b"by Anna"
        assert f"files/{others['id']}" not in archive.namelist()
        whole = b"".join(archive.read(name) for name in archive.namelist())
    for secret in (b"out of sight", b"before Anna came", b"after Anna went", b"taken back", b"by Boris"):
        assert secret not in whole
    with pytest.raises(AccountError, match="is there already"):
        await account_commands.export(settings, "anna", path)
    with pytest.raises(AccountError, match="no such account"):
        await account_commands.export(settings, "nobody", tmp_path / "nobody.zip")
    assert sorted(one.name for one in tmp_path.glob("*.zip*")) == ["anna.zip"]  # noqa: ASYNC240
