"""Two drivers on one database: what one stores, the other pushes at once, long before a sweep."""

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random

import trio
import trio.testing

from chatproto.operations import (
    BlockSet,
    ChatCreated,
    CreateDirect,
    CreateSession,
    CreateUser,
    EndSessions,
    HearHints,
    HintsHeard,
    Mark,
    Marked,
    Operation,
    OperationFailed,
    Outcome,
    SessionCreated,
    SessionsEnded,
    TellHints,
    UserFound,
)
from chatproto.server.hints import (
    Absent,
    FlagsSet,
    HeadMoved,
    HidingSet,
    Hint,
    MembersAdded,
    News,
    Present,
    ProfileChanged,
    Typed,
)
from chatproto.server.hub import Hub
from chatproto.server.knobs import Knobs
from chatproto.tokens import TokenKeys
from chatproto.wire.text import search_words
from runtime.buses.bus import Bus, LocalBus, Missed, Spent
from runtime.buses.database_bus import DatabaseBus
from runtime.buses.hint_codec import decode_hints, encode_hints
from runtime.hub_driver import Driver
from runtime.sockets.connection import Connection
from tests.storage.model_backend import ModelStorage

KEYS = TokenKeys("k", {"k": b"0" * 32})


def now() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=trio.current_time())


@asynccontextmanager
async def two_drivers(
    one: Bus, other: Bus, storage: ModelStorage | None = None
) -> AsyncIterator[tuple[Driver, Driver]]:
    storage, cids = storage or ModelStorage("epoch"), itertools.count()
    hubs = [Hub(KEYS.check, lambda: f"cid {next(cids)}", None, Knobs(sweep_interval=1e6)) for _ in range(2)]
    drivers = [Driver(hub, storage, now, Random(1), bus) for hub, bus in zip(hubs, (one, other), strict=True)]
    async with trio.open_nursery() as nursery:
        for driver in drivers:
            await nursery.start(driver.run)
        yield drivers[0], drivers[1]
        nursery.cancel_scope.cancel()


async def person(driver: Driver, name: str) -> tuple[int, int, str]:
    user = await driver.request(CreateUser(name, name, None, None, "h", name, search_words(name, name), now()))
    assert isinstance(user, UserFound)
    login = await driver.request(CreateSession(user.user.id, "test", name.encode(), name.encode().ljust(16), now()))
    assert isinstance(login, SessionCreated)
    token = KEYS.sign(
        user_id=user.user.id, session_id=login.session_id, session_key=login.session_key, refresh_id=login.refresh_id,
        jti="x", now=now(), lifetime=99,
    )  # fmt: skip
    return user.user.id, login.session_id, token


async def connect(driver: Driver, token: str) -> Connection:
    connection = driver.connect(driver.hub.open_connection)
    driver.receive(connection, json.dumps({"type": "hello", "v": [1], "token": token}))
    await until_said(connection, "ready")
    await trio.sleep(2)  # the only sweep is over
    return connection


async def until_said(connection: Connection, kind: str) -> None:
    while f'"type":"{kind}"'.encode() not in b"".join(connection.queue.take().frames):
        await connection.wait()


async def test_a_message_and_an_end_of_a_session_cross_at_once(autojump_clock: trio.testing.MockClock) -> None:
    bus = LocalBus()
    async with two_drivers(bus, bus) as (here, there):
        ann, _, ann_token = await person(here, "ann")
        bob, bob_session, bob_token = await person(here, "bob")
        chat = await here.request(CreateDirect(ann, bob, now()))
        assert isinstance(chat, ChatCreated)
        a, b = await connect(here, ann_token), await connect(there, bob_token)
        send = {"type": "send", "chat_id": chat.chat.id, "cid": "c", "content": "hello"}
        here.receive(a, json.dumps(send))
        with trio.fail_after(1):
            await until_said(b, "message")
        await here.request(EndSessions(bob, bob_session, None, now()))
        with trio.fail_after(1):
            while b.closing != (4403, "revoked"):
                await b.wait()


