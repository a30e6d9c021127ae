"""HTTP/1.1 of hypercorn, and nothing else: no HTTP/2, a bound on pipelining, strict handshakes of WebSockets."""

from typing import Final, cast

import h11
from hypercorn.events import Closed
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.events import Response
from hypercorn.protocol.h11 import H11Protocol, H11WSConnection

from runtime.sockets.opening_handshake import fault_of_handshake, wants_websocket

MAX_PIPELINED: Final = 32
"""Requests in a row that may come before the one before them was answered; the next one is the last: 429."""


class StrictH11Protocol(H11Protocol):
    """hypercorn's, without its ways out of HTTP/1.1.

    An upgrade to h2c is ignored, as RFC 9110 section 7.8 allows: the request is answered in HTTP/1.1. HTTP/2 with prior
    knowledge is answered with 505. Both would be HTTP/2 in clear text, which no client of ours speaks: a tunnel past
    the rules of a proxy in front, with a flow control that a client can stop for ever.
    """

    _pipelined = 0

    async def _check_protocol(self, event: h11.Request) -> None:
        """Nothing leads to HTTP/2."""

    async def _create_stream(self, request: h11.Request) -> None:
        headers = list(request.headers)
        status = None
        if request.http_version not in (b"1.0", b"1.1"):
            status = 505
        elif wants_websocket(request.method, headers):
            status = fault_of_handshake(request.http_version, headers)
        elif self._is_one_of_many(headers):
            status = 429
        if status is None:
            await super()._create_stream(request)
        else:
            await self._send_error_response(status)
            await self.send(Closed())

    def _is_one_of_many(self, headers: list[tuple[bytes, bytes]]) -> bool:
        """Whether too many requests in a row had the next one behind them before their answer was begun."""
        length = next((int(value) for name, value in headers if name == b"content-length"), 0)
        chunked = any(name == b"transfer-encoding" for name, _ in headers)  # what follows is its body
        more = not chunked and len(self.connection.trailing_data[0]) > length
        self._pipelined = self._pipelined + 1 if more else 0
        return self._pipelined > MAX_PIPELINED

    async def stream_send(self, event: StreamEvent) -> None:
        """See H11Protocol. A refused WebSocket ends its connection, and says so."""
        if isinstance(event, Response) and event.status_code >= 300 and isinstance(self.connection, H11WSConnection):
            headers = [header for header in event.headers if header[0].lower() != b"connection"]
            event = Response(event.stream_id, [*headers, (b"connection", b"close")], event.status_code)
        await super().stream_send(event)

    async def _send_error_response(self, status_code: int) -> None:
        if cast("h11.Connection", self.connection).our_state in (h11.IDLE, h11.SEND_RESPONSE):
            await super()._send_error_response(status_code)
