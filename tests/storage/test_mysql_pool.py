"""The pool and its transactions: nothing left over, conflicts run again, an honest word about an unknown commit."""

import gc
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any

import pytest
import trio
import trio.testing
from trio_mysql import err

from storage.mysql_connection import Connection
from storage.mysql_pool import (
    Pool,
    PoolLimits,
    StoreUnavailable,
    TransactionOutcomeUnknown,
)
from storage.mysql_run import fetch_all
from storage.mysql_url import MySQLSettings, parse_url
from tests.mariadb_server import MariaDB
from tests.storage.counters import LONG, MOMENT, bump, execute, make_table, numbers
from tests.storage.cutting import Cut, CuttingProxy


@asynccontextmanager
async def pool_of(settings: MySQLSettings, size: int = 4, **limits: float) -> AsyncIterator[Pool]:
    """A pool; at the end no lease is out and no socket is left."""
    gc.collect()  # what others left in cycles is not closed meanwhile
    before = len(os.listdir("/proc/self/fd"))
    pool = Pool(settings, size, random=Random(1), limits=PoolLimits(**limits))
    try:
        yield pool
    finally:
        await pool.aclose()
    assert pool.leased == pool.idle == 0
    assert len(os.listdir("/proc/self/fd")) <= before


async def connection_id(connection: Connection) -> int:
    return int((await fetch_all(connection, "select connection_id()"))[0][0])


async def kill(killer: Connection, victim: int) -> None:
    """Kill a connection and wait until the server has let it go."""
    await execute(killer, f"kill {victim}")
    while await fetch_all(killer, "select 1 from information_schema.processlist where id = %s", (victim,)):
        pass


# --- leases ------------------------------------------------------------------------------------------------------


async def test_many_tasks_share_few_connections(settings: MySQLSettings) -> None:
    async with pool_of(settings, 3) as pool:
        seen = []

        async def work(number: int) -> None:
            async with pool.acquire() as connection:
                seen.append((await fetch_all(connection, "select %s", (number,)))[0][0])

        async with trio.open_nursery() as nursery:
            for number in range(50):
                nursery.start_soon(work, number)
        assert sorted(seen) == list(range(50))
        assert pool.opened <= 3


async def test_the_last_used_connection_is_taken_first(settings: MySQLSettings) -> None:
    async with pool_of(settings) as pool:
        async with pool.acquire() as first, pool.acquire() as second:
            ids = [await connection_id(first), await connection_id(second)]
        for _ in range(3):
            async with pool.acquire() as connection:
                assert await connection_id(connection) == ids[0]
        assert pool.opened == pool.idle == 2


async def test_no_lease_in_time_is_unavailable(settings: MySQLSettings) -> None:
    async with pool_of(settings, 1, acquire_timeout=3.0) as pool, pool.acquire():
        with pytest.raises(StoreUnavailable):
            async with pool.acquire():
                pytest.fail("a second lease of one connection")


async def test_a_transaction_left_open_is_thrown_away(settings: MySQLSettings) -> None:
    async with pool_of(settings) as pool:
        async with pool.acquire() as connection:
            await connection.begin()
            await bump(connection)
        assert pool.idle == 0
        assert await numbers(pool) == [0, 0]


async def test_an_sql_error_keeps_the_connection(settings: MySQLSettings) -> None:
    async with pool_of(settings) as pool:
        with pytest.raises(err.OperationalError):
            async with pool.acquire() as connection:
                await execute(connection, "select no_such_column")
        assert pool.idle == pool.opened == 1


async def test_a_cancelled_lease_is_closed_and_given_back(settings: MySQLSettings) -> None:
    async with pool_of(settings, 1) as pool:
        leased = trio.Event()

        async def wait_long() -> None:
            async with pool.acquire() as connection:
                leased.set()
                await execute(connection, "select sleep(3)")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait_long)
            await leased.wait()
            await trio.testing.wait_all_tasks_blocked()  # for the answer
            nursery.cancel_scope.cancel()
        assert nursery.cancel_scope.cancelled_caught
        assert pool.leased == pool.idle == 0
        async with pool.acquire() as connection:
            assert await fetch_all(connection, "select 1") == [(1,)]


