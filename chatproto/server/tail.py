"""The end of a log, encoded once for all who read it."""

from collections import OrderedDict, deque
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from attrs import define, field

from chatproto.operations.message_events import Erased, erased_by, seen_from, without
from chatproto.server.dialect import ITEM_DIALECTS, PLAIN
from chatproto.wire.model import Event, Hidden, Message

OVERHEAD: Final = 400
"""Bytes of an entry beside its text, about."""


class Entry:
    """An item with its place. `removed`, `added`: the user whose membership it ends or begins. `reach`: the first seq
    that an event about a message names; whose log begins behind it sees the event otherwise. `deletes`: it
    tells that a message was deleted."""

    __slots__ = ("_chat", "_narrow", "added", "at", "deletes", "item", "plain", "reach", "removed", "seq")

    def __init__(self, item: Message | Event) -> None:
        self.item = item
        self.seq = item.seq
        self.at = item.created_at
        self.plain = PLAIN.encode_item(item)
        self._chat: bytes | None = None
        self._narrow: dict[tuple[int, bool], bytes] | None = None
        self.reach: int | None = None
        self.deletes = False
        self.removed: int | None = None
        self.added: int | None = None
        if isinstance(item, Event):
            if item.event == "member_removed":
                self.removed = item.data["user_id"]
            elif item.event == "member_added":
                self.added = item.data["user"].id
            elif item.target_seq is not None:
                self.reach = min(item.target_seq, item.data.get("pinned_seq") or item.target_seq)
                self.deletes = item.event == "deleted"

    def encoded(self, kind: int) -> bytes:
        """In the words of that kind of dialect."""
        if kind == PLAIN.kind:
            return self.plain
        if self._chat is None:
            self._chat = ITEM_DIALECTS[kind].encode_item(self.item)
        return self._chat

    def seen_from(self, first_seq: int, kind: int) -> bytes:
        """For a member whose part of the log begins with `first_seq`."""
        if self.reach is None or first_seq <= self.reach:
            return self.encoded(kind)
        item = seen_from(self.item, first_seq)
        key = (kind, isinstance(item, Hidden))  # there are but two narrower views
        self._narrow = self._narrow or {}
        if key not in self._narrow:
            self._narrow[key] = ITEM_DIALECTS[kind].encode_item(item)
        return self._narrow[key]

    def erase(self, erased: Erased) -> None:
        """Keep nothing of messages that were deleted."""
        item = without(self.item, erased)
        if item is not self.item:
            self.item, self.plain, self._chat = item, PLAIN.encode_item(item), None

    @property
    def size(self) -> int:
        """Bytes of memory, about."""
        return 2 * len(self.plain) + OVERHEAD


def erase_deleted(entries: Collection[Entry]) -> None:
    """Of a message that one of these deletes, nothing is left in the others."""
    deletions = [entry.item for entry in entries if entry.deletes]
    if deletions:
        erased = erased_by(deletions)
        for entry in entries:
            entry.erase(erased)


@define(eq=False)
class Tail:
    """The last entries without a gap; `floor_at`: when the entry before the first of them was made."""

    floor_at: datetime | None = None
    size: int = 0
    _entries: deque[Entry] = field(factory=deque)

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entries: Sequence[Entry], items: int, size: int) -> None:
        """Put these behind, and let the first ones go until at most so many of so many bytes are left. What they
        delete is erased."""
        self._entries.extend(entries)
        self.size += sum([entry.size for entry in entries])
        if any([entry.deletes for entry in entries]):
            erase_deleted(self._entries)
            self.size = sum([entry.size for entry in self._entries])
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


class Tails:
    """Those of all rooms together. Where they become too much, the one that was unused longest is given up."""

    def __init__(self, items: int, size: int, together: int) -> None:
        """At most `items` of `size` bytes each, and `together` bytes in all."""
        self._items = items
        self._most = size
        self._together = together
        self._kept: OrderedDict[int, Tail] = OrderedDict()
        self._size = 0

    def add(self, chat_id: int, tail: Tail, entries: Sequence[Entry]) -> None:
        """Put these behind."""
        before = tail.size
        tail.add(entries, self._items, self._most)
        self._size += tail.size - before
        self._kept[chat_id] = tail
        self._kept.move_to_end(chat_id)
        while self._size > self._together:
            self.clear(next(iter(self._kept)))

    def clear(self, chat_id: int) -> None:
        """Nothing of this chat stays."""
        tail = self._kept.pop(chat_id, None)
        if tail is not None:
            self._size -= tail.size
            tail.clear()
