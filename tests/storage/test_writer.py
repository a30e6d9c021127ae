"""The line in front of the transactions: who waits for a lock of somebody else keeps nobody else waiting."""

from collections import defaultdict
from collections.abc import Sequence

import trio
import trio.testing

from storage.writer import ALONE, Writer


async def test_those_behind_a_locked_chat_are_passed_over(autojump_clock: trio.testing.MockClock) -> None:
    """All turns of those that wait alone are taken, and one more such chat stands in line: a later operation there must
    not be woken in place of those that could go on."""
    locked = {f"locked {number}" for number in range(ALONE + 1)}
    tried, alone = set[str](), set[str]()
    ends: defaultdict[str, trio.Event] = defaultdict(trio.Event)
    done: list[str] = []

    async def run(batch: Sequence[tuple[str, str]]) -> Sequence[str | None]:
        keys = {key for key, _ in batch}
        if keys <= locked and len(keys) == 1 and tried.issuperset(keys):
            alone.update(keys)
            await ends[batch[0][0]].wait()
            return [name for _, name in batch]
        tried.update(keys)
        if "another" in keys:
            await ends["another"].wait()
        return [None if key in locked else name for key, name in batch]

    writer: Writer[tuple[str, str], str] = Writer(run, lambda work: work[0], parallel=1)

    async def perform(key: str, name: str) -> None:
        done.append(await writer.perform((key, name)))

    async with trio.open_nursery() as nursery:
        try:
            nursery.start_soon(perform, "open", "begins")  # one transaction for all: the locked ones are put back
            for key in sorted(locked):
                nursery.start_soon(perform, key, key)
            await trio.testing.wait_all_tasks_blocked()
            assert done == ["begins"] and writer.waiting == 1, "one of them has no turn"
            nursery.start_soon(perform, "another", "busy")
            await trio.testing.wait_all_tasks_blocked()
            [last] = locked - alone
            for name, key in (("behind", last), ("free", "a third")):
                nursery.start_soon(perform, key, name)
                await trio.testing.wait_all_tasks_blocked()
            ends["another"].set()
            await trio.testing.wait_all_tasks_blocked()
            assert done == ["begins", "busy", "free"]
        finally:  # also where that was not so: a transaction cannot be cancelled
            for key in ("another", *locked):
                ends[key].set()
    assert sorted(done) == sorted(["begins", "busy", "free", "behind", *locked])
