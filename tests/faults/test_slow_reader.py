"""Somebody does not read: it costs bounded memory, `lag` or 4408 comes of it, and nobody else waits."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import httpx
import pytest
import trio
import trio_websocket
from attrs import define, field

from chatproto.client.client_config import ClientConfig
from chatproto.client.client_session import ClientSession
from chatproto.client.lenient_codec import MAX_FRAME, decode, encode
from chatproto.client.session_outputs import Apply, SendFrame
from chatproto.wire.frames import Lag
from chatproto.wire.model import LogItem
from client.account import log_in
from client.connection import Client
from tests.faults.server_process import ServerProcess
from tests.faults.talkers import PASSWORD, Talk, check_log, gathered, rows

RECEIVE_BUFFER = 16 * 1024
TEXT = "медленно " * 400
"""About 6.5 KB."""
MESSAGES = 2500
"""About 16 MB: more than the kernel takes for a connection that is not read."""
MEMORY = 8 * 2**20
"""Bytes by which the server may grow meanwhile: a queue, arrays on their way, and what the allocator keeps."""


@pytest.fixture
def server(tmp_path: Path) -> ServerProcess:
    url = f"sqlite:///{tmp_path}/data/vestnik.sqlite3"
    return ServerProcess.on_free_port(tmp_path / "data", url, bucket_rate="100000", bucket_burst="100000")


@define(eq=False)
class SlowLink:
    """A WebSocket with a small window, of which nothing is read but on demand; the session is driven by hand."""

    websocket: trio_websocket.WebSocketConnection
    session: ClientSession
    items: list[LogItem] = field(factory=list)
    lags: int = 0

    async def read(self) -> None:
        """Take one message from the socket, and answer it as the protocol wants."""
        frames = decode(await self.websocket.get_message())
        self.lags += sum(isinstance(frame, Lag) for frame in frames)
        self.session.receive(self.session.link, frames, now())
        await self.perform()

    async def perform(self) -> None:
        for output in self.session.outputs():
            if isinstance(output, SendFrame):
                await self.websocket.send_message(encode(output.frame))
            elif isinstance(output, Apply):
                self.items.append(output.item)

    async def read_to_the_end(self) -> None:
        """Until the server, or the network, ends it."""
        while True:
            await self.websocket.get_message()


def now() -> int:
    return int(trio.current_time() * 1000)


@asynccontextmanager
async def slow_link(url: str, username: str) -> AsyncIterator[SlowLink]:
    """Connected as that user, greeted, and `ready` read."""
    host, port = url.removeprefix("http://").split(":")
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        token = (await log_in(http, username, PASSWORD)).token
    inner = trio.socket.socket()
    inner.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    await inner.connect((host, int(port)))
    stream = trio.SocketStream(inner)
    async with trio.open_nursery() as nursery:
        try:
            websocket = await trio_websocket.wrap_client_stream(
                nursery, stream, host, "/ws", message_queue_size=1, max_message_size=MAX_FRAME
            )
            link = SlowLink(websocket, ClientSession(ClientConfig(device="slow", whole_log=True), Random(1).random))
            link.session.start(token, now())
            link.session.connected(link.session.link, now())
            await link.perform()
            while link.session.replica.epoch is None:
                await link.read()
            yield link
        finally:
            nursery.cancel_scope.cancel()
            await trio.aclose_forcefully(stream)


async def say_much(talk: Talk, chat: Client) -> None:
    """Send the messages one after another, a few ahead of their acks."""
    said = talk.said.setdefault("sender", [])
    sendings = []
    for number in range(MESSAGES):
        said.append(f"sender {number} {TEXT}")
        sendings.append(chat.enqueue(talk.chat_id, said[-1]))
        if number >= 32:
            await sendings[number - 32].ack()
    for text, sending in zip(said, sendings, strict=True):
        talk.acks[text] = await sending.ack()


async def connections(url: str) -> int:
    """How many WebSockets the server has, by its own account."""
    return await metric(url, "vestnik_websocket_connections")


async def metric(url: str, name: str) -> int:
    """What the server counts."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        lines = (await http.get("/metrics")).text.splitlines()
    return int(float(next(line for line in lines if line.startswith(f"{name} ")).split()[-1]))


async def one_leaves(url: str) -> None:
    """Ask until one of three is gone."""
    while True:
        if await connections(url) < 3:
            return
        await trio.sleep(0.2)


@pytest.mark.slow
async def test_a_client_that_reads_slowly_is_told_of_the_lag_and_pages_the_rest(server: ServerProcess) -> None:
    async with (
        server,
        gathered(server.url, 3, Random(1)) as (people, chat_id),
        slow_link(server.url, "person2") as slow,
    ):
        talk = Talk(chat_id)
        with trio.fail_after(300):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(say_much, talk, people[0])
                while len(talk.acks) < MESSAGES:
                    await slow.read()
                    await trio.sleep(0.3)  # this is the slowness
            while slow.session.replica.chats[chat_id].applied < talk.last_seq:
                await slow.read()
            for person in people:
                await person.reached(chat_id, talk.last_seq)
        assert slow.lags >= 1
        assert await metric(server.url, "vestnik_lags_total") >= slow.lags
        assert await metric(server.url, "vestnik_fanout_bytes_total") > MESSAGES * len(TEXT.encode())
        log = tuple(slow.items)
        check_log(log, talk)
        assert rows(log) == rows(people[1].log(chat_id))


@pytest.mark.slow
async def test_a_client_that_never_reads_is_left_behind_with_little_memory(server: ServerProcess) -> None:
    async with (
        server,
        gathered(server.url, 2, Random(1)) as (people, chat_id),
        slow_link(server.url, "person1") as slow,
    ):
        talk = Talk(chat_id)
        before = server.memory()
        with trio.fail_after(180):
            began = trio.current_time()
            await say_much(talk, people[0])
            await people[1].reached(chat_id, talk.last_seq)
            there = await connections(server.url)
            if trio.current_time() - began < 8:  # on a busy machine it may be closed meanwhile
                assert there == 3, "nobody waited until the slow one was closed"
            grown = server.memory() - before
            await one_leaves(server.url)  # a write blocked for 10 s ends it
            with pytest.raises(trio_websocket.ConnectionClosed):
                await slow.read_to_the_end()
        check_log(people[1].log(chat_id), talk)
        assert grown < MEMORY, f"the server grew by {grown / 2**20:.1f} MB"
        print(f"the server grew by {grown / 2**20:.1f} MB")
