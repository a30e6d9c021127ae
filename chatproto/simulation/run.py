"""Runs of one seed: to a verdict, to the shortest prefix that shows it, to a trace."""

from random import Random

import attrs
from attrs import field, frozen

from chatproto.simulation.options import SWITCHES, Options, draw, without
from chatproto.simulation.trace import Trace, Violation
from chatproto.simulation.world import World


@frozen
class Verdict:
    """What came of a run. `code` is None where everything held; `ticks`: the steps it took."""

    seed: int
    options: Options
    code: str | None
    detail: str
    ticks: int
    milliseconds: int
    trace: Trace = field(repr=False, eq=False)


def options_of(seed: int, *, lite: bool) -> Options:
    """The options that belong to a seed."""
    return draw(Random(f"{seed}:options"), lite=lite)


def run(seed: int, options: Options, *, recording: bool = False, ticks: int | None = None) -> Verdict:
    """One run. A bug that shows as an exception is a verdict as well (S12)."""
    trace = Trace(recording)
    world = World(seed, options, trace)
    code, detail = None, ""
    try:
        world.run(ticks)
    except Violation as violation:
        code, detail = violation.code, violation.detail
    except Exception as error:
        code, detail = "S12", f"{type(error).__name__}: {error}"
    trace.counts["steps"] = world.scheduler.steps
    return Verdict(seed, options, code, detail, world.scheduler.steps, world.scheduler.now, trace)


def shrink(verdict: Verdict) -> Verdict:
    """The same violation with as few kinds of faults, people and time as possible. Runs some dozens of times."""
    best = verdict
    for fault in SWITCHES:
        best = _better(best, run(best.seed, without(best.options, fault)))
    for people in _smaller(best.options):
        best = _better(best, run(best.seed, people))
    return best


def _better(best: Verdict, tried: Verdict) -> Verdict:
    return tried if tried.code == best.code else best


def _smaller(options: Options) -> list[Options]:
    found = [attrs.evolve(options, groups=value) for value in range(1, options.groups)]
    found += [attrs.evolve(options, servers=value) for value in range(1, options.servers)]
    found += [attrs.evolve(options, devices=value) for value in range(1, options.devices)]
    found += [attrs.evolve(options, users=value) for value in range(2, options.users)]
    for share in (0.1, 0.25, 0.5, 0.75):
        found.append(attrs.evolve(options, duration=int(options.duration * share)))
    return found
