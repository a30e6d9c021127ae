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
    ChatCreated,
    CreateDirect,
    CreateSession,
    CreateUser,
    EndSessions,
    SessionCreated,
    UserFound,
)
from chatproto.server.hub import Hub
from chatproto.server.knobs import Knobs
from chatproto.tokens import TokenKeys
from chatproto.wire.text import search_words
from runtime.bus import Bus, LocalBus
from runtime.hub_driver import Connection, Driver
from tests.storage.model_backend import ModelStorage

KEYS = TokenKeys("k", {"k": b"0" * 32})


def now() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=trio.current_time())


@asynccontextmanager
async def two_drivers(one: Bus, other: Bus) -> AsyncIterator[tuple[Driver, Driver]]:
    storage, cids = ModelStorage("epoch"), itertools.count()
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
