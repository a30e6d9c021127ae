"""One drill: calm, then one disturbance after another, each looked at; what it showed is a value."""

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import trio
from attrs import define, field, frozen

from tests.bench.drill.cluster import Cluster, Disturbance
from tests.bench.drill.people import Crowd
from tests.bench.drill.signs import Sign

BACK: Final = 10.0
"""Seconds within which everybody must be back, from the return of what was away."""
GIVEN_UP: Final = 60.0
"""Seconds after which those who are not back are waited for no longer."""
WITH_REDIS: Final = 0.1
WITHOUT_REDIS: Final = 0.3
"""Seconds within which 99 of 100 messages must arrive while all is calm."""
SIGN: Final = 1.0
"""Seconds within which a mark, a removal, presence and typing must be seen at the other server."""
FALLS_OVER: Final = 6.0
"""Seconds until servers have given Redis up and hear each other by way of the database."""


@frozen
class Felt:
    """What people felt of a disturbance. Times in seconds: `away` from its beginning to the return; `back` until the
    last of them had all that was said at the return; `slowest` of all messages meanwhile."""

    thing: str
    way: str
    away: float
    back: float
    late: int
    slowest: float
    closes: Counter[int]
    repeated: int


@define
class Outcome:
    """Latencies are ascending, in seconds; `cpu`: seconds of a processor, by kind of process, of the calm."""

    calm: list[float] = field(factory=list)
    calm_seconds: float = 0.0
    calm_messages: int = 0
    cpu: dict[str, float] = field(factory=dict)
    without_redis: list[float] = field(factory=list)
    felt: list[Felt] = field(factory=list)
    messages: int = 0
    deliveries: int = 0
    faults: list[str] = field(factory=list)
    signs: list[Sign] = field(factory=list)

    def violations(self, *, redis: bool) -> list[str]:
        """Which goals were missed."""
        found = list(self.faults)
        for name, line, goal in (
            ("in calm", self.calm, WITH_REDIS if redis else WITHOUT_REDIS),
            ("while Redis was away", self.without_redis, WITHOUT_REDIS),
        ):
            if line and (p99 := share(line, 0.99)) > goal:
                found.append(f"p99 {name}: {1000 * p99:.0f} ms; the goal is {1000 * goal:.0f} ms")
        for sign in self.signs:
            if sign.took > SIGN and sign.what != "file":
                found.append(f"{sign.what}: {1000 * sign.took:.0f} ms; the goal is {1000 * SIGN:.0f} ms")
        for one in self.felt:
            if one.late:
                found.append(f"{one.thing} {one.way}: {one.late} people were not back within {BACK:g} s")
        return found


def share(line: Sequence[float], part: float) -> float:
    """A percentile of an ascending line."""
    return line[int(part * (len(line) - 1))]


def cpu_of(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def drill(
    cluster: Cluster,
    crowd: Crowd,
    disturbances: Sequence[Disturbance],
    calm: float,
    every: float,
    tell: Callable[[Felt], None] = lambda felt: None,
    look: Callable[[], Awaitable[list[Sign]]] | None = None,
) -> Outcome:
    """Let them talk for `calm` seconds, then do each thing, at most one in `every` seconds; `tell` is told of each.
    `look`: at what else crosses from server to server, in calm, and once more when all is over."""
    outcome = Outcome()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(crowd.talk)
        await _calm(cluster, crowd, calm, outcome)
        outcome.signs += await look() if look is not None else []
        for disturbance in disturbances:
            began = trio.current_time()
            felt = await _disturb(crowd, disturbance, outcome)
            outcome.felt.append(felt)
            tell(felt)
            await trio.sleep_until(began + every)
        outcome.signs += await look() if look is not None else []
        crowd.over = True
    outcome.messages, outcome.deliveries, outcome.faults = crowd.acked(), len(crowd.deliveries), crowd.faults()
    return outcome


async def _calm(cluster: Cluster, crowd: Crowd, seconds: float, outcome: Outcome) -> None:
    """Nothing is done to anything, and that is measured."""
    pids = cluster.pids()
    before = {kind: sum(map(cpu_of, found)) for kind, found in pids.items()}
    began, mine, acked = trio.current_time(), time.process_time(), crowd.acked()
    await trio.sleep(seconds)
    outcome.calm_seconds = trio.current_time() - began
    outcome.calm_messages = crowd.acked() - acked
    outcome.cpu = {kind: sum(map(cpu_of, found)) - before[kind] for kind, found in pids.items()}
    outcome.cpu["people"] = time.process_time() - mine
    await trio.sleep(1)  # for what is on its way
    outcome.calm = crowd.took(began, began + seconds)


async def _disturb(crowd: Crowd, disturbance: Disturbance, outcome: Outcome) -> Felt:
    began, closes, repeated = trio.current_time(), crowd.closes(), crowd.repeated()
    await disturbance.strike()
    await trio.sleep(disturbance.away)
    mending = trio.current_time()
    await disturbance.mend()
    away = trio.current_time() - began
    back = await crowd.back(GIVEN_UP)
    if disturbance.thing == "Redis" and disturbance.way == "killed":
        outcome.without_redis = crowd.took(began + FALLS_OVER, mending - 1)
    took = crowd.took(began, trio.current_time())
    if disturbance.after is not None:
        await disturbance.after()
    return Felt(
        disturbance.thing,
        disturbance.way,
        away,
        back[-1],
        sum(seconds > BACK for seconds in back),
        took[-1] if took else 0.0,
        crowd.closes() - closes,
        crowd.repeated() - repeated,
    )
