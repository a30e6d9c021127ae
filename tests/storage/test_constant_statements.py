"""What a hello and the list of chats cost in statements does not depend on how many chats somebody is or was in."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from chatproto.operations import (
    AppendChange,
    ChatCreated,
    ChatsFound,
    CreateDirect,
    CreateGroup,
    CreateSession,
    CreateUser,
    Done,
    FetchPage,
    ListChats,
    LoadSession,
    LogRead,
    Mark,
    Outcome,
    PageFound,
    ReadLog,
    SessionCreated,
    SessionLoaded,
    TouchSession,
    UserFound,
)
from storage.transactions import after_look, transaction_for
from tests.storage.driving import CountedSQLite
from tests.storage.store_house import START, House, expect


@pytest.fixture
def database(sqlite_file: Path) -> Iterator[CountedSQLite]:
    """An empty one."""
    with closing(sqlite3.connect(sqlite_file, isolation_level=None)) as connection:
        connection.execute("begin")
        yield CountedSQLite(connection)


def new_user(database: CountedSQLite, name: str) -> int:
    create = CreateUser(name, name, None, None, "hash", name, frozenset({name}), START)
    return expect(UserFound, database.perform(create)).user.id


def furnish(database: CountedSQLite, house: House, ann: int, number: int) -> None:
    """So many direct chats, groups, and groups that were left, each with a few messages, read and unread."""
    for place in range(number):
        peer = new_user(database, f"peer{ann}-{place}")
        direct = expect(ChatCreated, database.perform(CreateDirect(ann, peer, START))).chat.id
        group = expect(ChatCreated, database.perform(CreateGroup(peer, "g", (ann,), None, START))).chat.id
        left = expect(ChatCreated, database.perform(CreateGroup(peer, "left", (ann,), None, START))).chat.id
        for chat_id in (direct, group, left):
            for actor in (ann, peer, peer):
                database.perform(house.message(chat_id, actor))
            database.perform(Mark(ann, chat_id, None, 2, START))
        gone = AppendChange(left, peer, "remove", (ann,), "all", None, None, None, house.cid(), START)
        database.perform(gone)
        database.perform(house.message(left, peer, "later"))


def counts(database: CountedSQLite, ann: int) -> dict[str, int]:
    """Statements of what a client asks when it comes."""
    created = database.perform(CreateSession(ann, "x", b"%d" % ann, b"key%d" % ann, START))
    session = expect(SessionCreated, created)
    hello = LoadSession(ann, session.session_id, session.session_key, session.refresh_id, "x", START)
    spent = {}
    for operation in (hello, ListChats(ann)):
        before = database.statements
        outcome = database.perform(operation)
        spent[type(operation).__name__] = database.statements - before
        if isinstance(outcome, SessionLoaded):
            assert {head.unread_count for head in outcome.heads} == {1}
        elif isinstance(outcome, ChatsFound):
            assert sum(chat.left_seq is not None for chat in outcome.chats) == len(outcome.chats) / 3
    return spent


def test_few_chats_and_many_cost_the_same(database: CountedSQLite) -> None:
    house = House(None)  # type: ignore[arg-type]
    ann, bob = new_user(database, "ann"), new_user(database, "bob")
    furnish(database, house, ann, 5)
    furnish(database, house, bob, 200)
    few, many = counts(database, ann), counts(database, bob)
    # counted for 256 chats at once: unread messages in all of them, and those that name one apart where one is and was
    more = 600 // 256 + 400 // 256 + 200 // 256
    assert few["LoadSession"] == many["LoadSession"] - more <= 12
    assert few["ListChats"] == many["ListChats"] - more <= 7


def test_the_unread_before_many_of_ones_own_are_counted_too(database: CountedSQLite) -> None:
    """What is counted together is the newest part of a log only."""
    house = House(None)  # type: ignore[arg-type]
    ann, bob = new_user(database, "ann"), new_user(database, "bob")
    chat = expect(ChatCreated, database.perform(CreateDirect(ann, bob, START))).chat.id
    quiet = expect(ChatCreated, database.perform(CreateGroup(bob, "g", (ann,), None, START))).chat.id
    for chat_id, actor, number in ((chat, bob, 3), (chat, ann, 2100), (quiet, bob, 2), (chat, bob, 1)):
        for _ in range(number):
            database.perform(house.message(chat_id, actor))
    listed = expect(ChatsFound, database.perform(ListChats(ann))).chats
    assert {one.id: one.unread_count for one in listed} == {chat: 4, quiet: 2}


def test_what_another_process_stored_is_read_by_two_statements(database: CountedSQLite) -> None:
    """Each process that has somebody of the chat does it, for each message that comes alone."""
    house = House(None)  # type: ignore[arg-type]
    ann, bob = new_user(database, "ann"), new_user(database, "bob")
    chat = expect(ChatCreated, database.perform(CreateDirect(ann, bob, START))).chat.id
    for _ in range(3):
        database.perform(house.message(chat, ann))
    before = database.statements
    read = expect(LogRead, database.perform(ReadLog(chat, 2, house.now, 200)))
    assert [item.seq for item in read.items] == [3] and database.statements - before == 2


def test_a_session_that_was_used_this_minute_is_only_looked_at(database: CountedSQLite) -> None:
    """The first use of a token is written before the answer, the time of use once a minute, all else is a read."""
    ann = new_user(database, "ann")
    session = expect(SessionCreated, database.perform(CreateSession(ann, "x", b"1", b"k" * 16, START)))

    def looked(**later: float) -> Outcome:
        named = (ann, session.session_id, session.session_key, session.refresh_id)
        plan = transaction_for(TouchSession(*named, START + timedelta(**later)))
        assert plan.look is not None
        outcome = database.run(plan.look())
        if after_look(plan, outcome) is plan:
            database.run(plan.start())
        return outcome

    assert looked() == Done(), "the token was not used before"
    expect(UserFound, looked())
    expect(UserFound, looked(seconds=59))
    assert looked(seconds=60) == Done(), "a minute is over"
    expect(UserFound, looked(seconds=119))


def furnish_log(database: CountedSQLite, house: House, chat_id: int, people: list[int], number: int) -> None:
    """So many messages, each edited, reacted to and pinned, and as many that nobody touched."""
    for _ in range(2 * number):
        database.perform(house.message(chat_id, people[0]))
    for seq in range(1, number + 1):
        for command in (
            house.edit_of(chat_id, people[0], seq, "later"),
            house.react_of(chat_id, people[1], seq, "\U0001f600"),
            house.react_of(chat_id, people[0], seq, "\U0001f601"),
            house.pin_of(chat_id, people[0], seq),
        ):
            database.perform(command)


def page_statements(database: CountedSQLite, user_id: int, chat_id: int, after: int, limit: int) -> int:
    before = database.statements
    page = expect(PageFound, database.perform(FetchPage(user_id, chat_id, after, None, limit))).page
    assert len(page.items) == limit
    return database.statements - before


def test_a_page_costs_the_same_however_much_of_it_was_changed(database: CountedSQLite) -> None:
    house = House(None)  # type: ignore[arg-type]
    people = [new_user(database, name) for name in ("ann", "bob", "eve")]
    ann, _, eve = people
    chat = expect(ChatCreated, database.perform(CreateGroup(ann, "g", tuple(people[1:]), None, START))).chat.id
    furnish_log(database, house, chat, people, 20)
    untouched = page_statements(database, ann, chat, 20, 20)
    assert untouched == 3, "who may see what and who has read, messages, users"
    assert page_statements(database, ann, chat, 0, 1) == page_statements(database, ann, chat, 0, 20) == untouched + 1
    events = page_statements(database, ann, chat, 40, 80)
    assert events == page_statements(database, ann, chat, 40, 4) <= 7
    database.perform(AppendChange(chat, ann, "remove", (eve,), "all", None, None, None, house.cid(), START))
    database.perform(house.edit_of(chat, ann, 1, "latest"))
    assert page_statements(database, eve, chat, 20, 20) == 3, "who had read is known"
    assert page_statements(database, eve, chat, 0, 1) == page_statements(database, eve, chat, 0, 20) == 6
    assert page_statements(database, eve, chat, 40, 80) <= 9
