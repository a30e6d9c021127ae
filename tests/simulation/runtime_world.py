"""Two real servers on one database, and real clients, in one trio run: links are memory, SQLite runs inline, the clock
jumps.

What the pure simulation cannot reach is here: tasks, cancellation, deadlines, the group-commit writer, the bus that
polls the database, the one over Redis, and wall clocks that are set to and fro while deadlines go on.
"""

import hashlib
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final, Literal, TypeVar

import trio
import trio.testing
from attrs import define, field

from chatproto.client import lenient_codec
from chatproto.client.client_config import ClientConfig
from chatproto.client.client_session import ClientSession
from chatproto.client.session_outputs import Apply, Row, Sent
from chatproto.operations import (
    ChatCreated,
    CreateGroup,
    CreateSession,
    CreateUser,
    RotateRefresh,
    SessionCreated,
    UserFound,
)
from chatproto.server.hub import Hub
from chatproto.server.knobs import Knobs
from chatproto.tokens import TokenKeys
from chatproto.wire.frames import FromClient, FromServer
from chatproto.wire.text import search_words
from client.exceptions import ChatError
from client.link import Closed
from client.session_driver import Driver as ClientDriver
from client.session_driver import Told
from client.store import MemoryStore
from runtime.buses.bus import Bus, LocalBus
from runtime.buses.database_bus import DatabaseBus
from runtime.buses.redis_bus import RedisBus
from runtime.hub_driver import Driver
from runtime.metrics import Metrics
from runtime.redis.address import parse_redis_url
from runtime.sockets.open_sockets import Place
from runtime.sockets.socket_connection import LinkLost, serve_connection
from storage.migrate import upgrade
from storage.sqlite import SQLiteStorage
from tests.simulation.memory_redis import MemoryRedis

T = TypeVar("T")
BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
DURATION: Final = 40.0
CALM: Final = 10.0
"""Seconds in which no link is cut and no clock set: all that is new comes over the bus."""
SETTLE: Final = 60.0
LIFETIME: Final = 15
"""Seconds of an access token: several are renewed in a run."""
NEVER: Final = 10.0**6
"""Seconds, more than a run has."""
WRONG: Final = (-3600.0, -2.0, 1.5, 3600.0, 365 * 86400.0)
"""Seconds by which the wall clock of a server is wrong."""
Carrier = Literal["none", "database", "redis"]
"""What the two servers hear of each other by: the sweep alone, or no sweep and the bus that polls the database, or the
one over a Redis that comes and goes."""
REDIS: Final = parse_redis_url("redis://here")


async def inline(call: Callable[[], T]) -> T:
    """In place of a thread, which would let a jumping clock run away."""
    await trio.lowlevel.checkpoint()
    return call()


@define(eq=False)
class Wire:
    """One WebSocket in memory, with both of its ends: `Link` for the client, `Transport` for the server."""

    random: Random
    to_server: deque[str] = field(factory=deque)
    to_client: deque[bytes] = field(factory=deque)
    ended: tuple[int, str] | None = None
    _moved: trio.Event = field(factory=trio.Event)

    def _move(self) -> None:
        self._moved.set()
        self._moved = trio.Event()

    async def _until(self, condition: Callable[[], object]) -> None:
        while not condition():
            await self._moved.wait()

    def cut(self, code: int = 1006) -> None:
        if self.ended is None:
            self.ended = (code, "")
            self._move()


