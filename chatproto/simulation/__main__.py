"""`python -m chatproto.simulation`: run seeds, and show what breaks.

--seed 7                 one run, with its trace and hash
--seeds 0..20000         many, with a progress bar; the first that fails is shrunk, drawn and told how to replay
"""

import argparse
import gc
import sys
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path

from attrs import frozen

from chatproto.simulation.report import html
from chatproto.simulation.run import Verdict, options_of, run, shrink

CHUNK = 25
"""Seeds that a process takes at a time."""


@frozen
class Task:
    """A few seeds for one process."""

    seeds: range
    lite: bool


@frozen
class Done:
    """What came of them."""

    seeds: int
    failed: tuple[tuple[int, str, str], ...]
    counts: Counter[str]


def main() -> int:
    """Exit code 0 where everything held, 1 where something broke, 2 for wrong usage."""
    arguments = _parser().parse_args()
    if arguments.seed is not None:
        return _one(arguments)
    return _many(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chatproto.simulation", description=(__doc__ or "").split("\n")[0])
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--seed", type=int, help="one run, with its trace")
    which.add_argument("--seeds", type=_range, metavar="A..B", help="from A up to B, without B")
    parser.add_argument("--jobs", type=int, default=1, help="processes (%(default)s)")
    parser.add_argument("--lite", action="store_true", help="short runs, as in the test suite")
    parser.add_argument("--ticks", type=int, help="stop a single run after so many steps")
    parser.add_argument("--diagram", type=Path, help="where the diagram of a failure goes (seed-N.html)")
    parser.add_argument("--no-shrink", action="store_true", help="only tell which seeds failed")
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no trace")
    return parser


def _range(text: str) -> range:
    first, dots, last = text.partition("..")
    if not dots or not first.isdecimal() or not last.isdecimal():
        raise argparse.ArgumentTypeError("two numbers with .. between them, such as 0..2000")
    return range(int(first), int(last))


def _one(arguments: argparse.Namespace) -> int:
    options = options_of(arguments.seed, lite=arguments.lite)
    verdict = run(arguments.seed, options, recording=True, ticks=arguments.ticks)
    if not arguments.quiet:
        for line in verdict.trace.lines:
            print(line)
    print(f"{verdict.ticks} steps, {verdict.milliseconds / 1000:.1f} s of virtual time, trace {verdict.trace.hash()}")
    if verdict.code is None:
        print("everything held")
        return 0
    _explain(verdict, arguments)
    return 1


def _many(arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    total: Counter[str] = Counter()
    failed: list[tuple[int, str, str]] = []
    ran = 0
    for done in _results(arguments):
        ran += done.seeds
        total.update(done.counts)
        failed += done.failed
        for seed, code, detail in done.failed:
            print(f"  {seed}: {code}: {detail[:200]}", flush=True)
        if not arguments.quiet:
            _progress(ran, len(arguments.seeds), total["steps"], len(failed), time.monotonic() - began)
    seconds = time.monotonic() - began
    print(f"{ran} seeds, {total['steps']} steps in {seconds:.1f} s ({total['steps'] / seconds:.0f} a second)")
    for name, count in sorted(total.items()):
        print(f"  {name}: {count}")
    if not failed:
        print("everything held")
        return 0
    print(f"{len(failed)} seeds failed: {sorted(seed for seed, _, _ in failed)[:50]}")
    seed = min(failed)[0]
    if arguments.no_shrink:
        return 1
    _explain(run(seed, options_of(seed, lite=arguments.lite)), arguments)
    return 1


def _results(arguments: argparse.Namespace) -> Iterator[Done]:
    seeds: range = arguments.seeds
    tasks = [Task(seeds[start : start + CHUNK], arguments.lite) for start in range(0, len(seeds), CHUNK)]
    if arguments.jobs == 1:
        yield from map(_work, tasks)
        return
    with Pool(arguments.jobs) as pool:
        yield from pool.imap_unordered(_work, tasks)


def _work(task: Task) -> Done:
    counts: Counter[str] = Counter()
    failed = []
    gc.disable()  # a run makes little garbage, and nearly no cycles
    try:
        for seed in task.seeds:
            verdict = run(seed, options_of(seed, lite=task.lite))
            counts.update(verdict.trace.counts)
            if verdict.code is not None:
                failed.append((seed, verdict.code, verdict.detail))
    finally:
        gc.enable()
    gc.collect()
    return Done(len(task.seeds), tuple(failed), counts)


def _progress(ran: int, all_of_them: int, steps: int, failed: int, seconds: float) -> None:
    share = ran / all_of_them
    bar = "█" * int(30 * share)
    left = seconds / share - seconds
    text = f"\r{bar:30} {share:6.1%}  {ran} seeds, {steps / seconds:.0f} steps/s, {failed} failed, {left:.0f} s left "
    print(text, end="" if ran < all_of_them else "\n", file=sys.stderr, flush=True)


def _explain(verdict: Verdict, arguments: argparse.Namespace) -> None:
    """The invariant, the smallest run that breaks it, how to replay it, and the diagram."""
    print(f"\nseed {verdict.seed} breaks {verdict.code}: {verdict.detail}")
    small = shrink(verdict)
    shown = run(small.seed, small.options, recording=True)
    print(f"shrunk to {shown.ticks} steps with {shown.options}")
    for line in shown.trace.lines[-30:]:
        print(str(line)[:220])
    lite = " --lite" if arguments.lite else ""
    command = f"python -m chatproto.simulation --seed {verdict.seed}{lite}"
    path = arguments.diagram or Path(f"seed-{verdict.seed}.html")
    path.write_text(html(shown, command), encoding="utf-8")
    print(f"replay: {command}   diagram: {path}")


if __name__ == "__main__":
    sys.exit(main())
