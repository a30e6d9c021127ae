"""A whole server for a test: real storage, Hub, driver and sockets, in the test's own nursery."""

import secrets
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import trio
from argon2 import PasswordHasher
from attrs import define, field, frozen

from chatproto.operations import Operation, OperationFailed, Outcome, OutcomeUnknown
from chatproto.server.hub import Hub
from chatproto.server.knobs import Knobs
from chatproto.tokens import TokenKeys
from chatproto.wire.limits import Limits
from runtime.app import create_app
from runtime.background.loop_delay import LoopDelay
from runtime.background.watched import WatchedStorage
from runtime.buses.bus import LocalBus
from runtime.compose import limits_of, mailer_of, sources_of
from runtime.config import Settings
from runtime.files.links import FileLinks
from runtime.files.service import open_files, open_store
from runtime.http.api import Api
from runtime.http.web import read_pages
from runtime.hub_driver import Driver
from runtime.metrics import Metrics
from runtime.notes import note_into
from runtime.readiness import Readiness
from runtime.serve import serve
from runtime.services import Services
from runtime.sockets.websocket import add_websockets
from runtime.sockets.websocket_endpoint import WebSocketEndpoint
from runtime.trusted_proxy import ProxyFix
from storage.migrate import upgrade
from storage.passwords import Passwords
from storage.port import Storage
from storage.sqlite import SQLiteStorage
from tests.server.documented import Documented

KEYS = TokenKeys(current="1", keys={"1": b"k" * 48})
PASSWORD = "correct horse battery"
GENEROUS: dict[str, Any] = {
    "bucket_rate": 1000.0, "bucket_burst": 1000, "limit_reads_rate": 1000.0, "limit_reads_burst": 1000,
    "limit_searches_rate": 1000.0, "limit_uploads": 1000,
    "limit_new_chats": 1000, "limit_new_members": 100_000, "limit_registrations": 1000,
}  # fmt: skip
"""Limits that no test meets unless it means to."""


@define
class Clock:
    """The real time, and what a test adds to it."""

    ahead: timedelta = timedelta()

    passed: float = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def seconds(self) -> float:
        """The monotonic clock."""
        return trio.current_time() + self.passed

    def advance(self, **duration: float) -> None:
        """Time goes by, on both clocks."""
        self.ahead += timedelta(**duration)
        self.passed += timedelta(**duration).total_seconds()

    def set(self, **difference: float) -> None:
        """The wall clock alone is set forward, or back."""
        self.ahead += timedelta(**difference)


@define
class Valve:
    """Storage that a test can take away, now or after so many operations, or let answer something else.

    `failing`: kinds of operations that fail; `held`: kinds that wait until `let_go`, and `holding` is set by the first
    of them. `loses`: the kind with the next of which it goes away, having done it; `forgets`: kinds whose next one is
    done, and nobody knows. `answers`, of a kind each, are used up in order; `refused` counts the operations that met a
    store that was away, `checks` the questions whether it is there.
    """

    inner: Storage
    broken: bool = False
    breaks_after: int | None = None
    silent: bool = False
    answers: list[tuple[type[Operation], Outcome]] = field(factory=list)
    failing: list[type[Operation]] = field(factory=list)
    loses: type[Operation] | None = None
    forgets: list[type[Operation]] = field(factory=list)
    held: list[type[Operation]] = field(factory=list)
    holding: trio.Event = field(factory=trio.Event)
    let_go: trio.Event = field(factory=trio.Event)
    performed: list[Operation] = field(factory=list)
    refused: int = 0
    checks: int = 0

    async def perform(self, operation: Operation) -> Outcome:
        self.performed.append(operation)
        if type(operation) in self.held:
            self.holding.set()
            await self.let_go.wait()
        if self.breaks_after is not None:
            self.broken = self.breaks_after <= 0
            self.breaks_after -= 1
        if self.broken or type(operation) in self.failing:
            self.refused += 1
            return OperationFailed(retryable=True, detail="away")
        if self.loses is not None and isinstance(operation, self.loses):
            self.loses, self.broken = None, True
            await self.inner.perform(operation)
            return OutcomeUnknown()
        if type(operation) in self.forgets:
            self.forgets.remove(type(operation))
            await self.inner.perform(operation)
            return OutcomeUnknown()
        for place, (kind, answer) in enumerate(self.answers):
            if isinstance(operation, kind):
                del self.answers[place]
                return answer
        return await self.inner.perform(operation)

    async def check(self) -> str | None:
        self.checks += 1
        if self.silent:
            await trio.sleep_forever()
        return "the database is away" if self.broken else await self.inner.check()

    async def aclose(self) -> None:
        await self.inner.aclose()


