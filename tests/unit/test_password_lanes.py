"""The lanes of the passwords' thread: their order and bounds, and that nobody waits for nothing."""

import threading
from functools import partial

import pytest
import trio
import trio.testing

from storage.password_lanes import PATIENCE, Busy, Lane, PasswordThread


async def test_log_ins_come_before_guesses_and_those_before_new_accounts(nursery: trio.Nursery) -> None:
    thread, begun, gate, done = PasswordThread(), threading.Event(), threading.Event(), list[str]()

    def stand() -> None:
        begun.set()
        gate.wait(60)

    nursery.start_soon(thread.run, stand)
    await trio.to_thread.run_sync(begun.wait, 60)  # else what comes now could overtake it
    for lane in reversed(Lane):
        for number in range(2):
            nursery.start_soon(thread.run, partial(done.append, f"{lane.name} {number}"), lane)
            await trio.testing.wait_all_tasks_blocked()
    assert thread.waiting == 2 * len(Lane) + 1
    gate.set()
    with trio.fail_after(60):
        while thread.waiting:
            await trio.lowlevel.checkpoint()
    assert done == [f"{lane.name} {number}" for lane in Lane for number in range(2)]


async def test_who_would_wait_too_long_is_told_when_to_come_back(nursery: trio.Nursery) -> None:
    """By what the last passwords took, and by the lanes before one's own only."""
    ticks = iter(range(0, 1_000, 5))
    thread, gate = PasswordThread(patience=6.0, clock=lambda: float(next(ticks))), threading.Event()
    for _ in range(30):
        await thread.run(lambda: None)  # each seems to take 5 s
    assert thread.expected_wait(Lane.REGISTER) == 0
    for _ in range(2):
        nursery.start_soon(thread.run, partial(gate.wait, 60), Lane.AFTER_FAILURES)
        await trio.testing.wait_all_tasks_blocked()
    for lane in (Lane.AFTER_FAILURES, Lane.REGISTER):
        refused = await thread.run(lambda: None, lane)
        assert isinstance(refused, Busy) and refused.retry_after == pytest.approx(10.0, abs=0.1)
    assert thread.expected_wait(Lane.LOG_IN) == 0
    gate.set()


async def test_who_is_overtaken_for_too_long_is_told_so(mock_clock: trio.testing.MockClock) -> None:
    """The clock goes on only once the gate holds the thread and the other waits behind it."""
    thread, begun, gate, answers = PasswordThread(), threading.Event(), threading.Event(), list[object]()

    def stand() -> None:
        begun.set()
        gate.wait(60)

    async def come() -> None:
        answers.append(await thread.run(lambda: None, Lane.REGISTER))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(thread.run, stand)
        await trio.to_thread.run_sync(begun.wait, 60)
        nursery.start_soon(come)
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(PATIENCE + 2)
    gate.set()
    assert [type(answer) for answer in answers] == [Busy]
    assert thread.waiting == 0


async def test_one_thread_and_a_bounded_line(nursery: trio.Nursery) -> None:
    thread, gate, names = PasswordThread(max_waiting=2), threading.Event(), set[str]()
    results: list[object] = []

    def work() -> str:
        gate.wait(60)
        names.add(threading.current_thread().name)
        return "done"

    async def wait() -> None:
        results.append(await thread.run(work))

    for _ in range(3):
        nursery.start_soon(wait)
    await trio.testing.wait_all_tasks_blocked()
    assert await thread.run(work) == Busy(1.0)
    gate.set()
    with trio.fail_after(60):
        while len(results) < 3:
            await trio.lowlevel.checkpoint()
    assert results == ["done"] * 3 and names == {"passwords"}
    assert await thread.run(lambda: "room again") == "room again"


async def test_who_left_is_not_worked_for() -> None:
    thread, gate, done = PasswordThread(), threading.Event(), list[int]()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(thread.run, partial(gate.wait, 60))
        await trio.testing.wait_all_tasks_blocked()  # trio starts tasks in any order; the gate is to be first in line
        for number in range(3):
            nursery.start_soon(thread.run, partial(done.append, number))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    gate.set()
    assert await thread.run(lambda: "still working") == "still working"
    assert done == []


async def test_bugs_come_back_to_the_caller() -> None:
    thread = PasswordThread()
    with pytest.raises(ZeroDivisionError):
        await thread.run(lambda: 1 // 0)
    assert await thread.run(lambda: 1) == 1


def test_the_thread_outlives_its_loop() -> None:
    """Work that ends after trio has: nobody is told, nothing breaks, the next loop is served."""
    thread, gate = PasswordThread(), threading.Event()

    async def leave() -> None:
        with trio.move_on_after(0.01):
            await thread.run(partial(gate.wait, 60))

    async def stay() -> object:
        return await thread.run(lambda: "served")

    trio.run(leave)
    gate.set()
    assert trio.run(stay) == "served"
