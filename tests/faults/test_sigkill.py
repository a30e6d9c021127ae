"""The server process dies at any moment: nothing acknowledged is lost, nothing is doubled."""

from math import inf
from pathlib import Path
from random import Random, SystemRandom

import pytest
import trio

from client.connection import Client, connect
from storage.migrate import upgrade
from tests.faults.server_process import ServerProcess
from tests.faults.talkers import PASSWORD, TIMING, Talk, check_log, gathered, rows
from tests.mariadb_server import shared_mariadb
from tests.mysql_server import shared_mysql

KILLS = 20
SENDERS = 4
READERS = 3
STUCK = 180.0
"""Seconds after which one step (some more acks, the last messages) will not come any more. All of it has no limit:
twenty starts take a minute, and many on a busy machine."""


@pytest.fixture(params=["sqlite", "mariadb", "mysql"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> ServerProcess:
    """A server that is not started yet; its bucket does not slow the senders."""
    url = f"sqlite:///{tmp_path}/data/vestnik.sqlite3"
    if request.param != "sqlite":
        url = (shared_mariadb() if request.param == "mariadb" else shared_mysql()).new_database()
        upgrade(url)
    return ServerProcess.on_free_port(tmp_path / "data", url, bucket_rate="100000", bucket_burst="100000")


async def kill_often(server: ServerProcess, talk: Talk, random: Random) -> None:
    """Kill the server in the midst of its work, each time after a random number of acks and a moment more."""
    for _ in range(KILLS):
        with trio.fail_after(STUCK):
            await talk.progress.reach(talk.progress.count + random.randrange(1, 80))
        await trio.sleep(random.uniform(0, 0.05))
        await server.kill()
        await server.start()
    talk.over = True


async def collect(chat: Client, talk: Talk) -> None:
    """Take a reader's messages one by one until the last that was acknowledged: each seq comes once, in order."""
    seq = 0
    async for message in chat.messages():
        seq += 1
        assert message.seq == seq
        if talk.over and seq >= talk.last_seq:
            return


@pytest.mark.slow
async def test_nothing_acked_is_lost_and_nothing_is_doubled_when_the_server_is_killed(server: ServerProcess) -> None:
    seed = SystemRandom().randrange(10**9)
    print(f"seed {seed}")
    random = Random(seed)
    async with server, gathered(server.url, SENDERS + READERS, random) as (people, chat_id):
        talk = Talk(chat_id)
        with trio.fail_after(inf) as scope:
            async with trio.open_nursery() as nursery:
                for reader in people[SENDERS:]:
                    nursery.start_soon(collect, reader, talk)
                for number, sender in enumerate(people[:SENDERS]):
                    nursery.start_soon(talk.speak, f"sender{number}", sender, Random(random.random()))
                await kill_often(server, talk, random)
                scope.deadline = trio.current_time() + STUCK
            for person in people:
                await person.reached(chat_id, talk.last_seq)
        for person in people:
            assert person.links > KILLS / 4, f"the kills were hardly felt: {person.closes}"
            check_log(person.log(chat_id), talk)
            assert rows(person.log(chat_id)) == rows(people[0].log(chat_id))
        async with connect(server.url, "person0", PASSWORD, whole_log=True, keep=100_000, timing=TIMING) as newcomer:
            with trio.fail_after(STUCK):
                await newcomer.reached(chat_id, talk.last_seq)
            assert rows(newcomer.log(chat_id)) == rows(people[0].log(chat_id))
        repeated = sum(ack.dup for ack in talk.acks.values())
        print(f"{talk.last_seq} messages; {repeated} acks came only at the repetition")
