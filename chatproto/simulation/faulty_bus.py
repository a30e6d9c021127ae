"""The bus between server processes: what it carries may be lost, doubled, late and out of order."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

from chatproto.server.hints import Hint

if TYPE_CHECKING:
    from chatproto.simulation.server import Server
    from chatproto.simulation.world import World

LATE: Final = 5_000
"""Milliseconds by which a slow hint comes late, at most."""


class Bus:
    """It stays as bad as it is to the end of a run: nothing may depend on it."""

    def __init__(self, world: World, random: Random) -> None:
        self._world = world
        self._random = random

    def publish(self, sender: Server, hint: Hint) -> None:
        """To every other process."""
        options, random, counts = self._world.options, self._random, self._world.trace.counts
        for server in self._world.servers:
            if server is sender:
                continue
            counts["hints"] += 1
            if random.random() < options.bus_lost:
                counts["hints lost"] += 1
                continue
            self._carry(sender, server, hint)
            if random.random() < options.bus_doubled:
                counts["hints doubled"] += 1
                self._carry(sender, server, hint)

    def _carry(self, sender: Server, server: Server, hint: Hint) -> None:
        delay = 1 + int(self._random.expovariate(1 / self._world.options.store_latency))
        if self._random.random() < self._world.options.bus_late:
            self._world.trace.counts["hints late"] += 1
            delay += self._random.randrange(LATE)
        self._world.scheduler.after(delay, self._arrive, sender.name, server, hint)

    def _arrive(self, sender: str, server: Server, hint: Hint) -> None:
        self._world.note(sender, "hint", hint.news, to=server.name)
        server.told(hint)
