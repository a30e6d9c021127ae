"""Several workers behind one port: `vestnik serve --workers N`."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import trio

from runtime.processes.accepting import ABSENT, Counts, WorkerShare, size_of
from runtime.processes.worker_metrics import together
from storage.migrate import upgrade
from tests.faults.machines import WITHIN, Machine, until
from tests.faults.server_process import ServerProcess
from tests.mariadb_server import shared_mariadb
from tests.redis_server import private_redis
from tests.server.accounts import STRANGE
from tests.server.house import PASSWORD
from tests.server.sockets import open_socket


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Machine]:
    url = shared_mariadb().new_database()
    await trio.to_thread.run_sync(upgrade, url)
    async with Machine.on_free_port(tmp_path / "data", url) as server:
        yield server


def alive(processes: list[int]) -> list[int]:
    """Which of them are there."""
    return [process for process in processes if Path(f"/proc/{process}").exists()]


async def until_counted(server: ServerProcess, connections: int) -> None:
    """Until both workers say how many they have; one that is slow to answer is left out of /metrics."""
    with trio.fail_after(WITHIN):
        while True:
            found = await gauge(server, "vestnik_websocket_connections")
            if set(found) == {"1", "2"} and sum(found.values()) == connections:
                return
            await trio.sleep(0.2)


def told(server: ServerProcess, event: str) -> int:
    """How often the log says so."""
    return (server.data_dir / "server.log").read_text().count(f'"event":"{event}"')


async def gauge(server: ServerProcess, name: str) -> dict[str, float]:
    """A metric without labels of its own, by worker; asked through whichever worker takes the connection."""
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
        text = (await http.get("/metrics")).text
    found = [line.removeprefix(f"{name}{{worker=") for line in text.splitlines() if line.startswith(f"{name}{{")]
    return {part.partition("}")[0].strip('"'): float(part.rpartition(" ")[2]) for part in found}


async def test_two_workers_share_the_people_and_are_replaced_one_by_one_and_outlived(served: Machine) -> None:
    """One start, many cases: connections, metrics, death, roll and end."""
    await until(lambda: told(served, "worker_ready") == 2)
    async with httpx.AsyncClient(base_url=served.url, timeout=60) as http:
        answer = await http.post("/api/auth/register", json={"username": "ann", "password": PASSWORD})
        token = answer.json()["access_token"]
        assert (await http.get("/readyz")).status_code == 200
    async with open_socket(served.url) as one, open_socket(served.url) as two, open_socket(served.url) as three:
        sockets = [one, two, three]
        for socket in sockets:
            await socket.hello(token)
        await until_counted(served, 3)
        first, second = served.workers()
        os.kill(first, signal.SIGKILL)
        await until(lambda: told(served, "worker_ready") == 3)
        assert told(served, "worker_died") == 1 and second in served.workers() and len(served.workers()) == 2
        before = served.workers()
        async with open_socket(served.url) as later:
            await later.hello(token)
            os.kill(served.pid, signal.SIGHUP)
            await until(lambda: told(served, "workers_replaced") == 1)
            assert not set(before) & set(served.workers()) and len(served.workers()) == 2
            assert await later.end() == (1012, "restart")
        assert {(await socket.end())[0] for socket in sockets} <= {1006, 1012}, "killed, or replaced"
    async with open_socket(served.url) as socket:
        await socket.hello(token)
        await until_counted(served, 1)
        last = served.workers()
        assert await served.stop() == 0
        assert await socket.end() == (1012, "restart")
    assert alive(last) == []


async def test_workers_end_when_their_parent_is_gone(served: Machine) -> None:
    await until(lambda: told(served, "worker_ready") == 2)
    workers = served.workers()
    os.kill(served.pid, signal.SIGKILL)
    await until(lambda: not alive(workers))


async def test_what_keeps_the_first_worker_from_serving_is_told_once_and_ends_all(tmp_path: Path) -> None:
    url = shared_mariadb().new_database()  # without a schema
    server = Machine.on_free_port(tmp_path / "data", url)
    done = await trio.run_process(server.command(), capture_stderr=True, capture_stdout=True, check=False)
    assert done.returncode == 1 and done.stderr.decode().count("vestnik migrate") == 1, done.stderr.decode()


async def test_sqlite_has_one_server(tmp_path: Path) -> None:
    server = Machine.on_free_port(tmp_path / "data", f"sqlite:///{tmp_path}/x.sqlite3")
    done = await trio.run_process(server.command(), capture_stderr=True, check=False)
    assert done.returncode == 2 and "SQLite has one server" in done.stderr.decode()


@pytest.mark.parametrize("bus", ["database", "redis"])
async def test_what_is_told_to_one_server_reaches_people_at_another(tmp_path: Path, bus: str) -> None:
    """Two servers on one database: presence, failed log-ins, typing, marks, a message, and the end of a session."""
    url, settings = (
        shared_mariadb().new_database(),
        {"jwt_secret": "one secret that all of these servers share", "limit_login_failures": "4"},
    )
    await trio.to_thread.run_sync(upgrade, url)
    redis = await trio.to_thread.run_sync(private_redis) if bus == "redis" else None
    if redis is not None:
        settings["redis_url"] = redis.url()
    one, other = (ServerProcess.on_free_port(tmp_path / name, url, **settings) for name in ("one", "other"))
    async with one, other:
        event = "redis_connected" if bus == "redis" else "process_heard"
        await until(lambda: told(one, event) > 0 < told(other, event))  # who hears nothing for long is heard anew
        async with httpx.AsyncClient(base_url=one.url, timeout=60) as http:
            answers = [
                (await http.post("/api/auth/register", json={"username": name, "password": PASSWORD})).json()
                for name in ("ann", "bob")
            ]
            tokens, bob = [answer["access_token"] for answer in answers], answers[1]["user"]["id"]
            http.headers["Authorization"] = f"Bearer {tokens[0]}"
            chat = (await http.post("/api/chats", json={"type": "direct", "user_id": bob})).json()["id"]
            async with open_socket(one.url) as a, open_socket(other.url) as b:
                await a.hello(tokens[0])
                await b.hello(tokens[1])
                await a.until("presence", user_id=bob, online=True)
                await b.until("presence", online=True)
                assert (await http.get(f"/api/chats/{chat}")).json()["peer"]["online"] is True
                guess = {"username": "bob", "password": "not the right one"}
                statuses = [
                    (await http.post("/api/auth/login", json=guess, headers=STRANGE)).status_code for _ in range(5)
                ]
                assert statuses == [401, 401, 401, 401, 429]
                await a.send(type="typing", chat_id=chat, on=True)
                await b.until("typing", chat_id=chat, on=True)  # what was told before it has come too
                assert (await http.post(f"{other.url}/api/auth/login", json=guess, headers=STRANGE)).status_code == 429
                await a.send(type="send", chat_id=chat, cid="c", content="hello")
                assert (await b.until("message"))["content"] == "hello"
                await b.send(type="mark", chat_id=chat, read_seq=1)
                await a.until("marks", user_id=bob, read_seq=1)
                for number, change in enumerate([] if redis is None else [redis.kill, redis.start], 2):
                    await trio.to_thread.run_sync(change)
                    if number == 3:
                        await until(lambda: told(one, "redis_back") > 0 < told(other, "redis_back"))
                    await a.send(type="send", chat_id=chat, cid=f"c{number}", content="hello")
                    await b.until("message", seq=number)
                    await b.send(type="mark", chat_id=chat, read_seq=number)
                    await a.until("marks", user_id=bob, read_seq=number)
                headers = {"Authorization": f"Bearer {tokens[1]}"}
                assert (await http.post("/api/auth/logout", headers=headers)).status_code < 300
                assert await b.end() == (4403, "revoked")
    if redis is not None:
        await trio.to_thread.run_sync(redis.kill)


def test_who_has_more_than_the_mean_is_crowded(tmp_path: Path) -> None:
    with (tmp_path / "counts").open("w+b") as file:
        file.truncate(size_of(3))
        counts = Counts(file.fileno(), 3)
        for worker in range(3):
            counts.set(worker, ABSENT)
        shares = [WorkerShare(Counts(file.fileno(), 3), worker) for worker in range(3)]
        assert not shares[0].crowded, "nobody is there"
        for share in shares[:2]:
            share.begin()
        assert [share.crowded for share in shares[:2]] == [False, False]
        shares[0].enter()
        assert [share.crowded for share in shares[:2]] == [True, False]
        for _ in range(100):
            shares[0].enter()
            shares[1].enter()
        assert not shares[0].crowded, "101 to 100 are even"
        for _ in range(100):
            shares[1].leave()
        assert shares[0].crowded
        shares[1].end()
        assert not shares[0].crowded, "nobody else accepts"


def test_expositions_of_several_are_one() -> None:
    one = b'# HELP a text\n# TYPE a counter\na 1.0\n# HELP b text\n# TYPE b gauge\nb{x="y z"} 2.0\n'
    assert together({"1": one, "2": one}).decode().splitlines() == [
        "# HELP a text", "# TYPE a counter", 'a{worker="1"} 1.0', 'a{worker="2"} 1.0',
        "# HELP b text", "# TYPE b gauge", 'b{worker="1",x="y z"} 2.0', 'b{worker="2",x="y z"} 2.0',
    ]  # fmt: skip
