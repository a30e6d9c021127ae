"""For operators: /healthz, /readyz, /metrics."""

import trio

from tests.server.answers import code_of
from tests.server.house import House


async def test_alive_and_ready(house: House) -> None:
    assert (await house.http.get("/healthz")).json() == {"status": "ok"}
    assert (await house.http.get("/readyz")).json() == {"status": "ready"}


async def test_not_ready_without_the_store(house: House) -> None:
    house.storage.broken = True
    answer = await house.http.get("/readyz")
    assert answer.status_code == 503 and code_of(answer) == "store_unavailable"
    assert answer.json()["detail"] == "the database is away"
    assert (await house.http.get("/healthz")).status_code == 200
    house.storage.broken = False
    assert (await house.http.get("/readyz")).status_code == 200


async def test_not_ready_when_the_store_is_silent(house: House) -> None:
    house.storage.silent = True
    with trio.fail_after(5):
        answer = await house.http.get("/readyz")
    assert answer.status_code == 503 and code_of(answer) == "store_unavailable"


async def test_not_ready_while_stopping(house: House) -> None:
    house.services.draining.active = True
    answer = await house.http.get("/readyz")
    assert answer.status_code == 503 and code_of(answer) == "draining"


async def test_metrics(house: House) -> None:
    anna = await house.register("anna")
    await anna.get(f"/api/users/{anna.id}")
    await anna.get("/api/users/77")
    await house.http.get("/nothing/at/all")
    text = (await house.http.get("/metrics")).text
    assert 'vestnik_http_requests_total{method="GET",route="/api/users/<id:user_id>",status="200"} 1.0' in text
    assert 'vestnik_http_requests_total{method="GET",route="/api/users/<id:user_id>",status="404"} 1.0' in text
    assert 'vestnik_http_requests_total{method="GET",route="none",status="404"} 1.0' in text
    assert "vestnik_websocket_connections 0.0" in text
    assert "vestnik_http_request_seconds_bucket" in text and "nothing" not in text
