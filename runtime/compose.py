"""Puts the server together from its settings: storage, keys, Hub, driver, application."""

import hmac
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import SystemRandom
from typing import cast

import trio
from attrs import frozen
from hypercorn.typing import ASGIFramework

from chatproto.server.hub import Hub
from chatproto.server.knobs import Knobs
from chatproto.tokens import TokenKeys
from chatproto.wire.limits import Limits
from runtime.app import create_app
from runtime.background.hourly_cleaning import clean_for_ever
from runtime.background.indexing import IndexedStorage
from runtime.background.loop_delay import LoopDelay
from runtime.background.retention import expire_for_ever
from runtime.background.side_tasks import keep_up
from runtime.background.watched import WatchedStorage
from runtime.buses.bus import Bus, LocalBus
from runtime.buses.database_bus import DatabaseBus
from runtime.buses.redis_bus import RedisBus
from runtime.codes import random_token
from runtime.config import Settings
from runtime.files.links import FileLinks
from runtime.files.service import open_files, open_store
from runtime.files.sweeping import sweep_for_ever
from runtime.http.api import Api
from runtime.http.guards import Guards
from runtime.http.web import read_pages
from runtime.hub_driver import Driver
from runtime.mail.sending import Mailer, MailSettings
from runtime.metrics import Metrics, Sources
from runtime.notes import note_into
from runtime.opened_storage import CLOSE_TIMEOUT, StartupError, open_prepared_storage
from runtime.processes.inherited import Inherited
from runtime.processes.worker_metrics import WorkerMetrics
from runtime.readiness import Readiness
from runtime.redis.address import parse_redis_url
from runtime.secrets.signing_keys import load_keys
from runtime.services import Services
from runtime.shared_limits import SharedLimits
from runtime.sockets.websocket import add_websockets
from runtime.sockets.websocket_endpoint import WebSocketEndpoint
from runtime.trusted_proxy import ProxyFix
from storage.migrate import sqlite_path
from storage.one_server import AlreadyServed, only_server
from storage.passwords import Passwords
from storage.port import Ask, Storage


@frozen
class Composed:
    """A server ready to be served. `drain` closes every socket politely and turns readiness off.

    `has_pages`: the messenger itself is at `/`. `endpoint`: the WebSockets, for a listener that serves them itself.
    """

    app: ASGIFramework
    driver: Driver
    drain: Callable[[], Awaitable[None]]
    has_pages: bool
    endpoint: WebSocketEndpoint


@asynccontextmanager
async def compose(settings: Settings, inherited: Inherited | None = None) -> AsyncIterator[Composed]:
    """Open everything, run the driver, and close everything at the end. `inherited`: of one worker among several."""
    with _alone(settings.database_url):
        async with _composed(settings, Metrics(), inherited) as composed:
            yield composed


@contextmanager
def _alone(url: str) -> Iterator[None]:
    try:
        with only_server(sqlite_path(url)) if url.startswith("sqlite:") else nullcontext():
            yield
    except AlreadyServed as error:
        raise StartupError(str(error)) from None


@asynccontextmanager
async def _composed(settings: Settings, metrics: Metrics, inherited: Inherited | None) -> AsyncIterator[Composed]:
    blobs = await trio.to_thread.run_sync(open_store, settings)
    opened = await open_prepared_storage(settings, metrics)
    try:
        keys = load_keys(settings, _now)
        limits, knobs = limits_of(settings), Knobs(rate=settings.bucket_rate, burst=settings.bucket_burst)
        storage = IndexedStorage(WatchedStorage(opened, metrics, note_into(metrics), trio.current_time))
        shared_bus = bus_of(settings, opened, metrics)
        shared_limits = shared_limits_of(shared_bus, keys)
        bus: Bus = shared_limits or LocalBus()
        process = None if shared_bus is None else _new_cid()
        driver = Driver(
            Hub(keys.check, _new_cid, limits, knobs, process=process), storage, _now, SystemRandom(), bus, metrics
        )
        files = await trio.to_thread.run_sync(open_files, settings.data_dir, FileLinks(keys.keys), blobs)
        passwords, readiness = Passwords(), Readiness(storage, bus, trio.current_time)
        metrics.watch(sources_of(driver, passwords))
        mailer = mailer_of(settings, driver.request, _now)
        workers = worker_metrics_of(inherited, metrics)
        services = Services(
            driver=driver,
            keys=keys,
            passwords=passwords,
            settings=settings,
            limits=limits,
            knobs=knobs,
            metrics=metrics,
            readiness=readiness,
            now=_now,
            random_token=random_token,
            random_bytes=secrets.token_bytes,
            files=files,
            mailer=mailer,
            guards=Guards.of(settings, shared_limits),
            worker_metrics=workers.text if workers else None,
        )
        pages = await trio.to_thread.run_sync(read_pages, settings.web_dir)
        app = create_app()
        add_websockets(app, services, driver)
        api = Api(services, pages, cast("ASGIFramework", app))

        async def drain() -> None:
            readiness.draining = True
            await driver.drain()

        loop_delay = LoopDelay(metrics.loop_delay.observe)
        async with trio.open_nursery() as nursery:
            trio.lowlevel.add_instrument(loop_delay)
            await nursery.start(driver.run)
            _start_side_tasks(nursery, services, storage, shared_bus)
            if workers is not None:
                await nursery.start(workers.run)
            fixed = ProxyFix(cast("ASGIFramework", api), settings.proxy_hops)
            yield Composed(fixed, driver, drain, has_pages=bool(pages), endpoint=WebSocketEndpoint(services, driver))
            nursery.cancel_scope.cancel()
        trio.lowlevel.remove_instrument(loop_delay)
    finally:
        with trio.CancelScope(shield=True, deadline=trio.current_time() + CLOSE_TIMEOUT):
            await opened.aclose()
            await blobs.aclose()


