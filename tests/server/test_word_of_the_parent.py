"""A worker that is told to stop by its parent, and then by a signal that its whole service gets."""

import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
from attrs import frozen

WITHIN = 60.0
PROGRAM = """
import trio
from runtime.processes.inherited import parent_says_stop
from runtime.serve import serve

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        return await send({"type": "lifespan.shutdown.complete"})
    print("asked", flush=True)
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})

def tell(url):
    print(url, flush=True)

async def drain():
    print("draining", flush=True)

async def main():
    await serve(app, host="127.0.0.1", port=0, on_ready=tell, drain=drain, graceful_timeout=3600,
                told_to_stop=parent_says_stop)

trio.run(main)
"""
"""Answers a request when its body is whole."""


@frozen
class Stopping:
    """One that was told by its parent, while a request is half there."""

    process: trio.Process
    client: trio.SocketStream

    async def ends(self) -> int:
        """Its exit code."""
        with trio.fail_after(WITHIN):
            return await self.process.wait()


@asynccontextmanager
async def stopping() -> AsyncIterator[Stopping]:
    command = [sys.executable, "-c", PROGRAM]
    process = await trio.lowlevel.open_process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    said = b""

    async def line() -> str:
        nonlocal said
        with trio.fail_after(WITHIN):
            while b"\n" not in said:
                more = await process.stdout.receive_some()  # type: ignore[union-attr]
                assert more, "it has ended"
                said += more
        found, _, said = said.partition(b"\n")
        return found.decode()

    try:
        host, port = (await line()).removeprefix("http://").split(":")
        async with await trio.open_tcp_stream(host, int(port)) as client:
            await client.send_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n1")
            assert await line() == "asked"
            await process.stdin.aclose()
            assert await line() == "draining"
            yield Stopping(process, client)
    finally:
        process.kill()
        await process.wait()


async def test_a_signal_beside_it_cuts_nobody() -> None:
    async with stopping() as worker:
        worker.process.send_signal(signal.SIGTERM)
        await worker.client.send_all(b"2")
        with trio.fail_after(WITHIN):
            assert (await worker.client.receive_some()).startswith(b"HTTP/1.1 200 ")
        assert await worker.ends() == 0


async def test_two_of_them_end_it_at_once() -> None:
    async with stopping() as worker:
        worker.process.send_signal(signal.SIGTERM)
        worker.process.send_signal(signal.SIGINT)  # two of one kind may be told as one
        with trio.fail_after(WITHIN):
            assert await worker.client.receive_some() == b""
        assert await worker.ends() == 0
