"""`vestnik index` on each database: how far the index of the search is, made anew, gone on with; after a restore."""

import os
import pty
import re
import termios
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Final, Literal

import pytest
import trio
from attrs import frozen

from chatproto.operations import MessagesMatched, OutdateIndex, SearchMessages
from chatproto.wire.query import Query, Term
from runtime.commands.index_commands import CHATS, Measure, rebuild, status
from runtime.config import Settings, load_settings
from storage.backup import back_up, restore
from storage.open import open_storage
from tests.prepared import Job
from tests.server.house import copy_database
from tests.starting import Started, start
from tests.storage.databases import empty_database
from tests.storage.store_house import House, expect

SOON: Final = 120.0
MANY: Final = 2 * CHATS + 2
_STEP: Final = re.compile(r" ([\d.]+)% of (\d+) entries")


@frozen
class Place:
    """A database."""

    house: House
    settings: Settings
    url: str

    async def tell(self, chats: int) -> int:
        """As many groups with a message each; who looks for them."""
        ann, bob = await self.house.people(2)
        for number in range(chats):
            await self.house.send(await self.house.group(ann, bob), ann, f"слово {number}")
        return bob

    async def found(self, who: int) -> MessagesMatched:
        search = SearchMessages(who, Query((Term("слово", "слов"),), ()), 1000)
        return expect(MessagesMatched, await self.house.do(search))


@pytest.fixture(params=["sqlite", "mariadb", "mysql"])
async def place(request: pytest.FixtureRequest, empty_sqlite: Path, tmp_path: Path) -> AsyncIterator[Place]:
    """Each kind of database in turn, empty."""
    kind: Literal["sqlite", "mariadb", "mysql"] = request.param
    if kind == "sqlite":
        copy_database(empty_sqlite, tmp_path / "vestnik.sqlite3")
        url = f"sqlite:///{tmp_path}/vestnik.sqlite3"
    else:
        url = await trio.to_thread.run_sync(empty_database, kind)
    storage = await open_storage(url)
    yield Place(House(storage), load_settings({}, overrides={"data_dir": tmp_path, "database_url": url}), url)
    await storage.aclose()


async def test_a_rebuild_goes_on_where_one_was_stopped(place: Place, tmp_path: Path) -> None:
    house, settings = place.house, place.settings
    assert await status(settings) == Measure(0, 0, 0, 0)
    bob = await place.tell(7)
    told = list[tuple[int, int]]()
    assert await rebuild(settings, lambda done, total: told.append((done, total))) == Measure(7, 0, 7, 7)
    assert told[-1] == (7, 7)
    first = min(match.message.chat_id for match in (await place.found(bob)).matches)
    await house.do(OutdateIndex(first - 1, 3))
    assert await status(settings) == Measure(7, 3, 7, 4)
    told.clear()
    assert await rebuild(settings, lambda done, total: told.append((done, total))) == Measure(7, 0, 7, 7)
    assert told == [(7, 7)], "three, in one piece"
    found = await place.found(bob)
    assert found.complete and len(found.matches) == 7
    url, copy = place.url, tmp_path / "copy"
    await trio.to_thread.run_sync(back_up, url, copy)
    await trio.to_thread.run_sync(partial(restore, copy, url, replace=True))
    assert await status(settings) == Measure(7, 0, 7, 0), "a backup is without the index"
    assert len((await place.found(bob)).matches) == 7, "read from the messages"


@frozen
class Screen:
    """A terminal of a command. Held, it takes nothing, and whoever writes to it waits."""

    ours: int
    theirs: int

    def hold(self) -> None:
        termios.tcflow(self.theirs, termios.TCOOFF)

    def let_go(self) -> None:
        termios.tcflow(self.theirs, termios.TCOON)

    async def steps(self) -> list[tuple[float, int]]:
        """All that its progress said until now: per cent, and of how many entries."""
        os.set_blocking(self.ours, False)
        said = b""
        try:
            while True:
                said += os.read(self.ours, 65536)
        except BlockingIOError:
            await trio.lowlevel.checkpoint()
        return [(float(share), int(count)) for share, count in _STEP.findall(said.decode())]


@pytest.fixture
def screen() -> Iterator[Screen]:
    ours, theirs = pty.openpty()
    yield Screen(ours, theirs)
    os.close(ours)
    os.close(theirs)


async def rebuilding(place: Place, screen: Screen) -> Started:
    """`vestnik index rebuild` on that terminal."""
    settings = place.settings
    arguments = ["index", "rebuild", "--data-dir", str(settings.data_dir), "--database", place.url]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VESTNIK_")}
    where = {"folder": str(settings.data_dir), "stderr": os.ttyname(screen.theirs)}
    return await start(Job(program="runtime.cli", arguments=arguments, environment=environment, **where))


async def test_one_that_is_killed_in_the_middle_is_gone_on_with(place: Place, screen: Screen) -> None:
    """It waits with what it says of its first piece; so it is known how far it came."""
    bob = await place.tell(MANY)
    assert (await rebuild(place.settings, lambda _done, _total: None)) == Measure(MANY, 0, MANY, MANY)
    screen.hold()
    process = await rebuilding(place, screen)
    with trio.fail_after(SOON):
        while await status(place.settings) != Measure(MANY, MANY - CHATS, MANY, CHATS):  # noqa: ASYNC110 - it is another process
            await trio.sleep(0.05)  # the database tells, not the process
        assert process.returncode is None
        process.kill_group()
        assert await process.wait() < 0
    await process.aclose()
    assert await status(place.settings) == Measure(MANY, MANY - CHATS, MANY, CHATS)
    found = await place.found(bob)
    assert len(found.matches) == MANY, "meanwhile nothing is lost to those who search"
    screen.let_go()
    await screen.steps()
    process = await rebuilding(place, screen)
    with trio.fail_after(SOON):
        assert await process.wait() == 0
    said = await process.receive_some()
    assert said == f"{MANY} of {MANY} entries in {MANY} chats are indexed (100.0%)\n".encode()
    expected = [(round(100 * done / MANY, 1), MANY) for done in (2 * CHATS, MANY)]
    assert await screen.steps() == expected, "what was done is not done again"
    found = await place.found(bob)
    assert found.complete and len(found.matches) == MANY
