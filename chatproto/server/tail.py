"""The end of a log, encoded once for all who read it."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import define, field

from chatproto.server.dialect import ITEM_DIALECTS, PLAIN
from chatproto.wire.model import Event, Message

OVERHEAD: Final = 400
"""Bytes of an entry beside its text, about."""


class Entry:
    """An item with its place. `removed`, `added`: the user whose membership it ends or begins."""

    __slots__ = ("_chat", "added", "at", "item", "plain", "removed", "seq")

    def __init__(self, item: Message | Event) -> None:
        self.item = item
        self.seq = item.seq
        self.at = item.created_at
        self.plain = PLAIN.encode_item(item)
        self._chat: bytes | None = None
        self.removed: int | None = None
        self.added: int | None = None
        if isinstance(item, Event):
            if item.event == "member_removed":
                self.removed = item.data["user_id"]
            elif item.event == "member_added":
                self.added = item.data["user"].id

    def encoded(self, kind: int) -> bytes:
        """In the words of that kind of dialect."""
        if kind == PLAIN.kind:
            return self.plain
        if self._chat is None:
            self._chat = ITEM_DIALECTS[kind].encode_item(self.item)
        return self._chat

    @property
    def size(self) -> int:
        """Bytes of memory, about."""
        return 2 * len(self.plain) + OVERHEAD


@define(eq=False)
class Tail:
    """The last entries without a gap; `floor_at`: when the entry before the first of them was made."""

    floor_at: datetime | None = None
    size: int = 0
    _entries: deque[Entry] = field(factory=deque)

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entries: Sequence[Entry], items: int, size: int) -> None:
        """Put these behind, and let the first ones go until at most so many of so many bytes are left."""
        self._entries.extend(entries)
        self.size += sum([entry.size for entry in entries])
        while len(self._entries) > items or self.size > size:
            gone = self._entries.popleft()
            self.size -= gone.size
            self.floor_at = gone.at

    def clear(self) -> None:
        """Let all go."""
        if self._entries:
            self.floor_at = self._entries[-1].at
        self._entries.clear()
        self.size = 0

    def after(self, seq: int) -> tuple[datetime | None, list[Entry]] | None:
        """When the entry `seq` was made, and all behind it; None where the tail does not reach back so far."""
        if not self._entries:
            return None
        place = seq - self._entries[0].seq + 1
        if place < 0:
            return None
        before = self.floor_at if place == 0 else self._entries[place - 1].at
        return before, list(self._entries)[place:]
