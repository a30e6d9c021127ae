"""Of those who wait for dear work each user has a turn, however much one of them wants."""

import trio
import trio.testing

from runtime.files.turns import Turns


async def test_users_take_turns(autojump_clock: trio.testing.MockClock) -> None:
    turns, done = Turns(1), list[str]()

    async def work(user_id: int, name: str) -> None:
        async with turns.turn(user_id):
            await trio.sleep(1)
            done.append(name)

    async with trio.open_nursery() as nursery:
        for name in ("a1", "a2", "a3", "a4", "b1", "b2", "c1"):
            nursery.start_soon(work, ord(name[0]), name)
            await trio.testing.wait_all_tasks_blocked()
    assert done == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]
    assert turns.places == 1


async def test_who_leaves_takes_no_place_with_them(autojump_clock: trio.testing.MockClock) -> None:
    turns, had = Turns(1), list[int]()

    async def work(user_id: int, patience: float) -> None:
        with trio.move_on_after(patience):
            async with turns.turn(user_id):
                had.append(user_id)
                await trio.sleep(10)

    async with trio.open_nursery() as nursery:
        for user_id, patience in ((1, 100.0), (2, 5.0), (3, 10.0), (4, 100.0)):  # the third at the moment of its turn
            nursery.start_soon(work, user_id, patience)
            await trio.testing.wait_all_tasks_blocked()
    assert (had[0], had[-1], turns.places) == (1, 4, 1)
    assert 2 not in had
