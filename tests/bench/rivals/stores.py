"""Does a message cost more where many are stored? Fills MariaDB with bulk inserts, straight into the tables."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import pymysql

from chatproto.operations.indexed import APART, any_time
from chatproto.wire.words import entries, sent_by
from tests.bench.rivals import runs
from tests.bench.rivals.contest import ROOM, Contest
from tests.bench.rivals.figures import Goal, ratio
from tests.bench.rivals.load import Load, Target

SMALL: Final = 1000
OTHER_CHATS: Final = 9
"""They hold the half of the messages that is not in the room under measure."""
CHUNK: Final = 100_000
TEXT: Final = "An older message, such as people write, number "
"""The seq stands behind it."""
_MADE_AT: Final = "TIMESTAMPADD(SECOND, seq, '2024-01-01')"
SETTLING: Final = 120.0
"""Seconds in which the database may write to its files what the filling left in memory."""


def stored(contest: Contest) -> None:
    """The same room, in a database with few messages and in one with many."""
    rooms = {}
    for count in (SMALL, contest.top):
        house = contest.start(f"{count:,} stored", len(ROOM), [ROOM] * (1 + OTHER_CHATS))
        ids = [person.id for person in house.gathering.people[: runs.SENDERS]]
        took = fill(str(house.settings.database_url), house.gathering.rooms, ids, count)
        print(f"  {count:,} messages stored in {took:.1f} s", flush=True)
        rooms[f"{count:,} stored"] = contest.room(house)
    small, large = rooms
    tries: dict[str, Callable[[], Load]] = {name: _steady(room, contest) for name, room in rooms.items()}
    cpu = contest.take("stored messages, 100 messages a second", tries).figures(runs.cpu_a_message)
    contest.show("processor time a message, database included, by messages stored", "us", cpu)
    contest.judge(Goal(f"cost a message, {large} / {small}", ratio(cpu, large, small), "at most", 1.3))
    tries = {name: _saturated(room, contest) for name, room in rooms.items()}
    rates = contest.take("stored messages, window 5", tries).figures(lambda load: load.messages_s)
    contest.show("messages, by messages stored", "/s", rates)


def _steady(room: Target, contest: Contest) -> Callable[[], Load]:
    return lambda: runs.steady(room, contest.pace)


def _saturated(room: Target, contest: Contest) -> Callable[[], Load]:
    return lambda: runs.saturated(room, contest.pace)


def fill(database_url: str, chat_ids: Sequence[int], sender_ids: Sequence[int], count: int) -> float:
    """Store `count` messages, half of them in the first chat, the others spread; the seconds it took.

    They are in the index of the search already, which the server would make during the measure; the rows of the other
    chats, where nobody writes or searches, are left out."""
    began = time.monotonic()
    with _database(database_url) as cursor:
        first, *others = chat_ids
        shares = {first: count - len(others) * (count // 2 // len(others))} if others else {first: count}
        shares |= {chat_id: count // 2 // len(others) for chat_id in others}
        for chat_id, share in shares.items():
            for start in range(1, share + 1, CHUNK):
                end = min(start + CHUNK - 1, share)
                _chunk(cursor, chat_id, sender_ids, start, end)
                if chat_id == first:
                    _words(cursor, chat_id, sender_ids, start, end)
            cursor.execute(
                "UPDATE chats SET last_seq = %s, last_message_seq = %s, indexed_seq = %s, last_at ="
                " (SELECT created_at FROM messages WHERE chat_id = %s AND seq = %s) WHERE id = %s",
                (share, share, share, chat_id, share, chat_id),
            )
            cursor.connection.commit()
        _settle(cursor)
    return time.monotonic() - began


def _chunk(cursor: Any, chat_id: int, sender_ids: Sequence[int], low: int, high: int) -> None:
    """Entries `low` to `high` of one chat, and the commands that made them."""
    sender = _sender(sender_ids)
    cid = "CONCAT('stored-', LPAD(seq, 12, '0'))"
    cursor.execute(
        "INSERT INTO messages (chat_id, seq, sender_id, content, created_at, cid)"
        f" SELECT {chat_id}, seq, {sender}, CONCAT('{TEXT}', seq), {_MADE_AT}, {cid} FROM seq_{low}_to_{high}"
    )
    cursor.execute(
        "INSERT INTO commands (chat_id, actor_id, cid, digest, first_seq, last_seq)"
        f" SELECT {chat_id}, {sender}, {cid}, UNHEX(SHA2({cid}, 256)), seq, seq FROM seq_{low}_to_{high}"
    )
    cursor.connection.commit()


def _words(cursor: Any, chat_id: int, sender_ids: Sequence[int], low: int, high: int) -> None:
    """What the index holds of these entries: see `chatproto.operations.indexed`."""
    fixed = entries(TEXT, 0) - {sent_by(0)}
    words = [(repr(word), "1") for word in sorted(fixed)]
    words.append(("CAST(seq AS CHAR)", "1"))
    words.append((f"CONCAT('{sent_by(0)[:-1]}', {_sender(sender_ids)})", "1"))
    microseconds = f"TIMESTAMPDIFF(MICROSECOND, '1970-01-01', {_MADE_AT})"
    prefix = any_time()[0]
    words.append((f"CONCAT('{prefix}', LPAD(LOWER(HEX({microseconds})), 16, '0'))", f"seq % {APART} = 0"))
    for word, condition in words:
        cursor.execute(
            f"INSERT INTO message_words (chat_id, word, seq) SELECT {chat_id}, {word}, seq"
            f" FROM seq_{low}_to_{high} WHERE {condition}"
        )
    cursor.connection.commit()


def _sender(sender_ids: Sequence[int]) -> str:
    return f"ELT(1 + seq % {len(sender_ids)}, {', '.join(map(str, sender_ids))})"


def _settle(cursor: Any) -> None:
    """What is still to be written to the files would be written, and paid for, during the measure."""
    cursor.execute("SET GLOBAL innodb_io_capacity_max = 40000")
    cursor.execute("SET GLOBAL innodb_io_capacity = 20000")
    cursor.execute("SET GLOBAL innodb_max_dirty_pages_pct = 0")
    deadline = time.monotonic() + SETTLING
    while time.monotonic() < deadline:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'")
        if int(cursor.fetchone()[1]) < 10:
            break
        time.sleep(0.2)
    for name, usual in (("max_dirty_pages_pct", 90), ("io_capacity", 200), ("io_capacity_max", 2000)):
        cursor.execute(f"SET GLOBAL innodb_{name} = {usual}")


@contextmanager
def _database(url: str) -> Iterator[Any]:
    parts = urlsplit(url)
    connection = pymysql.connect(
        host=parts.hostname or "", port=parts.port or 3306, user=parts.username, password=parts.password or "",
        database=parts.path[1:],
    )  # fmt: skip
    with connection, connection.cursor() as cursor:
        yield cursor
