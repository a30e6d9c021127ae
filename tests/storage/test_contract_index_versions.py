"""An index that another version of the words made is removed and made anew, in pieces, while messages come."""

import sqlite3
from contextlib import closing
from pathlib import Path

import trio

from chatproto.operations import (
    ClearIndex,
    Done,
    FindUnindexed,
    IndexCleared,
    IndexMeasured,
    MeasureIndex,
    OutdateIndex,
    ReadUnindexed,
    StoreIndex,
    UnindexedFound,
    UnindexedRead,
)
from chatproto.operations.indexed import index_of
from storage.sqlite import SQLiteStorage
from tests.storage.store_house import House, expect
from tests.storage.test_contract_search import index, search, texts


async def clear(house: House, *chat_ids: int, limit: int = 5) -> int:
    """Until nothing is left; in how many pieces."""
    left, pieces = chat_ids, 0
    while left:
        left, pieces = expect(IndexCleared, await house.do(ClearIndex(left, limit))).left, pieces + 1
    return pieces


async def test_an_outdated_index_is_made_anew(house: House) -> None:
    ann, bob = await house.people(2)
    chat, other, empty = await house.direct(ann, bob), await house.group(ann, bob), await house.group(ann)
    for number in range(6):
        await house.send(chat, ann, f"слово {number}")
    await house.send(other, ann, "слово здесь")
    await index(house, chat, other)
    assert expect(IndexMeasured, await house.do(MeasureIndex(0, 2))) == IndexMeasured(2, 0, 7, 7, other)
    assert await house.do(OutdateIndex(0, 9)) == IndexMeasured(3, 2, 7, 0, None)
    found = await search(house, ann, "слова")
    assert len(found.matches) == 7 and not found.complete, "as far as the old one goes"
    assert await house.do(FindUnindexed(0, 9)) == UnindexedFound((), None, (chat, other))
    assert expect(UnindexedRead, await house.do(ReadUnindexed((chat, other), 9))).chats == ()
    await house.send(chat, ann, "слово последнее")
    await house.changed(house.delete_of(chat, ann, 2))
    await clear(house, chat, other, empty)
    assert await clear(house, chat, other) == 1, "nothing more to do"
    assert await house.do(MeasureIndex(0, 9)) == IndexMeasured(3, 0, 9, 0, None)
    await index(house, chat, other, limit=4)
    assert await house.do(MeasureIndex(0, 9)) == IndexMeasured(3, 0, 9, 9, None)
    assert len(await texts(house, ann, "слов")) == 7
    assert await house.do(FindUnindexed(0, 9)) == UnindexedFound((), None, ())


async def test_what_was_read_before_it_was_cleared_is_not_put_there(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    await house.send(chat, ann, "раз")
    await index(house, chat)
    await house.send(chat, ann, "два")
    (late,) = expect(UnindexedRead, await house.do(ReadUnindexed((chat,), 9))).chats
    await house.do(OutdateIndex(0, 9))
    for cleared in (False, True):
        assert await house.do(StoreIndex((index_of(late),))) == Done()
        assert expect(IndexMeasured, await house.do(MeasureIndex(0, 9))).indexed == 0
        if not cleared:
            await clear(house, chat)
    await index(house, chat)
    assert await texts(house, ann, "раз") == ["раз"]
    assert await texts(house, ann, "два") == ["два"]


def raw(path: Path, sql: str, *values: object) -> list[tuple[int, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(sql, values).fetchall()


async def test_words_of_another_version_are_gone(sqlite_file: Path) -> None:
    """Also those that this version does not know, and those that come while they are being removed."""
    storage = SQLiteStorage(sqlite_file)
    house = House(storage)
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    for number in range(5):
        await house.send(chat, ann, f"слово {number}")
    await index(house, chat)
    count = "select count(*) from message_words where word = ?"

    def of_old(sql: str = "insert into message_words (chat_id, word, seq) values (?, ?, ?)") -> None:
        for number in range(20):
            raw(sqlite_file, sql, chat, b"old%d" % number, 1)

    await trio.to_thread.run_sync(of_old)
    await trio.to_thread.run_sync(raw, sqlite_file, "update chats set index_version = 1")
    assert await clear(house, chat) > 5, "in pieces"
    assert await trio.to_thread.run_sync(raw, sqlite_file, "select count(*) from message_words") == [(0,)]
    await index(house, chat)
    assert await trio.to_thread.run_sync(raw, sqlite_file, count, "слов".encode()) == [(5,)]
    await house.changed(house.delete_of(chat, ann, 3))
    assert await trio.to_thread.run_sync(raw, sqlite_file, count, "слов".encode()) == [(4,)]
    assert await trio.to_thread.run_sync(raw, sqlite_file, "select count(*) from message_words where seq = 3") == [(0,)]
    await trio.to_thread.run_sync(raw, sqlite_file, "update chats set index_version = 1000")
    await house.send(chat, ann, "слово новое")
    assert await house.do(FindUnindexed(0, 9)) == UnindexedFound((), None, ()), "a newer server sees to it"
    assert len((await search(house, ann, "слово")).matches) == 5
    await storage.aclose()
