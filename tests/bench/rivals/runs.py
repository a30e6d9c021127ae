"""Single runs, and rounds of them over several programs in turn, so that a machine that slows down slows all."""

import math
from collections.abc import Callable, Mapping
from typing import Final

from attrs import define, field, frozen

from tests.bench.rivals.load import Load, LoadError, Target

SENDERS: Final = 20
WINDOW: Final = 5
RATE: Final = 100.0
"""Messages a second, all senders together."""


@frozen
class Pace:
    """How long and how often."""

    rounds: int
    seconds: float
    warm: float


@define
class Series:
    """The rounds of one measure: of each program what the generator showed, None where it failed."""

    loads: dict[str, list[Load | None]] = field(factory=dict)
    troubles: list[str] = field(factory=list)

    def figures(self, of: Callable[[Load], float]) -> dict[str, list[float]]:
        """One figure of each program and round."""
        return {name: [math.nan if load is None else of(load) for load in loads] for name, loads in self.loads.items()}


def interleaved(runs: Mapping[str, Callable[[], Load]], rounds: int) -> Series:
    """Each program once in each round."""
    series = Series({name: [] for name in runs})
    for number in range(rounds):
        for name, run in runs.items():
            try:
                load: Load | None = run()
            except LoadError as error:
                load = None
                series.troubles.append(f"{name}, round {number + 1}: {error}")
            else:
                assert load is not None
                if load.unsound:
                    series.troubles.append(f"{name}, round {number + 1}: {load.unsound}")
            series.loads[name].append(load)
    return series


def saturated(target: Target, pace: Pace, window: int = WINDOW, people: int = 100) -> Load:
    """As many messages as it takes, each sender with so many unanswered."""
    return target.run(connections=people, s=SENDERS, w=window, seconds=pace.seconds, warm=pace.warm)


def steady(target: Target, pace: Pace, rate: float = RATE, people: int = 100) -> Load:
    """So many messages a second by the clock."""
    return target.run(connections=people, s=SENDERS, r=rate, seconds=pace.seconds, warm=pace.warm)


def idle(target: Target, connections: int, first: int) -> Load:
    """Connections that say nothing; memory is read after the first of them, and after all."""
    return target.run(connections=connections, f=first, seconds=0.1, warm=0)


def pages(target: Target, pace: Pace, connections: int = 10) -> Load:
    """The same page over HTTP again and again."""
    return target.run(connections=connections, seconds=pace.seconds, warm=pace.warm)


def cpu_a_delivery(load: Load) -> float:
    """Microseconds of the server's processor time."""
    return load.cpu_s[0] / load.deliveries * 1e6 if load.deliveries else math.nan


def cpu_a_message(load: Load) -> float:
    """Microseconds of processor time, the database's included."""
    return sum(load.cpu_s) / load.acked_measured * 1e6 if load.acked_measured else math.nan


def kib_a_connection(first: int) -> Callable[[Load], float]:
    """Of the connections after the first ones."""
    return lambda load: (load.all_kib - load.first_kib) / (load.connections - first)
