"""Clients of the crash tests, what they said, and the checks of what must hold whatever crashed."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Final

import httpx
import trio
from attrs import define, field

from chatproto.client.session_outputs import Sent
from chatproto.client.timing import Timing
from chatproto.wire.model import LogItem, Message
from client.account import register
from client.connection import Client, connect

PASSWORD: Final = "correct horse battery"
TIMING: Final = Timing(
    backoff_first=20, backoff_ceiling=250, connect=30_000, answer=60_000, busy_answer=60_000, steady=5000
)
"""Back at once after a kill, and patient with a server that is slow: the machine may be busy."""
AHEAD: Final = 6
"""Messages that a sender has on their way at a time."""


@define(eq=False)
class Progress:
    """How many messages were acknowledged, and a way to wait for more."""

    count: int = 0
    _changed: trio.Event = field(factory=trio.Event)

    def add(self) -> None:
        self.count += 1
        self._changed.set()
        self._changed = trio.Event()

    async def reach(self, count: int) -> None:
        while self.count < count:
            await self._changed.wait()


@define(eq=False)
class Talk:
    """What everybody said: texts in the order of each sender, and the acknowledgements by text."""

    chat_id: int
    said: dict[str, list[str]] = field(factory=dict)
    acks: dict[str, Sent] = field(factory=dict)
    progress: Progress = field(factory=Progress)
    over: bool = False

    @property
    def last_seq(self) -> int:
        return max(ack.seq or 0 for ack in self.acks.values())

    async def speak(self, name: str, chat: Client, random: Random, pause: float = 0.01) -> None:
        """Send numbered messages, a few ahead of their acks, until the talk is over; then wait for the last acks."""
        mine = self.said.setdefault(name, [])
        async with trio.open_nursery() as nursery:
            room = trio.Semaphore(AHEAD)

            async def wait(text: str, sending: "object") -> None:
                self.acks[text] = await sending.ack()  # type: ignore[attr-defined]
                self.progress.add()
                room.release()

            while not self.over:
                await room.acquire()
                text = f"{name} {len(mine)} 😀"
                mine.append(text)
                nursery.start_soon(wait, text, chat.enqueue(self.chat_id, text))
                await trio.sleep(random.uniform(0, pause))


@asynccontextmanager
async def gathered(url: str, count: int, random: Random) -> AsyncIterator[tuple[list[Client], int]]:
    """So many connected people, and the id of the group they are in."""
    names = [f"person{number}" for number in range(count)]
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        for name in names:
            await register(http, name, PASSWORD)
    async with AsyncExitStack() as stack:
        people = [
            await stack.enter_async_context(
                connect(url, name, PASSWORD, whole_log=True, keep=100_000, timing=TIMING, random=random)
            )
            for name in names
        ]
        chat_id = await people[0].create_group("all", [person.user_id for person in people[1:]])
        yield people, chat_id


def rows(log: tuple[LogItem, ...]) -> list[tuple[object, ...]]:
    """What everybody must see alike of a log; whether it was read changes with time."""
    found: list[tuple[object, ...]] = []
    for item in log:
        assert isinstance(item, Message), item
        found.append((item.seq, item.id, item.sender_id, item.content, item.created_at, item.cid, item.rev))
    return found


def check_log(log: tuple[LogItem, ...], talk: Talk) -> None:
    """Nothing acknowledged is missing, nothing is doubled, seq is dense, and everyone's own order is kept."""
    messages = [item for item in log if isinstance(item, Message)]
    assert [item.seq for item in log] == list(range(1, len(log) + 1)), "the seqs have a hole or a repetition"
    texts = [str(message.content) for message in messages]
    assert len(set(texts)) == len(texts), "a message is doubled"
    assert len({message.cid for message in messages}) == len(messages), "a cid is doubled"
    stored = {str(message.content): message.seq for message in messages}
    acked = {text: ack.seq for text, ack in talk.acks.items()}
    assert stored.items() ^ acked.items() == set(), "the log is not what was acknowledged"
    for name, said in talk.said.items():
        assert [text for text in texts if text.startswith(f"{name} ")] == said, f"{name}'s order is not kept"
