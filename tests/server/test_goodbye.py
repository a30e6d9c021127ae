"""The last word of a connection is the last: nothing is written behind it, and a late answer harms nobody."""

import socket

import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.events import Closed, RawData
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, LifespanState, Scope

from runtime import hypercorn_workarounds
from runtime.failures import failures
from runtime.hypercorn_connection import GuardedTCPServer


async def test_nothing_is_written_after_the_goodbye_of_a_connection() -> None:
    """An answer that is ready at the moment of the goodbye would be written while the end of it is being said, which
    trio takes for a bug: two tasks write to one socket."""
    hypercorn_workarounds.install()
    asked, answered = trio.Event(), trio.Event()

    async def app(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        asked.set()
        await answered.wait()

    ours, theirs = (trio.SocketStream(trio.socket.from_stdlib_socket(one)) for one in socket.socketpair())
    server = GuardedTCPServer(ASGIWrapper(app), Config(), WorkerContext(None), LifespanState({}), ours)
    failed = failures.count
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.run)
        await theirs.send_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        with trio.fail_after(60):
            await asked.wait()
            await server.protocol_send(Closed())
            await server.protocol_send(RawData(b"too late"))
            assert await theirs.receive_some() == b""
        answered.set()
        await theirs.aclose()
    assert failures.count == failed
