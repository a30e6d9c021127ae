"""Who is told of marks, and when (docs/protocol.md section 4, `marks`).

One's own connections and the peer of a direct chat learn of each rise at once. In groups another member gets `marks`
only when the highest mark among members other than himself rises, at most once a second.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from heapq import nlargest
from typing import TYPE_CHECKING

from attrs import define, field

from chatproto.server.outputs import SendFrame
from chatproto.wire import codec, legacy
from chatproto.wire.frames import Marks

if TYPE_CHECKING:
    from chatproto.operations import Marked
    from chatproto.server.hub import Hub


@define
class ChatMarks:
    """The marks of a group that this process saw rise.

    `members`: (delivered, read) by user; `told`: the highest (delivered, read) of others that each connection was told;
    `due`: when the risen ones are told.
    """

    members: dict[int, tuple[int, int]] = field(factory=dict)
    told: dict[int, tuple[int, int]] = field(factory=dict)
    due: datetime | None = None


def marked(hub: Hub, outcome: Marked, answered: int | None, now: datetime) -> None:
    """Marks were stored; `answered` is the connection whose own answer tells it."""
    if not outcome.changed:
        return
    own = _frame(outcome, unread_count=outcome.unread_count, last_seq=outcome.last_seq)
    for session in hub.connections_of(outcome.user_id):
        if session.id != answered and outcome.chat_id in session.cursors:
            _emit(hub, session.id, own)
    if not outcome.is_group:
        frame = _frame(outcome)
        for connection_id in hub.routes.get(outcome.chat_id, ()):
            if hub.sessions[connection_id].user_id != outcome.user_id:
                _emit(hub, connection_id, frame)
    elif outcome.chat_id in hub.routes:
        marks = hub.marks.setdefault(outcome.chat_id, ChatMarks())
        delivered, read = marks.members.get(outcome.user_id, (0, 0))
        marks.members[outcome.user_id] = (max(delivered, outcome.delivered_seq), max(read, outcome.read_seq))
        if marks.due is None:
            marks.due = now + timedelta(seconds=hub.limits.marks_interval)


def flush(hub: Hub, now: datetime) -> None:
    """Tell the members of groups whose second is over what rose for them."""
    for chat_id, marks in hub.marks.items():
        if marks.due is not None and marks.due <= now:
            marks.due = None
            _flush_chat(hub, chat_id, marks)


def _flush_chat(hub: Hub, chat_id: int, marks: ChatMarks) -> None:
    routed = hub.routes.get(chat_id, {})
    marks.told = {connection_id: told for connection_id, told in marks.told.items() if connection_id in routed}
    by_delivered = nlargest(2, marks.members, key=lambda user_id: marks.members[user_id][0])
    by_read = nlargest(2, marks.members, key=lambda user_id: marks.members[user_id][1])
    frames = {
        user_id: Marks(chat_id=chat_id, user_id=user_id, delivered_seq=delivered, read_seq=read)
        for user_id, (delivered, read) in marks.members.items()
        if user_id in by_delivered or user_id in by_read
    }
    for connection_id in routed:
        me = hub.sessions[connection_id].user_id
        first_delivered = next((user_id for user_id in by_delivered if user_id != me), None)
        first_read = next((user_id for user_id in by_read if user_id != me), None)
        if first_delivered is None or first_read is None:
            continue
        told_delivered, told_read = marks.told.get(connection_id, (0, 0))
        delivered, read = frames[first_delivered].delivered_seq, frames[first_read].read_seq
        marks.told[connection_id] = (max(delivered, told_delivered), max(read, told_read))
        if read > told_read:
            _emit(hub, connection_id, frames[first_read])
        if delivered > told_delivered and (first_delivered != first_read or read <= told_read):
            _emit(hub, connection_id, frames[first_delivered])


def _frame(outcome: Marked, unread_count: int | None = None, last_seq: int | None = None) -> Marks:
    return Marks(
        chat_id=outcome.chat_id,
        user_id=outcome.user_id,
        delivered_seq=outcome.delivered_seq,
        read_seq=outcome.read_seq,
        unread_count=unread_count,
        last_seq=last_seq,
    )


def _emit(hub: Hub, connection_id: int, frame: Marks) -> None:
    data = codec.encode(frame) if hub.sessions[connection_id].only_chat is None else legacy.encode_marks(frame)
    hub.emit(SendFrame(connection_id, data, "mark", frame.chat_id, user_id=frame.user_id))