def _start_side_tasks(
    nursery: trio.Nursery, services: Services, storage: IndexedStorage, shared_bus: DatabaseBus | RedisBus | None
) -> None:
    """What goes on beside the serving until the end, and comes back where it failed."""
    ask, days, metrics = services.driver.request, services.settings.retention_days, services.metrics
    expire = partial(expire_for_ever, ask, _now, days, metrics.messages_expired)
    nursery.start_soon(keep_up, partial(clean_for_ever, ask, _now), "cleaning")
    # by the storage itself: what asks through the driver gets no answer any more once that stops
    clean_files = partial(sweep_for_ever, services.files, storage.perform, _now, services.settings.database_url)
    nursery.start_soon(keep_up, clean_files, "files")
    nursery.start_soon(keep_up, expire, "retention")
    nursery.start_soon(keep_up, storage.run, "index")
    if services.mailer is not None:
        nursery.start_soon(keep_up, services.mailer.run, "mail")
    if shared_bus is not None:
        nursery.start_soon(keep_up, shared_bus.run, "bus")


def mailer_of(settings: Settings, ask: Ask, now: Callable[[], datetime]) -> Mailer | None:
    """What sends letters; None where the settings name no server for them."""
    if not settings.smtp_url:
        return None
    return Mailer(MailSettings.of(settings), ask, now, random_token)


def bus_of(settings: Settings, storage: Storage, metrics: Metrics) -> DatabaseBus | RedisBus | None:
    """Between the processes of one database; SQLite has one alone."""
    if settings.database_url.startswith("sqlite:"):
        return None
    random = SystemRandom()
    number = random.getrandbits(53)
    database = DatabaseBus(storage, number, _now, trio.current_time)
    if not settings.redis_url:
        return database
    return RedisBus(parse_redis_url(settings.redis_url), database, number, random, trio.current_time, metrics)


def shared_limits_of(bus: Bus | None, keys: TokenKeys) -> SharedLimits | None:
    """Limits that count across processes, where there are some."""
    if bus is None:
        return None
    key = hmac.digest(keys.keys[keys.current], b"names of limits", "sha256")
    return SharedLimits(bus, key, SystemRandom(), trio.current_time)


def worker_metrics_of(inherited: Inherited | None, metrics: Metrics) -> WorkerMetrics | None:
    """What the other workers of this machine count too; None where there are none."""
    if inherited is None:
        return None
    own = partial(_text_of, metrics)
    return WorkerMetrics(Path(inherited.folder), inherited.worker, inherited.workers, own)


def _text_of(metrics: Metrics) -> bytes:
    return metrics.text(trio.current_time())


def limits_of(settings: Settings) -> Limits:
    """What clients are told of."""
    return Limits(
        file_bytes=settings.limit_file_bytes,
        file_quota_bytes=settings.limit_user_file_bytes,
        retention_days=settings.retention_days,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _new_cid() -> str:
    return secrets.token_hex(16)


def sources_of(driver: Driver, passwords: Passwords) -> Sources:
    """Where the metrics that are asked for come from."""
    return Sources(
        connections=lambda: driver.connections,
        queue_bytes=lambda: driver.queue_bytes,
        password_queue=lambda: passwords.waiting,
    )
