"""S20: what people read while they hide it is told to nobody else, and at rest every server knows who hides what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatproto.operations import Hides, Mark, Marked, Operation, Outcome
from chatproto.simulation.trace import Violation
from chatproto.wire.frames import ChatFrame, Chats, Marks, Ready
from chatproto.wire.model import Chat, Head

if TYPE_CHECKING:
    from chatproto.simulation.device import Device
    from chatproto.simulation.world import World


class HidingChecks:
    """Its books: how far each user marked each chat as read while others might know of it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._told: dict[tuple[int, int], int] = {}

    def committed(self, operation: Operation, outcome: Outcome) -> None:
        """The database did something."""
        if isinstance(operation, Mark) and isinstance(outcome, Marked) and operation.read_seq is not None:
            key = outcome.chat_id, outcome.user_id
            if not self._world.database.store.hides(outcome.user_id).reads:
                self._told[key] = max(self._told.get(key, 0), outcome.read_seq)
            else:
                self._world.trace.counts["marks that are hidden"] += 1

    def told(self, device: Device, frame: object) -> None:
        """A frame for the app."""
        match frame:
            case Ready(chats=heads) | Chats(chats=heads):
                for head in heads:
                    self._others(device, head.chat_id, head)
            case ChatFrame(chat=chat):
                self._others(device, chat.id, chat)
            case Marks(chat_id=chat_id, user_id=user_id) if user_id != device.user_id:
                if frame.read_seq > self._told.get((chat_id, user_id), 0):
                    raise Violation("S20", f"{device.name} is told {frame}, which is hidden")

    def _others(self, device: Device, chat_id: int, told: Head | Chat) -> None:
        known = [seq for (chat, user), seq in self._told.items() if chat == chat_id and user != device.user_id]
        if told.others_read_seq > max(known, default=0):
            raise Violation("S20", f"{device.name} is told that {told.others_read_seq} of chat {chat_id} was read")

    def at_rest(self) -> None:
        """Every server knows what those hide who are connected to it."""
        for server in self._world.servers:
            hiding = server.hub.parts.hiding
            for user_id in server.hub.parts.connections.by_user:
                known = Hides(user_id in hiding.last_seen, user_id in hiding.reads)
                if known != self._world.database.store.hides(user_id):
                    raise Violation("S20", f"{server.name} believes of user {user_id}: {known}")
