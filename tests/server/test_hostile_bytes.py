"""Whatever bytes arrive, the connection that brought them ends alone: everybody else chats on, and nothing is kept."""

import resource
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random

import httpx
import pytest
import trio
from attrs import frozen

from tests.faults.server_process import ServerProcess, StockServerProcess
from tests.server.conftest import OpenHouse
from tests.server.hostile import KEY, KINDS, PREFACE, Assailant, Fuzzer, bystander, h2, handshake, request
from tests.server.house import House
from tests.server.proxied import Proxied, needs_nginx, nginx


@pytest.fixture(params=["own", "quart"])
def transport(request: pytest.FixtureRequest) -> str:
    """Both servers of WebSockets."""
    return str(request.param)


SERVERS = ["vestnik", "hypercorn", pytest.param("nginx", marks=needs_nginx)]
SOON = 60.0
"""Seconds within which what a connection took is given back."""


@frozen
class Target:
    """A server as a process, and the way to it."""

    process: ServerProcess
    url: str
    proxied: Proxied | None = None

    def assailant(self, random: Random) -> Assailant:
        return Assailant(self.url, random, None if self.proxied is None else self.proxied.tls)

    async def descriptors(self) -> int:
        """How many the server has open."""
        return self.process.descriptors()

    async def connections(self) -> int:
        """WebSockets in its books."""
        return await self.metric("vestnik_websocket_connections")

    async def metric(self, name: str) -> int:
        """A number from /metrics, asked of the server itself."""
        async with httpx.AsyncClient(base_url=self.process.url, timeout=60) as http:
            lines = (await http.get("/metrics")).text.splitlines()
        return int(float(next(line for line in lines if line.startswith(name + " ")).split()[-1]))


@asynccontextmanager
async def target_of(kind: str, folder: Path) -> AsyncIterator[Target]:
    """Start it."""
    url = f"sqlite:///{folder}/data/vestnik.sqlite3"
    cls = StockServerProcess if kind == "hypercorn" else ServerProcess
    settings = {"bucket_rate": "100000", "bucket_burst": "100000", "web_dir": ""}
    if kind != "nginx":
        async with cls.on_free_port(folder / "data", url, **settings) as process:
            yield Target(process, process.url)
        return
    async with (
        cls.on_free_port(folder / "data", url, proxy_hops="1", **settings) as process,
        nginx(f"127.0.0.1:{process.port}", folder / "nginx") as proxied,
    ):
        yield Target(process, proxied.url, proxied)


async def falls_to(bound: int, measure: Callable[[], Awaitable[int]]) -> None:
    """Wait until so little is left, or fail with what is there instead."""
    deadline = trio.current_time() + SOON
    while (found := await measure()) > bound:
        assert trio.current_time() < deadline, f"{found} instead of {bound}"
        await trio.sleep(0.1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", SERVERS)
async def test_each_kind_ends_its_own_connection_alone(kind: str, tmp_path: Path) -> None:
    async with target_of(kind, tmp_path) as target:
        tls = None if target.proxied is None else target.proxied.tls
        async with bystander(target.url, tls) as other:
            before = target.process.descriptors()
            for name, segments in KINDS.items():
                for seed in range(3):
                    await target.assailant(Random(seed)).send(segments)
                    try:
                        await other.chat()
                    except Exception as error:
                        raise AssertionError(f"the bystander did not live through: {name}") from error
            await falls_to(before, target.descriptors)
            await other.chat()
            await falls_to(1, target.connections)
            assert await target.metric("vestnik_connection_failures_total") == 0, target.process.log()


@pytest.mark.slow
@pytest.mark.parametrize("kind", SERVERS)
async def test_a_fuzzer_harms_nobody(kind: str, tmp_path: Path) -> None:
    async with target_of(kind, tmp_path) as target:
        tls = None if target.proxied is None else target.proxied.tls
        async with bystander(target.url, tls) as other:
            before = target.process.descriptors()
            for seed in range(300):
                random = Random(seed)
                await target.assailant(random).send(Fuzzer(random).connection(), patience=0.01)
                if seed % 10 == 0:
                    try:
                        await other.chat()
                    except Exception as error:
                        raise AssertionError(f"the bystander did not live through seed {seed}") from error
            await falls_to(before, target.descriptors)
            await other.chat()
            assert await target.metric("vestnik_connection_failures_total") == 0, target.process.log()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["vestnik", "hypercorn"])
async def test_descriptors_of_those_who_pipeline_and_leave_come_back(kind: str, tmp_path: Path) -> None:
    """With the usual limit of 1,024 descriptors, and more connections than that."""
    async with target_of(kind, tmp_path) as target, bystander(target.url) as other:
        target.process.limit_descriptors(1024)
        before = target.process.descriptors()
        for _ in range(1100):
            with socket.create_connection(("127.0.0.1", target.process.port), 10) as wire:
                wire.sendall(request() * 20)
            await trio.lowlevel.checkpoint()
        await falls_to(before, target.descriptors)
        await other.chat()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["vestnik", "hypercorn"])
async def test_descriptors_of_those_who_pipeline_read_nothing_and_stay_come_back(kind: str, tmp_path: Path) -> None:
    """Their answers fill what the kernel keeps for them; the write that waits then has a deadline."""
    async with target_of(kind, tmp_path) as target, bystander(target.url) as other:
        before, wires = target.process.descriptors(), []
        for _ in range(5):
            wire = socket.socket()
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            wire.settimeout(10)
            wire.connect(("127.0.0.1", target.process.port))
            wire.sendall(request("GET /openapi.json") * 30)
            wires.append(wire)
        await other.chat()
        with trio.fail_after(SOON):
            while target.process.descriptors() < before + len(wires):
                await other.chat()
        await falls_to(before, target.descriptors)
        for wire in wires:
            got = read_all(wire)
            assert got.startswith(b"HTTP/1.1 200") and got.count(b"HTTP/1.1 ") < 30, "they were cut off"
        await other.chat()
        assert await target.metric("vestnik_connection_failures_total") == 0, target.process.log()


