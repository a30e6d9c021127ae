"""What a search costs: statements are counted, and every plan goes by the key, on each kind of database."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import evolve
from sqlalchemy import insert, text

from chatproto.operations import (
    ChatCreated,
    CreateGroup,
    CreateUser,
    Done,
    MessagesMatched,
    ReadUnindexed,
    SearchMessages,
    StoreIndex,
    UnindexedRead,
    UserFound,
)
from chatproto.operations.indexed import any_time, index_of
from chatproto.wire.query import LONGEST_QUERY, matches, read_query
from storage.migrate import connected
from storage.statements import MYSQL, SQLITE, Statement
from storage.tables import chat_users, chats, message_words, users
from storage.transactions.candidates import (
    BETWEEN,
    MOST_WORDS,
    NEWEST_BEGUN,
    NEWEST_BETWEEN,
    OF_WORD,
    Wanted,
    newest_before,
    newest_of,
    newest_with,
    word_params,
)
from storage.transactions.found import BUDGET
from storage.transactions.listed import COUNT_BEGUN, LISTED, begun_with, between_with, commonest, counted, with_all
from storage.transactions.lookup import Next, Parts, newest_in
from storage.transactions.message_search import FIRST_LATER, LAST_BEFORE
from tests.storage.databases import Kind, empty_database
from tests.storage.driving import CountedSQLite
from tests.storage.store_house import START, House, expect

CHATS: Final = 120
HOSTILE: Final = (
    "а",
    "ко",
    " ".join("абвгдежзиклмнопрстуфхцчшщэюя" * 10)[:LONGEST_QUERY],
    '"и в не на" "что с по" "как это"',
    '"' * 100 + "слово" + '"' * 95,
    "e" + "\u0301" * (LONGEST_QUERY - 1),
    "слово не которое здесь было где то там",
)


@pytest.fixture
def database(sqlite_file: Path) -> Iterator[CountedSQLite]:
    """An empty one."""
    with closing(sqlite3.connect(sqlite_file, isolation_level=None)) as connection:
        connection.execute("begin")
        yield CountedSQLite(connection)


def statements_of(database: CountedSQLite, user_id: int, query: str) -> tuple[int, int]:
    """What a search takes, and what it finds."""
    read = read_query(query)
    assert read is not None
    before = database.statements
    found = expect(MessagesMatched, database.perform(SearchMessages(user_id, read, 20)))
    return database.statements - before, len(found.matches)


def test_statements_of_a_search_are_bounded(database: CountedSQLite) -> None:
    """O20: whatever somebody in many chats asks for: a word that only one of them has takes no look at the others."""
    house = House(None)  # type: ignore[arg-type]
    create = CreateUser("ann", "ann", None, None, "hash", "ann", frozenset({"ann"}), START)
    ann = expect(UserFound, database.perform(create)).user.id
    rooms = [
        expect(ChatCreated, database.perform(CreateGroup(ann, "g", (), None, START))).chat.id for _ in range(CHATS)
    ]
    for number, chat in enumerate(rooms):
        for text_ in ("и в не на что с по как это а", f"слово кот {'редкость' if number == 3 else ''}"):
            database.perform(house.message(chat, ann, text_))
    read = expect(UnindexedRead, database.perform(ReadUnindexed(tuple(rooms), 1000)))
    assert database.perform(StoreIndex(tuple(map(index_of, read.chats)))) == Done()
    assert statements_of(database, ann, "отсутствует слово") == (2, 0), "the chats, and which have the word"
    taken, found = statements_of(database, ann, "редкость слово")
    assert found == 1 and taken <= 8, "one of them asks whether read marks are hidden"
    for query in HOSTILE:
        taken, _ = statements_of(database, ann, query)
        assert taken <= 16, query


def test_a_page_reads_few_messages_wherever_they_are(database: CountedSQLite) -> None:
    """Chats that cannot have one of the newest messages are not asked: a page costs a few rows for each chat, by which
    this is known, and few messages besides; whether one chat has them all or all chats have some."""
    house = House(None)  # type: ignore[arg-type]
    create = CreateUser("ann", "ann", None, None, "hash", "ann", frozenset({"ann"}), START)
    ann = expect(UserFound, database.perform(create)).user.id
    rooms = [
        expect(ChatCreated, database.perform(CreateGroup(ann, "g", (), None, START))).chat.id for _ in range(CHATS)
    ]

    def say(chat: int, text_: str) -> None:
        database.perform(house.message(chat, ann, text_))
        house.wait(seconds=600)

    for number in range(20 * CHATS):
        say(rooms[number % CHATS], "погода хорошая")
    middle = house.now
    for _ in range(200):
        say(rooms[7], "погода плохая")
    more = True
    while more:
        read = expect(UnindexedRead, database.perform(ReadUnindexed(tuple(rooms), 1000)))
        more = read.more
        assert database.perform(StoreIndex(tuple(map(index_of, read.chats)))) == Done()
    for query, before, looks, allowed in (
        ("погода ", None, 3, 200),
        ("погода", None, 3, 200),
        ("погода хорошей ", None, 4, 150),
        ("по", None, 1, 100),
        ("погода ", middle, 5, 300),
        ("погода", middle, 5, 300),
        ("по", middle, 3, 200),
    ):
        wanted = read_query(query)
        assert wanted is not None
        rows, wide = database.rows, database.wide
        page = expect(MessagesMatched, database.perform(SearchMessages(ann, wanted, 20, before=before)))
        newest = max(match.message.created_at for match in page.matches)
        assert len(page.matches) == 20 and (before is None or newest < before)
        bound = looks * CHATS + allowed
        assert database.wide - wide <= bound, query
        assert database.rows - rows <= bound + LISTED + 1, "places that are taken at once, without their texts"


@pytest.mark.parametrize("listed", [LISTED, 30])
def test_every_result_is_found_however_common_the_words_are(
    database: CountedSQLite, listed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page by page, from the newest and before a date, beginnings of two letters too: a rare one among many messages,
    and beside a word that all have, or that begins so as well."""
    monkeypatch.setattr("storage.transactions.listed.LISTED", listed)
    monkeypatch.setattr("storage.transactions.listed.COUNTED", 3 * listed)
    house = House(None)  # type: ignore[arg-type]
    create = CreateUser("ann", "ann", None, None, "hash", "ann", frozenset({"ann"}), START)
    ann = expect(UserFound, database.perform(create)).user.id
    rooms = [expect(ChatCreated, database.perform(CreateGroup(ann, "g", (), None, START))).chat.id for _ in range(40)]
    said = list[tuple[datetime, str]]()
    for number in range(1800):
        chat = rooms[number * number % 7 if number % 3 else number % len(rooms)]
        text_ = f"погода {number}" + " щука" * (number in (3, 1700)) + " встречами" * (number % 400 == 5)
        text_ += " погодка" * (number % 11 == 0) + " погостами" * (number % 20 == 7)
        if number % 90 > 50:
            text_ = f"погост{number % 5} погост{number % 7}х {number}"
        house.wait(seconds=number % 4)
        said.append((house.now, text_))
        database.perform(house.message(chat, ann, text_))
    more = True
    while more:
        read = expect(UnindexedRead, database.perform(ReadUnindexed(tuple(rooms), 1000)))
        more = read.more
        assert database.perform(StoreIndex(tuple(map(index_of, read.chats)))) == Done()
    for query in (
        "по",
        "щу",
        "щук",
        "погода щу",
        "погода щук",
        "встречам",
        "погоды встреча",
        "вст",
        "нет",
        "погода нетни",
        "погод",
        "пого",
        "погос",
        "погост3",
        "погодк",
    ):
        wanted = read_query(query)
        assert wanted is not None
        for before in (None, said[1100][0], said[700][0] + timedelta(seconds=1)):
            asked = SearchMessages(ann, wanted, 50, before=before)
            found, cursor, pages = list[str | None](), None, 0
            while cursor is not None or not pages:
                page = expect(MessagesMatched, database.perform(evolve(asked, cursor=cursor)))
                found += [match.message.content for match in page.matches]
                cursor, pages = page.next_place, pages + 1
            fitting = [
                text_
                for at, text_ in reversed(said)
                if (before is None or at < before) and matches(wanted, text_) is not None
            ]
            assert sorted(found, key=str) == sorted(fitting), query
            assert pages <= len(fitting) // 50 + 1 + len(said) // BUDGET, query


