"""The server as a process: how it starts, stops, and what it writes down."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import trio

from tests.faults.server_process import RealServerProcess, ServerProcess
from tests.mariadb_server import free_ports
from tests.server.house import PASSWORD
from tests.server.sockets import Socket, open_socket

SOCKETS = 200
STOP_WITHIN = 60.0
"""Seconds: it takes 5 where it has a processor of its own, as it has not beside other tests."""


@pytest.fixture
def server(tmp_path: Path) -> ServerProcess:
    url = f"sqlite:///{tmp_path}/data/vestnik.sqlite3"
    return ServerProcess.on_free_port(tmp_path / "data", url, bucket_rate="100000", bucket_burst="100000")


async def tokens(url: str, names: list[str]) -> list[dict[str, str]]:
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        found = []
        for name in names:
            body = {"username": name, "password": PASSWORD}
            answer = await http.post("/api/auth/register", json=body)
            while answer.status_code == 503:  # the machine has much to do
                await trio.sleep(answer.json()["retry_after_ms"] / 1000)
                answer = await http.post("/api/auth/register", json=body)
            assert answer.status_code == 201, answer.text
            found.append(answer.json())
        return found


@pytest.mark.slow
async def test_sigterm_ends_200_sockets_with_bye_and_1012_in_time(server: ServerProcess) -> None:
    ends: list[tuple[int, str | None]] = []
    delays: list[int] = []
    live = 0
    all_live = trio.Event()

    async def stay(token: str) -> None:
        nonlocal live
        async with open_socket(server.url) as socket:
            await socket.hello(token)
            live += 1
            if live == SOCKETS:
                all_live.set()
            with trio.fail_after(120):
                frame = await _bye(socket)
            delays.append(frame)
            ends.append(await socket.end())

    await server.start()
    people = await tokens(server.url, [f"person{number}" for number in range(SOCKETS // 20)])
    async with trio.open_nursery() as nursery:
        for person in people:
            for _ in range(20):
                nursery.start_soon(stay, person["access_token"])
        with trio.fail_after(60):
            await all_live.wait()
        began = time.monotonic()
        code = await server.stop()
        took = time.monotonic() - began
    assert ends == [(1012, "restart")] * SOCKETS
    assert max(delays) <= 10_000
    assert len(set(delays)) > SOCKETS / 2, "the returns are spread"
    assert code == 0
    assert took <= STOP_WITHIN, f"{took:.2f} s"


async def _bye(socket: Socket) -> int:
    while True:
        try:
            frame = await socket.receive()
        except trio.TooSlowError:
            continue  # nothing is said while nothing happens
        if frame["type"] == "bye":
            return int(frame["reconnect_after_ms"])


async def test_sigterm_with_a_client_that_reads_nothing_ends_as_well(server: ServerProcess) -> None:
    await server.start()
    [person] = await tokens(server.url, ["ann"])
    async with open_socket(server.url) as socket:
        await socket.hello(person["access_token"])
        host, port = server.url.removeprefix("http://").split(":")
        silent = await trio.open_tcp_stream(host, int(port))  # half a request, and then nothing
        await silent.send_all(b"GET /healthz HTTP/1.1\r\n")
        began = time.monotonic()
        assert await server.stop() == 0
        assert time.monotonic() - began <= STOP_WITHIN
        await silent.aclose()


async def test_sigterm_saves_when_people_were_last_seen(server: ServerProcess) -> None:
    """Of those who are connected, and of those who left less than 30 s ago."""
    await server.start()
    ann, bob, zoe = await tokens(server.url, ["ann", "bob", "zoe"])
    began = datetime.now(UTC) - timedelta(seconds=1)
    async with open_socket(server.url) as socket:
        await socket.hello(bob["access_token"])
    async with open_socket(server.url) as socket:
        await socket.hello(ann["access_token"])
        assert await server.stop() == 0
    with closing(sqlite3.connect(server.data_dir / "vestnik.sqlite3")) as database:
        seen = dict(database.execute("select username, last_seen_at from users").fetchall())
    assert seen["zoe"] is None and zoe
    for name in ("ann", "bob"):
        assert seen[name] is not None and began <= datetime.fromisoformat(seen[name]).replace(tzinfo=UTC), name


async def test_readiness_goes_first(server: ServerProcess) -> None:
    await server.start()
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
        assert (await http.get("/readyz")).status_code == 200
    assert await server.stop() == 0


async def test_a_service_outlives_sighup_and_a_second_server_is_refused(server: ServerProcess, tmp_path: Path) -> None:
    await server.start()
    os.kill(server.pid, signal.SIGHUP)
    second = RealServerProcess(server.data_dir, server.database_url, server.settings, next(free_ports()))
    done = await trio.run_process(second.command(), capture_stderr=True, check=False)
    assert (done.returncode, f"process {server.pid} serves" in done.stderr.decode()) == (1, True)
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
        assert (await http.get("/readyz")).status_code == 200
    assert await server.stop() == 0
    log = (server.data_dir / "server.log").read_text()
    assert "sighup_ignored" in log and '"version"' in log


async def test_no_log_holds_a_token_or_a_password(server: ServerProcess) -> None:
    """O1: whatever is asked, well or badly: standard error is all the server writes, but for its database."""
    secrets = [PASSWORD, "wrong horse battery", "a-token-in-a-query"]
    await server.start()
    [ann] = await tokens(server.url, ["ann"])
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
        headers = {"Authorization": f"Bearer {ann['access_token']}"}
        me = ann["user"]["id"]  # type: ignore[index]
        chat = (await http.post("/api/chats", json={"type": "direct", "user_id": me}, headers=headers)).json()["id"]
        text = {"content": "a text that nobody else may read"}
        await http.post(f"/api/chats/{chat}/messages", json=text, headers=headers)
        await http.post("/api/auth/login", json={"login": "ann", "password": secrets[1]})
        await http.post("/api/auth/login", content=b'{"password": "wrong horse battery", ')
        await http.post("/api/auth/refresh", json={"refresh_token": ann["refresh_token"] + "x"})
        refreshed = (await http.post("/api/auth/refresh", json={"refresh_token": ann["refresh_token"]})).json()
        await http.get("/api/auth/me", headers={"Authorization": f"Bearer {secrets[2]}"})
        await http.get(f"/api/chats?token={secrets[2]}", headers=headers)
        await http.get(f"/nowhere?token={secrets[2]}&password={secrets[1]}")
        await http.request("BREW", f"/api/chats?token={secrets[2]}")
        async with open_socket(server.url, f"/ws/chat/{chat}?token={ann['access_token']}") as socket:
            await socket.send(type="message", content=text["content"])
            await socket.until("message")
        async with open_socket(server.url) as socket:
            await socket.hello(ann["access_token"])
            await socket.send(type="auth", token=refreshed["access_token"])
            await socket.until("auth_ok")
            for _ in range(3):
                await socket.send_raw(f'{{"type": "auth", "token": ["{secrets[2]}"]}}')
            await socket.end()
        host, port = server.url.removeprefix("http://").split(":")
        async with await trio.open_tcp_stream(host, int(port)) as broken:
            await broken.send_all(f"GET /?token={secrets[2]} HTTP/9.9\r\nAuthorization {secrets[2]}\r\n\r\n".encode())
            await broken.receive_some()
        secrets += [ann["access_token"], ann["refresh_token"], refreshed["access_token"], refreshed["refresh_token"]]
    assert await server.stop() == 0
    log = (server.data_dir / "server.log").read_text()
    assert log.count("\n") >= 10, "the log is where we look for it"
    assert [secret for secret in [*secrets, text["content"]] if secret in log] == []
    key = (server.data_dir / "token-key").read_text().strip()
    assert key not in log


async def test_a_stock_hypercorn_serves_the_same(tmp_path: Path) -> None:
    port = next(free_ports())
    command = [sys.executable, "-m", "hypercorn", "--worker-class", "trio", "--bind", f"127.0.0.1:{port}"]
    environment = os.environ | {"VESTNIK_DATA_DIR": str(tmp_path / "data"), "VESTNIK_LOG_FORMAT": "json"}
    url = f"http://127.0.0.1:{port}"
    with (tmp_path / "log").open("wb") as log:
        process = await trio.lowlevel.open_process(
            [*command, "runtime.asgi:app"], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        with trio.fail_after(120):
            await _listens(port)
        [ann] = await tokens(url, ["ann"])
        async with open_socket(url) as socket:
            assert (await socket.hello(ann["access_token"]))["user"]["username"] == "ann"
            await socket.send_raw("ё" * 40_000)
            assert (await socket.end())[0] == 1009, "the workarounds are in place here too"
    finally:
        process.send_signal(signal.SIGTERM)
        with trio.fail_after(60):
            await process.wait()
    said = (tmp_path / "log").read_text()
    assert process.returncode == 0, said
    assert ann["access_token"] not in said


async def _listens(port: int) -> None:
    """Ask until another process answers."""
    while True:
        try:
            await (await trio.open_tcp_stream("127.0.0.1", port)).aclose()
        except OSError:
            await trio.sleep(0.05)
        else:
            return