@frozen
class Person:
    """Somebody who is logged in; requests carry their token."""

    http: httpx.AsyncClient
    user: dict[str, Any]
    token: str
    refresh_token: str

    @property
    def id(self) -> int:
        return int(self.user["id"])

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return await self.http.request(method, path, json=body, headers=headers, **more)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.call("GET", path, params=params)

    async def post(self, path: str, body: Any = None, **more: Any) -> httpx.Response:
        return await self.call("POST", path, body, **more)

    async def patch(self, path: str, body: Any = None) -> httpx.Response:
        return await self.call("PATCH", path, body)

    async def delete(self, path: str) -> httpx.Response:
        return await self.call("DELETE", path)

    async def direct(self, other: "Person") -> int:
        """The id of the direct chat with somebody."""
        answer = await self.post("/api/chats", {"type": "direct", "user_id": other.id})
        assert answer.status_code in (200, 201), answer.text
        return int(answer.json()["id"])

    async def group(self, title: str, *others: "Person") -> int:
        """The id of a new group."""
        body = {"type": "group", "title": title, "user_ids": [other.id for other in others]}
        answer = await self.post("/api/chats", body)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    async def send(self, chat_id: int, content: str, **more: Any) -> dict[str, Any]:
        """The message as stored."""
        answer = await self.post(f"/api/chats/{chat_id}/messages", {"content": content, **more})
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())


@frozen
class House:
    """A running server. `storage` is the valve before the real one."""

    url: str
    services: Services
    driver: Driver
    storage: Valve
    clock: Clock
    http: httpx.AsyncClient

    async def register(self, username: str, password: str = PASSWORD, **more: Any) -> Person:
        """A new account, logged in."""
        body = {"username": username, "password": password, **more}
        return self._person(await self.http.post("/api/auth/register", json=body))

    async def login(self, login: str, password: str = PASSWORD) -> Person:
        """Another session of an account."""
        return self._person(await self.http.post("/api/auth/login", json={"login": login, "password": password}))

    def _person(self, answer: httpx.Response) -> Person:
        assert answer.status_code in (200, 201), answer.text
        found = answer.json()
        return Person(self.http, found["user"], found["access_token"], found["refresh_token"])


def empty_database(path: Path) -> None:
    """A SQLite database with today's schema."""
    upgrade(f"sqlite:///{path}")


def copy_database(template: Path, path: Path) -> None:
    """A copy that does not lose what still stands in the write-ahead log."""
    with sqlite3.connect(template) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    shutil.copy(template, path)


@asynccontextmanager
async def open_house(
    path: Path,
    *,
    limits: Limits | None = None,
    knobs: Knobs | None = None,
    transport: str = "own",
    sends: bool = True,
    **settings: Any,
) -> AsyncIterator[House]:
    """Serve the database at `path` on a free port until the block ends; pages only where a `web_dir` is given.

    `transport`: of WebSockets, `own` or `quart`. `sends`: letters leave the queue, which is looked at again and again.
    """
    knobs = knobs or Knobs(store_wait=0.5, rate=1000.0, burst=1000)
    chosen = Settings(data_dir=path.parent, **{**GENEROUS, **settings})
    limits = limits or limits_of(chosen)
    metrics, bus = Metrics(), LocalBus()
    clock, storage = Clock(), Valve(SQLiteStorage(path, observer=metrics))
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    watched = WatchedStorage(storage, metrics, note_into(metrics), clock.seconds)
    hub = Hub(KEYS.check, lambda: secrets.token_hex(16), limits, knobs)
    driver = Driver(hub, watched, clock.now, Random(1), bus, metrics, clock.seconds)
    metrics.watch(sources_of(driver, passwords))
    mailer = mailer_of(chosen, driver.request, clock.now)
    blobs = open_store(chosen)
    services = Services(
        driver=driver,
        keys=KEYS,
        passwords=passwords,
        settings=chosen,
        limits=limits,
        knobs=knobs,
        metrics=metrics,
        readiness=Readiness(watched, bus, clock.seconds),
        now=clock.now,
        clock=clock.seconds,
        random_token=lambda: secrets.token_urlsafe(32),
        random_bytes=secrets.token_bytes,
        mailer=mailer,
        files=open_files(path.parent, FileLinks(KEYS.keys), blobs),
    )
    pages = read_pages(settings.get("web_dir"))
    app: Any = create_app()
    add_websockets(app, services, driver)
    api: Any = Api(services, pages, app)
    served: Any = ProxyFix(api, chosen.proxy_hops)
    ready, url = trio.Event(), ""

    def on_ready(where: str) -> None:
        nonlocal url
        url = where.replace("//[::]:", "//127.0.0.1:")  # by IPv4, as most people come
        ready.set()

    async def run() -> None:
        await serve(
            served, host=chosen.host, port=0, on_ready=on_ready, drain=driver.drain, graceful_timeout=0.5,
            endpoint=WebSocketEndpoint(services, driver) if transport == "own" else None,
        )  # fmt: skip

    loop_delay = LoopDelay(metrics.loop_delay.observe)
    trio.lowlevel.add_instrument(loop_delay)
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(driver.run)
            nursery.start_soon(run)
            if mailer is not None and sends:
                nursery.start_soon(mailer.run)
            with trio.fail_after(60):
                await ready.wait()
            hooks: dict[str, list[Callable[..., Any]]] = {"response": [Documented(api.table)]}
            async with httpx.AsyncClient(base_url=url, timeout=60, event_hooks=hooks) as http:
                yield House(url, services, driver, storage, clock, http)
            nursery.cancel_scope.cancel()
    finally:
        trio.lowlevel.remove_instrument(loop_delay)
        with trio.CancelScope(shield=True, deadline=trio.current_time() + 60):
            await storage.aclose()
            await blobs.aclose()
