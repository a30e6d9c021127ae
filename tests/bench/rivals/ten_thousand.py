"""Ten thousand sockets: 500 accounts, each on 20 devices, and a group of 1,000 members all of them are in."""

import resource
from typing import Final

from tests.bench.rivals.contest import EVERYBODY, Contest
from tests.bench.rivals.figures import Goal
from tests.bench.rivals.load import LoadError

DEVICES: Final = 20
"""As many as a user may have."""
PINGS: Final = 20
"""Seconds between the pings of a client that has nothing to say (docs/protocol.md)."""
PING: Final = '{"type":"ping","t":1}'
SPARE: Final = 200
"""Descriptors that a server needs besides its sockets."""
MESSAGES: Final = 1.0
"""Messages a second to the group."""


def sockets(contest: Contest, count: int, seconds: float) -> None:
    """What they cost while they are silent, and how long a message to all of them takes."""
    if (short := raise_descriptors(count + SPARE)) is not None:
        raise LoadError(
            f"{count} sockets need {count + SPARE} descriptors; the hard limit here is {short} (ulimit -Hn)"
        )
    house = contest.start("Vestnik on MariaDB", len(EVERYBODY), [EVERYBODY])
    devices = range(max(1, count // DEVICES))
    group = house.target("devices", devices, house.gathering.rooms)
    print(f"\n{count:,} sockets of {len(devices)} accounts, in a group of {len(EVERYBODY):,}", flush=True)
    words = {"j": 32, "k": PINGS, "K": PING, "D": 30}
    whole = PINGS * max(1, round(seconds / PINGS))  # each socket pings equally often, whenever it was connected
    silent = group.run(connections=count, seconds=whole, warm=PINGS / 4, f=count // 10, **words)
    share = silent.cpu_s[0] / silent.seconds
    memory = (silent.all_kib - silent.first_kib) / (count - count // 10)
    contest.show("connected", "/s", {"sockets": [silent.connections / silent.connect_s]})
    contest.show("processor while silent", "%", {"Vestnik on MariaDB": [share * 100]})
    contest.show("memory a connection, database pool included", "KiB", {"Vestnik on MariaDB": [memory]})
    contest.judge(Goal(f"processor time a second, {count:,} silent sockets", share, "at most", 0.05))
    spoken = group.run(connections=count, seconds=seconds, warm=2, s=min(20, count), r=MESSAGES, **words)
    contest.show("a message to all", "ms", {"p50": [spoken.p50], "p99": [spoken.p99], "max": [spoken.max]})
    contest.judge(Goal(f"ms until a message reached {count:,} sockets, p99", spoken.p99, "at most", 200))
    contest.judge(Goal("deliveries missing or out of order", spoken.missing + spoken.disordered, "at most", 0))
    for load in (silent, spoken):
        if load.unsound:
            contest.troubles.append(f"{count:,} sockets: {load.unsound}")


def raise_descriptors(wanted: int) -> int | None:
    """Raise the limit, which what is started from here inherits; else the hard limit, where that is below."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted or soft == resource.RLIM_INFINITY:
        return None
    if hard != resource.RLIM_INFINITY and hard < wanted:
        return hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return None
