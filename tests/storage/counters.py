"""A table of two counters: what pools and transactions are tried on."""

from collections.abc import Sequence
from typing import Final

import trio

from storage.mysql_connection import Connection
from storage.mysql_pool import Pool
from storage.mysql_rows import Answer
from storage.mysql_run import Scalar, fetch_all, literals
from storage.mysql_url import MySQLSettings, parse_url
from tests.storage.databases import Kind, shared_server

LONG: Final = 30.0
"""Seconds that no transaction here comes near, unless its test says so."""
MOMENT: Final = 4.0
"""Seconds in which a transaction gets as far as the server that is frozen then, on a busy machine too."""


async def execute(connection: Connection, sql: str, params: Sequence[Scalar] = ()) -> Answer:
    """Run one statement that gives no rows. Placeholders are %s; a literal percent sign is written %%."""
    return await connection.ask(sql % literals(connection, params))


async def counters(kind: Kind) -> MySQLSettings:
    """A fresh database with the table on a server of that kind: what one test leaves locked does not stop the next."""
    settings = parse_url(await trio.to_thread.run_sync(shared_server(kind).new_database))
    await make_table(settings)
    return settings


async def make_table(settings: MySQLSettings) -> None:
    """Both stand at 0."""
    pool = Pool(settings, 1)
    async with pool.acquire() as connection:
        await execute(connection, "create table t (id bigint primary key, n bigint not null default 0)")
        await execute(connection, "insert into t (id) values (1), (2)")
    await pool.aclose()


async def numbers(pool: Pool) -> list[int]:
    """What they stand at."""
    async with pool.acquire() as connection:
        return [n for (n,) in await fetch_all(connection, "select n from t order by id")]


async def bump(connection: Connection, row: int = 1) -> None:
    """Count one more."""
    await execute(connection, "update t set n = n + 1 where id = %s", (row,))