class ClientEnd:
    """What client.session_driver takes for a link."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    async def receive(self) -> list[FromServer] | Closed:
        wire = self.wire
        await wire._until(lambda: wire.to_client or wire.ended)
        await trio.sleep(wire.random.uniform(0, 0.05))
        if wire.to_client:
            return lenient_codec.decode(wire.to_client.popleft())
        assert wire.ended is not None
        return Closed(*wire.ended)

    async def send(self, frame: FromClient) -> None:
        await trio.lowlevel.checkpoint()
        if self.wire.ended is None:
            self.wire.to_server.append(lenient_codec.encode(frame))
            self.wire._move()

    def cut(self) -> None:
        self.wire.cut()


class ServerEnd:
    """What runtime.sockets.socket_connection takes for a transport."""

    direct = None

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    async def receive_while(self, take: Callable[[str | bytes], bool]) -> None:
        wire, more = self.wire, True
        while more:
            await wire._until(lambda: wire.to_server or wire.ended)
            await trio.sleep(wire.random.uniform(0, 0.05))
            if not wire.to_server:
                raise LinkLost
            more = take(wire.to_server.popleft())

    async def send(self, messages: Sequence[bytes]) -> None:
        for data in messages:
            await trio.sleep(self.wire.random.uniform(0, 0.02))
            if self.wire.ended is not None:
                raise LinkLost
            self.wire.to_client.append(data)
            self.wire._move()

    async def flush(self) -> None:
        await trio.lowlevel.checkpoint()

    async def ping(self) -> None:
        await trio.lowlevel.checkpoint()

    def on_pong(self, call: Callable[[], None]) -> None:
        pass

    async def close(self, code: int, reason: str) -> None:
        await trio.lowlevel.checkpoint()
        self.wire.cut(code)


@define(eq=False)
class Person:
    """A user with their tokens; `token` and `refresh` are what client.session_driver asks of an account."""

    world: "RuntimeWorld"
    name: str
    user_id: int
    session_id: int
    session_key: bytes
    refresh_id: bytes
    secret: bytes
    token: str
    driver: ClientDriver | None = None
    wire: Wire | None = None
    applied: list[tuple[int, str]] = field(factory=list)
    sent: dict[str, int] = field(factory=dict)
    written: int = 0
    links: int = 0

    async def refresh(self, used: str) -> None:
        """Over "HTTP", which fails now and then."""
        await trio.sleep(self.world.random.uniform(0, 0.2))
        if self.world.faulty and self.world.random.random() < 0.3:
            raise ChatError("no_connection")
        if used != self.token:
            return
        secret = self.secret + b"+"
        old, new = (hashlib.sha256(one).digest() for one in (self.secret, secret))
        outcome = await self.world.driver.request(RotateRefresh(old, new, self.world.now()))
        if not isinstance(outcome, SessionCreated):
            raise ChatError("no_connection")
        self.secret, self.refresh_id = secret, outcome.refresh_id
        self.token = self.world.sign(self)

    def told(self, told: list[Told]) -> None:
        for one in told:
            if isinstance(one, Apply):
                self.applied.append((one.item.seq, getattr(one.item, "cid", "")))
            elif isinstance(one, Sent):
                self.sent[one.cid] = one.seq or 0

    async def open_link(self, url: str, timeout: float, use: Callable[[Any], Awaitable[Closed]]) -> Closed:
        await trio.sleep(self.world.random.uniform(0.01, 0.3))
        if self.world.faulty and self.world.random.random() < 0.1:
            return Closed(1006, "refused")
        self.links += 1
        wire = self.wire = Wire(self.world.random)
        self.world.nursery.start_soon(self.world.serve, wire)
        try:
            return await use(ClientEnd(wire))
        finally:
            wire.cut(1000)


class RuntimeWorld:
    """Everything of one run."""

    def __init__(self, seed: int, carrier: Carrier, folder: Path) -> None:
        self.random = Random(seed)
        self.faulty = True
        self.keys = TokenKeys("k", {"k": b"0" * 32})
        path = folder / "runtime.sqlite3"
        upgrade(f"sqlite:///{path}")
        self.storage = SQLiteStorage(path, run_in_thread=inline)
        self.ahead = [0.0, 0.0]
        self.redis = MemoryRedis(self.random) if carrier == "redis" else None
        self.carriers = [] if carrier == "none" else [self._carrier(place) for place in (0, 1)]
        buses: list[Bus] = [*self.carriers] or [LocalBus(), LocalBus()]
        self.drivers = [self._driver(bus, place) for place, bus in enumerate(buses)]
        self.driver = self.drivers[0]
        self.people: list[Person] = []
        self.nursery: trio.Nursery
        self.chat_id = 0

    def _carrier(self, place: int) -> DatabaseBus | RedisBus:
        number = place + 1
        polling = DatabaseBus(self.storage, number, self._clock(place), trio.current_time)
        if self.redis is None:
            return polling
        reach = self.redis.connected
        return RedisBus(REDIS, polling, number, self.random, trio.current_time, Metrics(), reach)

    def _driver(self, bus: Bus, place: int) -> Driver:
        """Of one process; the other one shares its database, and hears of it over the bus."""
        cids = iter(range(10**9))
        knobs = Knobs(rate=1000.0, burst=1000, sweep_interval=NEVER if self.carriers else 1.0)
        hub = Hub(self.keys.check, lambda: f"server-{place}-{next(cids)}", None, knobs)
        return Driver(hub, self.storage, self._clock(place), self.random, bus)

    def _clock(self, place: int) -> Callable[[], datetime]:
        """The wall clock of a process."""
        return lambda: self.now() + timedelta(seconds=self.ahead[place])

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=trio.current_time())

    def sign(self, person: Person) -> str:
        return self.keys.sign(
            user_id=person.user_id, session_id=person.session_id, session_key=person.session_key,
            refresh_id=person.refresh_id, jti="x", now=self.now(), lifetime=LIFETIME,
        )  # fmt: skip

    async def serve(self, wire: Wire) -> None:
        driver = self.random.choice(self.drivers)
        await serve_connection(driver, ServerEnd(wire), driver.hub.open_connection, joins_frames=True, place=Place())

    async def run(self) -> str:
        """The hash of all that was applied; AssertionError where something does not hold."""
        async with trio.open_nursery() as nursery:
            self.nursery = nursery
            for server in self.drivers:
                await nursery.start(server.run)
            if self.redis is not None:
                self.redis.nursery = nursery
            for carrier in self.carriers:
                nursery.start_soon(carrier.run)
            for name in ("ann", "bob", "eve"):
                self.people.append(await self._person(name))
            ids = [person.user_id for person in self.people]
            created = await self.driver.request(CreateGroup(ids[0], "Room", tuple(ids[1:]), None, self.now()))
            assert isinstance(created, ChatCreated)
            self.chat_id = created.chat.id
            for person in self.people:
                config = ClientConfig(device="test", whole_log=True)
                session = ClientSession(config, self.random.random)
                driver = ClientDriver("memory", person, session, MemoryStore(), person.told, person.open_link)
                person.driver = driver
                nursery.start_soon(driver.run)
            await self._live(DURATION, self._break, self._set_clocks)
            self.faulty, self.ahead = False, [0.0, 0.0]
            await self._live(CALM)
            with trio.fail_after(SETTLE):
                await self._settled()
            nursery.cancel_scope.cancel()
        await self.storage.aclose()
        return self._check()

    async def _live(self, seconds: float, *disturbances: Callable[[], Awaitable[None]]) -> None:
        """Everybody talks. Redis comes and goes in any case, and is at the end as it happens to be."""
        with trio.move_on_after(seconds):
            async with trio.open_nursery() as life:
                for disturbance in disturbances:
                    life.start_soon(disturbance)
                if self.redis is not None:
                    life.start_soon(self._break_redis, self.redis)
                for person in self.people:
                    life.start_soon(self._talk, person)

    async def _person(self, name: str) -> Person:
        operation = CreateUser(name, name, None, None, "hash", name, search_words(name, name), self.now())
        user = await self.driver.request(operation)
        assert isinstance(user, UserFound)
        secret = name.encode()
        digest = hashlib.sha256(secret).digest()
        login = await self.driver.request(CreateSession(user.user.id, "test", digest, digest[:16], self.now()))
        assert isinstance(login, SessionCreated)
        person = Person(self, name, user.user.id, login.session_id, login.session_key, login.refresh_id, secret, "")
        person.token = self.sign(person)
        return person

    async def _talk(self, person: Person) -> None:
        while True:
            await trio.sleep(self.random.expovariate(1.0))
            assert person.driver is not None
            for _ in range(self.random.choice((1, 1, 3, 12))):
                person.written += 1
                cid = f"{person.name}-{person.written}"
                person.driver.send(Row(cid=cid, chat_id=self.chat_id, content=f"text {person.written}"))

    async def _break(self) -> None:
        while True:
            await trio.sleep(self.random.expovariate(1.0))
            person = self.random.choice(self.people)
            if person.wire is not None:
                person.wire.cut(self.random.choice((1006, 1006, 1012, 4408)))

    async def _set_clocks(self) -> None:
        """One server's wall clock is wrong for a while, and then right again, which is a jump back."""
        while True:
            await trio.sleep(self.random.expovariate(0.3))
            place = self.random.randrange(2)
            self.ahead[place] = self.random.choice(WRONG)
            await trio.sleep(self.random.uniform(0.5, 4))
            self.ahead[place] = 0.0

    async def _break_redis(self, redis: MemoryRedis) -> None:
        while True:
            await trio.sleep(self.random.expovariate(0.3))
            self.random.choice((redis.go_away, redis.stand_still))()
            await trio.sleep(self.random.expovariate(0.3))
            redis.come_back()

    async def _settled(self) -> None:
        while True:
            if not self._unsettled():
                return
            await trio.sleep(0.5)

    def _unsettled(self) -> bool:
        total = sum(person.written for person in self.people)
        return any(len(person.applied) < total or len(person.sent) < person.written for person in self.people)

    def _check(self) -> str:
        first = self.people[0].applied
        assert [seq for seq, _ in first] == list(range(1, len(first) + 1))
        for person in self.people:
            assert person.applied == first, f"{person.name} has another log"
            mine = [cid for _, cid in first if cid.startswith(person.name)]
            assert mine == [f"{person.name}-{number}" for number in range(1, person.written + 1)]
            assert person.sent == {cid: seq for seq, cid in first if cid.startswith(person.name)}
            assert person.links > 3, "the links were hardly cut"
        assert self.redis is None or self.redis.carried > 100, "hardly anything went over Redis"
        return hashlib.sha256(repr(first).encode()).hexdigest()


def run_deterministic(seed: int, carrier: Carrier, folder: Path) -> str:
    """One run under a clock that jumps, with trio's own choices drawn from the seed."""
    core: Any = trio._core._run
    before = core._ALLOW_DETERMINISTIC_SCHEDULING
    core._ALLOW_DETERMINISTIC_SCHEDULING = True
    core._r.seed(seed)
    try:
        clock = trio.testing.MockClock(autojump_threshold=0)
        return trio.run(RuntimeWorld(seed, carrier, folder).run, clock=clock)
    finally:
        core._ALLOW_DETERMINISTIC_SCHEDULING = before


if __name__ == "__main__":
    print(run_deterministic(int(sys.argv[1]), "redis", Path(sys.argv[2])))
