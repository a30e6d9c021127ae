"""The database dies or freezes under load: readers stay, sends wait and return, nothing is lost."""

from collections.abc import Iterator
from pathlib import Path
from random import Random, SystemRandom

import httpx
import pytest
import trio
import trio.testing

from client.connection import Client
from storage.migrate import upgrade
from tests.faults.server_process import ServerProcess
from tests.faults.talkers import Talk, check_log, gathered, rows
from tests.mariadb_server import MariaDB, private_mariadb

SENDERS = 3
READERS = 2
OUTAGES = 2
LIMIT = 400.0
"""Seconds for all of it."""


@pytest.fixture
def database() -> Iterator[MariaDB]:
    mariadb = private_mariadb()
    yield mariadb
    mariadb.kill()


async def ready_answers(url: str, status: int) -> str:
    """Ask /readyz until it answers so, and give its text."""
    with trio.fail_after(120):
        async with httpx.AsyncClient(base_url=url, timeout=60) as http:
            while True:
                answer = await http.get("/readyz")
                if answer.status_code == status:
                    return answer.text
                await trio.sleep(0.05)


async def sent_home(sender: Client, closes: int) -> None:
    """Until the sender's link, with so many closed before it, was ended because the store is away.

    Whoever is first ends it: the client at the `error`, or the server right after that. The code is the same.
    """
    with trio.fail_after(120):
        await sender.until(lambda: len(sender.closes) > closes)
    assert sender.closes[closes].code == 4503


async def go_away(mariadb: MariaDB, how: str) -> None:
    await trio.to_thread.run_sync(mariadb.kill if how == "killed" else mariadb.pause)


async def come_back(mariadb: MariaDB, how: str) -> None:
    await trio.to_thread.run_sync(mariadb.start if how == "killed" else mariadb.resume)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_readers_stay_and_sends_return_when_the_database_is_away(
    how: str, database: MariaDB, tmp_path: Path
) -> None:
    seed = SystemRandom().randrange(10**9)
    print(f"seed {seed}")
    random = Random(seed)
    url = database.new_database()
    upgrade(url)
    server = ServerProcess.on_free_port(tmp_path / "data", url, bucket_rate="100000", bucket_burst="100000")
    async with server, gathered(server.url, SENDERS + READERS, random) as (people, chat_id):
        senders, readers = people[:SENDERS], people[SENDERS:]
        talk = Talk(chat_id)
        with trio.fail_after(LIMIT):
            async with trio.open_nursery() as nursery:
                for number, sender in enumerate(senders):
                    nursery.start_soon(talk.speak, f"sender{number}", sender, Random(random.random()), 0.05)
                for _ in range(OUTAGES):
                    await talk.progress.reach(talk.progress.count + 50)
                    closes = [len(sender.closes) for sender in senders]
                    await go_away(database, how)
                    for sender, count in zip(senders, closes, strict=True):
                        await sent_home(sender, count)
                    await trio.testing.wait_all_tasks_blocked()  # what was acknowledged before is read, and counted
                    acked = talk.progress.count
                    assert "store_unavailable" in await ready_answers(server.url, 503)
                    assert talk.progress.count == acked, "something was acknowledged without a database"
                    await come_back(database, how)
                    await ready_answers(server.url, 200)
                await talk.progress.reach(talk.progress.count + 50)
                talk.over = True
            for person in people:
                await person.reached(chat_id, talk.last_seq)
        for person in people:
            check_log(person.log(chat_id), talk)
            assert rows(person.log(chat_id)) == rows(people[0].log(chat_id))
        for reader in readers:
            assert (reader.links, reader.closes) == (1, []), "a reader lost its socket"
