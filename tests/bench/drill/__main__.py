"""`./just bench drill`: people talk through HAProxy to two servers with two workers each, Redis and a database, and one
thing after another is killed, frozen or replaced. The exit code is 1 where a goal is missed.
"""

import argparse
import itertools
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random, SystemRandom
from typing import Final

import trio

from storage.migrate import upgrade
from tests.bench.drill.cluster import Cluster, Database
from tests.bench.drill.galera import GaleraMembers
from tests.bench.drill.group import Group
from tests.bench.drill.members import GroupMembers
from tests.bench.drill.people import gathered
from tests.bench.drill.report import heading, line, report
from tests.bench.drill.run import drill
from tests.bench.drill.signs import Watch
from tests.bench.drill.single import SingleMariaDB
from tests.faults.machines import Machine
from tests.haproxy_server import private_haproxy
from tests.mariadb_server import private_mariadb
from tests.redis_server import private_redis
from tests.s3_server import CREDENTIALS, new_bucket

LOOKS: Final = 5
"""How often marks, typing, removals and files are looked at, each time."""
GROUPS: Final[dict[str, Callable[[], Group]]] = {
    "group": lambda: Group("three MySQL in Group Replication", GroupMembers(), "?rsa=allow"),
    "galera": lambda: Group("three MariaDB in a Galera cluster", GaleraMembers()),
}


def main() -> int:
    """Exit code 0 where every goal is reached."""
    parser = argparse.ArgumentParser(prog="tests.bench.drill", description=__doc__)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--room", type=int, default=10, help="people in a group (%(default)s)")
    parser.add_argument("--rate", type=float, default=20.0, help="messages a second, all together (%(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="of each server (%(default)s)")
    parser.add_argument("--calm", type=float, default=60.0, help="seconds without any disturbance (%(default)s)")
    parser.add_argument("--every", type=float, default=20.0, help="seconds from one to the next (%(default)s)")
    parser.add_argument("--away", type=float, default=5.0, help="seconds that a thing is away (%(default)s)")
    parser.add_argument("--rounds", type=int, default=1, help="how often all of it is done (%(default)s)")
    parser.add_argument(
        "--only", action="append", help="part of a name, such as 'database' or 'frozen'; may be repeated"
    )
    parser.add_argument(
        "--database", choices=["mariadb", *GROUPS], default="mariadb", help="group: three MySQL; galera: three MariaDB"
    )
    parser.add_argument("--no-redis", action="store_true", help="news goes by way of the database")
    parser.add_argument("--seed", type=int, help="chooses what is struck; printed at the beginning")
    parser.add_argument("--keep", type=Path, help="a folder for the logs, which are removed otherwise")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vestnik-drill-") as folder:
        return trio.run(run, arguments, arguments.keep or Path(folder))


@contextmanager
def database_of(arguments: argparse.Namespace) -> Iterator[tuple[Database, str]]:
    """The database, and the URL of an empty one in it."""
    if arguments.database in GROUPS:
        group = GROUPS[arguments.database]()
        try:
            group.start()
            yield group, group.new_database()
            if arguments.keep is not None:
                (arguments.keep / "router.log").write_text(group.log())
        finally:
            group.end()
        return
    mariadb = private_mariadb(on_disk=True)
    try:
        yield SingleMariaDB(mariadb), mariadb.new_database()
    finally:
        mariadb.kill()


async def run(arguments: argparse.Namespace, folder: Path) -> int:
    """Put it together, do it, tell."""
    seed = SystemRandom().randrange(10**6) if arguments.seed is None else arguments.seed
    random = Random(seed)
    redis = None if arguments.no_redis else private_redis()
    with database_of(arguments) as (database, url):
        await trio.to_thread.run_sync(upgrade, url)
        settings = {"jwt_secret": "one secret that all of these servers share", "proxy_hops": "1"}
        if redis is not None:
            settings["redis_url"] = redis.url()
        settings |= {"files_url": new_bucket(), "files_access_key": CREDENTIALS.access_key}
        settings["files_secret_key"] = CREDENTIALS.secret_key
        machines = [Machine.on_free_port(folder / name, url, **settings) for name in ("one", "two")]
        balancer = private_haproxy(*(machine.port for machine in machines))
        os.environ["SSL_CERT_FILE"] = balancer.authority
        cluster = Cluster(machines, database, redis, balancer, random)
        async with machines[0], machines[1]:
            await trio.to_thread.run_sync(balancer.start)
            print(heading(cluster, arguments, seed), flush=True)
            done = [
                one
                for one in cluster.disturbances(arguments.away) * arguments.rounds
                if not arguments.only or any(word in f"{one.thing} {one.way}" for word in arguments.only)
            ]
            async with gathered(balancer.url, arguments.people, arguments.room, arguments.rate, random) as crowd:
                numbers = itertools.count(1)
                outcome = await drill(
                    cluster, crowd, done, arguments.calm, arguments.every, lambda felt: print(line(felt), flush=True),
                    lambda: Watch(machines[0].url, machines[1].url, f"watch{next(numbers)}", random).look(LOOKS),
                )  # fmt: skip
        if arguments.keep is not None:
            (folder / "haproxy.log").write_text(balancer.log())
    print(report(outcome, redis=redis is not None))
    return 1 if outcome.violations(redis=redis is not None) else 0


if __name__ == "__main__":
    sys.exit(main())
