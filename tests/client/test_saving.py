"""The driver saves on a thread: no disk holds the loop up, nothing is sent that is not durable, the order is kept."""

import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
import trio
import trio.testing
from attrs import define, field

from chatproto.client.client_config import ClientConfig
from chatproto.client.client_session import ClientSession
from chatproto.client.session_outputs import Apply, Output, SaveRow
from chatproto.wire.frames import ChatFrame, FromClient, FromServer
from client.connection import connect
from client.exceptions import ChatError
from client.link import Closed
from client.session_driver import Driver, Told
from client.store import SQLiteStore, StoreError
from tests.server.house import PASSWORD, House
from tests.vectors.server_frames import chat, message, ready, row


class SlowStore(SQLiteStore):
    """On a disk that takes its time: each save waits until it is let through."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.through = threading.Semaphore(0)
        self.threads: set[str] = set()

    def save(self, outputs: Sequence[Output]) -> None:
        self.threads.add(threading.current_thread().name)
        assert self.through.acquire(timeout=60)
        super().save(outputs)


@define(eq=False)
class Line:
    """A link in memory: what the client sent, and what the server says."""

    sent: list[FromClient] = field(factory=list)
    say: trio.MemorySendChannel[list[FromServer]] = field(init=False)
    _heard: trio.MemoryReceiveChannel[list[FromServer]] = field(init=False)
    token: str = "token"

    def __attrs_post_init__(self) -> None:
        self.say, self._heard = trio.open_memory_channel[list[FromServer]](0)

    async def refresh(self, used: str) -> None:
        raise AssertionError("no token is exchanged here")

    async def open_link(self, url: str, timeout: float, use: Callable[[Any], Awaitable[Closed]]) -> Closed:
        return await use(self)

    async def receive(self) -> list[FromServer]:
        return await self._heard.receive()

    async def send(self, frame: FromClient) -> None:
        self.sent.append(frame)

    def cut(self) -> None:
        raise AssertionError("nobody cuts it here")

    def kinds(self) -> list[str]:
        return [str(frame.__struct_config__.tag) for frame in self.sent]


@define(eq=False)
class Desk:
    """A driver with its store and its link, under way in the test's nursery."""

    store: SlowStore
    line: Line = field(factory=Line)
    told: list[Told] = field(factory=list)
    driver: Driver = field(init=False)

    def __attrs_post_init__(self) -> None:
        session = ClientSession(ClientConfig(device="test"), Random(1).random)
        self.driver = Driver("memory", self.line, session, self.store, self.told.extend, self.line.open_link)

    def let_through(self, saves: int) -> None:
        for _ in range(saves):
            self.store.through.release()


@pytest.fixture
async def desk(tmp_path: Path, nursery: trio.Nursery) -> AsyncIterator[Desk]:
    desk = Desk(SlowStore(tmp_path / "store"))
    nursery.start_soon(desk.driver.run)
    await trio.testing.wait_all_tasks_blocked()
    await desk.line.say.send([ready()])
    await trio.testing.wait_all_tasks_blocked()
    desk.let_through(1)  # the epoch
    with trio.fail_after(60):
        await desk.driver.saved()
    yield desk
    desk.let_through(100)


async def test_a_row_is_sent_when_it_is_durable_and_the_loop_goes_on_meanwhile(desk: Desk) -> None:
    assert desk.driver.send(row(1)) and desk.driver.send(row(2))
    await trio.testing.wait_all_tasks_blocked()
    await desk.line.say.send([chat_frame(5, 0)])  # what comes meanwhile is read
    await trio.testing.wait_all_tasks_blocked()
    assert desk.line.kinds() == ["hello"], "nothing is sent that is not durable"
    desk.let_through(3)
    with trio.fail_after(60):
        await desk.driver.saved()
    await trio.testing.wait_all_tasks_blocked()
    assert desk.line.kinds() == ["hello", "send", "send"]
    assert [frame.cid for frame in desk.line.sent[1:]] == ["mine-1", "mine-2"]  # type: ignore[union-attr]
    assert threading.current_thread().name not in desk.store.threads


async def test_what_was_applied_is_told_when_it_is_durable_in_order(desk: Desk) -> None:
    await desk.line.say.send([chat_frame(5, 0)])
    await desk.line.say.send([message(5, 1), message(5, 2)])
    await desk.line.say.send([message(5, 3)])
    await trio.testing.wait_all_tasks_blocked()
    assert not [one for one in desk.told if isinstance(one, Apply)]
    assert "mark" not in desk.line.kinds(), "delivered is what is durable"
    desk.let_through(3)
    with trio.fail_after(60):
        await desk.driver.saved()
    await trio.testing.wait_all_tasks_blocked()
    assert [one.item.seq for one in desk.told if isinstance(one, Apply)] == [1, 2, 3]
    assert "mark" in desk.line.kinds()


async def test_what_waits_at_the_end_is_saved(tmp_path: Path) -> None:
    desk = Desk(SlowStore(tmp_path / "store"))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.driver.run)
        await trio.testing.wait_all_tasks_blocked()
        await desk.line.say.send([ready()])
        await trio.testing.wait_all_tasks_blocked()  # on its way to the disk; what follows lines up behind it
        for number in range(5):
            desk.driver.send(row(number))
        await trio.testing.wait_all_tasks_blocked()
        desk.let_through(6)
        nursery.cancel_scope.cancel()
    loaded = desk.store.load()
    assert loaded is not None and loaded.rows == tuple(row(number) for number in range(5))
    desk.store.close()


async def test_a_full_disk_ends_the_client_with_words(house: House, tmp_path: Path) -> None:
    ann = await house.register("ann")
    chat_id = await ann.direct(ann)
    with pytest.raises(StoreError, match="cannot be written"):
        async with connect(house.url, "ann", PASSWORD, store=tmp_path / "store") as client:
            await client.saved()
            client.driver._store._connection.execute("pragma query_only = on")  # type: ignore[attr-defined]
            await client.send(chat_id, "where to?")
    assert (await ann.get(f"/api/chats/{chat_id}")).json()["last_seq"] == 0, "nothing was sent that is not durable"


async def test_words_that_are_none_are_refused_before_anything_is_saved(house: House, tmp_path: Path) -> None:
    await house.register("ann")
    async with connect(house.url, "ann", PASSWORD, store=tmp_path / "store") as ann:
        chat_id = await ann.create_direct(ann.user_id)
        with pytest.raises(ChatError, match="bad_unicode"):
            ann.enqueue(chat_id, "\ud83d")
        assert (await ann.send(chat_id, "😀")).seq == 1


async def test_a_cid_of_an_earlier_life_means_the_same_message(house: House, tmp_path: Path) -> None:
    ann = await house.register("ann")
    chat_id = await ann.direct(ann)
    async with connect(house.url, "ann", PASSWORD, store=tmp_path / "store") as client:
        house.storage.broken = True
        client.enqueue(chat_id, "once", cid="mine")
        with pytest.raises(ValueError, match="on its way"):
            client.enqueue(chat_id, "once", cid="mine")
    house.storage.broken = False
    async with connect(house.url, "ann", PASSWORD, store=tmp_path / "store") as client:
        assert (await client.send(chat_id, "once", cid="mine")).seq == 1
    assert len((await ann.get(f"/api/chats/{chat_id}/messages")).json()["messages"]) == 1


def chat_frame(chat_id: int, last_seq: int) -> FromServer:
    return ChatFrame(chat=chat(chat_id, last_seq))


def test_the_store_is_asked_only_where_it_has_something_to_do(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "store")
    assert store.concerns([SaveRow(row(1))])
    assert not store.concerns([])
    store.close()
