"""The bus over a real Redis: what crosses, what comes of garbage, and what happens while Redis is away."""

import itertools
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, ClassVar, cast

import pytest
import trio
import trio.testing

from chatproto.server.hints import HeadMoved, Hint, News, Typed
from runtime.buses.bus import Missed, Publish, Spent
from runtime.buses.database_bus import DatabaseBus
from runtime.buses.hint_codec import encode_hints
from runtime.buses.redis_bus import RedisBus
from runtime.metrics import Metrics
from runtime.redis.address import RedisAddress, parse_redis_url
from runtime.redis.link import Link, RedisAway, connected
from runtime.redis.resp import Refused
from tests.mariadb_server import free_ports
from tests.redis_server import private_redis, shared_redis
from tests.storage.model_backend import ModelStorage

ROOT = Path(__file__).parents[2]
LONG = 120.0
"""Seconds for what takes none, on a machine with much else to do."""


class Process:
    """One end of the bus, as a server process has it."""

    def __init__(self, url: str, storage: ModelStorage, number: int) -> None:
        self.heard: list[Hint | Spent | Missed] = []
        self.metrics = Metrics()
        self._changed = trio.Event()
        database = DatabaseBus(storage, number, lambda: datetime.now(UTC), trio.current_time)
        self.bus = RedisBus(parse_redis_url(url), database, number, Random(1), trio.current_time, self.metrics)
        self.tell: Publish = self.bus.join(self._hear)

    def _hear(self, one: Hint | Spent | Missed) -> None:
        self.heard.append(one)
        self._changed.set()
        self._changed = trio.Event()

    def news(self) -> list[News]:
        return [one.news for one in self.heard if isinstance(one, Hint)]

    async def until_heard(self, news: News) -> None:
        with trio.fail_after(LONG):
            while news not in self.news():
                await self._changed.wait()

    def says(self, name: str) -> float:
        """A metric."""
        value = self.metrics.registry.get_sample_value(f"vestnik_{name}")
        assert value is not None
        return value


async def until(reached: Callable[[], bool]) -> None:
    """What comes of the work of other tasks is seen by looking."""
    with trio.fail_after(LONG):
        while True:
            if reached():
                return
            await trio.sleep(0.01)


@asynccontextmanager
async def processes(url: str, count: int = 2) -> AsyncIterator[list[Process]]:
    storage = ModelStorage("epoch")
    found = [Process(url, storage, number + 1) for number in range(count)]
    async with trio.open_nursery() as nursery:
        for one in found:
            nursery.start_soon(one.bus.run)
        yield found
        nursery.cancel_scope.cancel()


def everybody_is_up(found: list[Process]) -> bool:
    return all(one.says("redis_up") == 1 for one in found)


async def test_hints_cross_and_garbage_is_counted_and_does_no_harm() -> None:
    url = shared_redis().url()
    async with processes(url) as (one, other), connected(parse_redis_url(url)) as stranger:
        await until(lambda: everybody_is_up([one, other]))
        assert one.heard[0] == Missed(), "who has subscribed looks at once"
        for number in range(3000):
            one.tell(Hint("epoch", HeadMoved(1, number)))
        one.tell(Hint("epoch", Typed(2, 3, on=True)))
        await other.until_heard(Typed(2, 3, on=True))
        assert len(other.news()) < 100, "of several with one key the last says all"
        assert HeadMoved(1, 2999) in other.news() and one.news() == []
        channel = f"{parse_redis_url(url).prefix}:hints".encode()
        garbage = [b"", b"x", b"1", b"1 {}", b"-1 []", b"9" * 30 + b" []", b"7 " + b"[" * 100_000, b"\xff\x00 []"]
        for data in garbage:
            await stranger.ask(b"PUBLISH", channel, data)
        await stranger.ask(b"PUBLISH", channel, b"7 " + encode_hints([Hint("epoch", HeadMoved(8, 8))]))
        await other.until_heard(HeadMoved(8, 8))
        for number in range(1_100):  # so many processes that came and went, and a bus that goes on
            await stranger.ask(b"PUBLISH", channel, b"%d []" % (100 + number))
        one.tell(Hint("epoch", HeadMoved(9, 9)))
        await other.until_heard(HeadMoved(9, 9))
        assert other.says("hints_garbled_total") == len(garbage)


