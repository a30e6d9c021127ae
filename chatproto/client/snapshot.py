"""What a client keeps across its own end: cursors, own marks and the outbox, as plain data."""

from datetime import datetime

import msgspec

from chatproto.client.chat_log import ChatLog
from chatproto.client.outbox import Outbox
from chatproto.client.replica import Replica
from chatproto.client.session_outputs import Row


class ChatSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One chat: its log is durable up to `applied`, whose time was `applied_at`."""

    chat_id: int
    first_seq: int
    applied: int
    applied_at: datetime | None = None
    left_seq: int | None = None
    read: int = 0


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Of one log-in. Rows are in the order in which they were given."""

    user_id: int = 0
    epoch: str | None = None
    chats: tuple[ChatSnapshot, ...] = ()
    rows: tuple[Row, ...] = ()


def take(replica: Replica, outbox: Outbox) -> Snapshot:
    """What is durable by now, and what would be if every SaveRow were done."""
    chats = tuple(
        ChatSnapshot(
            chat_id=chat.chat_id,
            first_seq=chat.first_seq,
            applied=chat.saved,
            applied_at=chat.applied_at if chat.saved == chat.applied else None,
            left_seq=chat.left_seq,
            read=chat.read,
        )
        for chat in replica.chats.values()
        if not chat.anew
    )
    rows = tuple(entry.row for entry in outbox.entries.values())
    return Snapshot(user_id=replica.user_id, epoch=replica.epoch, chats=chats, rows=rows)


def restore(snapshot: Snapshot, replica: Replica, outbox: Outbox) -> None:
    """Go on from there; nothing is known yet of what happened since."""
    replica.user_id, replica.epoch = snapshot.user_id, snapshot.epoch
    for chat in snapshot.chats:
        replica.chats[chat.chat_id] = ChatLog(
            chat.chat_id,
            chat.first_seq,
            chat.applied,
            chat.applied,
            chat.applied,
            applied_at=chat.applied_at,
            left_seq=chat.left_seq,
            read=chat.read,
        )
    outbox.restore(snapshot.rows)
