"""A file that no message holds any more is gone within a minute: the server as it is composed, and its own sweeps.

The clock stands still, and is set forward by less than that minute. The sockets, the disk and the store are real.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import trio
from argon2 import PasswordHasher
from attrs import define, evolve

from runtime.compose import compose
from runtime.config import Secret, Settings
from runtime.files import drafts
from runtime.files.service import open_store
from runtime.serve import serve
from storage.passwords import Passwords
from tests.s3_server import new_bucket
from tests.server.house import GENEROUS, PASSWORD, Person, copy_database
from tests.server.test_blob_stores import listed
from tests.server.test_files_on_s3 import on_s3
from tests.server.uploads import upload

PATIENCE: Final = 120.0
"""Real seconds that a sweep may take on a busy machine."""
A_MINUTE: Final = 60.0


@define
class Sweeps:
    """That came to their end."""

    done: int = 0

    def remove_abandoned(self, folder: Path) -> None:
        drafts.remove_abandoned(folder)
        self.done += 1


async def a_moment() -> None:
    """Of the real clock."""
    await trio.to_thread.run_sync(time.sleep, 0.02)


async def nearly_a_minute(clock: trio.testing.MockClock, sweeps: Sweeps) -> None:
    """It goes by, and what was to be swept in it is: none was going on before."""
    before = sweeps.done
    clock.jump(A_MINUTE - 0.1)
    gives_up = time.monotonic() + PATIENCE
    while sweeps.done == before:
        assert time.monotonic() < gives_up, "no sweep within a minute"
        await a_moment()


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with compose(settings) as composed, trio.open_nursery() as nursery:
        ready, urls = trio.Event(), list[str]()

        def on_ready(url: str) -> None:
            urls.append(url)
            ready.set()

        run: Any = partial(serve, composed.app, host="127.0.0.1", port=0, on_ready=on_ready, drain=composed.drain)
        nursery.start_soon(partial(run, graceful_timeout=0.5, endpoint=composed.endpoint))
        await ready.wait()
        async with httpx.AsyncClient(base_url=urls[0], timeout=None) as http:
            yield http
        nursery.cancel_scope.cancel()


async def person(http: httpx.AsyncClient, name: str) -> Person:
    told = (await http.post("/api/auth/register", json={"username": name, "password": PASSWORD})).json()
    return Person(http, told["user"], told["access_token"], told["refresh_token"])


@pytest.mark.parametrize("where", ["folder", "S3"])
async def test_a_file_of_two_chats_is_gone_within_a_minute_after_the_last(
    where: str, empty_sqlite: Path, tmp_path: Path, mock_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_database(empty_sqlite, tmp_path / "vestnik.sqlite3")
    url = Secret(f"sqlite:///{tmp_path}/vestnik.sqlite3")
    settings = evolve(Settings(data_dir=tmp_path, database_url=url, web_dir=None), **GENEROUS)
    if where == "S3":
        settings = evolve(settings, **on_s3(new_bucket("files")))
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("runtime.compose.Passwords", partial(Passwords, cheap))
    sweeps = Sweeps()
    monkeypatch.setattr("runtime.files.sweeping.remove_abandoned", sweeps.remove_abandoned)
    store = open_store(settings)
    async with served(settings) as http:
        anna, boris = await person(http, "anna"), await person(http, "boris")
        chats = [await anna.direct(boris), await anna.group("x", boris)]
        file = await upload(anna, b"x" * 1000)
        for chat in chats:
            await anna.send(chat, "", attachments=[file["id"]])
        assert len(await listed(store)) == 1
        await nearly_a_minute(mock_clock, sweeps)  # the first sweep was perhaps still going on
        for chat, left in ((chats[0], 1), (chats[1], 0)):
            assert (await anna.delete(f"/api/chats/{chat}/messages/1")).status_code == 204
            await nearly_a_minute(mock_clock, sweeps)
            assert len(await listed(store)) == left
            assert (await boris.get(file["url"])).status_code == (200 if left else 404)
    await store.aclose()
