"""Two people with a direct chat, who write to each other, and block each other now and then."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from chatproto.operations import ChatCreated, CreateDirect, Outcome, SetBlock
from chatproto.simulation.database import time_at
from chatproto.simulation.model_operations import perform
from chatproto.simulation.trace import Violation

if TYPE_CHECKING:
    from chatproto.simulation.world import World


class Pair:
    """The first two users of a world."""

    def __init__(self, world: World, random: Random) -> None:
        self._world = world
        self._random = random
        self._people = world.users[:2]
        one, other = self._people
        outcome = perform(world.database.store, CreateDirect(one, other, time_at(0)))
        assert isinstance(outcome, ChatCreated)
        self._chat_id = outcome.chat.id
        world.founders[self._chat_id] = frozenset(self._people)

    def act(self) -> None:
        """One of them does something, and later again, while things may go wrong."""
        random, world = self._random, self._world
        device = random.choice([device for device in world.devices if device.user_id in self._people])
        what = random.random()
        if what < world.options.blocks:
            self._block(device.user_id)
        elif what < 0.6:
            device.say(self._chat_id)
        elif what < 0.7:
            device.forward(self._chat_id)
        elif what < 0.9:
            device.change(self._chat_id)
        else:
            device.type(self._chat_id)
        if world.faulty:
            world.scheduler.after(1 + int(random.expovariate(1 / world.options.act_every)), self.act)

    def _block(self, user_id: int) -> None:
        [other] = set(self._people) - {user_id}
        on = (user_id, other) not in self._world.database.store.blocks
        self._world.trace.counts["blocks" if on else "blocks lifted"] += 1
        operation = SetBlock(user_id, other, on, time_at(self._world.scheduler.now))
        self._random.choice(self._world.servers).request(operation, _ignore)


def check_known_blocks(world: World) -> None:
    """S18: at rest every server knows the blocks of those who are connected to it."""
    for server in world.servers:
        parts = server.hub.parts
        for user_id in parts.connections.by_user:
            stored, known = set(world.database.store.blocks_of(user_id)), parts.blocks.of(user_id)
            if stored != known:
                raise Violation("S18", f"{server.name}: blocks of user {user_id} are {stored}, known {known}")


def _ignore(_outcome: Outcome | None) -> None:
    """Nobody waits for this answer."""