async def test_without_a_bus_between_them_only_the_sweep_would_tell(autojump_clock: trio.testing.MockClock) -> None:
    async with two_drivers(LocalBus(), LocalBus()) as (here, there):
        ann, _, ann_token = await person(here, "ann")
        bob, _, bob_token = await person(here, "bob")
        chat = await here.request(CreateDirect(ann, bob, now()))
        assert isinstance(chat, ChatCreated)
        a, b = await connect(here, ann_token), await connect(there, bob_token)
        here.receive(a, json.dumps({"type": "send", "chat_id": chat.chat.id, "cid": "c", "content": "hello"}))
        with trio.move_on_after(30) as scope:
            await until_said(b, "message")
        assert scope.cancelled_caught


class Lossy(ModelStorage):
    """A database that is away now and then; `hidden`: rows that are committed later than those above them."""

    def __init__(self) -> None:
        super().__init__("epoch")
        self.away = False
        self.hidden: set[int] = set()

    async def perform(self, operation: Operation) -> Outcome:
        """See storage.port.Storage."""
        if self.away and isinstance(operation, TellHints | HearHints):
            return OperationFailed(retryable=True, detail="away")
        outcome = await super().perform(operation)
        if isinstance(outcome, HintsHeard):
            rows = tuple(row for row in outcome.rows if row.id not in self.hidden)
            return HintsHeard(rows, outcome.newest)
        return outcome


def news(heard: list[Hint | Spent | Missed]) -> list[News]:
    return [one.news for one in heard if isinstance(one, Hint)]


def database_bus(storage: ModelStorage, number: int) -> DatabaseBus:
    return DatabaseBus(storage, number, now, trio.current_time)


async def test_over_the_database_everything_crosses_in_300_ms(autojump_clock: trio.testing.MockClock) -> None:
    storage = Lossy()
    buses = [database_bus(storage, number) for number in (1, 2)]
    async with two_drivers(buses[0], buses[1], storage) as (here, there), trio.open_nursery() as nursery:
        for bus in buses:
            nursery.start_soon(bus.run)
        ann, _, ann_token = await person(here, "ann")
        bob, bob_session, bob_token = await person(here, "bob")
        chat = await here.request(CreateDirect(ann, bob, now()))
        assert isinstance(chat, ChatCreated)
        a, b = await connect(here, ann_token), await connect(there, bob_token)
        for number in range(20):
            send = {"type": "send", "chat_id": chat.chat.id, "cid": f"c{number}", "content": "hello"}
            here.receive(a, json.dumps(send))
            with trio.fail_after(0.3):
                await until_said(b, "message")
            await trio.sleep(0.037)
        await there.request(Mark(bob, chat.chat.id, 20, 20, now()))
        with trio.fail_after(0.3):
            await until_said(a, "marks")
        storage.away = True
        here.receive(a, json.dumps({"type": "send", "chat_id": chat.chat.id, "cid": "away", "content": "hello"}))
        await trio.sleep(2)
        storage.away = False
        with trio.fail_after(0.3):
            await until_said(b, "message")
        await here.request(EndSessions(bob, bob_session, None, now()))
        with trio.fail_after(0.3):
            while b.closing != (4403, "revoked"):
                await b.wait()
        nursery.cancel_scope.cancel()


