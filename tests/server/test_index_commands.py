"""`vestnik index`: how far the index of the search is, made anew, gone on with; and what a restore leaves of it."""

from functools import partial
from pathlib import Path

import trio

from chatproto.operations import MessagesMatched, OutdateIndex, SearchMessages
from chatproto.wire.query import Query, Term
from runtime.config import load_settings
from runtime.index_commands import Measure, rebuild, status
from storage.backup import back_up, restore
from storage.sqlite import SQLiteStorage
from tests.server.house import copy_database
from tests.storage.store_house import House, expect


async def test_a_rebuild_goes_on_where_one_was_stopped(empty_sqlite: Path, tmp_path: Path) -> None:
    path = tmp_path / "vestnik.sqlite3"
    copy_database(empty_sqlite, path)
    settings = load_settings({}, overrides={"data_dir": tmp_path, "database_url": f"sqlite:///{path}"})
    assert await status(settings) == Measure(0, 0, 0, 0)
    house = House(SQLiteStorage(path))
    ann, bob = await house.people(2)
    for number in range(7):
        await house.send(await house.group(ann, bob), ann, f"слово {number}")
    told = list[tuple[int, int]]()
    assert await rebuild(settings, lambda done, total: told.append((done, total))) == Measure(7, 0, 7, 7)
    assert told[-1] == (7, 7)
    await house.do(OutdateIndex(0, 3))
    assert await status(settings) == Measure(7, 3, 7, 4)
    told.clear()
    assert await rebuild(settings, lambda done, total: told.append((done, total))) == Measure(7, 0, 7, 7)
    assert told == [(7, 7)], "three, in one piece"
    search = SearchMessages(bob, Query((Term("слово", "слов"),), ()), 20)
    found = expect(MessagesMatched, await house.do(search))
    assert found.complete and len(found.matches) == 7
    url, copy = settings.database_url, tmp_path / "copy"
    await trio.to_thread.run_sync(back_up, url, copy)
    await trio.to_thread.run_sync(partial(restore, copy, url, replace=True))
    assert await status(settings) == Measure(7, 0, 7, 0), "a backup is without the index"
    assert len(expect(MessagesMatched, await house.do(search)).matches) == 7, "read from the messages"
    await house.store.aclose()
