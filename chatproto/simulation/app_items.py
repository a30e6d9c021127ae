"""What an app keeps of a chat: its items, each message as the events that followed left it (docs/protocol.md C3)."""

from attrs import define, field

from chatproto.client.timeline import Timeline
from chatproto.wire.model import Event, LogItem, Message

UNBOUND = 2**53


@define
class ShownChat:
    """`pinned_seq`: what the last event about pins told; `pins_known`: no part is missing."""

    timeline: Timeline = field(factory=lambda: Timeline(UNBOUND))
    pinned_seq: int | None = None
    pins_known: bool = True

    @property
    def items(self) -> dict[int, LogItem]:
        """What is shown, by seq."""
        return self.timeline.items

    def apply(self, item: LogItem) -> None:
        """The next item of the log."""
        self.timeline.apply(item)
        if isinstance(item, Event) and "pinned_seq" in item.data:
            self.pinned_seq = item.data["pinned_seq"]

    def jump(self) -> None:
        """The log goes on somewhere else: what happened to older messages in between is unknown."""
        self.timeline = Timeline(UNBOUND)
        self.pinned_seq, self.pins_known = None, False

    def expire(self, first_seq: int) -> None:
        """What came before was removed."""
        self.timeline.expire(first_seq)

    def mentions(self, user_id: int, read_seq: int, last_seq: int) -> int | None:
        """How many messages of others in (read_seq, last_seq] name the user; None: a part of them is missing."""
        unread = range(read_seq + 1, last_seq + 1)
        if any(seq not in self.items for seq in unread):
            return None
        found = [self.items[seq] for seq in unread]
        others = [item for item in found if isinstance(item, Message) and item.sender_id != user_id]
        return min(sum(item.mentions_all or user_id in item.mentions for item in others), 100)
