"""Bytes that no honest client sends, and a bystander who goes on chatting while others send them."""

import base64
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Final

import httpx
import trio
from attrs import define, field

from tests.server.house import PASSWORD
from tests.server.sockets import Socket, client_frame, open_socket

KEY: Final = base64.b64encode(bytes(range(16))).decode()
PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PING: Final = client_frame(9, b"")


def request(line: str = "GET /healthz", *headers: str, body: bytes = b"") -> bytes:
    """An HTTP/1.1 request."""
    return ("\r\n".join([f"{line} HTTP/1.1", "Host: a", *headers]) + "\r\n\r\n").encode("latin-1") + body


def handshake(path: str = "/ws", *headers: str) -> bytes:
    """The request for an upgrade to WebSocket."""
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13")
    return request(f"GET {path}", *upgrade, *headers)


def h2(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """A frame of HTTP/2 (RFC 9113 section 4.1)."""
    return struct.pack("!I", len(payload))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + payload


H2C: Final = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c")

KINDS: Final[dict[str, list[bytes]]] = {
    "a handshake and a frame in one segment": [handshake() + PING],
    "a handshake and half a frame": [handshake() + client_frame(1, b"{}")[:3]],
    "a handshake and many frames": [handshake() + PING * 2000],
    "a handshake and a message that is too large": [handshake() + client_frame(1, b"x" * 70_000)],
    "a handshake and no frames at all": [handshake() + b"\xff" * 500],
    "a handshake and a close": [handshake() + client_frame(8, b"")],
    "a handshake and a frame, one after the other": [handshake(), PING],
    "a handshake that is refused, and a frame": [handshake("/ws/chat/1") + PING],
    "a handshake that is refused, and much more": [handshake("/ws/chat/1") + bytes(200_000)],
    "a handshake to nowhere, and a frame": [handshake("/ws/else") + PING],
    "a handshake from elsewhere, and a frame": [handshake("/ws", "Origin: https://evil.example") + PING],
    "a handshake with a body": [handshake("/ws", "Content-Length: 6") + PING],
    "a handshake with a chunked body": [handshake("/ws", "Transfer-Encoding: chunked") + b"1\r\nx\r\n0\r\n\r\n"],
    "a handshake and a request": [handshake() + request()],
    "a handshake that is refused, and a request": [handshake("/ws/chat/1") + request()],
    "a request and a handshake": [request() + handshake() + PING],
    "two handshakes": [handshake() + handshake()],
    "a handshake of HTTP/1.0": [handshake().replace(b"HTTP/1.1", b"HTTP/1.0") + PING],
    "a handshake without a key": [handshake().replace(b"Sec-WebSocket-Key", b"X-Key") + PING],
    "a handshake with an odd key": [handshake().replace(KEY.encode(), b"\xff") + PING],
    "a byte above 127 in Sec-WebSocket-Protocol": [handshake("/ws", "Sec-WebSocket-Protocol: \xff")],
    "a byte above 127 in Sec-WebSocket-Extensions": [handshake("/ws", "Sec-WebSocket-Extensions: \xff")],
    "a byte above 127 in Connection": [handshake("/ws", "Connection: \xff")],
    "a byte above 127 in Origin": [handshake("/ws", "Origin: \xff"), PING],
    "a byte above 127 in Cookie": [handshake("/ws", "Cookie: \xff"), PING],
    "bytes above 127 in a request": [request("GET /healthz", "Origin: \xff", "Host: \xff", "Authorization: \xff \xff")],
    "bytes above 127 in a path": [request("GET /\xff"), request("GET /%ff%00?%ff")],
    "an odd token": [handshake("/ws/chat/1?token=%ff%00&after_seq=%ff") + PING],
    "an upgrade to h2c": [request("GET /ws", *H2C, "HTTP2-Settings: AAMAAABk_w") + PREFACE + h2(4, 0, 0)],
    "an upgrade to h2c and nonsense": [request("GET /", *H2C, "HTTP2-Settings: \xff") + b"\xff" * 100],
    "HTTP/2 in clear": [PREFACE + h2(4, 0, 0) + h2(2, 0, 3, struct.pack("!IB", 3, 1))],
    "HTTP/2 in clear, in pieces": [PREFACE[:20], PREFACE[20:], h2(4, 0, 0), h2(1, 4, 1, b"\xff" * 10)],
    "chunks that are none": [request("POST /api/auth/login", "Transfer-Encoding: chunked") + b"xyz\r\n"],
    "a length that is none": [request("POST /api/auth/login", "Content-Length: -1"), b"{}"],
    "two lengths": [request("POST /api/auth/login", "Content-Length: 2", "Content-Length: 3", body=b"{}")],
    "a body longer than said": [request("POST /api/auth/login", "Content-Length: 2", body=b"{}" * 5000)],
    "a body that does not come": [request("POST /api/auth/login", "Content-Length: 2000", body=b"{")],
    "too many headers": [request("GET /healthz", *[f"X-{number}: x" for number in range(5000)])],
    "a line without end": [b"GET /" + b"a" * 100_000],
    "no HTTP": [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300)],
    "CONNECT and more": [b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n" + PING * 10],
    "an expectation, then nothing": [request("POST /api/auth/login", "Content-Length: 5", "Expect: 100-continue")],
    "many requests at once": [request() * 20],
    "very many requests at once": [request() * 1500],
}  # fmt: skip


@define
class Fuzzer:
    """Connections made of valid fragments that are cut, joined, repeated and bent, from a seeded source."""

    random: Random
    _whole: list[bytes] = field(init=False)

    def __attrs_post_init__(self) -> None:
        frames = [client_frame(opcode, body) for opcode in (0, 1, 2, 8, 9, 10) for body in (b"", b"{}", b"\x03\xe8ok")]
        frames += [client_frame(1, b'{"type":"hello","v":[1],"token":"x","device":"x"}'), client_frame(1, b"x" * 300)]
        frames += [client_frame(1, b"a", last=False) + client_frame(0, b"b"), client_frame(1, b"{}", masked=False)]
        frames += [h2(kind, flags, stream, bytes(8)) for kind in range(10) for flags in (0, 4) for stream in (0, 1)]
        requests = [request(), request("HEAD /"), request("OPTIONS *"), request("GET /ws"), request("GET /metrics")]
        requests += [request("POST /api/auth/login", "Content-Length: 2", body=b"{}"), request("TRACE /", "Host: b")]
        requests += [request("POST /api/auth/login", "Transfer-Encoding: chunked", body=b"2\r\n{}\r\n0\r\n\r\n")]
        requests += [handshake(), handshake("/ws/chat/1"), handshake("/ws/chat/1?token=x"), handshake("/ws/else")]
        requests += [handshake("/ws", "Sec-WebSocket-Protocol: chatproto.v1, x"), handshake("/ws", "Origin: null")]
        self._whole = [*frames, *requests, *requests, PREFACE, *[part for kind in KINDS.values() for part in kind]]

    def connection(self) -> list[bytes]:
        """What one connection sends, in segments."""
        pieces = [self._piece() for _ in range(self.random.randint(1, 4))]
        if self.random.random() < 0.5:
            pieces.insert(0, handshake())
        data = b"".join(pieces)
        cuts = sorted(self.random.randrange(len(data) + 1) for _ in range(self.random.choice((0, 0, 1, 2))))
        return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True) if end > start]

    def _piece(self) -> bytes:
        one, other = self.random.choice(self._whole), self.random.choice(self._whole)
        way = self.random.randrange(6)
        if way == 0:
            return one[: self.random.randrange(len(one) + 1)] + other[self.random.randrange(len(other) + 1) :]
        if way == 1:
            bent = bytearray(one)
            for _ in range(self.random.randint(1, 4)):
                bent[self.random.randrange(len(bent))] = self.random.randrange(256)
            return bytes(bent)
        if way == 2:
            place = self.random.randrange(len(one) + 1)
            return one[:place] + self.random.randbytes(self.random.randint(1, 20)) + one[place:]
        return one * self.random.choice((1, 1, 1, 1, 2, 30)) if len(one) < 2000 else one


