"""What a second worker brings, measured, and what more of them would, by arithmetic: `./just bench scale`.

20 people are in ten groups, all of them on line, and a message goes to each of the 20. Senders have so many messages
unanswered that the servers do what they can. Rates depend on what else the machine does; processor time a message
hardly does, so the arithmetic begins there.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import trio
from attrs import frozen

from runtime.config import load_settings
from storage.migrate import upgrade
from tests.bench.drill.run import cpu_of
from tests.bench.rivals.load import Load, Target, compiler
from tests.bench.rivals.programs import SEND, unlimited
from tests.bench.rivals.seeding import Gathering, gather
from tests.faults.machines import Machine
from tests.faults.server_process import RealServerProcess
from tests.mariadb_server import MariaDB, private_mariadb
from tests.redis_server import RedisServer, private_redis

PEOPLE: Final = 20
CHATS: Final = 10
WINDOW: Final = 5
HEARD: Final = 2e-6
"""Seconds of a processor that a hint costs a process which has nobody in that chat (docs/scaling.md)."""
MORE: Final = (1, 2, 4, 8, 16, 32, 64)


@frozen
class Cost:
    """Of one run: what came through a second, and seconds of a processor a message."""

    messages_s: float
    deliveries_s: float
    servers: float
    database: float


@frozen
class Predicted:
    """What so many workers do, each with a processor of its own, and the processors that the database needs then."""

    workers: int
    messages_s: float
    ratio: float
    database: float


def main() -> int:
    """Exit code 0 where nothing was lost."""
    parser = argparse.ArgumentParser(prog="tests.bench.scale", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each run (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median counts (%(default)s)")
    parser.add_argument("--no-redis", action="store_true", help="news goes by way of the database")
    arguments = parser.parse_args()
    if compiler() is None:
        print("no C compiler here (Debian packages gcc and libc6-dev)")
        return 1
    mariadb = private_mariadb(on_disk=True)
    redis = None if arguments.no_redis else private_redis()
    try:
        with tempfile.TemporaryDirectory(prefix="vestnik-scale-") as folder:
            found = trio.run(measure, arguments, mariadb, redis, Path(folder))
    finally:
        mariadb.kill()
        if redis is not None:
            redis.kill()
    one, two = (middle(found[workers]) for workers in (1, 2))
    for workers, cost in ((1, one), (2, two)):
        print(
            f"{workers} of them: {cost.messages_s:,.0f} messages and {cost.deliveries_s:,.0f} deliveries a second; "
            f"a message takes {1e6 * cost.servers:.0f} us of the servers and "
            f"{1e6 * cost.database:.0f} us of the database"
        )
    print(
        f"two to one: {two.messages_s / one.messages_s:.2f} times as many a second on this machine, whose processors "
        "the database, Redis and the people use too; "
        f"{two.servers / one.servers:.2f} times the processor time a message"
    )
    print("by arithmetic, with a processor for each worker:")
    for row in predicted(one, two):
        print(
            f"{row.workers:4} workers: {row.messages_s:9,.0f} messages, {PEOPLE * row.messages_s:11,.0f} deliveries "
            f"a second ({row.ratio:.1f} times one); database: {row.database:.1f} processors"
        )
    return 0


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(
        statistics.median(cost.messages_s for cost in costs),
        statistics.median(cost.deliveries_s for cost in costs),
        statistics.median(cost.servers for cost in costs),
        statistics.median(cost.database for cost in costs),
    )


def concerned(workers: int, people: int = PEOPLE) -> float:
    """How many of the processes have somebody of a chat on average, where people are spread by chance."""
    return workers * (1 - (1 - 1 / workers) ** people)


def predicted(one: Cost, two: Cost) -> list[Predicted]:
    """What a message costs at each further process that has to tell somebody of it is the difference of two to one."""
    further = max(0.0, two.servers - one.servers) / (concerned(2) - 1)
    reads = max(0.0, two.database - one.database) / (concerned(2) - 1)
    found = []
    for workers in MORE:
        others = concerned(workers) - 1
        messages_s = workers / (one.servers + others * further + (workers - 1 - others) * HEARD)
        ratio = messages_s * one.servers
        found.append(Predicted(workers, messages_s, ratio, messages_s * (one.database + others * reads)))
    return found


async def measure(
    arguments: argparse.Namespace, mariadb: MariaDB, redis: RedisServer | None, folder: Path
) -> dict[int, list[Cost]]:
    """Rounds of one and two workers in turn, so that a machine that slows down slows both."""
    found: dict[int, list[Cost]] = {1: [], 2: []}
    url = mariadb.new_database("?tls=off")
    data = folder / "data"
    data.mkdir()
    settings = load_settings({}, overrides={"data_dir": data, "database_url": url})
    await trio.to_thread.run_sync(upgrade, url)
    gathering = await gather(settings, PEOPLE, [range(PEOPLE)] * CHATS)
    more = {name.removeprefix("VESTNIK_").lower(): value for name, value in unlimited().items()}
    if redis is not None:
        more["redis_url"] = redis.url()
    for number in range(arguments.rounds):
        for workers, kind in ((1, RealServerProcess), (2, Machine)):
            async with kind.on_free_port(data, url, **more) as server:
                target = _target(server.port, gathering, folder)
                servers = server.processes() if isinstance(server, Machine) else [server.pid]
                cost = await _run(target, servers, mariadb.pid, arguments.seconds)
            found[workers].append(cost)
            print(
                f"round {number + 1}, {workers}: {cost.messages_s:,.0f} messages a second, {1e6 * cost.servers:.0f} us "
                f"of the servers and {1e6 * cost.database:.0f} us of the database each",
                flush=True,
            )
    return found


def _target(port: int, gathering: Gathering, folder: Path) -> Target:
    tokens, login = folder / "tokens", folder / "login"
    tokens.write_text("".join(f"{person.token}\n" for person in gathering.people))
    login.write_text('{"type":"hello","v":[1],"token":"%T","device":"bench"}\n"type":"ready"\n')
    words = ["-u", "/ws", "-q", "chatproto.v1", "-T", str(tokens), "-x", str(login), "-m", SEND]
    for chat_id in gathering.rooms:
        words += ["-c", str(chat_id)]
    return Target("Vestnik", port, (), words)


async def _run(target: Target, servers: list[int], database: int, seconds: float) -> Cost:
    """One run. Processor time is of all of it, warming up and draining included, and so are messages."""
    before, stored = sum(map(cpu_of, servers)), cpu_of(database)
    run = partial(target.run, connections=PEOPLE, s=PEOPLE, w=WINDOW, seconds=seconds, warm=1)
    load: Load = await trio.to_thread.run_sync(run)
    if load.unsound:
        raise RuntimeError(f"these figures are worth nothing: {load.unsound}")
    spent, stored = sum(map(cpu_of, servers)) - before, cpu_of(database) - stored
    return Cost(load.messages_s, load.deliveries_s, spent / load.acked, stored / load.acked)


if __name__ == "__main__":
    sys.exit(main())
