"""Many connections of raw bytes against a server of its own, with a bystander who must not notice.

`./just fuzz --connections 100000 --server nginx`. Each connection has a seed of its own, so that what harmed can be
sent again: `--first SEED --connections 1`. At the end descriptors and memory must be back where they were, and no fault
of the server counted. Exit code 1 if not.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import trio

from tests.server.hostile import Bystander, Fuzzer, bystander
from tests.server.test_hostile_bytes import Target, falls_to, target_of

AT_ONCE = 16
"""Connections open at a time."""
CHAT_EVERY = 200
"""Connections between two messages of the bystander."""
WARM_UP = 2000
"""Connections after which memory is looked at first, at least, and at least half of them: by then every code path has
been loaded. Python leaves garbage in cycles until it is a quarter of all that lives, so memory rises to some bound."""
MEMORY = 24 * 2**20
"""Bytes by which the server may have grown since."""


async def run(connections: int, first: int, kind: str) -> int:
    """The exit code."""
    with tempfile.TemporaryDirectory(prefix="vestnik-fuzz-") as folder:
        async with target_of(kind, Path(folder)) as target:
            tls = None if target.proxied is None else target.proxied.tls
            async with bystander(target.url, tls) as other:
                return await _assail(target, other, connections, first)


async def _assail(target: Target, other: Bystander, connections: int, first: int) -> int:
    descriptors, began, slowest = target.process.descriptors(), time.monotonic(), 0.0
    memory = target.process.memory()
    for start in range(first, first + connections, CHAT_EVERY):
        end = min(start + CHAT_EVERY, first + connections)
        await _batch(target, range(start, end))
        asked = time.monotonic()
        try:
            await other.chat()
        except Exception as error:
            print(f"the bystander did not live through seeds {start} to {end - 1}: {error!r}\n{target.process.log()}")
            return 1
        slowest = max(slowest, time.monotonic() - asked)
        if start - first < max(WARM_UP, connections // 2) <= end - first:
            memory = target.process.memory()
        if (end - first) % (25 * CHAT_EVERY) == 0:
            print(f"{end - first} connections, {_state(target)}", flush=True)
    seconds = time.monotonic() - began
    await falls_to(descriptors, target.descriptors)
    left = target.process.descriptors() - descriptors
    failed = await target.metric("vestnik_connection_failures_total")
    grown = target.process.memory() - memory
    log = (target.process.data_dir / "server.log").stat().st_size
    print(f"{connections} connections in {seconds:.0f} s, seeds from {first}; slowest ack {slowest:.2f} s;")
    print(f"{left} descriptors left, memory {grown / 2**20:+.1f} MiB, {failed} failures, log {log / 1024:.0f} KiB")
    return 0 if left <= 0 and grown < MEMORY and failed == 0 else 1


async def _batch(target: Target, seeds: range) -> None:
    limiter = trio.CapacityLimiter(AT_ONCE)

    async def one(seed: int) -> None:
        async with limiter:
            random = Random(seed)
            await target.assailant(random).send(Fuzzer(random).connection(), patience=0.005)

    async with trio.open_nursery() as nursery:
        for seed in seeds:
            nursery.start_soon(one, seed)


def _state(target: Target) -> str:
    return f"{target.process.descriptors()} descriptors, {target.process.memory() / 2**20:.1f} MiB"


def main() -> int:
    """From the command line."""
    parser = argparse.ArgumentParser(prog="./just fuzz", description=__doc__)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--server", choices=("vestnik", "hypercorn", "nginx"), default="vestnik")
    arguments = parser.parse_args()
    return trio.run(run, arguments.connections, arguments.first, arguments.server)


if __name__ == "__main__":
    sys.exit(main())
