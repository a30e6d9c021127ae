"""Two clients, one chat, every order of up to six steps: enumerated completely (no randomness at all)."""

import itertools

import pytest

from chatproto.client.outputs import Apply, Failed, Sent
from tests.simulation.small import STEPS, SmallWorld

DEPTH = 6


@pytest.mark.slow
@pytest.mark.parametrize("first", STEPS)
def test_every_order_of_six_steps_ends_well(first: str) -> None:
    worlds = 0
    for rest in itertools.product(STEPS, repeat=DEPTH - 1):
        worlds += 1
        world = SmallWorld()
        for step in (first, *rest):
            world.do(step)
        world.settle()
        world.check((first, *rest))
    assert worlds == len(STEPS) ** (DEPTH - 1)


def test_the_steps_do_something() -> None:
    world = SmallWorld()
    for step in ("ann says", "deliver", "commit", "deliver"):
        world.do(step)
    told = [type(output) for client in world.clients for output in client.told]
    assert {Apply, Sent} <= set(told)
    assert Failed not in told
