"""Statements that travel together: what was done where one of them fails, the link breaks or time runs out."""

from collections.abc import AsyncIterator, Callable
from functools import partial

import pytest
import trio
from trio_mysql import err

from storage.mysql_connection import Connection, error_code
from storage.mysql_pool import Pool, TransactionOutcomeUnknown
from storage.mysql_run import fetch_all
from storage.mysql_url import MySQLSettings, parse_url
from tests.mariadb_server import MariaDB
from tests.storage.counters import LONG, MOMENT, make_table, numbers
from tests.storage.cutting import Cut, CuttingProxy

BUMP_1, BUMP_2 = (f"update t set n = n + 1 where id = {row}" for row in (1, 2))


@pytest.fixture
async def pool(settings: MySQLSettings) -> AsyncIterator[Pool]:
    pool = Pool(settings, 4)
    yield pool
    assert pool.leased == 0
    await pool.aclose()


async def bump_and_commit(connection: Connection) -> None:
    await connection.ask_all([BUMP_2, BUMP_1], commit=True)


async def test_one_packet_begins_answers_all_and_commits(pool: Pool) -> None:
    async def body(connection: Connection) -> list[int]:
        one, changed, two = await connection.ask_all(
            ["select n from t where id = 1", BUMP_1, "select n from t where id = 1"], commit=True
        )
        assert connection.clean, "nothing is left open"
        return [one.rows[0][0], changed.row_count, two.rows[0][0]]

    assert await pool.transaction(body, timeout=LONG) == [0, 1, 1]
    assert await numbers(pool) == [1, 0]
    assert pool.opened == 1


async def test_the_first_error_ends_it_and_nothing_is_committed(pool: Pool) -> None:
    duplicate = "insert into t (id) values (2)"

    async def give_up(connection: Connection) -> None:
        await connection.ask_all([BUMP_1, duplicate, BUMP_2], commit=True)

    async def go_on(connection: Connection) -> None:
        with pytest.raises(err.IntegrityError):
            await connection.ask_all([BUMP_1, duplicate, BUMP_2], commit=True)
        assert connection.failed_at == 1
        await connection.ask_all([BUMP_1], commit=True)

    with pytest.raises(err.IntegrityError):
        await pool.transaction(give_up, timeout=LONG)
    assert await numbers(pool) == [0, 0]
    await pool.transaction(go_on, timeout=LONG)
    assert await numbers(pool) == [2, 0], "what stands before the error is done, what stands behind it is not"
    assert pool.opened == 1


async def test_a_conflict_in_what_was_to_commit_is_run_again(pool: Pool) -> None:
    attempts = 0

    async def body(connection: Connection) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 2:
            await holder.rollback()
        await bump_and_commit(connection)

    async with pool.acquire() as holder:
        await holder.begin()
        await holder.ask(BUMP_1)
        await pool.transaction(body, timeout=LONG)
    assert attempts == 2
    assert await numbers(pool) == [1, 1]


async def test_a_swallowed_conflict_commits_nothing(pool: Pool) -> None:
    attempts = 0

    async def body(connection: Connection) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 2:
            await holder.rollback()
        try:
            await connection.ask_all([BUMP_2, BUMP_1])
        except err.OperationalError:
            assert attempts == 1
        await connection.ask_all([BUMP_2], commit=True)

    async with pool.acquire() as holder:
        await holder.begin()
        await holder.ask(BUMP_1)
        await pool.transaction(body, timeout=LONG)
    assert await numbers(pool) == [1, 2]


async def test_a_read_behind_a_lock_sees_what_its_holder_has_committed(pool: Pool) -> None:
    """Though both were sent before: membership is read under the lock of its chat."""
    seen: list[int] = []

    async def body(connection: Connection) -> None:
        locked = "select n from t where id = 1 for update"
        seen.extend(answer.rows[0][0] for answer in await connection.ask_all([locked, "select n from t where id = 2"]))

    async def waits() -> bool:
        async with pool.acquire() as connection:
            sql = "select 1 from information_schema.processlist where info like 'select n from t%for update'"
            return bool(await fetch_all(connection, sql.replace("%", "%%")))

    async with pool.acquire() as holder, trio.open_nursery() as nursery:
        await holder.begin()
        await holder.ask_all([BUMP_1])
        nursery.start_soon(partial(pool.transaction, body, timeout=LONG))
        with trio.fail_after(LONG):
            while not await waits():
                pass
        await holder.ask_all([BUMP_2])
        await holder.commit()
    assert seen == [1, 1]


