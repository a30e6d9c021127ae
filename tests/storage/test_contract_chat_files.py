"""The files of a chat, listed back from the newest: to whom, in which order, by which index."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import insert, text

from chatproto.operations import ChatFilesFound, ForwardSource, ListChatFiles, StoredFile
from chatproto.operations.files import Kind
from storage.migrate import connected
from storage.statements import MYSQL, SQLITE, Select
from storage.tables import chats, files, message_files, users
from storage.transactions import chat_files
from tests.storage.databases import Kind as Server
from tests.storage.databases import empty_database
from tests.storage.store_house import House, expect, refusal
from tests.storage.test_contract_files import add, send


async def listed(
    house: House, user_id: int, chat: int, *, kind: Kind | None = None, before: int | None = None, limit: int = 50
) -> tuple[list[tuple[str, int]], bool]:
    """Names and seqs, and whether there are more."""
    found = expect(ChatFilesFound, await house.do(ListChatFiles(user_id, chat, kind, before, limit)))
    return [(file.name, seq) for file, seq in found.files], found.has_more


async def named(house: House, owner: int, *names: str, kind: str = "text/plain") -> list[StoredFile]:
    return [await add(house, owner, name.encode(), name=name, kind=kind) for name in names]


async def test_the_newest_first_and_messages_are_not_divided(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    await send(house, chat, ann, *await named(house, ann, "a"))
    await house.send(chat, bob)
    await send(house, chat, bob, *await named(house, bob, "b", "c", "d"))
    await send(house, chat, ann, *await named(house, ann, "e"))
    whole = [("e", 4), ("b", 3), ("c", 3), ("d", 3), ("a", 1)]
    assert await listed(house, bob, chat) == (whole, False)
    assert await listed(house, bob, chat, limit=2) == (whole[:4], True)
    assert await listed(house, bob, chat, limit=4) == (whole[:4], True)
    assert await listed(house, bob, chat, limit=5) == (whole, False)
    assert await listed(house, bob, chat, limit=1) == (whole[:1], True)
    assert await listed(house, bob, chat, before=3) == (whole[4:], False)
    assert await listed(house, bob, chat, before=1) == ([], False)


async def test_ten_files_a_message_are_paged_whole(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    for number in range(4):
        await send(house, chat, ann, *await named(house, ann, *(f"{number}{place}" for place in "abcdefghij")))
    seen, before, pages = list[tuple[str, int]](), None, 0
    while True:
        page, more = await listed(house, bob, chat, before=before, limit=11)
        seen, before, pages = seen + page, page[-1][1], pages + 1
        if not more:
            break
    assert seen == [(f"{number}{place}", number + 1) for number in range(3, -1, -1) for place in "abcdefghij"]
    assert pages == 2


async def test_kinds(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    kinds: Sequence[tuple[Kind, str]] = (
        ("image", "image/png"),
        ("video", "video/mp4"),
        ("audio", "audio/ogg"),
        ("other", "application/pdf"),
    )
    for _, content_type in kinds:
        await send(house, chat, ann, *await named(house, ann, content_type, kind=content_type))
    for seq, (kind, content_type) in enumerate(kinds, 1):
        assert await listed(house, bob, chat, kind=kind) == ([(content_type, seq)], False)
    assert await listed(house, bob, chat, kind="image", before=1) == ([], False)


async def test_only_what_one_may_see(house: House) -> None:
    ann, bob, eve, dan = await house.people(4)
    chat = await house.group(ann, bob)
    await send(house, chat, ann, *await named(house, ann, "early"))
    await house.change("add", chat, ann, eve, history="none")
    await send(house, chat, ann, *await named(house, ann, "between"))
    await house.change("remove", chat, ann, bob)
    late = await send(house, chat, ann, *await named(house, ann, "late"))
    assert await listed(house, ann, chat) == ([("late", 5), ("between", 3), ("early", 1)], False)
    assert await listed(house, bob, chat) == ([("between", 3), ("early", 1)], False), "up to left_seq"
    assert await listed(house, eve, chat) == ([("late", 5), ("between", 3)], False), "from first_seq on"
    assert refusal(await house.do(ListChatFiles(dan, chat, None, None, 50))) == "not_found"
    assert refusal(await house.do(ListChatFiles(ann, chat + 1000, None, None, 50))) == "not_found"
    await house.changed(house.delete_of(chat, ann, 3))
    assert await listed(house, bob, chat) == ([("early", 1)], False), "deletions reach them too"
    await house.change("add", chat, ann, bob)
    assert await listed(house, bob, chat) == ([("late", late.seq), ("early", 1)], False)


async def test_forwarded_files_are_listed_where_they_went(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat, other = await house.direct(ann, bob), await house.direct(bob, eve)
    sent = await send(house, chat, ann, *await named(house, ann, "a"))
    await house.do(evolve(house.message(other, bob, ""), forward=ForwardSource(chat, sent.seq)))
    assert await listed(house, eve, other) == ([("a", 1)], False)


MANY = 3000
"""Files in each of two chats: so many that reading all of them would be worse than an index."""
_PARAMS = {"chat_id": 1, "first": 1, "last": 2**53 - 1, "limit": 60, "kind": "image"}


def _rows() -> dict[str, list[dict[str, Any]]]:
    at = {"created_at": House(None).now}  # type: ignore[arg-type]
    user = {"id": 1, "username": "ann", "username_key": "ann", "password_hash": "x", "display_name": "Ann", **at}
    file = {
        "id": "f" * 22, "owner_id": 1, "name": "a", "size": 1, "content_type": "image/png", "sha256": bytes(32),
        "blob": "b" * 32, "source": bytes(32), "key_hash": bytes(32), **at,
    }  # fmt: skip
    held = [
        {"chat_id": chat, "seq": seq, "place": 0, "file_id": "f" * 22, "kind": "image" if seq % 2 else "other"}
        for chat in (1, 2)
        for seq in range(1, MANY + 1)
    ]
    rooms = [{"id": chat, "type": "group", "title": "x", "created_by": 1, **at} for chat in (1, 2)]
    return {"users": [user], "chats": rooms, "files": [file], "message_files": held}


def _fill(database: str) -> None:
    rows = _rows()
    with connected(database) as connection:
        for table in (users, chats, files, message_files):
            connection.execute(insert(table), rows[table.name])


@pytest.mark.parametrize("statement", [chat_files._ALL_KINDS, chat_files._ONE_KIND], ids=["all", "one kind"])
def test_sqlite_reads_a_page_by_an_index_alone(statement: Select[Any], sqlite_file: Path) -> None:
    sql, values = statement.on(SQLITE).bind(_PARAMS)
    _fill(f"sqlite:///{sqlite_file}")
    with closing(sqlite3.connect(sqlite_file)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
    assert len(plan) == 1 and plan[0].startswith("SEARCH message_files USING"), plan


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
def test_servers_read_a_page_by_an_index_alone(kind: Server) -> None:
    url = empty_database(kind)
    _fill(url)
    with connected(url) as connection:
        connection.execute(text("ANALYZE TABLE message_files"))
        for statement in (chat_files._ALL_KINDS, chat_files._ONE_KIND):
            sql, values = statement.on(MYSQL).bind(_PARAMS)
            (row,) = connection.exec_driver_sql(f"EXPLAIN FORMAT=TRADITIONAL {sql}", values).mappings().all()
            assert row["type"] in ("range", "ref") and "filesort" not in (row["Extra"] or ""), str(dict(row))
