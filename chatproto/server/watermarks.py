"""Who is told of marks, and when (docs/protocol.md section 4, `marks`).

One's own connections and the peer of a direct chat learn of each rise at once. In groups another member gets `marks`
only when the highest mark among members other than themselves rises, at most once a second. Who hides what they read
tells others, and is told of them, only what was received: their `read_seq` stands as 0.
"""

from heapq import nlargest

import msgspec
from attrs import define, field

from chatproto.operations import Marked
from chatproto.server.clock import Deadline, Now, Timers
from chatproto.server.connection_state import Session
from chatproto.server.connections import Connections
from chatproto.server.hiding import Hiding
from chatproto.server.hub_outputs import SendFrame
from chatproto.server.knobs import Knobs
from chatproto.server.out import Out
from chatproto.server.rooms import Rooms
from chatproto.wire.frames import Marks


@define(eq=False)
class ChatMarks:
    """The marks of a group that this process saw rise.

    `members`: (delivered, read) by user; `told`: the highest (delivered, read) of others that each connection was told.
    """

    members: dict[int, tuple[int, int]] = field(factory=dict)
    told: dict[int, tuple[int, int]] = field(factory=dict)


class Watermarks:
    """`chats`: the groups somebody here follows in which marks rose."""

    def __init__(
        self, out: Out, timers: Timers, connections: Connections, rooms: Rooms, hiding: Hiding, knobs: Knobs
    ) -> None:
        self.chats: dict[int, ChatMarks] = {}
        self._out = out
        self._timers = timers
        self._connections = connections
        self._rooms = rooms
        self._hiding = hiding
        self._knobs = knobs

    def marked(self, outcome: Marked, answered: int | None, now: Now) -> None:
        """Marks were stored; `answered` is the connection whose own answer tells it."""
        if not outcome.changed:
            return
        chat_id = outcome.chat_id
        own = own_marks(outcome)
        for session in self._connections.of(outcome.user_id):
            if session.id != answered and chat_id in session.chats:
                self._tell(session, own)
        if not outcome.told_read_seq and not outcome.received:
            return
        if not outcome.is_group:
            self._tell_peer(outcome)
        elif chat_id in self._rooms:
            marks = self.chats.setdefault(chat_id, ChatMarks())
            delivered, read = marks.members.get(outcome.user_id, (0, 0))
            read = max(read, outcome.told_read_seq) if outcome.told_read_seq else 0
            marks.members[outcome.user_id] = (max(delivered, outcome.delivered_seq), read)
            self._timers.soonest(Deadline("marks", 0, chat_id), now.mono + self._knobs.marks_interval)

    def _tell_peer(self, outcome: Marked) -> None:
        """The other one of a direct chat; who hides what they read is told, and tells, only what was received."""
        received = Marks(
            chat_id=outcome.chat_id, user_id=outcome.user_id, delivered_seq=outcome.delivered_seq, read_seq=0
        )
        frame = msgspec.structs.replace(received, read_seq=outcome.told_read_seq)
        for session in self._rooms.members(outcome.chat_id):
            if session.user_id == outcome.user_id:
                continue
            if session.user_id not in self._hiding.reads:
                self._tell(session, frame)
            elif outcome.received:
                self._tell(session, received)

    def hide(self, user_id: int) -> None:
        """A user hides what they read: nobody is told of it from now on."""
        for marks in self.chats.values():
            if user_id in marks.members:
                delivered, _ = marks.members[user_id]
                marks.members[user_id] = (delivered, 0)

    def forget(self, chat_id: int) -> None:
        """Nobody here follows the chat."""
        self.chats.pop(chat_id, None)
        self._timers.cancel(Deadline("marks", 0, chat_id))

    def flush(self, chat_id: int) -> None:
        """Its second is over: tell the members of a group what rose for them."""
        marks = self.chats.get(chat_id)
        if marks is None:
            return
        routed = self._rooms.members(chat_id)
        here = {session.id for session in routed}
        marks.told = {connection_id: told for connection_id, told in marks.told.items() if connection_id in here}
        for user_id in marks.members.keys() & self._hiding.reads:
            marks.members[user_id] = (marks.members[user_id][0], 0)
        by_delivered = nlargest(2, marks.members, key=lambda user_id: marks.members[user_id][0])
        by_read = nlargest(2, marks.members, key=lambda user_id: marks.members[user_id][1])
        frames = {
            user_id: Marks(chat_id=chat_id, user_id=user_id, delivered_seq=delivered, read_seq=read)
            for user_id, (delivered, read) in marks.members.items()
            if user_id in by_delivered or user_id in by_read
        }
        for session in routed:
            first_delivered = next((user_id for user_id in by_delivered if user_id != session.user_id), None)
            first_read = next((user_id for user_id in by_read if user_id != session.user_id), None)
            if first_delivered is None or first_read is None:
                continue
            told_delivered, told_read = marks.told.get(session.id, (0, 0))
            hides = session.user_id in self._hiding.reads
            delivered, read = frames[first_delivered].delivered_seq, 0 if hides else frames[first_read].read_seq
            marks.told[session.id] = (max(delivered, told_delivered), max(read, told_read))
            if read > told_read:
                self._tell(session, frames[first_read])
            if delivered > told_delivered and (first_delivered != first_read or read <= told_read):
                frame = frames[first_delivered]
                self._tell(session, msgspec.structs.replace(frame, read_seq=0) if hides else frame)

    def _tell(self, session: Session, frame: Marks) -> None:
        data = session.dialect.encode_marks(frame)
        self._out.emit(SendFrame(session.id, data, "mark", frame.chat_id, user_id=frame.user_id))


def own_marks(outcome: Marked, ref: str | None = None) -> Marks:
    """What the user themselves is told."""
    return Marks(
        ref=ref,
        chat_id=outcome.chat_id,
        user_id=outcome.user_id,
        delivered_seq=outcome.delivered_seq,
        read_seq=outcome.read_seq,
        unread_count=outcome.unread_count,
        mention_count=outcome.mention_count,
        last_seq=outcome.last_seq,
    )
