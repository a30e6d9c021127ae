"""What a drill showed, for people to read: a line a disturbance beside the goals, and at the end what was missed."""

import argparse
import os
from math import isinf

from tests.bench.drill.cluster import Cluster
from tests.bench.drill.run import BACK, SIGN, WITH_REDIS, WITHOUT_REDIS, Felt, Outcome, share


def heading(cluster: Cluster, arguments: argparse.Namespace, seed: int) -> str:
    """What takes part, and the head of the table."""
    redis = "no Redis" if cluster.redis is None else "Redis"
    return "\n".join(
        [
            f"{len(cluster.machines)} servers with {arguments.workers} workers each behind HAProxy, {redis}, "
            f"{cluster.database.name}; {arguments.people} people in groups of {arguments.room}, "
            f"{arguments.rate:g} messages a second; seed {seed}; load of this machine {os.getloadavg()[0]:.1f}",
            f"{'what':10}{'how':8}{'away':>8}{'all back':>10}  (goal {BACK:g} s)   slowest  repeated  "
            "links and attempts that ended",
        ]
    )


def line(felt: Felt) -> str:
    """A disturbance."""
    back = "never" if isinf(felt.back) else f"{felt.back:.1f} s"
    verdict = f"{felt.late} late" if felt.late else "OK"
    closes = ", ".join(f"{count} x {code}" for code, count in sorted(felt.closes.items())) or "none"
    return (
        f"{felt.thing:10}{felt.way:8}{felt.away:6.1f} s{back:>10}  {verdict:13}{felt.slowest:7.1f} s"
        f"{felt.repeated:10}  {closes}"
    )


def report(outcome: Outcome, *, redis: bool) -> str:
    """All else."""
    found = []
    for name, took, goal in (
        ("calm", outcome.calm, WITH_REDIS if redis else WITHOUT_REDIS),
        ("Redis away", outcome.without_redis, WITHOUT_REDIS),
    ):
        if took:
            p50, p99 = (1000 * share(took, part) for part in (0.5, 0.99))
            found.append(
                f"{name}: p50 {p50:.0f} ms, p99 {p99:.0f} ms (goal {1000 * goal:.0f} ms), {len(took)} deliveries"
            )
    for what in dict.fromkeys(sign.what for sign in outcome.signs):
        took = sorted(sign.took for sign in outcome.signs if sign.what == what)
        aim = "" if what == "file" else f" (goal {1000 * SIGN:.0f} ms)"
        found.append(f"{what}: p50 {1000 * share(took, 0.5):.0f} ms, slowest {1000 * took[-1]:.0f} ms{aim}")
    if outcome.calm_messages:
        parts = ", ".join(
            f"{kind} {seconds / outcome.calm_seconds:.0%} ({seconds / outcome.calm_messages * 1e3:.2f} ms a message)"
            for kind, seconds in outcome.cpu.items()
        )
        found.append(f"of a processor in calm: {parts}")
    found.append(f"{outcome.messages} messages were acknowledged, {outcome.deliveries} deliveries to others")
    missed = outcome.violations(redis=redis)
    found += [f"MISSED: {one}" for one in missed] or [
        "nothing was lost, doubled or out of order; all goals are reached"
    ]
    return "\n".join(found)
