"""The bytes of files that have ended go also where the store refuses for a while, or the server stops meanwhile."""

import os
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from chatproto.operations import FilesRemoved, Operation, OperationFailed, Outcome
from runtime.background.watched import WatchedStorage
from runtime.commands import file_commands
from runtime.compose import compose
from runtime.files import sweeping
from runtime.files.blobs import FolderStore
from runtime.files.drafts import remove_abandoned
from runtime.files.removal_notes import SUFFIX, note_down, read_notes
from runtime.files.sweeping import FINISH, REFUSALS, sweep
from tests.server.conftest import OpenHouse
from tests.server.house import House
from tests.server.test_files_upkeep import settings_of
from tests.server.uploads import swept, upload

Remove = Callable[[FolderStore, str], Awaitable[None]]
REMOVE: Remove = FolderStore.remove


async def ended(house: House, name: str, *contents: bytes) -> None:
    """Files that were sent by somebody of that name, and deleted."""
    person = await house.register(name)
    chat = await person.direct(person)
    for data in contents:
        file = await upload(person, data)
        message = await person.send(chat, "", attachments=[file["id"]])
        assert (await person.delete(f"/api/chats/{chat}/messages/{message['seq']}")).status_code == 204


def kept(tmp_path: Path) -> list[bytes]:
    """What the store has."""
    found = (tmp_path / "files" / "blobs").rglob("*")
    return sorted(path.read_bytes() for path in found if path.is_file())


def incoming(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "files" / "incoming").iterdir())


def rows(tmp_path: Path) -> int:
    with closing(sqlite3.connect(tmp_path / "vestnik.sqlite3")) as database:
        return int(database.execute("SELECT count(*) FROM files").fetchone()[0])


class Refusing:
    """A store that removes nothing of what `refuses` names by its content, or nothing at all; `asked` counts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *refuses: bytes) -> None:
        self.refuses, self.all, self.asked = refuses, not refuses, 0
        monkeypatch.setattr(FolderStore, "remove", lambda store, key: self.remove(store, key))

    async def remove(self, store: FolderStore, key: str) -> None:
        self.asked += 1
        place = store.root / key[:2] / key
        if self.all or (place.exists() and place.read_bytes() in self.refuses):
            raise OSError("not now")
        await REMOVE(store, key)


async def test_a_store_that_refuses_is_asked_again(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await ended(house, "anna", b"one", b"two")
    store = Refusing(monkeypatch, b"one")
    assert await swept(house) == 2 and kept(tmp_path) == [b"one"] and rows(tmp_path) == 0
    assert "blobs_kept" in caplog.text
    store.refuses = ()
    assert await swept(house) == 0 and kept(tmp_path) == [] and incoming(tmp_path) == []


async def test_what_cannot_be_removed_holds_up_nothing_else(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many of them there are."""
    bad = [b"bad %d" % number for number in range(REFUSALS + 2)]
    Refusing(monkeypatch, *bad)
    await ended(house, "anna", *bad, b"good")
    await swept(house)
    await ended(house, "boris", b"better", b"best")
    await swept(house)
    assert rows(tmp_path) == 0 and kept(tmp_path) == bad
    await swept(house)
    assert kept(tmp_path) == bad and len(incoming(tmp_path)) == 1, "they stand in one note"