async def test_an_old_connection_is_replaced_and_an_idle_one_is_asked_first(settings: MySQLSettings) -> None:
    async with pool_of(settings, max_age=-1.0) as pool:
        for _ in range(2):
            async with pool.acquire():
                pass
        assert pool.opened == 2
    async with pool_of(settings, ping_after=-1.0) as pool:
        async with pool.acquire() as victim, pool.acquire() as killer:
            await execute(killer, f"kill {await connection_id(victim)}")
        async with pool.acquire() as one, pool.acquire() as two:
            assert await fetch_all(one, "select 1") == await fetch_all(two, "select 1") == [(1,)]


@pytest.mark.parametrize("value", [{"a": 1}, [1], datetime.now(UTC), object()])
async def test_what_the_driver_would_not_escape_soundly_is_no_parameter(value: Any) -> None:
    with pytest.raises(TypeError):
        await execute(Connection(MySQLSettings("h", 1, "u", "p", "d")), "select %s", (value,))
    with pytest.raises(TypeError):
        await execute(Connection(MySQLSettings("h", 1, "u", "p", "d")), "select %(a)s", {"a": 1})  # type: ignore[arg-type]


# --- transactions ------------------------------------------------------------------------------------------------


async def test_a_transaction_commits_or_leaves_nothing(settings: MySQLSettings) -> None:
    async def fail(connection: Connection) -> None:
        await bump(connection)
        raise KeyError("the body's own")

    async with pool_of(settings) as pool:
        await pool.transaction(bump, timeout=LONG)
        with pytest.raises(KeyError):
            await pool.transaction(fail, timeout=LONG)
        assert await numbers(pool) == [1, 0]
        assert pool.opened == 1


async def test_a_deadlock_is_run_again(settings: MySQLSettings) -> None:
    """Two transactions take two rows in opposite order, each waiting until the other has its first."""
    async with pool_of(settings) as pool:
        has_first = [trio.Event(), trio.Event()]
        attempts = [0, 0]

        async def cross(mine: int, connection: Connection) -> None:
            attempts[mine] += 1
            await bump(connection, mine + 1)
            has_first[mine].set()
            await has_first[1 - mine].wait()
            await bump(connection, 2 - mine)

        async with trio.open_nursery() as nursery:
            for mine in (0, 1):
                nursery.start_soon(partial(pool.transaction, partial(cross, mine), timeout=LONG))
        assert await numbers(pool) == [2, 2]
        assert sorted(attempts) == [1, 2]


async def test_a_lock_wait_out_of_time_is_run_again(settings: MySQLSettings) -> None:
    async with pool_of(settings) as pool:
        attempts = 0

        async def wait(connection: Connection) -> None:
            nonlocal attempts
            attempts += 1
            if attempts == 2:
                await holder.rollback()
            await bump(connection)

        async with pool.acquire() as holder:
            await holder.begin()
            await bump(holder)
            began = trio.current_time()
            await pool.transaction(wait, timeout=LONG)
            assert 1 < trio.current_time() - began < 25, "the 2 s of this program, not the 50 s of a server"
        assert attempts == 2
        assert await numbers(pool) == [1, 0]


async def test_conflicts_in_all_attempts_are_unavailable(settings: MySQLSettings) -> None:
    async with pool_of(settings) as pool, pool.acquire() as holder:
        await holder.begin()
        await bump(holder)
        with pytest.raises(StoreUnavailable):
            await pool.transaction(bump, attempts=1, timeout=LONG)


async def test_a_swallowed_conflict_is_run_again_all_the_same(settings: MySQLSettings) -> None:
    """After 1205 only the statement is undone: a body that carries on would commit half of its work."""
    async with pool_of(settings) as pool:
        attempts = 0

        async def swallow(connection: Connection) -> None:
            nonlocal attempts
            attempts += 1
            await bump(connection, 2)
            if attempts == 2:
                await holder.rollback()
            try:
                await bump(connection, 1)
            except err.OperationalError:
                assert attempts == 1

        async with pool.acquire() as holder:
            await holder.begin()
            await bump(holder)
            await pool.transaction(swallow, timeout=LONG)
        assert await numbers(pool) == [1, 1]


