"""Both halves of the client, HTTP and WebSocket, go through the proxy that the environment names."""

import base64
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio
from attrs import define, field

from client.connection import connect
from client.link import Closed, Link, with_link
from client.tunnel import proxy_for
from tests.server.conftest import OpenHouse
from tests.server.house import PASSWORD
from tests.server.proxied import needs_nginx, nginx

PASSES = "Basic " + base64.b64encode("анна:p@ss".encode()).decode()
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the machine had none."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@define
class Proxy:
    """Makes tunnels for those who know the password. `answer`: what it says instead."""

    answer: bytes | None = None
    port: int = 0
    asked: list[str] = field(factory=list)

    async def serve(self, stream: trio.SocketStream) -> None:
        async with stream:
            try:
                await self._serve(stream)
            except trio.BrokenResourceError:
                return

    async def _serve(self, stream: trio.SocketStream) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            if not (data := await stream.receive_some()):
                return
            head += data
        method, target, _ = head.decode("latin-1").splitlines()[0].split()
        assert method == "CONNECT"
        self.asked.append(target)
        if self.answer is None and PASSES not in head.decode("latin-1"):
            self.answer = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"
        if self.answer is not None:
            return await stream.send_all(self.answer)
        host, _, port = target.rpartition(":")
        async with await trio.open_tcp_stream(host, int(port)) as further, trio.open_nursery() as nursery:
            await stream.send_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
            nursery.start_soon(_pass_on, stream, further, nursery.cancel_scope)
            nursery.start_soon(_pass_on, further, stream, nursery.cancel_scope)


async def _pass_on(one: trio.SocketStream, other: trio.SocketStream, scope: trio.CancelScope) -> None:
    try:
        async for data in one:
            await other.send_all(data)
    except trio.BrokenResourceError:
        pass
    scope.cancel()


@asynccontextmanager
async def proxy(answer: bytes | None = None) -> AsyncIterator[Proxy]:
    async with trio.open_nursery() as nursery:
        made = Proxy(answer)
        [listener] = await nursery.start(partial(trio.serve_tcp, made.serve, 0, host="127.0.0.1"))
        made.port = listener.socket.getsockname()[1]
        yield made
        nursery.cancel_scope.cancel()


@needs_nginx
async def test_http_and_the_socket_go_through_the_proxy(
    house_at: OpenHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        house_at(proxy_hops=1) as house,
        nginx(house.url.removeprefix("http://"), tmp_path / "nginx") as proxied,
        proxy() as way,
    ):
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nginx/fullchain.pem"))
        monkeypatch.setenv("HTTPS_PROXY", f"http://%D0%B0%D0%BD%D0%BD%D0%B0:p%40ss@127.0.0.1:{way.port}")
        ann = await house.register("ann")
        chat_id = await ann.direct(ann)
        with trio.fail_after(60):
            async with connect(proxied.url, "ann", PASSWORD) as client:
                ack = await client.send(chat_id, "through a tunnel")
        assert ack.seq == 1
        assert way.asked == [proxied.url.removeprefix("https://")] * len(way.asked)
        assert len(way.asked) > 1, "one for HTTP, one for the WebSocket"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, "the proxy refused a tunnel: HTTP/1.1 407 Proxy Authentication Required"),
        (b"HTTP/1.1 503 Nobody there\r\n\r\n", "the proxy refused a tunnel: HTTP/1.1 503 Nobody there"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "the proxy refused a tunnel: SSH-2.0-OpenSSH"),
        (b"", "the proxy gave no answer that can be understood"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40_000, "the proxy gave no answer that can be understood"),
    ],
    ids=["password", "away", "no proxy", "silent", "endless"],
)
async def test_a_proxy_that_makes_no_tunnel_is_told(
    answer: bytes | None, told: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with proxy(answer) as way:
        monkeypatch.setenv("HTTP_PROXY", f"http://ann:wr0ng@127.0.0.1:{way.port}")
        assert await with_link("http://chat.example.org:81/path", 20, never) == Closed(1006, "no connection")
        assert way.asked == ["chat.example.org:81"]
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        f"no WebSocket: {told}"
    ]
    assert "wr0ng" not in caplog.text


async def test_a_proxy_of_another_kind_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    assert (await with_link("http://chat.example.org", 20, never)).code == 1006
    assert "a proxy with the scheme 'socks5' cannot be used for WebSockets" in caplog.text


async def never(_link: Link) -> Closed:
    raise AssertionError("there was a link")


def test_the_environment_names_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    assert proxy_for("https://chat.example.org") is None
    monkeypatch.setenv("HTTPS_PROXY", "secure:3128")
    monkeypatch.setenv("NO_PROXY", "localhost,.inside.example")
    assert proxy_for("https://chat.example.org") == "http://secure:3128"
    assert proxy_for("https://user@chat.example.org:8443/x") == "http://secure:3128"
    assert proxy_for("http://chat.example.org") is None
    assert proxy_for("https://localhost:8000") is None
    assert proxy_for("https://chat.inside.example") is None
    monkeypatch.setenv("ALL_PROXY", "http://all:1")
    assert proxy_for("http://chat.example.org") == "http://all:1"
