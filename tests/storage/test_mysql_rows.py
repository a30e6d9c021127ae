"""Rows read from the buffer are those that trio-mysql reads one by one, however they arrive."""

from datetime import date, datetime
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio_mysql import err
from trio_mysql.connections import MySQLResult

from storage import mysql_connection
from storage.mysql_connection import Connection
from storage.mysql_rows import Answer, BufferedResult, Column, Unread, take_answer, take_rows
from storage.mysql_url import parse_url
from tests.storage.databases import Kind, shared_server

TABLE = """create table t (
    id bigint primary key, text longtext, raw longblob, at datetime(6), short datetime(3), day date, number double,
    whole int unsigned, flag tinyint(1), name varchar(40)
) character set utf8mb4"""


def _length(size: int) -> bytes:
    if size < 251:
        return bytes([size])
    return b"\xfc" + size.to_bytes(2, "little") if size < 2**16 else b"\xfd" + size.to_bytes(3, "little")


def _packet(number: int, values: list[bytes | None]) -> bytes:
    body = b"".join(b"\xfb" if value is None else _length(len(value)) + value for value in values)
    return len(body).to_bytes(3, "little") + bytes([number % 256]) + body


COLUMNS: list[Column] = [int, None, bytes.decode]
ROWS = st.lists(
    st.tuples(
        st.integers(0, 2**62),
        st.one_of(st.none(), st.binary(max_size=300), st.just(b"x" * 70_000)),
        st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=300)),
    ),
    max_size=300,
)


@given(ROWS, st.integers(0, 255), st.integers(0, 10), st.integers(0, 2**20))
def test_whole_rows_are_taken_and_no_more(rows: list[tuple[Any, ...]], first: int, lead: int, cut: int) -> None:
    packets = [
        _packet(first + place, [str(number).encode(), raw, None if text is None else text.encode()])
        for place, (number, raw, text) in enumerate(rows)
    ]
    stream = b"?" * lead + b"".join(packets)
    taken: list[tuple[Any, ...]] = []
    offset, count = take_rows(bytearray(stream + _packet(first + len(rows), [])), lead, first, COLUMNS, taken)
    assert (taken, offset, count) == (rows, len(stream), len(rows))
    part = stream[: max(lead, len(stream) - cut)]
    taken = []
    offset, count = take_rows(bytearray(part), lead, first, COLUMNS, taken)
    assert taken == rows[:count] and offset == lead + sum(map(len, packets[:count]))
    assert count == len(rows) or len(part) < offset + len(packets[count])


@pytest.mark.parametrize("begin", [b"\xfe\x00\x00\x02\x00", b"\xff\x15\x04#08S01gone"], ids=["end", "error"])
def test_ends_and_errors_are_left_to_others(begin: bytes) -> None:
    stream = bytearray(_packet(3, [b"1", None, b"a"]) + len(begin).to_bytes(3, "little") + b"\x04" + begin)
    taken: list[tuple[Any, ...]] = []
    assert take_rows(stream, 0, 3, COLUMNS, taken)[1] == 1
    assert taken == [(1, None, "a")]


def test_a_packet_out_of_order_and_a_row_of_another_size() -> None:
    assert take_rows(bytearray(_packet(4, [b"1", None, b"a"])), 0, 3, COLUMNS, []) == (0, 0)
    with pytest.raises(err.InternalError):
        take_rows(bytearray(_packet(3, [b"1", None, b"a", b"more"])), 0, 3, COLUMNS, [])


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
async def test_a_server_gives_the_same_rows_both_ways(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    url = await trio.to_thread.run_sync(shared_server(kind).new_database)
    connection = Connection(parse_url(url))
    await connection.connect()
    random = Random(7)
    try:
        async with connection.cursor() as cursor:
            await cursor.execute(TABLE)
            for number in range(400):
                size = random.choice([0, 1, 250, 251, 300, 5000, 70_000])
                row = (
                    number, None if size % 2 else ("Вестник 😀" * size)[:size], bytes([number % 256]) * size,
                    datetime(2026, 1, 2, 3, 4, 5, number * 1001), datetime(1999, 12, 31), date(2024, 2, 29),
                    number / 3, number * 10**7, number % 2, "x" * (number % 40),
                )  # fmt: skip
                await cursor.execute(f"insert into t values ({','.join(['%s'] * len(row))})", row)
            await connection.commit()
        quick = await _all(connection)
        assert len(quick) == 400 and isinstance(quick[1][3], datetime)
        monkeypatch.setattr(mysql_connection, "BufferedResult", MySQLResult)
        assert quick == await _all(connection)
        assert quick == list((await connection.ask("select * from t order by id")).rows)
        monkeypatch.setattr(mysql_connection, "BufferedResult", BufferedResult)
        async with connection.cursor() as cursor:
            with pytest.raises(err.MySQLError):
                await cursor.execute("select no_such_column from t")
            await cursor.execute("select id from t where id < 0")
            assert list(await cursor.fetchall()) == []
    finally:
        connection.close()


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
async def test_an_answer_is_taken_whole_or_not_at_all(kind: Kind) -> None:
    url = await trio.to_thread.run_sync(shared_server(kind).new_database)
    connection = Connection(parse_url(url))
    await connection.connect()
    try:
        await connection.ask("create table t (id bigint primary key auto_increment, name varchar(400))")
        row = "insert into t (name) values (repeat('x', 300))"
        for sql in (row, f"{row}, ('a')", "select * from t", "select id from t where id < 0"):
            answer = await connection.ask(sql)
            stream = bytes(connection._rbuf[: connection._rbuf_offset])
            assert _taken(connection, stream) == (answer, len(stream))
            for cut in range(len(stream)):
                assert _taken(connection, stream[:cut]) == (Unread.PARTIAL, 0)
        await connection.ask("select * from t")
        stream = bytes(connection._rbuf[: connection._rbuf_offset])
        last = len(stream) - 9
        gone = b"\xff\x15\x04#08S01gone"
        error = len(gone).to_bytes(3, "little") + stream[last + 3 : last + 4] + gone
        assert _taken(connection, stream[:last] + error) == (Unread.OTHER, 0), "an error behind rows is told at once"
        assert _taken(connection, stream[:3] + b"\x07" + stream[4:]) == (Unread.OTHER, 0), "a packet out of order"
    finally:
        connection.close()


def _taken(connection: Connection, stream: bytes) -> tuple[Answer | Unread, int]:
    """What is taken where this has arrived, and how much of it."""
    arrived = SimpleNamespace(
        _rbuf=bytearray(stream),
        _rbuf_offset=0,
        _next_seq_id=1,
        encoding=connection.encoding,
        decoders=connection.decoders,
        server_status=0,
    )
    return take_answer(arrived), arrived._rbuf_offset


async def _all(connection: Connection) -> list[tuple[Any, ...]]:
    async with connection.cursor() as cursor:
        await cursor.execute("select * from t order by id")
        return list(await cursor.fetchall())
