"""Messages a second that a store takes, by the size of its batches, and what they cost this process.

One chat of 100 members, 20 senders, one batch in flight: what the core asks for. Real files and real fsync; put TMPDIR
on the disk that is meant. `--profile` prints where this process spends its time instead.
"""

import argparse
import cProfile
import pstats
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import trio
from attrs import frozen

from chatproto.operations import AppendBatch, Appended, BatchAppended, Mark, Marked
from storage.migrate import upgrade
from storage.open import open_storage
from storage.port import Storage
from tests.mariadb_server import private_mariadb
from tests.storage.store_house import House, expect

MEMBERS: Final = 100
SENDERS: Final = 20
TEXT: Final = "Сообщение обычной длины, about as long as people write: " * 2


@frozen
class Figure:
    """`cpu_us`: processor time of this process a message, its threads included."""

    size: int
    messages: int
    seconds: float
    cpu_us: float


async def measure(house: House, chat: int, people: Sequence[int], size: int, seconds: float) -> Figure:
    """Batches of this size, one after another."""
    began, cpu, messages = time.perf_counter(), time.process_time(), 0
    building = 0.0
    while time.perf_counter() - began < seconds:
        start = time.process_time()
        commands = tuple(house.message(chat, people[number % SENDERS], TEXT) for number in range(size))
        building += time.process_time() - start
        outcomes = expect(BatchAppended, await house.do(AppendBatch(chat, commands))).outcomes
        assert all(isinstance(outcome, Appended) for outcome in outcomes)
        messages += size
    used = time.process_time() - cpu - building
    return Figure(size, messages, time.perf_counter() - began, used / messages * 1e6)


async def measure_marks(house: House, chat: int, people: Sequence[int], seconds: float) -> Figure:
    """All members mark at once, each time one entry further."""
    began, cpu, marks, seq = time.perf_counter(), time.process_time(), 0, 0

    async def mark(user_id: int) -> None:
        expect(Marked, await house.do(Mark(user_id, chat, seq, seq, house.now)))

    while time.perf_counter() - began < seconds:
        seq += 1
        async with trio.open_nursery() as nursery:
            for user_id in people:
                nursery.start_soon(mark, user_id)
        marks += len(people)
    return Figure(len(people), marks, time.perf_counter() - began, (time.process_time() - cpu) / marks * 1e6)


async def run(store: Storage, name: str, sizes: Sequence[int], seconds: float) -> None:
    """Print a line for each size."""
    house = House(store)
    people = await house.people(MEMBERS)
    chat = await house.group(*people)
    await measure(house, chat, people, 20, 0.3)  # statements are compiled, pages are in memory
    print(f"{name}: messages/s, us of this process a message", flush=True)
    for size in sizes:
        figure = await measure(house, chat, people, size, seconds)
        rate = figure.messages / figure.seconds
        print(f"  batches of {size:4}: {rate:8.0f} msg/s {figure.cpu_us:7.1f} us", flush=True)
    figure = await measure_marks(house, chat, people, seconds)
    print(
        f"  marks of {figure.size:6}: {figure.messages / figure.seconds:8.0f} /s    {figure.cpu_us:7.1f} us", flush=True
    )


async def main(options: argparse.Namespace) -> None:
    """On each kind of store."""
    with tempfile.TemporaryDirectory() as folder:
        for kind in options.stores:
            url = (
                f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
                if kind == "sqlite"
                else private_mariadb(on_disk=True).new_database()
            )
            await trio.to_thread.run_sync(partial(upgrade, url))
            store = await open_storage(url)
            profile = cProfile.Profile()
            if options.profile:
                profile.enable()
            await run(store, kind, options.sizes, options.seconds)
            if options.profile:
                profile.disable()
                pstats.Stats(profile).sort_stats("tottime").print_stats(25)
            await store.aclose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", nargs="+", default=["sqlite", "mariadb"], choices=["sqlite", "mariadb"])
    parser.add_argument("--sizes", nargs="+", type=int, default=[1, 20, 100])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--profile", action="store_true")
    trio.run(main, parser.parse_args())
