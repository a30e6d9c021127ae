"""Whether a search finds what a device shows, and nothing else (S17 of docs/driving.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from chatproto.operations import MessagesMatched, SearchMessages
from chatproto.simulation.app_items import ShownChat
from chatproto.simulation.model_operations import perform
from chatproto.simulation.model_rooms import Room
from chatproto.simulation.model_store import Store
from chatproto.simulation.trace import Violation
from chatproto.wire.model import Message
from chatproto.wire.query import Query, Term, matches

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatproto.simulation.device import Device

SAYS: Final = Query((Term("says", "say"),), ())
"""What messages of the simulation say, as long as they are not edited."""
_MOST: Final = 100_000


def check_search(
    device: Device, store: Store, may_see: Callable[[Room, int, int], bool], undone: Callable[[Device, int], set[int]]
) -> None:
    """S17: nothing is found that the user may not see; of the chats they are in that which the device has and shows as
    live, with the text that it shows. `undone`: of which messages of a chat the device may show something else."""
    outcome = cast("MessagesMatched", perform(store, SearchMessages(device.user_id, SAYS, _MOST)))
    found: dict[int, dict[int, str | None]] = {}
    for match in outcome.matches:
        message = match.message
        if not may_see(store.rooms[message.chat_id], device.user_id, message.seq):
            raise Violation("S17", f"{message} is found by user {device.user_id}, for whom it is not")
        found.setdefault(message.chat_id, {})[message.seq] = message.content
    for chat_id, chat in device.disk.chats.items():
        room = store.rooms.get(chat_id)
        member = room and room.members.get(device.user_id)
        if not room or not member or member.left_seq is not None or device.shown.get(chat_id, 0) != room.last_seq:
            continue
        besides = undone(device, chat_id)
        expected = {seq: text for seq, text in _expected(chat, member.first_seq).items() if seq not in besides}
        places = found.get(chat_id, {}).items()
        known = {
            seq: text for seq, text in places if (seq in chat.items or seq < member.first_seq) and seq not in besides
        }
        if known != expected:
            raise Violation("S17", f"{device.name} shows {expected} of chat {chat_id}, found are {known}")


def _expected(chat: ShownChat, first_seq: int) -> dict[int, str | None]:
    return {
        item.seq: item.content
        for item in chat.items.values()
        if isinstance(item, Message) and item.seq >= first_seq and matches(SAYS, item.content or "") is not None
    }
