"""What becomes of a log item for whom not all is to be seen: the part of a log, and messages that were deleted
(docs/protocol.md I4, I8)."""

from typing import Final

import msgspec

from chatproto.wire.model import Event, Hidden, LogItem, Message

PINNED_SEQ: Final = "pinned_seq"
"""Of an event's data: the highest pinned message."""


def seen_from(item: Message | Event, first_seq: int) -> LogItem:
    """An item as a member sees it whose part of the log begins with `first_seq`: an event whose target lies before it
    is hidden, and a pinned message before it is as none."""
    if isinstance(item, Message) or item.target_seq is None:
        return item
    if item.target_seq < first_seq:
        return Hidden(chat_id=item.chat_id, seq=item.seq)
    pinned = item.data.get(PINNED_SEQ)
    if pinned is None or pinned >= first_seq:
        return item
    return msgspec.structs.replace(item, data={**item.data, PINNED_SEQ: None})


def without_text(item: Message | Event, deletion: Event) -> Message | Event:
    """An item after the message that it is, or is about, was deleted. An event keeps its place and tells nothing."""
    if isinstance(item, Message):
        if item.seq != deletion.target_seq:
            return item
        return msgspec.structs.replace(
            item,
            rev=deletion.data["rev"],
            content=None,
            edited_at=None,
            deleted=True,
            attachment_url=None,
            attachments=(),
            reactions=(),
        )
    tells = item.event in ("edited", "reaction_added", "reaction_removed")
    return msgspec.structs.replace(item, data={}) if tells and item.target_seq == deletion.target_seq else item