async def test_files_stay_in_the_database_while_the_store_refuses(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Refusing(monkeypatch)
    await ended(house, "anna", *(b"%d" % number for number in range(5)))
    await swept(house)
    await ended(house, "boris", *(b"%d" % number for number in range(5)))
    store.asked = 0
    assert await swept(house) == 1 and rows(tmp_path) == 4
    assert store.asked == REFUSALS + 1
    store.all = False
    assert await swept(house) == 4 and rows(tmp_path) == 0
    assert kept(tmp_path) == [] and incoming(tmp_path) == []


async def test_a_server_that_stopped_while_it_removed_goes_on(
    house_at: OpenHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = trio.Event()

    async def hang(_store: FolderStore, _key: str) -> None:
        hangs.set()
        await trio.sleep_forever()

    async with house_at() as house:
        await ended(house, "anna", b"one", b"two")
        with monkeypatch.context() as patch:
            patch.setattr(FolderStore, "remove", hang)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(swept, house)
                await hangs.wait()
                nursery.cancel_scope.cancel()
    assert kept(tmp_path) == [b"one", b"two"] and rows(tmp_path) == 0
    async with house_at() as house:
        assert await swept(house) == 0
    assert kept(tmp_path) == [] and incoming(tmp_path) == []


async def test_a_server_that_stops_while_rows_are_removed_remembers_the_bytes(
    house_at: OpenHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is composed; they are removed by the first sweep of the next."""
    async with house_at() as house:
        await ended(house, "anna", b"one")
        settings = settings_of(house)
    perform, committed, stopping, done = WatchedStorage.perform, trio.Event(), trio.Event(), trio.Event()

    async def late(self: WatchedStorage, operation: Operation) -> Outcome:
        outcome = await perform(self, operation)
        if isinstance(outcome, FilesRemoved) and outcome.removed:
            committed.set()
            await stopping.wait()
            await trio.testing.wait_all_tasks_blocked()  # the stop has begun
        return outcome

    with monkeypatch.context() as patch, trio.fail_after(60):
        patch.setattr(WatchedStorage, "perform", late)
        async with compose(settings):
            await committed.wait()
            stopping.set()
    assert rows(tmp_path) == 0

    def swept_once(folder: Path) -> None:
        remove_abandoned(folder)
        trio.from_thread.run_sync(done.set)

    monkeypatch.setattr(sweeping, "remove_abandoned", swept_once)
    with trio.fail_after(60):
        async with compose(settings):
            await done.wait()
    assert kept(tmp_path) == [] and incoming(tmp_path) == []


async def test_a_stop_does_not_wait_for_a_database_that_hangs(
    house: House, autojump_clock: trio.testing.MockClock
) -> None:
    asked = trio.Event()

    async def ask(_operation: Operation) -> Outcome:
        asked.set()
        await trio.sleep(2000)
        return OperationFailed(retryable=True)

    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(sweep, house.services.files, ask, house.clock.now, "")
            await asked.wait()
            await trio.sleep(1000)
            stopped = trio.current_time()
            scope.cancel()
    assert scope.cancelled_caught and trio.current_time() - stopped == FINISH


async def test_what_a_restored_database_names_again_stays(house: House, tmp_path: Path) -> None:
    anna = await house.register("anna")
    file = await upload(anna, b"one")
    (place,) = [path for path in (tmp_path / "files" / "blobs").rglob("*") if path.is_file()]
    note_down(house.services.files.drafts, [place.name, "0" * 32])
    await swept(house)
    assert incoming(tmp_path) == [] and (await anna.get(file["url"])).content == b"one"


async def test_where_nothing_can_be_noted_the_bytes_go_all_the_same(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_folder: Path, _keys: Any) -> None:
        raise OSError("no room")

    await ended(house, "anna", b"one")
    monkeypatch.setattr(sweeping, "note_down", full)
    assert await swept(house) == 1 and kept(tmp_path) == [] and "removals_not_noted" in caplog.text


def test_notes_are_no_abandoned_drafts_and_may_be_damaged(tmp_path: Path) -> None:
    keys = ["0" * 32, "1" * 32]
    (note,) = note_down(tmp_path, keys).notes
    assert note_down(tmp_path, keys).notes == [note], "the same keys, the same note"
    (tmp_path / f"x{SUFFIX}").write_bytes(b"\xff\n../../etc\n" + keys[0].encode() + b"\n2222")
    for path in tmp_path.iterdir():
        os.utime(path, (0, 0))
    assert remove_abandoned(tmp_path) == 0
    assert read_notes(tmp_path).keys == keys


async def test_gc_removes_what_is_noted_however_young_it_is(house: House, tmp_path: Path) -> None:
    key = "0" * 32
    place = tmp_path / "files" / "blobs" / key[:2] / key
    place.parent.mkdir()
    place.write_bytes(b"x")
    note_down(house.services.files.drafts, [key])
    await file_commands.collect(settings_of(house), lambda _line: None, dry=True)
    assert place.exists() and len(incoming(tmp_path)) == 1
    await file_commands.collect(settings_of(house), lambda _line: None, dry=False)
    assert kept(tmp_path) == [] and incoming(tmp_path) == []