def test_below_the_end_of_what_was_cut_off_nothing_is_told() -> None:
    """Two words of one message are two entries, so that few messages fill what was asked for."""
    parts: Parts = {"word": {(10, "word"), (4, "word")}, 1: {(9, "a"), (9, "b"), (8, "a"), (8, "b")}}
    assert newest_in(parts, 4) == Next([10, 9, 8], more=True), "there may be a 7"
    assert newest_in(parts, 5) == Next([10, 9, 8, 4], more=False)
    assert newest_in(parts, 2) == Next([10, 9], more=True)
    assert newest_in({}, 2) == Next([], more=False)


# --- plans ---

_SOME: Final = range(1, CHATS + 1)
_PLANNED: Final[tuple[tuple[Statement, dict[str, Any]], ...]] = (
    *(
        (newest_of(words), {"user_id": 1} | word_params(words))
        for words in (["слово"], [f"слово{number}" for number in range(MOST_WORDS)])
    ),
    *(
        (wanted.statement, wanted.params(7, 1, 2**53 - 1, 21))
        for wanted in (Wanted(("слово1",), None), Wanted(("слово1", "слово2"), None), Wanted(("слово1",), "слов"))
    ),
    (OF_WORD, {"chat_id": 7, "low": 1, "high": 2**53 - 1, "most": 21, "word": "слово1"}),
    (BETWEEN, {"chat_id": 7, "low": 1, "high": 2**53 - 1, "most": 21, "above": "слово1", "below": "слово2"}),
    *(
        (newest_with(count), Wanted(words, None).newest_params(7, 1, 2**53 - 1, words))
        for count, words in ((1, ("слово1",)), (2, ("слово1", "слово2")))
    ),
    (NEWEST_BETWEEN, {"chat_ids": list(_SOME), "above": "слово1", "below": "слово2"}),
    *((statement, Wanted((), "слово12").range_params() | {"chat_ids": list(_SOME), "word_0": "слово1", "most": 9})
      for statement in (NEWEST_BEGUN, COUNT_BEGUN, begun_with(0), begun_with(1), commonest(0), commonest(1))),
    *((statement, {"user_id": 1, "most": 100} | word_params(["слово1", "слово2"]))
      for statement in (counted(2), with_all(1), with_all(2))),
    (between_with(1), {"chat_ids": list(_SOME), "above": "слово1", "below": "слово2", "word_0": "слово1"}),
    *(
        (newest_before(count), Wanted(words, None).newest_params(7, 1, 2**53 - 1, words) | {"moment": START})
        for count, words in ((1, ("слово1",)), (2, ("слово1", "слово2")))
    ),
    (FIRST_LATER, {"chat_ids": list(_SOME), "low": any_time()[0], "high": any_time()[1]}),
    (LAST_BEFORE, {"chat_id": 7, "low": 1, "high": 100, "moment": START}),
)  # fmt: skip


