"""Workarounds for faults of hypercorn 0.18's trio worker, put in place for a whole process: `vestnik serve` and a stock
`hypercorn --worker-class trio runtime.asgi:app` alike. What is wrong, and shown by tests/server/test_hostile_bytes.py,
test_ws.py, test_ws_chat.py and tests/faults/test_slow_reader.py:

- hypercorn_connection.py: an exception of one connection ends the server; writes have no deadline; sockets of clients
  that are gone stay open.
- hypercorn_http1.py: HTTP/2 in clear text cannot be switched off; nothing bounds pipelining; a byte above 127 in a
  handshake raises.
- hypercorn_websocket.py: the limit on a message counts characters instead of bytes, and what comes after it is kept;
  a frame in the segment of its handshake raises; nobody looks at pongs.
- Here: permessage-deflate cannot be switched off, and is inflated before the size limit is looked at (61 kB on the wire
  took 120 MiB of memory); HTTP/2 is offered to clients of TLS; a failing application is logged as often as it fails.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import hypercorn.config
import hypercorn.protocol
import hypercorn.protocol.h11
import hypercorn.protocol.ws_stream
import hypercorn.trio.run
import hypercorn.trio.task_group
from hypercorn.typing import AppWrapper, ASGIReceiveCallable, Scope

from runtime.failures import failures, quiet_accept_errors
from runtime.hypercorn.hypercorn_connection import GuardedTCPServer
from runtime.hypercorn.hypercorn_http1 import StrictH11Protocol
from runtime.hypercorn.hypercorn_websocket import BoundedWSStream


def _no_extensions(*_args: Any, **_kwargs: Any) -> None:
    """In place of wsproto's handshake of extensions: none is accepted."""


async def _handle(
    app: AppWrapper,
    config: hypercorn.config.Config,
    scope: Scope,
    receive: ASGIReceiveCallable,
    send: Callable[[Any], Awaitable[None]],
    sync_spawn: Callable[..., Any],
    call_soon: Callable[..., Any],
) -> None:
    """In place of hypercorn's: run the application for one request, and report what it raises."""
    try:
        await app(scope, receive, send, sync_spawn, call_soon)
    except* Exception as error:
        failures.report(error)
    finally:
        await send(None)


def install() -> None:
    """Put all workarounds in place for this process; calling it again changes nothing."""
    for owner, name, replacement in (
        (hypercorn.trio.run, "TCPServer", GuardedTCPServer),
        (hypercorn.trio.task_group, "_handle", _handle),
        (hypercorn.protocol, "H11Protocol", StrictH11Protocol),
        (hypercorn.protocol.h11, "WSStream", BoundedWSStream),
        (hypercorn.protocol.ws_stream, "server_extensions_handshake", _no_extensions),
        (hypercorn.config.Config, "alpn_protocols", ["http/1.1"]),
    ):
        if not hasattr(owner, name):
            raise RuntimeError(f"hypercorn has no {name} any more: look again at {__name__}")
        setattr(owner, name, replacement)
    quiet_accept_errors()
