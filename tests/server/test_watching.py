"""What operators see: the metrics, and the lines of the log that are worth waking somebody."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
import trio

from chatproto.operations import ListChats, OperationFailed
from chatproto.server.knobs import Knobs
from runtime.metrics import EVENTS, FRESH_FOR, Metrics
from tests.server.conftest import OpenHouse
from tests.server.house import House
from tests.server.sockets import open_socket


async def read(house: House) -> dict[str, float]:
    """Every sample by its name with labels, read anew."""
    await trio.sleep(FRESH_FOR)
    lines = (await house.http.get("/metrics")).text.splitlines()
    samples = [line.rpartition(" ") for line in lines if not line.startswith("#")]
    return {name: float(value) for name, _, value in samples}


def told(caplog: pytest.LogCaptureFixture, event: str) -> list[Mapping[str, object]]:
    messages = [record.msg for record in caplog.records]
    return [message for message in messages if isinstance(message, dict) and message.get("event") == event]


def forget_entries(database: Path, chat_id: int) -> None:
    """A log as a replica has it that is far behind."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("delete from messages where chat_id = ?", (chat_id,))
        connection.execute("update chats set last_seq = 0 where id = ?", (chat_id,))


async def test_messages_operations_and_deliveries_are_counted(house: House) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    chat = await anna.direct(boris)
    async with open_socket(house.url) as socket:
        await socket.hello(boris.token)
        before = await read(house)
        await anna.send(chat, "one", cid="1")
        await anna.send(chat, "one", cid="1")
        await anna.send(chat, "two")
        await anna.post("/api/chats/999/messages", {"content": "x"})
        after = await read(house)
    grown = {name: after[name] - before.get(name, 0.0) for name in after}
    assert grown["vestnik_messages_total"] == 2.0, "one was sent twice"
    assert grown["vestnik_deliveries_total"] == 2.0 and grown["vestnik_fanout_bytes_total"] > 100
    assert grown['vestnik_operations_total{end="done",operation="AppendBatch"}'] == 4.0
    assert after["vestnik_websocket_connections"] == 1.0 and after["vestnik_database_up"] == 1.0
    assert after["vestnik_sweep_seconds_count"] > 0
    assert grown["vestnik_batch_size_sum"] >= 4.0 and grown["vestnik_commit_seconds_count"] >= 4.0
    with trio.fail_after(60):
        while (await read(house))["vestnik_pool_in_use"]:  # by a sweep
            pass


async def test_a_lost_database_is_one_loud_line_and_its_return_another(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    anna = await house.register("anna")
    house.clock.advance(seconds=2)
    house.storage.broken = True
    for _ in range(5):
        assert (await anna.get("/api/chats")).status_code == 503
    assert (await read(house))["vestnik_database_up"] == 0.0
    [away] = told(caplog, "database_away")
    assert (away["level"], away["reason"]) == ("error", "away")
    house.storage.broken = False
    house.clock.advance(seconds=60)
    for _ in range(2):
        assert (await anna.get("/api/chats")).status_code == 200
    [back] = told(caplog, "database_back")
    assert back["level"] == "warning" and float(str(back["away_seconds"])) >= 60
    samples = await read(house)
    assert samples["vestnik_database_up"] == 1.0
    assert samples['vestnik_notes_total{event="database_away"}'] == 1.0


async def test_one_operation_that_fails_among_good_ones_is_no_lost_database(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    anna = await house.register("anna")
    await anna.get("/api/chats")
    house.storage.answers.append((ListChats, OperationFailed(retryable=True, detail="a deadlock")))
    assert (await anna.get("/api/chats")).status_code == 503
    assert (await anna.get("/api/chats")).status_code == 200
    assert told(caplog, "database_away") == []


async def test_catching_up_is_counted_where_the_log_is_read_for_it(house_at: OpenHouse) -> None:
    async with house_at(knobs=Knobs(tail_items=2, rate=1000.0, burst=1000)) as house:
        anna, boris = await house.register("anna"), await house.register("boris")
        chat = await anna.direct(boris)
        async with open_socket(house.url) as socket:  # somebody follows the chat, so that it has a tail
            await socket.hello(boris.token)
            for number in range(5):
                await anna.send(chat, str(number))
            await socket.until("message", seq=5)
            before = await read(house)
            for after_seq, grown in (3, 0.0), (1, 1.0):
                path = f"/ws/chat/{chat}?token={anna.token}&after_seq={after_seq}"
                async with open_socket(house.url, path) as late:
                    await late.until("message", seq=5)
                now = await read(house)
                assert now["vestnik_catch_up_reads_total"] - before["vestnik_catch_up_reads_total"] == grown


async def test_a_history_that_is_named_anew_is_counted_once(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Entries that everybody knew are gone, and the sweep notices."""
    anna, boris = await house.register("anna"), await house.register("boris")
    chat = await anna.direct(boris)
    async with open_socket(house.url) as socket:
        epoch = (await socket.hello(boris.token))["epoch"]
        await anna.send(chat, "one")
        await socket.until("message", seq=1)
        before = await read(house)
        assert before["vestnik_epoch_renewals_total"] == 0.0
        await trio.to_thread.run_sync(forget_entries, house.services.settings.data_dir / "vestnik.sqlite3", chat)
        assert await socket.end() == (1012, "the log was replaced")
    with trio.fail_after(60):
        while not (await read(house))["vestnik_epoch_renewals_total"]:
            pass
    async with open_socket(house.url) as socket:
        assert (await socket.hello(boris.token))["epoch"] != epoch
    assert (await read(house))["vestnik_epoch_renewals_total"] == 1.0
    [replaced] = told(caplog, "log_replaced")
    assert (replaced["level"], replaced["epoch"]) == ("error", epoch)


async def test_the_loop_and_the_passwords_are_measured(house: House) -> None:
    before = await read(house)
    samples = await read(house)
    count = "vestnik_loop_delay_seconds_count"
    assert samples[count] > before[count], "this very reading took a pass"
    assert samples["vestnik_loop_delay_seconds_sum"] > before["vestnik_loop_delay_seconds_sum"]
    assert samples['vestnik_loop_delay_seconds_bucket{le="+Inf"}'] == samples[count]
    assert samples["vestnik_password_queue"] == 0.0 and samples["vestnik_queue_bytes"] == 0.0


def test_events_beyond_the_bound_are_others() -> None:
    metrics = Metrics()
    for number in range(10 * EVENTS):
        metrics.noted(f"event {number}")
    assert metrics.text(0.0).count(b"vestnik_notes_total{") == EVENTS + 1
