"""deploy/nginx.conf on Debian's nginx: wss works, client addresses are right, and no log holds a token."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import trio

from tests.mariadb_server import free_ports
from tests.server.accounts import FAILURES
from tests.server.conftest import OpenHouse
from tests.server.house import PASSWORD, House
from tests.server.proxied import Proxied, needs_nginx, nginx
from tests.server.sockets import open_socket, refused

pytestmark = needs_nginx


@pytest.fixture
async def house(house_at: OpenHouse) -> AsyncIterator[House]:
    async with house_at(proxy_hops=1) as house:
        yield house


@pytest.fixture
async def proxied(house: House, tmp_path: Path) -> AsyncIterator[Proxied]:
    async with nginx(house.url.removeprefix("http://"), tmp_path / "nginx") as proxied:
        yield proxied


async def test_wss_and_https_work_and_no_log_holds_a_token(house: House, proxied: Proxied) -> None:
    """O1 of docs/security.md."""
    ann = await house.register("ann")
    chat_id = await ann.direct(ann)
    async with proxied.client() as http:
        headers = {"Authorization": f"Bearer {ann.token}"}
        assert (await http.get(f"/api/chats?token={ann.token}", headers=headers)).status_code == 200
        assert (await http.get("/metrics")).status_code == 200
        big = await http.post(f"/api/chats/{chat_id}/messages", content=b"x" * 70_000, headers=headers)
        assert big.json()["code"] == "too_large"
    async with open_socket(proxied.url, tls=proxied.tls, subprotocols=["chatproto.v1"]) as socket:
        await socket.hello(ann.token)
        await socket.send(type="send", chat_id=chat_id, cid="c", content="ё" * 4000)
        assert len((await socket.until("message"))["content"]) == 4000
    path = f"/ws/chat/{chat_id}?token={ann.token}"
    async with open_socket(proxied.url, path, tls=proxied.tls) as legacy:
        await legacy.send(type="message", content="x")
        await legacy.until("message")
    assert await refused(proxied.url, path + "x", tls=proxied.tls) == (401, "token_invalid")
    async with open_socket(proxied.url, tls=proxied.tls) as again:
        await again.hello(ann.token)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(house.driver.drain)
            assert (await again.until("bye"))["reason"] == "restart"
            assert (await again.end())[0] == 1012, "close codes come through"
    logs = proxied.logs()
    assert "/ws/chat/" in logs, "the log is where we look for it"
    assert ann.token not in logs
    assert "token=" not in logs


async def test_own_pages_are_known_on_any_port(house: House, proxied: Proxied) -> None:
    ann = await house.register("ann")
    port = proxied.url.rpartition(":")[2]
    own, others = {"Origin": proxied.url}, {"Origin": f"https://127.0.0.1:{int(port) + 1}"}
    body = {"login": "ann", "password": PASSWORD}
    async with proxied.client() as http:
        assert (await http.post("/api/auth/login", json=body, headers=own)).status_code == 200
        assert (await http.post("/api/auth/login", json=body, headers=others)).status_code == 403
    async with open_socket(proxied.url, tls=proxied.tls, extra_headers=[(b"Origin", proxied.url.encode())]) as socket:
        await socket.hello(ann.token)


async def test_the_messengers_pages_come_through(house_at: OpenHouse, tmp_path: Path) -> None:
    pages = {"index.html": "<!doctype html>", "ws.js": "export {};"}
    for name, text in pages.items():
        (tmp_path / "face/renderer").mkdir(parents=True, exist_ok=True)
        (tmp_path / "face/renderer" / name).write_text(text)
    async with (
        house_at(proxy_hops=1, web_dir=tmp_path / "face") as house,
        nginx(house.url.removeprefix("http://"), tmp_path / "nginx") as proxied,
        proxied.client() as http,
    ):
        page, script = await http.get("/"), await http.get("/ws.js")
        assert (page.text, script.text) == (pages["index.html"], pages["ws.js"])
        assert "wss://127.0.0.1" in page.headers["Content-Security-Policy"]
        again = await http.get("/ws.js", headers={"If-None-Match": script.headers["ETag"]})
        assert again.status_code == 304


async def test_a_server_that_is_away_puts_no_token_into_the_error_log(tmp_path: Path) -> None:
    nobody = next(free_ports())
    async with nginx(f"127.0.0.1:{nobody}", tmp_path / "nginx") as proxied, proxied.client() as http:
        for path in ("/ws/chat/1?token=a-secret-token", "/api/chats?token=a-secret-token"):
            answer = await http.get(path, headers={"Referer": "https://x/?token=a-secret-token"})
            assert answer.status_code == 502
        assert " 502 " in proxied.logs()
        assert "a-secret-token" not in proxied.logs()


async def test_plain_http_is_sent_on_without_its_query(proxied: Proxied) -> None:
    async with httpx.AsyncClient(timeout=60) as http:
        answer = await http.get(f"{proxied.plain_url}/ws/chat/1?token=a-secret-token")
    assert answer.status_code == 301
    assert "token" not in answer.headers["Location"]
    assert "a-secret-token" not in proxied.logs()


async def test_the_address_is_the_clients_whatever_it_claims(proxied: Proxied) -> None:
    """Failed log-ins are counted by address: forged headers do not help, and other addresses do not suffer."""
    async with proxied.client() as http:
        for number in range(FAILURES):
            forged = {"X-Forwarded-For": f"203.0.113.{number}", "Forwarded": f"for=203.0.113.{number}"}
            answer = await http.post("/api/auth/login", json={"login": "nobody", "password": "wrong"}, headers=forged)
            assert answer.status_code == 401
        answer = await http.post("/api/auth/login", json={"login": "nobody", "password": "wrong"})
        assert answer.status_code == 429
    async with proxied.client("127.0.0.2") as other:
        answer = await other.post("/api/auth/login", json={"login": "nobody", "password": "wrong"})
        assert answer.status_code == 401
        assert (await other.get("/metrics")).status_code == 403, "counters are for the machine itself"
