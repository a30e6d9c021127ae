"""The bench and the product still fit: people made through the storage, a server under the generator, big stores."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pymysql
import pytest
import trio

from chatproto.operations import Unindexed
from chatproto.operations.indexed import index_of
from chatproto.wire.model import Message
from runtime.config import load_settings
from storage.migrate import upgrade
from tests.bench.rivals import load
from tests.bench.rivals.profile import shares
from tests.bench.rivals.programs import Vestnik, vestnik
from tests.bench.rivals.seeding import gather
from tests.bench.rivals.stores import fill
from tests.mariadb_server import shared_mariadb


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Vestnik]:
    """A server on SQLite with a room of six, of whom four are in a second one."""
    if load.compiler() is None:
        pytest.skip("no C compiler here (Debian packages gcc and libc6-dev)")
    folder = tmp_path / "vestnik"
    found = vestnik("Vestnik", f"sqlite:///{folder}/vestnik.sqlite3", folder, 6, [range(6), range(4)], 0)
    yield found
    found.stop()


def test_vestnik_under_the_generator(house: Vestnik) -> None:
    room = house.target("room", range(4), house.gathering.rooms)  # two chats, in turn
    found = room.run(connections=4, seconds=60, warm=0, s=2, w=2, A=20)
    assert found.unsound is None
    assert found.acked >= 20
    assert found.cpu_s[0] > 0
    pages = house.page(range(6), house.gathering.rooms[0]).run(connections=2, seconds=60, warm=0, A=5)
    assert pages.failures == 0


def test_a_filled_store_is_one_that_vestnik_could_have_written(tmp_path: Path) -> None:
    mariadb = shared_mariadb()
    url = mariadb.new_database()
    settings = load_settings({}, overrides={"data_dir": tmp_path, "database_url": url})
    upgrade(settings.database_url)
    gathering = trio.run(gather, settings, 3, [range(3)] * 3)
    fill(str(settings.database_url), gathering.rooms, [person.id for person in gathering.people], 200)
    database = url.rpartition("/")[2]
    with (
        pymysql.connect(host="127.0.0.1", port=mariadb.port, user="app", password="apppw", database=database) as link,
        link.cursor() as cursor,
    ):
        cursor.execute("SELECT chat_id, COUNT(*), MIN(seq), MAX(seq), MAX(created_at) FROM messages GROUP BY chat_id")
        logs = {chat_id: (count, low, high, last) for chat_id, count, low, high, last in cursor.fetchall()}
        cursor.execute("SELECT id, last_seq, last_message_seq, last_at FROM chats")
        heads = {chat_id: (seq, message_seq, at) for chat_id, seq, message_seq, at in cursor.fetchall()}
        cursor.execute(
            "SELECT COUNT(*) FROM commands c JOIN messages m ON m.chat_id = c.chat_id AND m.seq = c.first_seq"
            " AND m.sender_id = c.actor_id AND m.cid = c.cid"
        )
        (commands,) = cursor.fetchone() or (0,)
        first = gathering.rooms[0]
        cursor.execute("SELECT seq, word FROM message_words WHERE chat_id = %s", (first,))
        indexed = {(seq, word.decode()) for seq, word in cursor.fetchall()}
        cursor.execute("SELECT seq, sender_id, content, created_at FROM messages WHERE chat_id = %s", (first,))
        stored = tuple(
            Message(id=1, chat_id=first, seq=seq, sender_id=sender, content=text, created_at=at, cid="")
            for seq, sender, text, at in ((*row[:3], row[3].replace(tzinfo=UTC)) for row in sorted(cursor.fetchall()))
        )
    wanted = index_of(Unindexed(first, 0, len(stored), stored))
    assert indexed == {(message.seq, word) for message in wanted.messages for word in message.entries}
    assert commands == sum(count for count, *_ in logs.values()) == 200
    assert [logs[chat_id][0] for chat_id in gathering.rooms] == [100, 50, 50]
    assert {chat_id: (high, high, last) for chat_id, (_, _, high, last) in logs.items()} == heads
    assert all(low == 1 and count == high for count, low, high, _ in logs.values())


def test_a_profile_names_functions_not_lines() -> None:
    stacks = "thread (7): Main;main (a/b.py:1);work (a/b.py:5) 3\nthread (7): Main;main (a/b.py:2);work (a/b.py:6) 1\n"
    stacks += "thread (8) 5\n"
    lines = shares(stacks).splitlines()
    assert lines[1].split() == ["100.0%", "100.0%", "work", "(a/b.py)"]
    assert "main (a/b.py)" in lines[3]
