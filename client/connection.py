"""The Python client: `async with connect(url, username, password) as chat`."""

import platform
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random, SystemRandom
from typing import Final

import httpx
import trio

from chatproto.client.client_config import ClientConfig
from chatproto.client.client_session import ClientSession
from chatproto.client.timing import Timing
from chatproto.wire.devices import PYTHON
from client.account import Account, log_in
from client.cids import new_cid
from client.exceptions import ChatError
from client.link import CLOSE_TIMEOUT
from client.logged_in import Client as Client
from client.store import StoreError, opened

KEEP: Final = 10_000
"""Items a chat, and events an iterator holds on to."""
SYSTEM: Final = {"Darwin": "macOS"}.get(platform.system(), platform.system())
DEVICE_LENGTH: Final = 64
LOG_OUT_TIMEOUT: Final = 2.0
"""Seconds that the end of a block waits for the end of its log-in."""


@asynccontextmanager
async def connect(
    url: str,
    username: str,
    password: str,
    *,
    device: str | None = None,
    store: Path | str | None = None,
    whole_log: bool = False,
    auto_commit: bool = True,
    keep: int = KEEP,
    timing: Timing | None = None,
    random: Random | None = None,
    make_cid: Callable[[], str] = new_cid,
) -> AsyncIterator[Client]:
    """Log in to the server at `url`, such as `http://localhost:8000`, and stay connected until the block ends.

    `device`: what the list of one's sessions calls this one, at most 64 characters; else "Python" and the system.
    `store`: a file in which cursors and the outbox outlive this process; else they are forgotten at its end.
    `whole_log`: take the logs from their beginnings; else what comes from now on. `auto_commit`: a chat's cursor moves
    with each item that is told. Without it `Client.commit` moves it: what was not committed is told again in the next
    life of the store. However far behind a chat is, nothing is left out. `keep`: items a chat, and events a stream,
    that are held in memory.

    Raises ChatError where the log-in is refused, and StoreError where the store cannot be read or, at any time,
    written; later refusals come from the calls. ValueError: `device` is none that a server takes. The block's end
    waits for no message on its way, but for what is to be saved (at most 5 s), and for the server to end this log-in
    (at most 2 s).
    """
    timing = timing or Timing()
    device = device or f"{PYTHON}, {SYSTEM}"
    if len(device) > DEVICE_LENGTH or _is_halved(device):
        raise ValueError(f"device has at most {DEVICE_LENGTH} characters, and no half of a surrogate pair")
    config = ClientConfig(
        device=device,
        name="vestnik-python",
        version="1",
        os=SYSTEM[:64] or None,
        whole_log=whole_log,
        timing=timing,
    )
    async with (
        opened(store) as (memory, snapshot, kept),
        httpx.AsyncClient(base_url=url, timeout=timing.connect / 1000, headers=_named(device)) as http,
    ):
        account = await log_in(http, username, password)
        async with _left(account):
            if snapshot is not None and snapshot.user_id != account.user["id"]:
                raise ChatError("wrong_store", "the store belongs to another user")
            session = ClientSession(config, (random or SystemRandom()).random, snapshot, skips=False)
            client = Client(url, account, session, memory, kept, make_cid, keep, auto_commit=auto_commit)
            async with _running(client):
                yield client


@asynccontextmanager
async def _left(account: Account) -> AsyncIterator[None]:
    """Its tokens are nowhere but in memory: a log-in that is not ended would stand in the list of sessions for months,
    and be good for whoever finds a token."""
    try:
        yield
    finally:
        with trio.move_on_after(LOG_OUT_TIMEOUT) as limit, suppress(ChatError):
            limit.shield = True
            await account.log_out()


def _is_halved(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _named(device: str) -> dict[str, str]:
    """So that a log-in has its name before the first `hello`; a header takes no other letters."""
    return {"User-Agent": device} if device.isascii() and device.isprintable() else {}


@asynccontextmanager
async def _running(client: Client) -> AsyncIterator[None]:
    failed: Exception | None = None
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.driver.run)
            try:
                await client.wait_live()
                client.entered()
                yield
            except Exception as error:  # raised again below, without the nursery's wrapping
                failed = error
            client.driver.stop()
            with trio.move_on_after(CLOSE_TIMEOUT + 1):
                await client.driver.ended()
                await client.driver.saved()  # and told: nobody is left waiting
            nursery.cancel_scope.cancel()
    except* StoreError as lost:
        failed = lost.exceptions[0] if isinstance(lost.exceptions[0], StoreError) else StoreError(str(lost))
    if failed is not None:
        raise failed
