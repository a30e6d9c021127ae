"""What a device was told of unread messages, and what it counts itself (S15 of docs/driving.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from chatproto.simulation.app_items import ShownChat
from chatproto.simulation.model_rooms import Membership, Room
from chatproto.simulation.store_chats import count_mentions, count_unread
from chatproto.simulation.trace import Violation
from chatproto.wire.frames import ChatFrame, Chats, Marks, Ready
from chatproto.wire.model import Chat, Head, Message

if TYPE_CHECKING:
    from chatproto.simulation.device import Device


@frozen
class Told:
    """A chat's counts as they were when its log ended with `last_seq` and its user had read up to `read_seq`."""

    last_seq: int
    read_seq: int
    unread: int
    mentions: int


class Counts:
    """What each device was told last of each chat."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, int], Told] = {}

    def told(self, device: Device, frame: object) -> None:
        """A frame for the app."""
        match frame:
            case Ready(chats=heads) | Chats(chats=heads):
                for head in heads:
                    self._keep(device, head.chat_id, head)
            case ChatFrame(chat=chat):
                self._keep(device, chat.id, chat)
            case Marks(chat_id=chat_id, user_id=device.user_id):
                self._keep(device, chat_id, frame)

    def _keep(self, device: Device, chat_id: int, told: Head | Chat | Marks) -> None:
        assert told.last_seq is not None
        assert told.unread_count is not None
        assert told.mention_count is not None
        self._told[device.name, chat_id] = Told(told.last_seq, told.read_seq, told.unread_count, told.mention_count)

    def forget(self, device: Device, chat_id: int) -> None:
        """The log is another one."""
        self._told.pop((device.name, chat_id), None)

    def booted(self, device: Device) -> None:
        """Nothing was told to this life."""
        self._told = {key: told for key, told in self._told.items() if key[0] != device.name}

    def check(self, device: Device, room: Room, chat: ShownChat, member: Membership) -> None:
        """S15: what was told of this log and these marks is what is stored, and so is what the items come to."""
        end = room.last_seq if member.left_seq is None else member.left_seq
        unread = count_unread(room, member.user_id, member.read_seq, end)
        mentions = count_mentions(room, member, end)
        stored = Told(end, member.read_seq, unread, mentions)
        told = self._told.get((device.name, room.id), stored)
        is_current = (told.last_seq, told.read_seq) == (stored.last_seq, stored.read_seq)
        if room.expired_seq > member.read_seq and told.unread > unread:
            return  # a hint of an earlier mark came late: the next mark brings the counts of now
        if is_current and told != stored and member.left_seq is None:  # former ones are not told of later deletions
            raise Violation("S15", f"{device.name} was told {told} of chat {room.id}, stored is {stored}")
        counted = chat.mentions(member.user_id, member.read_seq, end)
        if counted is None or device.shown.get(room.id) != end or _missed_deletion(room, chat):
            return
        if counted != mentions:
            raise Violation("S15", f"{device.name} counts {counted} mentions in chat {room.id}, not {mentions}")


def _missed_deletion(room: Room, chat: ShownChat) -> bool:
    stored = [room.log[seq - 1] for seq, item in chat.items.items() if isinstance(item, Message) and not item.deleted]
    return any(isinstance(item, Message) and item.deleted for item in stored)
