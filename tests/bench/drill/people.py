"""People who send and read all the time, what they said and got, and when."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from math import inf
from random import Random
from typing import Final

import httpx
import trio
from attrs import define, field, frozen

from chatproto.client.timing import Timing
from client.account import register
from client.connection import Client, connect
from tests.faults.talkers import AHEAD, PASSWORD, Talk, check_log, rows

WORDS: Final = "слово " * 8
KEEP: Final = 200_000
"""Messages of a chat that each of them holds on to: all there are."""
AT_ONCE: Final = 8
"""People who log in at the same time."""


@define(eq=False)
class Room:
    """A group, whose people are all in it from its first message on."""

    talk: Talk
    people: "list[Person]" = field(factory=list)


@define(eq=False)
class Person:
    """One client. `wrong`: messages that came to them twice or out of order."""

    name: str
    client: Client
    room: Room | None = None
    seq: int = 0
    wrong: int = 0


@frozen
class Delivery:
    """A message to somebody else: when it was sent, and how many seconds later it was applied."""

    sent_at: float
    took: float


@define(eq=False)
class Crowd:
    """All of them. `rate`: messages a second, all together."""

    random: Random
    rate: float
    rooms: list[Room] = field(factory=list)
    people: list[Person] = field(factory=list)
    deliveries: list[Delivery] = field(factory=list)
    sent_at: dict[str, float] = field(factory=dict)
    over: bool = False
    _asks: int = 0
    _talking: trio.Nursery | None = None

    def took(self, begin: float, end: float) -> list[float]:
        """How long those took that were sent between two moments, ascending."""
        return sorted(one.took for one in self.deliveries if begin <= one.sent_at < end)

    def closes(self) -> "Counter[int]":
        """How links have ended so far, by code."""
        return Counter(closed.code for person in self.people for closed in person.client.closes)

    def repeated(self) -> int:
        """Acks that came only at the repetition."""
        return sum(ack.dup for room in self.rooms for ack in room.talk.acks.values())

    def acked(self) -> int:
        """Messages that are stored."""
        return sum(len(room.talk.acks) for room in self.rooms)

    async def talk(self) -> None:
        """Until it is over and everything is stored."""
        async with trio.open_nursery() as nursery:
            for person in self.people:
                nursery.start_soon(self._read, person)
            async with trio.open_nursery() as self._talking:
                for person in self.people:
                    self._talking.start_soon(self._speak, person)
            for room in self.rooms:
                for person in room.people:
                    await person.client.reached(room.talk.chat_id, room.talk.last_seq)
            nursery.cancel_scope.cancel()

    async def _speak(self, person: Person) -> None:
        assert person.room is not None
        room = trio.Semaphore(AHEAD)
        mean = len(self.people) / self.rate
        async with trio.open_nursery() as nursery:
            await trio.sleep(self.random.uniform(0, mean))
            while not self.over:
                await room.acquire()
                nursery.start_soon(self._say, person, WORDS, room)
                await trio.sleep(self.random.uniform(0.5, 1.5) * mean)

    async def _say(self, person: Person, what: str, line: trio.Semaphore | None = None) -> int:
        """Send one; its seq, once it is stored."""
        assert person.room is not None
        talk = person.room.talk
        mine = talk.said.setdefault(person.name, [])
        text = f"{person.name} {len(mine)} {what}"
        mine.append(text)
        self.sent_at[text] = trio.current_time()
        ack = await person.client.enqueue(talk.chat_id, text).ack()
        talk.acks[text] = ack
        if line is not None:
            line.release()
        return ack.seq or 0

    async def _read(self, person: Person) -> None:
        async for message in person.client.messages():
            if message.seq != person.seq + 1:
                person.wrong += 1
            person.seq = message.seq
            sent_at = self.sent_at.get(message.content or "")
            if sent_at is not None and message.sender_id != person.client.user_id:
                self.deliveries.append(Delivery(sent_at, trio.current_time() - sent_at))

    async def back(self, within: float) -> list[float]:
        """Everybody says something now; of each the seconds until it was stored and they had what their room said.

        `inf` where that is not so after `within` seconds.
        """
        began = trio.current_time()
        found = dict.fromkeys((person.name for person in self.people), inf)
        self._asks += 1
        what, all_back = f"is back {self._asks}", trio.Event()
        seqs: dict[int, int] = {}

        async def one(person: Person, stored: trio.Event, waiting: set[str]) -> None:
            assert person.room is not None
            chat_id = person.room.talk.chat_id
            seqs[chat_id] = max(seqs.get(chat_id, 0), await self._say(person, what))
            waiting.discard(person.name)
            if not waiting:
                stored.set()
            await stored.wait()
            await person.client.reached(chat_id, seqs[chat_id])
            found[person.name] = trio.current_time() - began
            if inf not in found.values():
                all_back.set()

        assert self._talking is not None
        for room in self.rooms:
            stored, waiting = trio.Event(), {person.name for person in room.people}
            for person in room.people:
                self._talking.start_soon(one, person, stored, waiting)
        with trio.move_on_after(within):
            await all_back.wait()
        return sorted(found.values())

    def faults(self) -> list[str]:
        """What must not be, once all is over: lost, doubled, out of order, or not the same for all."""
        found = [f"{one.name} got {one.wrong} messages twice or out of order" for one in self.people if one.wrong]
        for room in self.rooms:
            first = room.people[0].client.log(room.talk.chat_id)
            try:
                check_log(first, room.talk)
            except AssertionError as error:
                found.append(f"chat {room.talk.chat_id}: {str(error).partition(chr(10))[0]}")
            for person in room.people[1:]:
                if rows(person.client.log(room.talk.chat_id)) != rows(first):
                    found.append(f"{person.name} has another log of chat {room.talk.chat_id}")
        return found


@asynccontextmanager
async def gathered(
    url: str, count: int, room: int, rate: float, random: Random, timing: Timing | None = None
) -> AsyncIterator[Crowd]:
    """So many connected people in groups of `room`; clients have their own back-off unless `timing` says another."""
    crowd = Crowd(random, rate)
    done = trio.Event()
    turns = trio.CapacityLimiter(AT_ONCE)

    async def live(name: str, task_status: trio.TaskStatus[None]) -> None:
        async with AsyncExitStack() as stack:
            async with turns:
                async with httpx.AsyncClient(base_url=url, timeout=60) as http:
                    await register(http, name, PASSWORD)
                client = await stack.enter_async_context(
                    connect(url, name, PASSWORD, whole_log=True, keep=KEEP, timing=timing, random=Random(name))
                )
            crowd.people.append(Person(name, client))
            task_status.started()
            await done.wait()

    async with trio.open_nursery() as nursery:
        async with trio.open_nursery() as coming:
            for number in range(count):
                coming.start_soon(nursery.start, live, f"person{number}")
        for begin in range(0, count, room):
            people = crowd.people[begin : begin + room]
            others = [person.client.user_id for person in people[1:]]
            chat_id = await people[0].client.create_group(f"room {begin}", others)
            crowd.rooms.append(Room(Talk(chat_id), people))
            for person in people:
                person.room = crowd.rooms[-1]
        yield crowd
        done.set()
