"""What people do in the groups of a world: they write, change, read, hide; and who is a member or may write changes."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Literal

from chatproto.operations import AppendChange, Outcome
from chatproto.simulation.database import time_at

if TYPE_CHECKING:
    from chatproto.simulation.world import World


class People:
    """All users of a world, in the groups that it has when this is made."""

    def __init__(self, world: World, random: Random) -> None:
        self._world = world
        self._random = random
        self._groups = list(world.founders)

    def start(self) -> None:
        """From now on, while things may go wrong."""
        self._later()

    def _later(self) -> None:
        wait = 1 + int(self._random.expovariate(1 / self._world.options.act_every))
        self._world.scheduler.after(wait, self._act)

    def _act(self) -> None:
        random, world = self._random, self._world
        device = random.choice(world.devices)
        chat_id = random.choice(self._groups)
        what = random.random()
        if what < world.options.members_change:
            self._change_members(chat_id)
        elif what < 0.45:
            for _ in range(random.choice((1, 1, 1, 2, 12))):
                device.say(chat_id, reply=random.random() < 0.2)
        elif what < 0.5:
            device.forward(chat_id)
        elif what < 0.75:
            for _ in range(random.choice((1, 1, 2, 5))):
                device.change(chat_id)
        elif what < 0.88:
            device.read(chat_id)
        elif what < 0.92:
            device.flag(chat_id)
        elif what > 1 - world.options.hide:
            device.hide()
        else:
            device.type(chat_id)
        if world.faulty:
            self._later()

    def _change_members(self, chat_id: int) -> None:
        """Somebody is put out, or taken in again, or who may write is changed; refusals are the rule's business."""
        random, world = self._random, self._world
        if random.random() < 0.2:
            self._change_writers(chat_id)
            return
        room = world.database.store.rooms[chat_id]
        user_id = random.choice(world.users[1:])
        kind: Literal["add", "remove"] = "remove" if room.membership(user_id) else "add"
        cid, now = f"change-{world.scheduler.steps}", time_at(world.scheduler.now)
        history: Literal["all", "none"] = "all" if random.random() < 0.5 else "none"
        operation = AppendChange(chat_id, world.users[0], kind, (user_id,), history, None, None, None, cid, now)
        world.trace.counts[f"members: {kind}"] += 1
        random.choice(world.servers).request(operation, _ignore)

    def _change_writers(self, chat_id: int) -> None:
        """For a while only the admin writes."""
        world = self._world
        closed = world.database.store.rooms[chat_id].writers == "admins"
        cid, now = f"change-{world.scheduler.steps}", time_at(world.scheduler.now)
        operation = AppendChange(
            chat_id, world.users[0], "update", (), "all", None, None, None, cid, now, "all" if closed else "admins"
        )
        world.trace.counts["members: all write" if closed else "members: admins write"] += 1
        self._random.choice(world.servers).request(operation, _ignore)


def _ignore(_outcome: Outcome | None) -> None:
    """Nobody waits for this answer."""
