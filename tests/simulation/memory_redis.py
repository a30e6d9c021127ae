"""What the bus asks of a Redis, in memory and in one trio run, so that it goes away, stands still and comes back as a
seed wants it. That a real one answers like this is tried in tests/server/test_redis_bus.py."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf
from random import Random

import trio
import trio.testing

from runtime.redis.address import RedisAddress
from runtime.redis.link import Link, RedisAway
from runtime.redis.resp import Replies, Reply, command


class MemoryRedis:
    """`nursery` has its connections; `connected` is in place of the one of runtime.redis.link."""

    def __init__(self, random: Random) -> None:
        self.nursery: trio.Nursery
        self.carried = 0
        self._random = random
        self._is_up = True
        self._goes_on = trio.Event()
        self._goes_on.set()
        self._lives: set[trio.CancelScope] = set()
        self._subscribed: list[trio.MemorySendChannel[bytes]] = []

    def go_away(self) -> None:
        """All connections end, and no new ones are taken."""
        self._is_up = False
        for life in self._lives:
            life.cancel()

    def stand_still(self) -> None:
        """Nothing is answered or carried, and nothing ends."""
        self._goes_on = trio.Event()

    def come_back(self) -> None:
        """From either."""
        self._is_up = True
        self._goes_on.set()

    @asynccontextmanager
    async def connected(self, _address: RedisAddress) -> AsyncIterator[Link]:
        """A connection. Raises RedisAway."""
        await self._delay()
        if not self._is_up:
            raise RedisAway("cannot be reached")
        ours, theirs = trio.testing.memory_stream_pair()
        self.nursery.start_soon(self._serve, theirs)
        try:
            yield Link(ours)
        finally:
            await trio.aclose_forcefully(ours)

    async def _serve(self, stream: trio.abc.Stream) -> None:
        answers, waiting = trio.open_memory_channel[bytes](inf)
        async with trio.open_nursery() as nursery:
            self._lives.add(nursery.cancel_scope)
            nursery.start_soon(self._send, stream, waiting)
            replies = Replies()
            while data := await stream.receive_some():
                replies.feed(data)
                while (found := replies.take()) is not None:
                    self._answer(found[0], answers)
            nursery.cancel_scope.cancel()
        self._lives.discard(nursery.cancel_scope)
        self._subscribed = [one for one in self._subscribed if one is not answers]
        await trio.aclose_forcefully(stream)

    async def _send(self, stream: trio.abc.Stream, waiting: trio.MemoryReceiveChannel[bytes]) -> None:
        async for data in waiting:
            await self._goes_on.wait()
            await self._delay()
            try:
                await stream.send_all(data)
            except trio.BrokenResourceError:
                return

    def _answer(self, asked: Reply, answers: trio.MemorySendChannel[bytes]) -> None:
        match asked:
            case [b"SUBSCRIBE", bytes(channel)]:
                self._subscribed.append(answers)
                answers.send_nowait(command(b"subscribe", channel))
            case [b"PUBLISH", bytes(channel), bytes(data)]:
                self.carried += 1
                for one in self._subscribed:
                    one.send_nowait(command(b"message", channel, data))
                answers.send_nowait(b":%d\r\n" % len(self._subscribed))
            case _:
                raise AssertionError(f"{asked!r} is not asked by the bus")

    async def _delay(self) -> None:
        await trio.sleep(self._random.uniform(0, 0.03))