async def test_a_connection_killed_while_idle_is_replaced_unseen(settings: MySQLSettings) -> None:
    async with pool_of(settings) as pool:
        async with pool.acquire() as victim, pool.acquire() as killer:
            await kill(killer, await connection_id(victim))
        await pool.transaction(bump, timeout=LONG)
        assert await numbers(pool) == [1, 0]


async def test_a_connection_killed_in_the_body_is_unavailable_and_nothing_is_kept(settings: MySQLSettings) -> None:
    async with pool_of(settings) as pool:

        async def die(connection: Connection) -> None:
            await bump(connection)
            async with pool.acquire() as killer:
                await kill(killer, await connection_id(connection))
            await bump(connection)

        with pytest.raises(StoreUnavailable):
            await pool.transaction(die, timeout=LONG)
        assert await numbers(pool) == [0, 0]


async def test_a_transaction_out_of_time_is_unavailable(settings: MySQLSettings) -> None:
    async with pool_of(settings) as pool:

        async def dawdle(connection: Connection) -> None:
            await bump(connection)
            await execute(connection, "select sleep(60)")

        with trio.fail_after(LONG), pytest.raises(StoreUnavailable):
            await pool.transaction(dawdle, timeout=0.1)
        assert pool.leased == 0


# --- the server goes away ----------------------------------------------------------------------------------------


async def test_a_restart_is_survived_by_the_next_transaction(server: MariaDB) -> None:
    settings = parse_url(await trio.to_thread.run_sync(server.new_database))
    await make_table(settings)
    async with pool_of(settings) as pool:
        async with pool.acquire(), pool.acquire(), pool.acquire():
            pass
        assert pool.idle == 3
        await trio.to_thread.run_sync(server.restart)
        await pool.transaction(bump, attempts=2, timeout=LONG)
        assert await numbers(pool) == [1, 0]


async def test_a_server_that_is_down_is_unavailable_at_once(server: MariaDB) -> None:
    settings = parse_url(await trio.to_thread.run_sync(server.new_database))
    await make_table(settings)
    async with pool_of(settings) as pool:
        await trio.to_thread.run_sync(server.kill)
        began = trio.current_time()
        with pytest.raises(StoreUnavailable):
            await pool.transaction(bump, timeout=LONG)
        assert trio.current_time() - began < LONG / 2
        await trio.to_thread.run_sync(server.start)
        await pool.transaction(bump, timeout=LONG)
        assert await numbers(pool) == [1, 0]


async def test_a_server_frozen_in_the_body_is_unavailable_and_frozen_in_commit_is_unknown(server: MariaDB) -> None:
    settings = parse_url(await trio.to_thread.run_sync(server.new_database))
    await make_table(settings)
    async with pool_of(settings) as pool:

        async def freeze_before(connection: Connection) -> None:
            server.pause()
            await bump(connection)

        async def freeze_after(connection: Connection) -> None:
            await bump(connection)
            server.pause()

        with trio.fail_after(LONG), pytest.raises(StoreUnavailable):
            await pool.transaction(freeze_before, timeout=MOMENT)
        server.resume()
        with trio.fail_after(LONG), pytest.raises(TransactionOutcomeUnknown):
            await pool.transaction(freeze_after, timeout=MOMENT)
        server.resume()


# --- a link that breaks during COMMIT ----------------------------------------------------------------------------


@pytest.mark.parametrize(("cut", "stored"), [("before", 0), ("after", 1)])
async def test_a_link_cut_in_commit_leaves_the_outcome_unknown(
    settings: MySQLSettings, cut: Cut, stored: int, nursery: trio.Nursery
) -> None:
    proxy = CuttingProxy(settings)
    proxied = await nursery.start(proxy.serve)
    direct = Pool(settings, 1)
    pool = Pool(proxied, 1)
    await pool.transaction(partial(bump, row=2), timeout=LONG)
    proxy.cut = cut
    with pytest.raises(TransactionOutcomeUnknown):
        await pool.transaction(bump, timeout=LONG)
    proxy.cut = None
    assert await numbers(direct) == [stored, 1]
    await pool.transaction(partial(bump, row=2), timeout=LONG)
    await pool.aclose()
    await direct.aclose()
    nursery.cancel_scope.cancel()
