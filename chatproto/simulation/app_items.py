"""What an app keeps of a chat: its items, each message as the events that followed left it (docs/protocol.md C3)."""

from typing import Any

import msgspec
from attrs import define, field

from chatproto.wire.model import Event, LogItem, Message, Reaction


@define
class ShownChat:
    """`items` by seq. `pinned_seq`: what the last event about pins told; `pins_known`: no part is missing."""

    items: dict[int, LogItem] = field(factory=dict)
    pinned_seq: int | None = None
    pins_known: bool = True

    def apply(self, item: LogItem) -> None:
        """The next item of the log."""
        self.items[item.seq] = item
        if not isinstance(item, Event):
            return
        if "pinned_seq" in item.data:
            self.pinned_seq = item.data["pinned_seq"]
        target = self.items.get(item.target_seq or 0)
        if isinstance(target, Message):
            self.items[target.seq] = changed(target, item.event, item.data)

    def jump(self) -> None:
        """The log goes on somewhere else: what happened to older messages in between is unknown."""
        self.items.clear()
        self.pinned_seq, self.pins_known = None, False


def changed(message: Message, event: str, data: dict[str, Any]) -> Message:
    """A message as an event leaves it: the same where the event is older."""
    rev = data.get("rev")
    if rev is None or rev < message.rev:
        return message
    changes: dict[str, Any] = {"rev": rev}
    if event == "deleted":
        changes |= {"content": None, "edited_at": None, "deleted": True, "attachments": (), "reactions": ()}
        changes |= {"mentions": (), "mentions_all": False}
    if "content" in data:
        changes["content"] = data["content"]
        changes["mentions"] = tuple(data.get("mentions", ()))
        changes["mentions_all"] = data.get("mentions_all", False)
    if "reactions" in data:
        changes["reactions"] = msgspec.convert(data["reactions"], tuple[Reaction, ...])
    return msgspec.structs.replace(message, **changes)