@pytest.mark.parametrize("ends", ["killed", "frozen"])
async def test_without_redis_the_database_carries_and_with_it_back_redis_does(ends: str) -> None:
    redis, cases = await trio.to_thread.run_sync(private_redis), itertools.count(1)
    async with processes(redis.url(), 3) as found:
        for _ in range(2):
            await until(lambda: everybody_is_up(found))
            await crosses(found, next(cases))
            await trio.to_thread.run_sync(redis.kill if ends == "killed" else redis.pause)
            found[0].tell(Hint("epoch", HeadMoved(0, next(cases))))  # into the connection that is dying
            await crosses(found, next(cases))
            await until(lambda: not any(one.says("redis_up") for one in found))
            await crosses(found, next(cases))
            looked = [one.heard.count(Missed()) for one in found]
            await trio.to_thread.run_sync(redis.start if ends == "killed" else redis.resume)
            await until(lambda: everybody_is_up(found))
            assert all(one.heard.count(Missed()) > before for one, before in zip(found, looked, strict=True))
    await trio.to_thread.run_sync(redis.kill)


async def crosses(found: list[Process], number: int) -> None:
    """What each tells, each other hears."""
    for place, one in enumerate(found):
        one.tell(Hint("epoch", HeadMoved(place, number)))
    for place in range(len(found)):
        for other_place, other in enumerate(found):
            if place != other_place:
                await other.until_heard(HeadMoved(place, number))


async def test_one_process_without_redis_is_not_left_out() -> None:
    redis = await trio.to_thread.run_sync(private_redis)
    storage, nowhere = ModelStorage("epoch"), "redis://127.0.0.1:9"
    url = redis.url()
    found = [Process(place, storage, number) for number, place in enumerate([url, url, nowhere], 1)]
    async with trio.open_nursery() as nursery:
        for one in found:
            nursery.start_soon(one.bus.run)
        await crosses(found, 1)
        nursery.cancel_scope.cancel()
    await trio.to_thread.run_sync(redis.kill)


class SlowLink:
    """Each PUBLISH takes one second and a half: not so long that Redis counts as silent."""

    subscribed: ClassVar[list[trio.MemorySendChannel[list[Any]]]] = []

    def __init__(self) -> None:
        self._told, self._waiting = trio.open_memory_channel[list[Any]](1_000_000)

    async def ask(self, *words: bytes) -> int:
        if words[0] == b"SUBSCRIBE":
            self.subscribed.append(self._told)
            return 1
        await trio.sleep(1.5)
        for one in self.subscribed:
            one.send_nowait([b"message", *words[1:]])
        return 1

    async def told(self, within: float) -> list[Any]:
        with trio.fail_after(within):
            return await self._waiting.receive()


async def test_a_redis_that_falls_behind_is_given_up(autojump_clock: trio.testing.MockClock) -> None:
    """The database is quicker then: nothing is heard a minute late, and nothing is left out."""
    storage, numbers = ModelStorage("epoch"), (1, 2)
    databases = [DatabaseBus(storage, number, lambda: datetime.now(UTC), trio.current_time) for number in numbers]

    @asynccontextmanager
    async def reach(address: RedisAddress) -> AsyncIterator[Link]:
        yield cast("Link", SlowLink())

    buses = [
        RedisBus(parse_redis_url("redis://slow"), one, number, Random(number), trio.current_time, Metrics(), reach)
        for one, number in zip(databases, numbers, strict=True)
    ]
    said, late = dict[int, float](), list[float]()

    def hear(one: Hint | Spent | Missed) -> None:
        if isinstance(one, Hint) and isinstance(one.news, HeadMoved):
            late.append(trio.current_time() - said[one.news.chat_id])

    tell = buses[0].join(lambda one: None)
    buses[1].join(hear)
    async with trio.open_nursery() as nursery:
        for bus in buses:
            nursery.start_soon(bus.run)
        await trio.sleep(10)
        assert all(bus.link is not None for bus in buses)
        for number in range(6_000):
            said[number] = trio.current_time()
            tell(Hint("epoch", HeadMoved(number, 1)))
            if number % 30 == 29:
                await trio.sleep(0.1)
        await trio.sleep(10)
        nursery.cancel_scope.cancel()
    assert len(late) >= len(said) and max(late) < 10.0


