"""Whether what a device shows of its messages is what storage has of them (S15 of docs/driving.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatproto.operations.message_events import pinned_from
from chatproto.simulation.app_items import ShownChat
from chatproto.simulation.model_rooms import Membership, Room
from chatproto.simulation.store_chats import pinned, shown
from chatproto.simulation.trace import Violation
from chatproto.wire.model import Hidden, Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from chatproto.simulation.device import Device
    from chatproto.simulation.model_store import Store


def ahead_of_their_log(device: Device, lost: Store) -> Iterator[tuple[str, str, int, int]]:
    """What a page may have told a device before its log came to the change: (epoch, device, chat, seq) of each message.

    Where a standby that lacks the change takes over under the same epoch, nothing in the log of the device tells it.
    """
    for room in lost.rooms.values():
        seen = device.shown.get(room.id, 0)
        for seq, changes in room.changes.items():
            if changes[-1] > seen:
                yield lost.epoch, device.name, room.id, seq


def check_shown(device: Device, room: Room, chat: ShownChat, member: Membership, undone: AbstractSet[int]) -> None:
    """S15: text, revision, reactions, pins and who is named as the author are those of storage; for a former member
    those of their removal, but that they need not know of later deletions. `undone`: see ahead_of_their_log."""
    if device.shown.get(room.id, 0) != (room.last_seq if member.left_seq is None else member.left_seq):
        return  # they left and came back, which the next `ready` tells
    for item in chat.items.values():
        stored = room.log[item.seq - 1]
        if not isinstance(item, Message) or not isinstance(stored, Message) or item.seq < member.first_seq:
            continue  # of an earlier membership
        if item.seq in undone:
            continue
        expected = shown(room, stored, member)
        if expected.deleted and member.left_seq is not None and not item.deleted:
            continue
        if _state(item) != _state(expected):
            raise Violation(
                "S15", f"{device.name} shows {item.seq} of chat {room.id} as {_state(item)}, not {_state(expected)}"
            )
    highest = pinned_from(max(pinned(room, member.left_seq), default=None), member.first_seq)
    hidden = [
        seq for change, seq, _ in room.pins if seq >= member.first_seq and isinstance(chat.items.get(change), Hidden)
    ]
    told = pinned_from(chat.pinned_seq, member.first_seq)  # but what is of an earlier membership
    if chat.pins_known and not hidden and told != highest:
        raise Violation("S15", f"{device.name} shows {told} of chat {room.id} as pinned, not {highest}")


def _state(message: Message) -> tuple[object, ...]:
    text = (message.content, message.mentions, message.mentions_all, message.forwarded)
    return (*text, message.rev, message.deleted, message.reactions)