@define
class Assailant:
    """Opens connections to a server and sends what it is given. `tls`: through a proxy that ends it."""

    url: str
    random: Random
    tls: ssl.SSLContext | None = None

    async def send(self, segments: list[bytes], patience: float = 0.05) -> None:
        """Send the segments, read or do not read, and leave one way or another. Whatever the server does is right."""
        host, port = self.url.partition("://")[2].split(":")
        reads = self.random.random() < 0.8
        with trio.move_on_after(5):
            try:
                tcp = await trio.open_tcp_stream(host, int(port))
            except OSError:
                return
            stream: trio.SocketStream | trio.SSLStream[trio.SocketStream] = tcp
            if self.tls is not None:
                stream = trio.SSLStream(tcp, self.tls, server_hostname=host, https_compatible=True)
            try:
                for segment in segments:
                    await stream.send_all(segment)
                    if reads:
                        await _read(stream, patience)
                if self.random.random() < 0.2 and isinstance(stream, trio.SocketStream):
                    await stream.send_eof()
                    await _read(stream, patience)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                pass
            if self.random.random() < 0.3:  # a reset instead of an end
                tcp.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            await trio.aclose_forcefully(tcp)


async def _read(stream: trio.abc.ReceiveStream, patience: float) -> None:
    with trio.move_on_after(patience):
        while await stream.receive_some(65536):
            pass


RENEWAL: Final = 300.0
"""Seconds after which a token is renewed that lives for 900."""


@define
class Bystander:
    """Somebody else, whose link must not notice."""

    socket: Socket
    chat_id: int
    http: httpx.AsyncClient
    refresh_token: str
    renewed: float = field(factory=trio.current_time)
    said: int = 0

    async def chat(self) -> None:
        """Say something, and have it acknowledged on the link of before."""
        if trio.current_time() - self.renewed > RENEWAL:
            await self._renew()
        self.said += 1
        cid = f"bystander-{self.said}"
        await self.socket.send(type="send", chat_id=self.chat_id, cid=cid, content="still here")
        await self.socket.until("ack", cid=cid)

    async def _renew(self) -> None:
        answer = await self.http.post("/api/auth/refresh", json={"refresh_token": self.refresh_token})
        assert answer.status_code == 200, answer.text
        self.refresh_token, self.renewed = answer.json()["refresh_token"], trio.current_time()
        await self.socket.send(type="auth", token=answer.json()["access_token"])
        await self.socket.until("auth_ok")


@asynccontextmanager
async def bystander(url: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[Bystander]:
    """A new account on the server, connected, with a chat of its own."""
    verify: ssl.SSLContext | bool = tls if tls is not None else False
    close = {"Connection": "close"}  # one that is kept would be ended by the server while others are counted
    async with httpx.AsyncClient(base_url=url, timeout=60, verify=verify, headers=close) as http:
        answer = await http.post("/api/auth/register", json={"username": "bystander", "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        made = answer.json()
        token, user_id = made["access_token"], made["user"]["id"]
        headers = {"Authorization": f"Bearer {token}"}
        answer = await http.post("/api/chats", json={"type": "direct", "user_id": user_id}, headers=headers)
        async with open_socket(url, tls=tls) as link:
            await link.hello(token)
            yield Bystander(link, answer.json()["id"], http, made["refresh_token"])
