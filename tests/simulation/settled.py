"""A world of the simulation at rest, and what tests do to it."""

from collections.abc import Callable
from typing import Any

import attrs
import msgspec

from chatproto.client.session_outputs import Apply, Tell
from chatproto.operations import (
    AppendChange,
    Appended,
    AppendMessage,
    ChatFound,
    DeleteMessage,
    EditMessage,
    LoadChat,
    MessageChange,
    Pin,
    React,
    UpdateUser,
)
from chatproto.operations.log import ForwardSource
from chatproto.simulation.database import time_at
from chatproto.simulation.device import Device
from chatproto.simulation.model_operations import perform
from chatproto.simulation.model_rooms import Room
from chatproto.simulation.options import Options
from chatproto.simulation.world import World
from chatproto.wire.frames import ChatFrame, Marks
from chatproto.wire.model import Event, Forwarded, Message

Act = Callable[["Settled"], object]


class Settled:
    """A world at rest: two people with a device each, a message of each in their group, everything shown everywhere."""

    def __init__(self) -> None:
        options = Options(users=2, devices=1, duration=4_000, settle=60_000, act_every=10**9)
        self.world = World(1, options)
        for device in self.world.devices:
            self.world.scheduler.after(1_000, device.say, 1)
        self.world.run()
        self.checkers = self.world.checkers
        self.ann, self.bob = self.world.devices
        assert len(self.room.log) == 2

    @property
    def room(self) -> Room:
        return self.world.database.store.rooms[1]

    @property
    def operation(self) -> AppendMessage:
        return AppendMessage(1, 1, "c", b"", "x", None, None, self.room.log[0].created_at)

    def item(self, place: int = 1, **changes: Any) -> Message:
        item = self.room.log[place - 1]
        assert isinstance(item, Message)
        return msgspec.structs.replace(item, **changes)

    def appended(self, *items: Message | Event) -> Appended:
        return Appended(1, items, False, items[-1].seq, (1, 2))

    def told(self, *outputs: Any, device: Device | None = None) -> None:
        self.checkers.told(device or self.ann, list(outputs))

    def apply(self, item: Any) -> None:
        """As if nothing of the chat had been shown before it."""
        self.ann.shown[1] = item.seq - 1
        self.told(Apply(item))

    def remove(self, user_id: int) -> Event:
        """Somebody is put out, by nobody's wish."""
        change = AppendChange(1, 1, "remove", (user_id,), "all", None, None, None, "out", self.room.log[0].created_at)
        outcome = perform(self.world.database.store, change)
        assert isinstance(outcome, Appended)
        event = outcome.items[0]
        assert isinstance(event, Event)
        self.world.members_changed = True
        return event


def changed(w: Settled, kind: str, seq: int = 1) -> None:
    """As if a change had been shown everywhere, which no app took in."""
    common: dict[str, Any] = {
        "chat_id": 1, "actor_id": w.item(seq).sender_id, "cid": f"change {kind}", "digest": b"", "seq": seq,
        "target_at": None, "now": w.item(1).created_at,
    }  # fmt: skip
    commands: dict[str, MessageChange] = {
        "edit": EditMessage(content="another", **common),
        "delete": DeleteMessage(**common),
        "react": React(emoji="x", on=True, **common),
        "pin": Pin(on=True, **common),
    }
    outcome = perform(w.world.database.store, commands[kind])
    assert isinstance(outcome, Appended)
    w.checkers.commands.appended(commands[kind], outcome)
    for device in w.world.devices:
        device.shown[1] = w.room.last_seq


def forwarded(w: Settled, **changes: Any) -> None:
    """As if it had been stored like that."""
    source = ForwardSource(1, 1)
    author = Forwarded(user_id=w.item(1).sender_id, display_name=f"user{w.item(1).sender_id - 1}")
    command = attrs.evolve(w.operation, cid="copy", forward=source)
    item = w.item(1, **{"seq": 3, "cid": "copy", "forwarded": author, **changes})
    w.room.log.append(item)
    w.checkers.commands.appended(command, w.appended(item))


def marks(w: Settled, **counts: int) -> Tell:
    """One's own, at the head, of nothing read."""
    told: dict[str, Any] = {"unread_count": 1, "mention_count": 1, "delivered_seq": 2, "read_seq": 0, "last_seq": 2}
    told |= counts
    return Tell(Marks(chat_id=1, user_id=w.ann.user_id, **told))


def others_marks(w: Settled, read_seq: int) -> Tell:
    return Tell(Marks(chat_id=1, user_id=w.bob.user_id, delivered_seq=2, read_seq=read_seq))


def hide(w: Settled, *, reads: bool) -> None:
    store = w.world.database.store
    perform(store, UpdateUser(w.bob.user_id, None, None, None, None, None, time_at(0), hide_reads=reads))


def listed_as_read(w: Settled) -> None:
    chat = perform(w.world.database.store, LoadChat(w.ann.user_id, 1))
    assert isinstance(chat, ChatFound)
    w.told(Tell(ChatFrame(chat=msgspec.structs.replace(chat.chat, others_read_seq=1))))
