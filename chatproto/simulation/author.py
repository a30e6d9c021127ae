"""What the person at a device writes: messages, forwards, and changes of what they see or have not sent yet."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Final

from msgspec import structs

from chatproto.client.outbox_changes import Target, delete_of, edit_of, pin_of, react_to
from chatproto.client.session_outputs import Row
from chatproto.wire.frames import ForwardField
from chatproto.wire.model import Message

if TYPE_CHECKING:
    from chatproto.simulation.device import Device

NEWEST: Final = 30
"""Among so many entries people find what they react to, or forward."""
EMOJI: Final = ("\u2764\ufe0f", "\U0001f44d", "\U0001f525", "\U0001f389")
NAMES: Final = (" @user0", " @user1 and @all", "", "", "", "", "", "")


class Author:
    """`made` counts the rows of this device; its cids are never used again, whatever its life."""

    def __init__(self, device: Device, random: Random) -> None:
        self.made = 0
        self._device = device
        self._random = random

    def message(self, chat_id: int, *, reply: bool) -> Row:
        """A text of their own; `reply`: to the newest message, where that is one."""
        row = self._row(chat_id)
        row = structs.replace(row, content=f"{self._device.name} says {self.made}{self._names()}")
        chat = self._device.disk.chats.get(chat_id)
        if not reply or chat is None or not chat.items:
            return row
        newest = chat.items[max(chat.items)]
        if not isinstance(newest, Message):
            return row
        return structs.replace(row, reply_to=newest.seq, target_at=newest.created_at)

    def forward(self, chat_id: int) -> Row | None:
        """A message of some chat that they see, deleted or not, to this one."""
        chats = self._device.disk.chats
        source = self._some_message(self._random.choice(list(chats))) if chats else None
        if source is None:
            return None
        place = ForwardField(chat_id=source.chat_id, seq=source.seq, target_at=source.created_at)
        return structs.replace(self._row(chat_id), content=source.content or "", forward=place)

    def change(self, chat_id: int) -> Row | None:
        """Of one of the newest messages, or of one that is on its way."""
        unsent = [
            entry.row
            for entry in self._device.session.outbox.entries.values()
            if entry.row.kind == "send" and entry.row.chat_id == chat_id
        ]
        target: Target | None
        if unsent and self._random.random() < 0.5:
            target, own = self._random.choice(unsent), True
        else:
            target = self._some_message(chat_id)
            own = target is not None and target.sender_id == self._device.user_id
        return None if target is None else self._change(target, own=own)

    def _change(self, target: Target, *, own: bool) -> Row:
        kind = self._random.choice(("edit", "edit", "delete", "react") if own else ("react", "react", "pin"))
        cid = self._next_cid()
        match kind:
            case "edit":
                return edit_of(target, cid, self._another_text())
            case "delete":
                return delete_of(target, cid)
            case "react":
                return react_to(target, cid, self._random.choice(EMOJI), self._random.random() < 0.7)
            case _:
                return pin_of(target, cid, self._random.random() < 0.7)

    def _another_text(self) -> str:
        return f"{self._device.name} meant {self._random.randrange(self.made)}{self._names()}"

    def _names(self) -> str:
        """Now and then somebody is mentioned."""
        return NAMES[self.made % len(NAMES)]

    def _some_message(self, chat_id: int) -> Message | None:
        chat = self._device.disk.chats.get(chat_id)
        newest = [] if chat is None else list(chat.items.values())[-NEWEST:]
        messages = [item for item in newest if isinstance(item, Message)]
        return self._random.choice(messages) if messages else None

    def _row(self, chat_id: int, **fields: Any) -> Row:
        return Row(cid=self._next_cid(), chat_id=chat_id, **fields)

    def _next_cid(self) -> str:
        self.made += 1
        return f"{self._device.name}.{self._device.life}.{self.made}"
