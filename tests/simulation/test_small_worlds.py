"""Two clients, one chat, every order of up to six steps: enumerated completely (no randomness at all).

Steps that would change nothing are left out: the order without them was tried already. `SMALL_WORLDS_DEPTH=7`
(`./just small-worlds`) tries longer ones, four times as many a step.
"""

import os
from collections.abc import Iterator
from typing import Final

import pytest

from chatproto.client.session_outputs import Apply, Failed, Sent
from tests.simulation.small import STEPS, SmallWorld

DEPTH: Final = int(os.environ.get("SMALL_WORLDS_DEPTH", "6"))
Steps = tuple[str, ...]


def after(steps: Steps) -> SmallWorld:
    world = SmallWorld()
    for step in steps:
        world.do(step)
    return world


def orders(steps: Steps, depth: int) -> Iterator[Steps]:
    """These steps, and all that can follow them up to that depth."""
    yield steps
    if len(steps) < depth:
        world = after(steps)
        for step in STEPS:
            if world.can(step):
                yield from orders((*steps, step), depth)


BEGINNINGS: Final = [steps for steps in orders((), 3) if len(steps) == 3]


@pytest.mark.slow
@pytest.mark.parametrize("beginning", BEGINNINGS, ids=", ".join)
def test_every_order_ends_well(beginning: Steps) -> None:
    worlds = 0
    for steps in orders(beginning, DEPTH):
        world = after(steps)
        world.settle()
        world.check(steps)
        worlds += 1
    assert worlds > 1


def test_shorter_orders_end_well() -> None:
    for steps in orders((), 2):
        world = after(steps)
        world.settle()
        world.check(steps)


def test_a_step_that_is_left_out_changes_nothing() -> None:
    """Of everything that the rest of an order can depend on, the clock alone goes on."""
    left_out = 0
    for steps in orders((), 3):
        for step in STEPS:
            world = after(steps)
            if world.can(step):
                continue
            left_out += 1
            before = state(world)
            world.do(step)
            assert state(world) == before or step == "crash", (*steps, step)
    assert left_out > 100


def state(world: SmallWorld) -> object:
    clients = [(client.connection, list(client.out), list(client.into), len(client.told)) for client in world.clients]
    return clients, [run.operation for run in world.waiting], world.store.rooms[world.chat_id].log, world.hub


def test_the_steps_do_something() -> None:
    world = after(("ann says", "deliver", "commit", "deliver"))
    told = [type(output) for client in world.clients for output in client.told]
    assert {Apply, Sent} <= set(told)
    assert Failed not in told