async def test_while_redis_carries_the_database_is_left_alone(autojump_clock: trio.testing.MockClock) -> None:
    """Two that hear each other write signs of life, and one that does not makes them write all."""
    storage, heard = (
        ModelStorage("epoch"),
        [list[Hint | Spent | Missed]() for _ in range(3)],
    )
    buses = [DatabaseBus(storage, number, lambda: datetime.now(UTC), trio.current_time) for number in (1, 2, 3)]
    tells = [bus.join(found.append) for bus, found in zip(buses, heard, strict=True)]
    async with trio.open_nursery() as nursery:
        for bus in buses[:2]:
            bus.relieve(lambda number: number in (1, 2))
            nursery.start_soon(bus.run)
        await trio.sleep(5)
        tells[0](Hint("epoch", HeadMoved(1, 1)))
        await trio.sleep(5)
        assert heard[1] == [], "Redis would have told it"
        nursery.start_soon(buses[2].run)
        await trio.sleep(5)
        for number, tell in enumerate(tells):
            tell(Hint("epoch", HeadMoved(2, number)))
        await trio.sleep(0.5)
        assert {Hint("epoch", HeadMoved(2, 0)), Hint("epoch", HeadMoved(2, 1))} <= set(heard[2])
        assert all(Hint("epoch", HeadMoved(2, 2)) in found for found in heard[:2])
        buses[1].relieve(None)
        await trio.sleep(2)
        tells[0](Hint("epoch", HeadMoved(3, 3)))
        await trio.sleep(0.5)
        assert Hint("epoch", HeadMoved(3, 3)) in heard[1]
        nursery.cancel_scope.cancel()


async def test_passwords() -> None:
    redis = await trio.to_thread.run_sync(private_redis, "--requirepass", "s3cr3t")
    async with connected(parse_redis_url(redis.url(":s3cr3t@"))) as link:
        assert await link.ask(b"SET", b"a", b"1") == b"OK"
        assert await link.ask(b"GET", b"a") == b"1"
        assert isinstance(await link.ask(b"NO SUCH", b"COMMAND"), Refused)
    for wrong in ("", ":other@", "nobody:s3cr3t@"):
        with pytest.raises(RedisAway) as caught:
            async with connected(parse_redis_url(redis.url(wrong))):
                raise AssertionError("it let us in")
        assert "s3cr3t" not in str(caught.value) and str(caught.value).split()[0] in ("NOAUTH", "WRONGPASS")
    await trio.to_thread.run_sync(redis.kill)


async def test_an_account_with_the_rights_that_are_documented_is_enough() -> None:
    redis = await trio.to_thread.run_sync(private_redis)
    rights = re.search(r"needs\n?`([^`]+)`", (ROOT / "docs/settings.md").read_text())
    assert rights is not None
    url = redis.url("bus:pw@").replace("prefix=test", "prefix=vestnik:")
    async with connected(parse_redis_url(redis.url())) as admin:
        assert await admin.ask(b"ACL", b"SETUSER", b"bus", b"on", b">pw", *rights[1].encode().split()) == b"OK"
    async with processes(url) as found:
        await until(lambda: everybody_is_up(found))
        await crosses(found, 1)
    await trio.to_thread.run_sync(redis.kill)


async def test_a_sentinel_tells_which_server_is_the_master(tmp_path: Path) -> None:
    redis, nowhere = await trio.to_thread.run_sync(private_redis), next(free_ports())
    conf = tmp_path / "sentinel.conf"
    conf.write_text(f"sentinel monitor main 127.0.0.1 {redis.port} 1\n")
    sentinel = await trio.to_thread.run_sync(lambda: private_redis("--sentinel", conf=conf))
    places = f"redis+sentinel://127.0.0.1:{nowhere},127.0.0.1:{sentinel.port}"
    async with connected(parse_redis_url(f"{places}/main")) as link, connected(parse_redis_url(redis.url())) as direct:
        await link.ask(b"SET", b"a", b"1")
        assert await direct.ask(b"GET", b"a") == b"1"
        await direct.ask(b"REPLICAOF", b"127.0.0.1", b"%d" % nowhere)
    for name in ("main", "unknown"):
        with pytest.raises(RedisAway, match="master"):
            async with connected(parse_redis_url(f"{places}/{name}")):
                raise AssertionError("that is no master")
    for server in (sentinel, redis):
        await trio.to_thread.run_sync(server.kill)


async def test_who_gives_up_waiting_leaves_no_answer_for_others() -> None:
    async with connected(parse_redis_url(shared_redis().url())) as link:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(link.ask, b"BLPOP", b"nothing ever", b"0")
            await trio.testing.wait_all_tasks_blocked()  # it waits for the answer
            nursery.cancel_scope.cancel()
        assert nursery.cancel_scope.cancelled_caught
        with pytest.raises(RedisAway):
            await link.ask(b"PING")
