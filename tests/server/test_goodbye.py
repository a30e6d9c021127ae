"""How a connection of hypercorn ends: its last word is the last, and a long or late answer is no reason."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
import trio
import trio.testing
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.events import Closed, RawData
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, LifespanState, Scope

from runtime.failures import failures
from runtime.hypercorn import hypercorn_workarounds
from runtime.hypercorn.hypercorn_connection import GuardedTCPServer
from runtime.write_deadlines import SEND_TIMEOUT

LONG = 10 * 2**20
"""Bytes of an answer that no socket takes at once."""
RECEIVED = 128 * 2**10
"""That the client's kernel takes."""
PART = 256 * 2**10
"""Of it, read at a time."""


@asynccontextmanager
async def connection(app: ASGIFramework) -> AsyncIterator[tuple[GuardedTCPServer, trio.SocketStream]]:
    """One connection of a server of `app`, and the client's end of it."""
    hypercorn_workarounds.install()
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED)
        client.connect(listener.getsockname())
        pair = (listener.accept()[0], client.dup())
    ours, theirs = (trio.SocketStream(trio.socket.from_stdlib_socket(one)) for one in pair)
    config = Config()
    config.read_timeout = 90
    server = GuardedTCPServer(ASGIWrapper(app), config, WorkerContext(None), LifespanState({}), ours)
    async with trio.open_nursery() as nursery, theirs:
        nursery.start_soon(server.run)
        await theirs.send_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        yield server, theirs


async def answer(send: ASGISendCallable, *, length: int) -> None:
    """Begin an answer of so many bytes."""
    headers = [(b"content-length", str(length).encode())]
    await send(cast("Any", {"type": "http.response.start", "status": 200, "headers": headers}))


async def go_on(send: ASGISendCallable, data: bytes, *, more: bool = False) -> None:
    await send(cast("Any", {"type": "http.response.body", "body": data, "more_body": more}))


async def test_nothing_is_written_after_the_goodbye_of_a_connection() -> None:
    """An answer that is ready at the moment of the goodbye would be written while the end of it is being said, which
    trio takes for a bug: two tasks write to one socket."""
    asked, answered = trio.Event(), trio.Event()

    async def app(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        asked.set()
        await answered.wait()

    failed = failures.count
    async with connection(cast("Any", app)) as (server, theirs):
        with trio.fail_after(60):
            await asked.wait()
            await server.protocol_send(Closed())
            await server.protocol_send(RawData(b"too late"))
            assert await theirs.receive_some() == b""
        answered.set()
    assert failures.count == failed


async def test_an_answer_may_take_as_long_as_its_application_needs(mock_clock: trio.testing.MockClock) -> None:
    """A client says nothing while it waits for an export, or for the pieces of a file."""
    began = trio.Event()

    async def app(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await answer(send, length=9)
        await go_on(send, b"first", more=True)
        began.set()
        await trio.sleep(600)
        await go_on(send, b"last")

    async with connection(cast("Any", app)) as (_, theirs):
        await began.wait()
        for _minute in range(11):
            mock_clock.jump(60)
            await trio.testing.wait_all_tasks_blocked()
        said = b""
        while not said.endswith(b"last"):
            said += (piece := await theirs.receive_some())
            assert piece, said


@pytest.mark.parametrize("reads", [True, False], ids=["slowly", "not at all"])
async def test_who_reads_slowly_gets_a_long_answer_whole_and_who_does_not_read_is_cut_off(
    mock_clock: trio.testing.MockClock, reads: bool
) -> None:
    async def app(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await answer(send, length=LONG)
        await go_on(send, b"x" * LONG)

    async with connection(cast("Any", app)) as (_, theirs):
        received, began = 0, trio.current_time()
        while received < LONG:
            await trio.testing.wait_all_tasks_blocked(0.01)
            mock_clock.jump(SEND_TIMEOUT - 1)
            await trio.testing.wait_all_tasks_blocked(0.01)
            late = trio.current_time() - began > 2 * SEND_TIMEOUT
            wanted = received + PART if reads or late else received
            while received < min(wanted, LONG):
                piece = len(await theirs.receive_some(PART))
                if not piece:
                    assert not reads, f"cut off after {received} bytes"
                    return
                received += piece
        assert reads, "who does not read was waited for"
        assert trio.current_time() - began > 5 * SEND_TIMEOUT, "each part took its time"
