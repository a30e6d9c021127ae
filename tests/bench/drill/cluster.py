"""What stands in the drill: a balancer, servers, Redis and a database, each of which can be struck and mended."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from random import Random
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import Final, Literal, Protocol

import trio
from attrs import define, frozen

from tests.faults.machines import Machine, signal_all, until
from tests.faults.server_process import ServerProcess
from tests.haproxy_server import HAProxy
from tests.redis_server import RedisServer

Way = Literal["killed", "frozen", "rolled"]
WAYS: Final[tuple[Way, ...]] = ("killed", "frozen", "rolled")
REDIS_AWAY: Final = 12.0
"""Seconds that Redis is away: it takes some until servers give it up, and then there is something to measure."""
Step = Callable[[], Awaitable[None]]


class Database(Protocol):
    """A server, or several, of which one takes what is written. Steps block but for those of trio."""

    @property
    def name(self) -> str:
        """What it is."""
        ...

    def pids(self) -> list[int]:
        """Its processes."""
        ...

    def disturbances(self, away: float) -> "list[Disturbance]":
        """What can be done to it."""
        ...


class Stoppable(Protocol):
    """A program of the tests; its methods block."""

    def kill(self) -> None:
        """SIGKILL."""
        ...

    def start(self) -> None:
        """Start it again, in the same place."""
        ...

    def pause(self) -> None:
        """SIGSTOP."""
        ...

    def resume(self) -> None:
        """SIGCONT."""
        ...


@frozen
class Disturbance:
    """`strike` begins it; `away` seconds later `mend` ends it, and returns when the thing is back; `after` is done once
    everybody is back, to be whole for the next one."""

    thing: str
    way: Way
    strike: Step
    mend: Step
    away: float
    after: Step | None = None


@define(eq=False)
class Cluster:
    """All of it. `machines`: of one process each, or with several workers."""

    machines: Sequence[ServerProcess]
    database: Database
    redis: RedisServer | None
    balancer: HAProxy
    random: Random

    def pids(self) -> dict[str, list[int]]:
        """The processes of each kind."""
        servers = [pid for machine in self.machines for pid in processes_of(machine)]
        redis = [] if self.redis is None else [self.redis.pid]
        return {"servers": servers, "database": self.database.pids(), "redis": redis, "haproxy": self.balancer.pids}

    def disturbances(self, away: float, redis_away: float = REDIS_AWAY) -> list[Disturbance]:
        """Everything that can be done to it, one after another."""
        found: list[Disturbance] = []
        several = [machine for machine in self.machines if isinstance(machine, Machine)]
        if several:
            found += self._of_workers(several, away)
        found += self._of_machines(self.machines, away)
        if self.redis is not None:
            found += blocking("Redis", self.redis, away=redis_away)
        found += self.database.disturbances(away)
        found += blocking("balancer", self.balancer, away=away, roll=self.balancer.reload)
        return found

    def _of_workers(self, machines: Sequence[Machine], away: float) -> list[Disturbance]:
        struck: list[tuple[Machine, int, int]] = []

        def pick() -> tuple[Machine, int]:
            machine = self.random.choice(machines)
            worker = self.random.choice(machine.workers())
            struck.append((machine, worker, machine.told("worker_ready")))
            return machine, worker

        async def kill() -> None:
            signal_all([pick()[1]], SIGKILL)

        async def replaced() -> None:
            machine, _, ready = struck[-1]
            await until(lambda: machine.told("worker_ready") > ready)

        async def freeze() -> None:
            signal_all([pick()[1]], SIGSTOP)

        async def thaw() -> None:
            signal_all([struck[-1][1]], SIGCONT)

        async def pick_only() -> None:
            pick()

        async def roll() -> None:
            await struck[-1][0].roll()

        return [
            Disturbance("worker", "killed", kill, replaced, 0),
            Disturbance("worker", "frozen", freeze, thaw, away),
            Disturbance("workers", "rolled", pick_only, roll, 0),
        ]

    def _of_machines(self, machines: Sequence[ServerProcess], away: float) -> list[Disturbance]:
        struck: list[ServerProcess] = []

        def pick() -> ServerProcess:
            struck.append(self.random.choice(machines))
            return struck[-1]

        async def kill() -> None:
            await pick().kill()

        async def freeze() -> None:
            signal_all(processes_of(pick()), SIGSTOP)

        async def thaw() -> None:
            signal_all(processes_of(struck[-1]), SIGCONT)

        async def stop() -> None:
            code = await pick().stop()
            assert code == 0, struck[-1].log()

        async def start() -> None:
            await struck[-1].start()

        return [
            Disturbance("server", "killed", kill, start, away),
            Disturbance("server", "frozen", freeze, thaw, away),
            Disturbance("server", "rolled", stop, start, 0),
        ]


def blocking(thing: str, program: Stoppable, away: float, roll: Callable[[], None] | None = None) -> list[Disturbance]:
    """What can be done to a program; `roll` replaces it."""

    def step(what: Callable[[], None]) -> Step:
        return partial(trio.to_thread.run_sync, what)

    found = [
        Disturbance(thing, "killed", step(program.kill), step(program.start), away),
        Disturbance(thing, "frozen", step(program.pause), step(program.resume), away),
    ]
    if roll is not None:
        found.append(Disturbance(thing, "rolled", trio.lowlevel.checkpoint, step(roll), 0))
    return found


def processes_of(machine: ServerProcess) -> list[int]:
    """All of a server."""
    return machine.processes() if isinstance(machine, Machine) else [machine.pid]
