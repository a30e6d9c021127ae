"""For operators: /healthz, /readyz, /metrics."""

import pytest
import trio

from chatproto.operations import AppendBatch
from runtime.buses.bus import LocalBus
from runtime.metrics import FRESH_FOR
from tests.server.answers import code_of
from tests.server.conftest import OpenHouse
from tests.server.house import House


async def test_alive_and_ready(house: House) -> None:
    assert (await house.http.get("/healthz")).json() == {"status": "ok"}
    assert (await house.http.get("/readyz")).json() == {"status": "ready", "database": "ok", "bus": "ok"}


async def test_not_ready_without_the_store(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.storage.broken = True
    answer = await house.http.get("/readyz")
    assert answer.status_code == 503 and code_of(answer) == "store_unavailable"
    assert "the database is away" not in answer.text and "the database is away" in caplog.text, "told to operators only"
    assert (await house.http.get("/healthz")).status_code == 200
    house.storage.broken = False
    house.clock.advance(seconds=1)
    assert (await house.http.get("/readyz")).status_code == 200


async def test_not_ready_when_the_store_is_silent(house: House) -> None:
    house.storage.silent = True
    with trio.fail_after(60):
        answer = await house.http.get("/readyz")
    assert answer.status_code == 503 and code_of(answer) == "store_unavailable"


async def test_not_ready_while_stopping(house: House) -> None:
    house.services.readiness.draining = True
    answer = await house.http.get("/readyz")
    assert answer.status_code == 503 and code_of(answer) == "draining"


async def test_not_ready_without_the_bus(house: House) -> None:
    class Deaf(LocalBus):
        async def check(self) -> str | None:
            return "nobody answers"

    house.services.readiness.bus = Deaf()
    answer = await house.http.get("/readyz")
    assert answer.status_code == 503 and code_of(answer) == "bus_unavailable"


async def test_a_flood_of_questions_costs_one_a_second(house: House) -> None:
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        for _ in range(50):
            nursery.start_soon(house.http.get, "/readyz")
    assert house.storage.checks <= 2 + (trio.current_time() - began)
    house.clock.advance(seconds=1)
    before = house.storage.checks
    await house.http.get("/readyz")
    assert house.storage.checks == before + 1


async def test_not_ready_while_writing_fails_though_reading_works(house: House) -> None:
    anna = await house.register("anna")
    chat = await anna.direct(anna)
    house.storage.failing.append(AppendBatch)
    assert (await anna.post(f"/api/chats/{chat}/messages", {"content": "x"})).status_code == 503
    house.clock.advance(seconds=1)
    assert (await house.http.get("/readyz")).status_code == 503
    house.storage.failing.clear()
    await anna.send(chat, "x")
    house.clock.advance(seconds=1)
    assert (await house.http.get("/readyz")).status_code == 200


async def test_metrics(house: House) -> None:
    anna = await house.register("anna")
    await anna.get(f"/api/users/{anna.id}")
    await anna.get("/api/users/77")
    await house.http.get("/nothing/at/all")
    text = (await house.http.get("/metrics")).text
    assert 'vestnik_http_requests_total{method="GET",route="/api/users/{user_id}",status="200"} 1.0' in text
    assert 'vestnik_http_requests_total{method="GET",route="/api/users/{user_id}",status="404"} 1.0' in text
    assert 'vestnik_http_requests_total{method="GET",route="none",status="404"} 1.0' in text
    assert "vestnik_websocket_connections 0.0" in text
    assert "vestnik_http_request_seconds_bucket" in text and "nothing" not in text


async def test_metrics_are_for_the_machine_itself_and_for_who_has_the_token(house_at: OpenHouse) -> None:
    token = "a token of twenty-four"
    far = {"X-Forwarded-For": "203.0.113.9"}
    async with house_at(proxy_hops=1, metrics_token=token) as house:
        ask: list[tuple[dict[str, str], int]] = [
            ({}, 200),
            (far, 403),
            ({**far, "Authorization": f"Bearer {token}"}, 200),
            ({**far, "Authorization": f"Bearer {token}x"}, 403),
            ({**far, "Authorization": "Bearer"}, 403),
            ({"X-Forwarded-For": "::1"}, 200),
        ]
        for headers, status in ask:
            assert (await house.http.get("/metrics", headers=headers)).status_code == status, headers
    async with house_at(proxy_hops=1) as house:
        assert (await house.http.get("/metrics", headers={**far, "Authorization": "Bearer"})).status_code == 403


async def series(house: House) -> int:
    """How many lines /metrics has, read anew."""
    await trio.sleep(FRESH_FOR)
    return (await house.http.get("/metrics")).text.count("\n")


async def test_what_a_stranger_invents_makes_no_series(house: House) -> None:
    for method in ("GET", "DELETE", "BREW"):
        await house.http.request(method, "/healthz")
        await house.http.request(method, "/invented")
    await series(house)  # the reading counts itself
    before = await series(house)

    async def invent(numbers: range) -> None:
        async with await trio.open_tcp_stream("127.0.0.1", int(house.url.rpartition(":")[2])) as stream:
            for number in numbers:
                path = b"/healthz" if number % 2 else b"/invented/%d?%d" % (number, number)
                await stream.send_all(b"M%dX %s HTTP/1.1\r\nHost: x\r\n\r\n" % (number, path))
                answer = b""
                while b'"code"' not in answer:
                    answer += await stream.receive_some()

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            for begin in range(0, 2000, 500):
                nursery.start_soon(invent, range(begin, begin + 500))
    assert await series(house) == before
    text = (await house.http.get("/metrics")).text
    assert 'method="other",route="none",status="404"} 1001.0' in text and "M17X" not in text


async def test_a_flood_of_scrapes_costs_one_a_second(house: House) -> None:
    for _ in range(20):  # until three requests take less than that second, which they may not on a busy machine
        await trio.sleep(FRESH_FOR)
        began = trio.current_time()
        first = (await house.http.get("/metrics")).text
        await house.http.get("/healthz")
        second = (await house.http.get("/metrics")).text
        if trio.current_time() - began < FRESH_FOR:
            break
    assert second == first
    await trio.sleep(FRESH_FOR)
    assert (await house.http.get("/metrics")).text != first