async def test_nothing_follows_the_last_statement(pool: Pool) -> None:
    async def body(connection: Connection) -> None:
        await bump_and_commit(connection)
        await connection.ask("select 1")

    with pytest.raises(RuntimeError):
        await pool.transaction(body, timeout=LONG)
    assert await numbers(pool) == [1, 1]


@pytest.mark.parametrize("texts", [["select 1; select 2"], ["select 1", ""]])
async def test_a_text_of_more_or_fewer_statements_closes_the_connection(pool: Pool, texts: list[str]) -> None:
    async with pool.acquire() as connection:
        with pytest.raises(err.InternalError):
            await connection.ask_all(texts)
        assert not connection.open


async def test_where_there_are_no_transactions_a_packet_is_one_statement(settings: MySQLSettings) -> None:
    pool = Pool(settings, 1, transactions=False)
    async with pool.acquire() as connection:
        with pytest.raises(err.ProgrammingError) as caught:
            await connection.ask("select 1; select 2")
        assert error_code(caught.value) == 1064
    with pytest.raises(ValueError, match="transactions"):
        await pool.transaction(bump_and_commit, timeout=LONG)
    await pool.aclose()


@pytest.mark.parametrize("settings", ["mariadb"], indirect=True)  # MySQL holds only SELECTs to a time
async def test_each_statement_of_several_has_its_own_time(pool: Pool) -> None:
    async with pool.acquire() as connection:
        await connection.ask("set max_statement_time = 2")
        for naps in (["select sleep(1.1)", "select sleep(1.1)"], ["select 1", "select sleep(1.1)"]):
            assert [answer.rows[0][0] for answer in await connection.ask_all(naps)][1:] == [0]
        with pytest.raises(err.MySQLError) as caught:
            await connection.ask_all(["select 1", "select sleep(5)"])
        assert error_code(caught.value) == 1969


@pytest.mark.parametrize(("cut", "stored"), [("before", 0), ("after", 1)])
async def test_a_link_cut_as_the_last_statements_pass_leaves_the_outcome_unknown(
    settings: MySQLSettings, pool: Pool, cut: Cut, stored: int, nursery: trio.Nursery
) -> None:
    proxy = CuttingProxy(settings)
    proxied = Pool(await nursery.start(proxy.serve), 1)
    await proxied.transaction(bump_and_commit, timeout=LONG)
    proxy.cut = cut
    with pytest.raises(TransactionOutcomeUnknown):
        await proxied.transaction(bump_and_commit, timeout=LONG)
    proxy.cut = None
    assert await numbers(pool) == [1 + stored, 1 + stored]
    await proxied.transaction(bump_and_commit, timeout=LONG)
    await proxied.aclose()
    nursery.cancel_scope.cancel()


async def test_a_server_frozen_or_gone_before_and_in_the_last_statements(server: MariaDB) -> None:
    settings = parse_url(await trio.to_thread.run_sync(server.new_database))
    await make_table(settings)
    pool = Pool(settings, 2)

    async def after(happens: Callable[[], None], connection: Connection) -> None:
        await connection.ask(BUMP_1)
        happens()
        await bump_and_commit(connection)

    with trio.fail_after(LONG), pytest.raises(TransactionOutcomeUnknown):
        await pool.transaction(partial(after, server.pause), timeout=MOMENT)
    server.resume()
    before = await numbers(pool)
    await trio.to_thread.run_sync(server.restart)
    await pool.transaction(partial(after, lambda: None), timeout=LONG)
    assert await numbers(pool) == [before[0] + 2, before[1] + 1], "a link lost before BEGIN is replaced unseen"
    await pool.aclose()
