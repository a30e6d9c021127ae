"""Time that moves on: now and then what is older than some seconds is removed from a chat, and at last nearly all."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Final

from chatproto.client.timeline import CHANGES
from chatproto.operations import EntriesExpired, Expire
from chatproto.simulation.database import time_at
from chatproto.simulation.model_operations import perform
from chatproto.simulation.trace import Violation
from chatproto.wire.model import Event, Hidden

if TYPE_CHECKING:
    from chatproto.simulation.device import Device
    from chatproto.simulation.model_rooms import Room
    from chatproto.simulation.world import World

OLDEST: Final = 15_000
"""Milliseconds."""
SLICE: Final = 20
"""Entries that are removed in one transaction."""


class Ageing:
    """Who removes what is too old: a process of its own, as far as the servers of the world know."""

    def __init__(self, world: World, random: Random) -> None:
        self._world = world
        self._random = random

    def start(self) -> None:
        """From now on, where the options say so."""
        if self._world.options.expire_every:
            self._later()

    def end(self) -> None:
        """All that was written so far is too old, but for the newest second."""
        if self._world.options.expire_every:
            for chat_id in self._world.database.store.rooms:
                self._expire(chat_id, 1_000)

    def _later(self) -> None:
        wait = 1 + int(self._random.expovariate(1 / self._world.options.expire_every))
        self._world.scheduler.after(wait, self._act)

    def _act(self) -> None:
        if self._world.healed:
            return
        chat_id = self._random.choice(list(self._world.founders))
        age = self._random.randrange(OLDEST)
        if not self._world.database.down:
            self._expire(chat_id, age)
        self._later()

    def _expire(self, chat_id: int, age: int) -> None:
        now = time_at(self._world.scheduler.now - age) + timedelta(days=1)
        more = True
        while more:
            outcome = perform(self._world.database.store, Expire(chat_id, now, 1, SLICE))
            assert isinstance(outcome, EntriesExpired)
            self._world.trace.counts["messages expired"] += outcome.messages
            self._world.note("database", "chat", chat_id, "begins with", outcome.first_seq)
            more = outcome.more


def check_expired(device: Device, room: Room) -> None:
    """S19: what was removed after its time is nowhere: not the items, nor what later ones tell of them."""
    chat = device.disk.chats.get(room.id)
    for item in chat.items.values() if chat else ():
        if item.seq <= room.expired_seq and not isinstance(item, Hidden):
            raise Violation("S19", f"{device.name} keeps {item} of chat {room.id}, which expired")
        tells = isinstance(item, Event) and item.event in CHANGES and (item.target_seq or 0) <= room.expired_seq
        if tells and isinstance(item, Event) and item.data:
            raise Violation("S19", f"{device.name} keeps what {item} of chat {room.id} tells of what expired")
