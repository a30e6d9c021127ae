"""The WebSocket endpoints of our own listener, which hands over connections whose first request is an upgrade."""

import re
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

import h11
import trio
from wsproto.utilities import generate_accept_token

from chatproto.server.clock import Now
from runtime.addresses import LOCAL, client_address
from runtime.failures import failures
from runtime.http.problem import Problem, encoded
from runtime.hub_driver import Driver
from runtime.services import Services
from runtime.sockets.direct_stream import DirectStream
from runtime.sockets.direct_websocket import DirectTransport
from runtime.sockets.open_sockets import Place
from runtime.sockets.opening_handshake import fault_of_handshake, wants_websocket
from runtime.sockets.socket_connection import serve_connection
from runtime.sockets.upgrades import Admitted, Request, admit
from runtime.trusted_proxy import forwarded_address
from runtime.write_deadlines import linger

_CHAT: Final = re.compile(r"/ws/chat/([0-9]{1,19})")
CLOSE_TIMEOUT: Final = 2.0
"""Seconds for the close frame after a fault of ours."""


class WebSocketEndpoint:
    """Serves `/ws` and `/ws/chat/{chat_id}` as runtime/sockets/websocket.py does through Quart."""

    def __init__(self, services: Services, driver: Driver) -> None:
        self._services = services
        self._driver = driver

    def takes(self, event: h11.Request) -> bool:
        """Whether it is a faultless handshake for one of the two. Whatever is not, hypercorn and Quart refuse."""
        path, _, _ = event.target.decode().partition("?")
        headers = list(event.headers)
        return (
            (path == "/ws" or _CHAT.fullmatch(path) is not None)
            and wants_websocket(event.method, headers)
            and fault_of_handshake(event.http_version, headers) is None
        )

    async def serve(self, stream: trio.SocketStream, event: h11.Request, early: bytes) -> None:
        """Answer a handshake that it takes, and serve the connection until it ends. `early`: what came behind it."""
        direct = DirectStream(stream, early)
        try:
            with self._services.sockets.place(self._address(stream, event)) as place:
                admitted = await self._answer(direct, event, place)
                del event, early  # not kept for the hours that a connection lasts
                if admitted is not None and isinstance(place, Place):
                    await self._serve(direct, admitted.opened, admitted.joins_frames, place)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return  # the client is gone
        await linger(direct)

    def _address(self, stream: trio.SocketStream, event: h11.Request) -> str:
        forwarded = forwarded_address(list(event.headers), self._services.settings.proxy_hops)
        if forwarded is not None:
            return forwarded
        try:
            peer = stream.socket.getpeername()
        except OSError:  # it is gone already
            return LOCAL
        return client_address(str(peer[0])) if isinstance(peer, tuple) else LOCAL

    async def _answer(self, direct: DirectStream, event: h11.Request, place: Place | Problem) -> Admitted | None:
        headers = dict(event.headers)
        admitted: Admitted | Problem
        if isinstance(place, Problem):
            admitted = place
        else:
            admitted = await admit(self._services, self._driver, _request(event, headers))
        if isinstance(admitted, Problem):
            await direct.send_all(_refusal(admitted))
            return None
        await direct.send_all(_acceptance(headers[b"sec-websocket-key"], admitted.subprotocol))
        return admitted

    async def _serve(
        self, direct: DirectStream, opened: Callable[[Now], int], joins_frames: bool, place: Place
    ) -> None:
        transport = DirectTransport(direct, self._driver.poller)
        try:
            await serve_connection(self._driver, transport, opened, joins_frames=joins_frames, place=place)
        except Exception as error:
            failures.report(error)
            with trio.move_on_after(CLOSE_TIMEOUT):
                await transport.close(1011, "internal")


def _request(event: h11.Request, headers: dict[bytes, bytes]) -> Request:
    path, _, query = event.target.decode().partition("?")
    chat = _CHAT.fullmatch(path)
    asked = parse_qs(query, keep_blank_values=True)
    offered = [value for name, value in event.headers if name == b"sec-websocket-protocol"]
    origin = headers.get(b"origin")
    return Request(
        chat_id=None if chat is None else int(chat[1]),
        origin=None if origin is None else origin.decode(),
        host=headers.get(b"host", b"").decode(),
        subprotocols=[one.strip() for value in offered for one in value.decode().split(",")],
        token=asked.get("token", [""])[0],
        after_seq=asked.get("after_seq", [None])[0],
    )


def _acceptance(key: bytes, subprotocol: str | None) -> bytes:
    headers = [(b"upgrade", b"WebSocket"), (b"connection", b"Upgrade")]
    headers.append((b"sec-websocket-accept", generate_accept_token(key)))
    if subprotocol is not None:
        headers.append((b"sec-websocket-protocol", subprotocol.encode()))
    return _head(101, headers)


def _refusal(problem: Problem) -> bytes:
    status, headers, content = encoded(problem)
    return _head(status, [*headers, (b"connection", b"close")]) + content


def _head(status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
    lines = [b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode())]
    lines += [name + b": " + value for name, value in [*headers, (b"date", formatdate(usegmt=True).encode())]]
    return b"\r\n".join(lines) + b"\r\n\r\n"
