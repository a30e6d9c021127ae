"""Two clients, one chat, every order of up to six steps: enumerated completely (no randomness at all).

Steps that would change nothing are left out: the order without them was tried already. Of two neighbours that do not
touch each other one order is tried. `SMALL_WORLDS_DEPTH=7` (`./just small-worlds`) tries longer ones, three times as
many a step.
"""

import os
import re
from collections.abc import Iterator
from typing import Final

import pytest

from chatproto.client.session_outputs import Apply, Failed, Sent
from tests.simulation.small import STEPS, SmallWorld

DEPTH: Final = int(os.environ.get("SMALL_WORLDS_DEPTH", "6"))
Steps = tuple[str, ...]
INDEPENDENT: Final = frozenset(
    frozenset(pair)
    for pair in (
        ("ann says", "bob says"),
        ("ann says", "cut bob"),
        ("bob says", "cut ann"),
        ("ann says", "commit"),
        ("bob says", "commit"),
    )
)
"""Pairs of steps that may change places: each says something on one link only, or nothing on the other's."""


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
            if world.can(step) and not was_tried(steps, step):
                yield from orders((*steps, step), depth)


def was_tried(steps: Steps, step: str) -> bool:
    """Whether the order in which this step comes before the last one, to the same end, is another one of `orders`."""
    last = steps[-1] if steps else step
    return frozenset((last, step)) in INDEPENDENT and STEPS.index(step) < STEPS.index(last)


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


def test_steps_that_do_not_touch_each_other_may_change_places() -> None:
    swapped = 0
    for steps in orders((), 2):
        for one, other in INDEPENDENT:
            world = after(steps)
            if world.can(one) and world.can(other):
                swapped += 1
                ways = [after((*steps, one, other)), after((*steps, other, one))]
                assert timeless(ways[0]) == timeless(ways[1]), (steps, one, other)
                for way in ways:
                    way.settle()
                assert timeless(ways[0]) == timeless(ways[1]), (steps, one, other, "in the end")
    assert swapped > 50


def timeless(world: SmallWorld) -> str:
    """Its state, and all that clients were told, without the hour at which each thing was done."""
    *parts, _ = state(world)
    told = [[type(output).__name__ for output in client.told] for client in world.clients]
    return re.sub(r"datetime\.datetime\([^()]*\)|\d{4}-\d\d-\d\dT[\d:.]+Z", "then", repr((parts, told)))


def state(world: SmallWorld) -> tuple[object, ...]:
    clients = [(client.connection, list(client.out), list(client.into), len(client.told)) for client in world.clients]
    return clients, [run.operation for run in world.waiting], world.store.rooms[world.chat_id].log, world.hub


def test_the_steps_do_something() -> None:
    world = after(("ann says", "deliver", "commit", "deliver"))
    told = [type(output) for client in world.clients for output in client.told]
    assert {Apply, Sent} <= set(told)
    assert Failed not in told