def _fill(url: str) -> None:
    """So many rows that reading all of them is worse than an index."""
    user = {"id": 1, "username": "a", "username_key": "a", "password_hash": "x", "display_name": "a"}
    with connected(url) as connection:
        connection.execute(insert(users), [user | {"created_at": START}])
        made = {"type": "group", "title": "x", "created_by": 1, "created_at": START}
        connection.execute(insert(chats), [made | {"id": chat} for chat in range(1, CHATS + 1)])
        joined = {"user_id": 1, "role": "member", "joined_at": START}
        connection.execute(insert(chat_users), [joined | {"chat_id": chat} for chat in range(1, CHATS + 1)])
        for chat in range(1, CHATS + 1):
            rows = [{"chat_id": chat, "word": f"слово{seq % 30}", "seq": seq} for seq in range(1, 151)]
            connection.execute(insert(message_words), rows)


_IN_ORDER: Final = [
    newest_of(["а"]),
    newest_of(["а"] * MOST_WORDS),
    OF_WORD,
    *map(newest_with, (1, 2)),
    *map(newest_before, (1, 2)),
]
"""They end with the first rows: no database may read and sort all entries of a word."""
_READ: Final = ("entry", "entry_0", "also_0", "also_1", "begins", "whole", "chat_users", "message_words", "messages")


def test_sqlite_plans_go_by_the_key(sqlite_file: Path) -> None:
    _fill(f"sqlite:///{sqlite_file}")
    with closing(sqlite3.connect(sqlite_file)) as connection:
        connection.execute("analyze")
        for statement, params in _PLANNED:
            sql, values = statement.on(SQLITE).bind(params)
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
            read = [step for step in plan if any(name in step.split() for name in _READ)]
            assert read and all(step.startswith("SEARCH") for step in read), plan


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
def test_plans_of_servers_go_by_the_key(kind: Kind) -> None:
    url = empty_database(kind)
    _fill(url)
    with connected(url) as connection:
        connection.execute(text("ANALYZE TABLE message_words, chat_users"))
        for statement, params in _PLANNED:
            compiled = statement.on(MYSQL)
            sql, values = compiled.bind(params)
            if compiled.repeated is not None:
                sql, values = compiled.repeated.text(1), (*compiled.shared_values(params), *values)
            plan = connection.exec_driver_sql(f"EXPLAIN FORMAT=TRADITIONAL {sql}", values).mappings().all()
            for row in plan:
                derived = str(row["table"]).startswith("<")
                assert derived or row["type"] in ("range", "ref", "eq_ref", "const", None), [dict(one) for one in plan]
                sorts = "filesort" in str(row["Extra"])
                assert statement not in _IN_ORDER or not sorts, [dict(one) for one in plan]