async def test_a_row_that_is_committed_late_is_read_all_the_same(autojump_clock: trio.testing.MockClock) -> None:
    storage, heard = Lossy(), list[Hint | Spent | Missed]()
    one, two, three = (database_bus(storage, number) for number in (1, 2, 3))
    tell = one.join(lambda hint: None)
    tell_more = two.join(lambda hint: None)
    three.join(heard.append)
    async with trio.open_nursery() as nursery:
        for bus in (one, two, three):
            nursery.start_soon(bus.run)
        await trio.sleep(3)  # they have heard of each other
        before = await storage.perform(HearHints(0))
        assert isinstance(before, HintsHeard)
        storage.hidden = {before.newest + 1}
        tell(Hint("epoch", HeadMoved(1, 7)))
        await trio.sleep(0.15)
        tell_more(Hint("epoch", HeadMoved(2, 8)))
        await trio.sleep(0.3)
        assert news(heard) == [HeadMoved(2, 8)]
        storage.hidden = set()
        await trio.sleep(0.3)
        assert news(heard) == [HeadMoved(2, 8), HeadMoved(1, 7)]
        nursery.cancel_scope.cancel()


async def test_who_is_alone_writes_a_sign_of_life_and_no_more(autojump_clock: trio.testing.MockClock) -> None:
    storage = ModelStorage("epoch")
    alone = database_bus(storage, 1)
    tell = alone.join(lambda hint: None)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(alone.run)
        for number in range(1000):
            tell(Hint("epoch", HeadMoved(number, 1)))
            await trio.sleep(0.1)
        nursery.cancel_scope.cancel()
    rows = await storage.perform(HearHints(0))
    assert isinstance(rows, HintsHeard)
    assert rows.newest <= 52 and {row.data for row in rows.rows} == {b"[]"}
    assert len(rows.rows) < 40, "old ones are removed"


async def test_a_database_that_was_put_back_is_read_from_its_new_end(autojump_clock: trio.testing.MockClock) -> None:
    heard = list[Hint | Spent | Missed]()
    old, new = ModelStorage("epoch"), ModelStorage("epoch")
    for _ in range(500):
        await old.perform(TellHints(9, b"[]", 0, now()))
    storage = Switched(old)
    bus, other = database_bus(storage, 1), database_bus(storage, 2)
    bus.join(heard.append)
    tell = other.join(lambda hint: None)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bus.run)
        nursery.start_soon(other.run)
        await trio.sleep(3)
        storage.used = new
        await trio.sleep(3)
        tell(Hint("epoch", HeadMoved(1, 7)))
        await trio.sleep(0.3)
        assert news(heard) == [HeadMoved(1, 7)]
        nursery.cancel_scope.cancel()


class Switched(ModelStorage):
    """Now one database, then another."""

    def __init__(self, used: ModelStorage) -> None:
        super().__init__("epoch")
        self.used = used

    async def perform(self, operation: Operation) -> Outcome:
        """See storage.port.Storage."""
        return await self.used.perform(operation)


def test_hints_are_bytes_and_what_is_not_known_is_passed_over() -> None:
    hints: list[Hint | Spent] = [
        Spent(2**53 - 1, "searches", "ab", -1.5),
        Hint("e", HeadMoved(1, 2)),
        Hint("e", MembersAdded(1, (2, 3))),
        Hint("f", SessionsEnded((4,))),
        Hint("f", BlockSet(1, 2, on=True)),
        Hint("f", Typed(1, 2, on=True)),
        Hint("f", FlagsSet(1, 2)),
        Hint("f", ProfileChanged(1, (2, 3))),
        Hint("f", Present("p", (1, 2))),
        Hint("f", Absent("p", 1, datetime(2026, 1, 1, tzinfo=UTC))),
        Hint("f", Marked(1, 2, 3, 4, 5, 6, changed=True, is_group=False, received=False, told_read_seq=4)),
        Hint("f", HidingSet(1, last_seen=True, reads=False)),
    ]
    data = encode_hints(hints)
    assert decode_hints(data) == hints
    later = b'[["e","of a later version",{}],["e","head",{"chat_id":"x"}],["f","absent",{"process":"p","user_id":1,'
    later += b'"since":"2026-01-01T00:00:00"}],' + data[1:]
    assert decode_hints(later) == hints
    for broken in (b"", b"{}", b"[1]", data[:-1], b'[["\xff","head",{}]]', b'[["e","head",{"x":' + b"[" * 100_000):
        assert decode_hints(broken) is None
