"""A small `./just bench drill`: two servers behind HAProxy, Redis and MariaDB, of which one after another is killed."""

import os
import signal
from collections.abc import Iterator
from math import isinf
from pathlib import Path
from random import Random, SystemRandom

import httpx
import pytest
import trio

from chatproto.client.timing import Timing
from client.account import register
from storage.migrate import upgrade
from tests.bench.drill.cluster import Cluster
from tests.bench.drill.people import gathered
from tests.bench.drill.run import drill
from tests.bench.drill.single import SingleMariaDB
from tests.faults.machines import Machine, until
from tests.faults.server_process import ServerProcess
from tests.haproxy_server import HAProxy, private_haproxy
from tests.mariadb_server import MariaDB, private_mariadb
from tests.redis_server import RedisServer, private_redis

PEOPLE = 6
RATE = 15.0
"""Messages a second."""
LIMIT = 400.0
"""Seconds for all of it, on a machine with much else to do."""


@pytest.fixture
def database() -> Iterator[MariaDB]:
    mariadb = private_mariadb()
    yield mariadb
    mariadb.kill()


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    server = private_redis()
    yield server
    server.kill()


@pytest.fixture
def servers(tmp_path: Path, database: MariaDB, redis: RedisServer) -> list[ServerProcess]:
    """One with two workers, and one alone; not started."""
    url = database.new_database()
    upgrade(url)
    settings = {"jwt_secret": "one secret that all of these servers share", "proxy_hops": "1", "redis_url": redis.url()}
    return [
        Machine.on_free_port(tmp_path / "one", url, **settings),
        ServerProcess.on_free_port(tmp_path / "two", url, **settings),
    ]


@pytest.fixture
def balancer(servers: list[ServerProcess], monkeypatch: pytest.MonkeyPatch) -> Iterator[HAProxy]:
    haproxy = private_haproxy(*(server.port for server in servers))
    monkeypatch.setenv("SSL_CERT_FILE", haproxy.authority)
    yield haproxy
    haproxy.kill()


TIMING = Timing(backoff_first=20, backoff_ceiling=250, connect=10_000, steady=5000)
"""What is frozen is given up, and another way tried."""


@pytest.mark.slow
async def test_nothing_is_lost_and_everybody_returns_whatever_is_killed(
    servers: list[ServerProcess], database: MariaDB, redis: RedisServer, balancer: HAProxy
) -> None:
    seed = SystemRandom().randrange(10**9)
    print(f"seed {seed}")
    random = Random(seed)
    cluster = Cluster(servers, SingleMariaDB(database), redis, balancer, random)
    with trio.fail_after(LIMIT):
        async with servers[0], servers[1]:
            await trio.to_thread.run_sync(balancer.start)
            kills = [one for one in cluster.disturbances(0.5, redis_away=0.5) if one.way == "killed"]
            async with gathered(balancer.url, PEOPLE, PEOPLE, RATE, random, TIMING) as crowd:
                outcome = await drill(cluster, crowd, kills, calm=0.5, every=2)
    assert outcome.faults == []
    assert [one.thing for one in outcome.felt] == ["worker", "server", "Redis", "database", "balancer"]
    for felt in outcome.felt:
        assert not isinf(felt.back), f"somebody did not return after {felt}"
    assert sum(outcome.felt[-1].closes.values()) >= PEOPLE, "the balancer held all links"


async def test_the_pieces_of_a_file_go_to_the_machine_that_has_the_first_one(
    servers: list[ServerProcess], balancer: HAProxy
) -> None:
    """Each piece comes by a connection of its own, as after a cut."""
    async with servers[0], servers[1]:
        await trio.to_thread.run_sync(balancer.start)
        async with httpx.AsyncClient(base_url=balancer.url, timeout=60) as http:
            token = (await register(http, "ann", "correct horse battery")).token
        for number in range(3):
            kind = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
            named = {"Upload-Length": "5", "Upload-Metadata": "filename YS50eHQ="}
            answer = await alone(balancer, "POST", "/api/uploads", kind | named)
            assert answer.status_code == 201, answer.text
            place = answer.headers["location"]
            for offset, piece in enumerate("hello"):
                told = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
                answer = await alone(balancer, "PATCH", place, kind | told, piece.encode())
                assert answer.status_code == 204, (number, offset, answer.text)
                answer = await alone(balancer, "HEAD", place, kind)
                assert answer.headers["upload-offset"] == str(offset + 1), number


async def alone(
    balancer: HAProxy, method: str, path: str, headers: dict[str, str], content: bytes = b""
) -> httpx.Response:
    async with httpx.AsyncClient(base_url=balancer.url, timeout=60) as http:
        return await http.request(method, path, headers=headers, content=content)


async def test_haproxy_passes_on_what_people_ask_and_keeps_the_counters_inside(
    servers: list[ServerProcess], balancer: HAProxy
) -> None:
    """The shipped file: TLS, a redirect, no /metrics, no queries in the log; a reload keeps the old process as long."""
    async with servers[1]:
        await trio.to_thread.run_sync(balancer.start)
        async with httpx.AsyncClient(base_url=balancer.url, timeout=60) as http:
            assert (await http.get("/readyz?token=secret")).status_code == 200
            answer = await http.get("/healthz")
            assert answer.headers["strict-transport-security"] == "max-age=31536000"
            assert (await http.get("/metrics")).status_code == 403
        async with httpx.AsyncClient(timeout=60) as http:
            moved = await http.get(f"http://127.0.0.1:{balancer.plain}/")
            assert moved.status_code == 301 and moved.headers["location"].startswith("https://")
        first = balancer.pids
        await trio.to_thread.run_sync(balancer.reload)
        await until(lambda: not set(first) & set(balancer.pids))
        assert len(balancer.pids) == 1
        os.kill(balancer.pids[0], signal.SIGTERM)
    assert "/readyz" in balancer.log() and "secret" not in balancer.log()
