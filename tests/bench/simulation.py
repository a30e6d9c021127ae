"""How fast the simulation runs: `./just simulate-bench`. Steps a second on one CPU, by CPU time, checkers included."""

import argparse
import gc
import time
from collections import Counter
from typing import Final

from chatproto.simulation.run import options_of, run

GOAL: Final = 20_000
"""Steps a second below which a night of seeds finds too little."""


def measure(seeds: range, *, lite: bool) -> tuple[int, float, Counter[str]]:
    """Steps, CPU seconds and counts of these runs; a run that breaks an invariant is no measure of anything."""
    counts: Counter[str] = Counter()
    began = time.process_time()
    for seed in seeds:
        verdict = run(seed, options_of(seed, lite=lite))
        if verdict.code is not None:
            raise SystemExit(f"seed {seed} breaks {verdict.code}: {verdict.detail}")
        counts.update(verdict.trace.counts)
    gc.collect()
    return counts["steps"], time.process_time() - began, counts


def main() -> int:
    """Exit code 1 below the goal."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=100, help="short runs; a tenth as many long ones (%(default)s)")
    arguments = parser.parse_args()
    gc.disable()  # as many seeds are run
    slowest = float("inf")
    for name, seeds, lite in (
        ("short", range(arguments.seeds), True),
        ("long", range(max(1, arguments.seeds // 10)), False),
    ):
        steps, seconds, counts = measure(seeds, lite=lite)
        slowest = min(slowest, steps / seconds)
        print(
            f"{name:5}: {len(seeds)} runs, {steps} steps in {seconds:.1f} s of one CPU: {steps / seconds:,.0f} steps/s,"
            f" {counts['acked'] / seconds:,.0f} messages acked/s, {1000 * seconds / len(seeds):.0f} ms a run"
        )
    print(f"goal: {GOAL:,} steps/s; {'reached' if slowest >= GOAL else 'missed'}")
    return 0 if slowest >= GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