def read_all(wire: socket.socket) -> bytes:
    """What had come until the other side ended it; closes it."""
    got = b""
    with wire, suppress(ConnectionResetError):
        while data := wire.recv(65536):
            got += data
    return got


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["vestnik", "hypercorn"])
async def test_out_of_descriptors_is_said_seldom_and_passes(kind: str, tmp_path: Path) -> None:
    async with target_of(kind, tmp_path) as target, bystander(target.url) as other:
        before = target.process.descriptors()
        target.process.limit_descriptors(before + 5)
        wires = [socket.create_connection(("127.0.0.1", target.process.port), 10) for _ in range(30)]
        await trio.sleep(2)  # twenty attempts to accept
        await other.chat()
        for wire in wires:
            wire.close()
        target.process.limit_descriptors(1024)
        await falls_to(before, target.descriptors)
        async with httpx.AsyncClient(base_url=target.url, timeout=60) as http:
            assert (await http.get("/healthz")).status_code == 200
        log = (target.process.data_dir / "server.log").read_text()
        assert log.count("EMFILE") == 1, log[-3000:]
        assert "Traceback" not in log


async def answer_to(house: House, *segments: bytes) -> bytes:
    """All that comes back until the server closes."""
    host, port = house.url.removeprefix("http://").split(":")
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        for segment in segments:
            await stream.send_all(segment)
        answer = b""
        with trio.fail_after(60):
            while data := await stream.receive_some():
                answer += data
    return answer


async def test_http_2_in_clear_is_off(house: House) -> None:
    answer = await answer_to(house, PREFACE + h2(4, 0, 0))
    assert answer.startswith(b"HTTP/1.1 505")
    settings = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")
    host, port = house.url.removeprefix("http://").split(":")
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        await stream.send_all(request("GET /healthz", *settings))
        with trio.fail_after(60):
            assert (await stream.receive_some()).startswith(b"HTTP/1.1 200"), "as if it had not asked"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(handshake("/ws", "Content-Length: 6") + b"abcdef", id="a body"),
        pytest.param(handshake("/ws", "Sec-WebSocket-Protocol: \xff"), id="a byte above 127"),
        pytest.param(handshake().replace(KEY.encode(), b"c2hvcnQ="), id="a short key"),
        pytest.param(handshake().replace(b"Version: 13", b"Version: 12"), id="another version"),
        pytest.param(handshake().replace(b"HTTP/1.1", b"HTTP/1.0"), id="HTTP/1.0"),
    ],
)
async def test_a_handshake_that_is_none_is_answered_with_400(house: House, data: bytes) -> None:
    answer = await answer_to(house, data)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"connection: close" in answer.lower()


async def test_a_refused_handshake_is_the_last_of_its_connection(house: House) -> None:
    answer = await answer_to(house, handshake("/ws/chat/1") + request())
    assert answer.startswith(b"HTTP/1.1 401")
    assert answer.count(b"HTTP/1.1") == 1
    assert b"connection: close" in answer.lower()


async def test_a_frame_in_the_segment_of_its_handshake_is_taken(house: House) -> None:
    host, port = house.url.removeprefix("http://").split(":")
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        await stream.send_all(handshake() + b"\x89\x80\x00\x00\x00\x00")
        answer = b""
        with trio.fail_after(60):
            while not answer.endswith(b"\x8a\x00"):
                answer += await stream.receive_some()
    assert answer.startswith(b"HTTP/1.1 101")


async def test_a_second_request_may_be_the_upgrade(house: House) -> None:
    host, port = house.url.removeprefix("http://").split(":")
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        await stream.send_all(request())
        answer = b""
        with trio.fail_after(60):
            while b'"ok"' not in answer:
                answer += await stream.receive_some()
            await stream.send_all(handshake() + b"\x89\x80\x00\x00\x00\x00")
            while not answer.endswith(b"\x8a\x00"):
                answer += await stream.receive_some()
    assert b"HTTP/1.1 101" in answer


async def test_a_handshake_that_comes_byte_by_byte_is_taken(house: House) -> None:
    host, port = house.url.removeprefix("http://").split(":")
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        for byte in handshake():
            await stream.send_all(bytes([byte]))
        with trio.fail_after(60):
            assert (await stream.receive_some()).startswith(b"HTTP/1.1 101")


async def test_pipelining_has_a_bound(house: House) -> None:
    """O18 of docs/security.md."""
    answer = await answer_to(house, request() * 500)
    assert (answer.count(b"HTTP/1.1 200"), answer.count(b"HTTP/1.1 429")) == (32, 1)


async def test_a_client_that_is_gone_during_its_handshake_leaves_the_books(house: House) -> None:
    host, port = house.url.removeprefix("http://").split(":")
    for _ in range(30):
        with socket.create_connection((host, int(port)), 10) as wire:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            wire.sendall(handshake())
        await trio.lowlevel.checkpoint()
    assert (await house.http.get("/healthz")).status_code == 200  # accepted after all of them

    async def connections() -> int:
        return house.driver.connections

    await falls_to(0, connections)


async def test_the_limit_of_descriptors_is_raised(house_at: OpenHouse, tmp_path: Path) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with target_of("vestnik", tmp_path) as target:
        assert target.process.descriptor_limits() == (hard, hard)
