"""What may go wrong in one run, and how much of it; drawn from the seed, some faults fully off (swarm testing)."""

from random import Random
from typing import Any

import attrs
from attrs import Factory, frozen


@frozen(kw_only=True)
class Options:
    """Times in milliseconds, chances from 0 to 1 at each occasion.

    `fault_every`: mean time between two faults; each is one of those whose weight is not 0. After `duration` all faults
    stop, and within `settle` everything must have come to rest, for as long as `stay`; the bus stays as it is. `sleep`:
    how long a device sleeps at most. `expire_every`: mean time between two removals of old messages; 0: there are none.
    """

    users: int = 3
    devices: int = 2
    groups: int = 1
    servers: int = 1
    duration: int = 60_000
    settle: int = 180_000
    stay: int = 60_000
    sleep: int = 90_000
    act_every: int = 400
    fault_every: int = 2_500
    token_lifetime: int = 900
    latency: int = 20
    store_latency: int = 8
    disk_latency: int = 5
    store_fails: float = 0.0
    store_unknown: float = 0.0
    store_slow: float = 0.0
    refresh_lost: float = 0.0
    epoch_forgotten: float = 0.0
    bus_lost: float = 0.0
    bus_doubled: float = 0.0
    bus_late: float = 0.0
    bugs: float = 0.0
    split_arrays: float = 0.3
    members_change: float = 0.0
    blocks: float = 0.0
    hide: float = 0.0
    far_behind: bool = False
    queue_items: int = 256
    tcp_window: int = 24
    expire_every: int = 0
    weights: dict[str, float] = Factory(dict)


FAULTS = (
    "cut", "half_open", "refuse", "stall", "proxy_close", "server_crash", "server_stop", "server_pause", "store_down",
    "device_crash", "device_sleep", "revoke", "backup", "restore", "fail_over",
    "clock_jump",
)  # fmt: skip
"""What the world does to its inhabitants."""


def draw(random: Random, *, lite: bool) -> Options:
    """Options for a run. `lite`: a short one, for the test suite."""
    chosen = {fault: random.choice((0.0, 0.5, 1.0, 3.0)) for fault in FAULTS}
    for rare in ("restore", "fail_over", "revoke", "server_stop", "store_down"):
        chosen[rare] *= 0.3
    return Options(
        users=random.randint(2, 3) if lite else random.randint(2, 6),
        devices=random.randint(1, 2) if lite else random.randint(1, 3),
        groups=random.randint(1, 2) if lite else random.randint(1, 4),
        servers=random.choice((1, 2, 3)),
        duration=random.randint(8_000, 20_000) if lite else random.randint(30_000, 240_000),
        stay=random.choice((5_000, 5_000, 5_000, 60_000)) if lite else 60_000,
        sleep=random.choice((10_000, 10_000, 90_000)) if lite else 90_000,
        act_every=random.choice((100, 300, 800)),
        fault_every=random.choice((400, 1_200, 4_000)),
        token_lifetime=random.choice((15, 70, 900)),
        latency=random.choice((1, 20, 120)),
        store_latency=random.choice((1, 10, 60)),
        disk_latency=random.choice((0, 5, 40)),
        store_fails=random.choice((0.0, 0.0, 0.05, 0.2)),
        store_unknown=random.choice((0.0, 0.0, 0.05, 0.2)),
        store_slow=random.choice((0.0, 0.02)),
        refresh_lost=random.choice((0.0, 0.3)),
        epoch_forgotten=random.choice((0.0, 0.5)),
        bus_lost=random.choice((0.0, 0.1, 1.0)),
        bus_doubled=random.choice((0.0, 0.3)),
        bus_late=random.choice((0.0, 0.3)),
        bugs=random.choice((0.0, 0.0, 0.0005, 0.005)),
        split_arrays=random.choice((0.0, 0.5, 1.0)),
        members_change=random.choice((0.0, 0.05, 0.2)),
        queue_items=random.choice((256, 20)),
        tcp_window=random.choice((24, 2)),
        weights=chosen,
        blocks=random.choice((0.0, 0.1, 0.3)),
        expire_every=random.choice((0, 0, 1_500, 6_000)),
        hide=random.choice((0.0, 0.02, 0.06)),
    )


def without(options: Options, fault: str) -> Options:
    """The same with one kind of fault off; for shrinking."""
    if fault in options.weights:
        return attrs.evolve(options, weights={**options.weights, fault: 0.0})
    changes: dict[str, Any] = {fault: 0.0}
    return attrs.evolve(options, **changes)


SWITCHES = (
    *FAULTS, "store_fails", "store_unknown", "store_slow", "bus_lost", "bus_doubled", "bus_late", "refresh_lost",
    "epoch_forgotten", "bugs", "split_arrays", "members_change",
    "blocks",
    "expire_every",
    "hide",
)  # fmt: skip
"""Everything that can be switched off."""
