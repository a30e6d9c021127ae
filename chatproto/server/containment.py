"""What follows each input: traces of ended connections go, and a bug ends no more than what it touched.

An exception while one frame, outcome, deadline or hint is handled closes the connections concerned with 1011; they come
back and resume. A room or a line that it may have left half done is given up, and everything else goes on.
"""

from msgspec import Struct

from chatproto.operations import OutcomeUnknown
from chatproto.server.clock import Deadline, Now
from chatproto.server.parts import Parts
from chatproto.server.pending import (
    Appending,
    Joining,
    Listing,
    Loading,
    Marking,
    Paging,
    Pending,
    Queued,
    Reading,
    Renewing,
)


class Touched(Struct, frozen=True):
    """What an input concerns: a connection, the room or the line of a chat, a user's absence; 0 where it is none.

    `queued`: commands whose senders wait for the outcome.
    """

    connection_id: int = 0
    room: int = 0
    line: int = 0
    absent: int = 0
    queued: tuple[Queued, ...] = ()


NOTHING = Touched()


def touched_by_outcome(pending: Pending) -> Touched:
    """What the end of an operation concerns."""
    match pending:
        case Appending(chat_id, queued):
            return Touched(room=chat_id, line=chat_id, queued=queued)
        case Reading(chat_id):
            return Touched(room=chat_id)
        case Loading() | Joining() | Renewing() | Paging() | Marking() | Listing():
            return Touched(pending.connection_id)
        case _:
            return NOTHING


def touched_by_deadline(deadline: Deadline) -> Touched:
    """What a deadline concerns."""
    match deadline.kind:
        case "line":
            return Touched(line=deadline.chat_id)
        case "read":
            return Touched(room=deadline.chat_id)
        case "absent":
            return Touched(absent=deadline.who)
        case _:
            return Touched(deadline.who)


class Containment:
    """See the module."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def bug(self, error: Exception, touched: Touched) -> None:
        """Give up what an exception may have left half done."""
        parts = self._parts
        parts.out.note("error", "bug", error, kind=type(error).__name__)
        self._close(touched.connection_id)
        parts.presence.drop(touched.absent)
        for chat_id in {touched.room, parts.rooms.touched}:
            for session in parts.rooms.drop(chat_id):
                parts.connections.close(session, 1011, "internal")
        for queued in (*touched.queued, *parts.lines.drop(touched.line)):
            self._close(queued.connection_id)
            parts.out.reply(queued.request_id, OutcomeUnknown())

    def settle(self, now: Now) -> None:
        """Connections that have ended leave the rooms, the lines and the online; a bug in that is only told."""
        parts = self._parts
        while parts.connections.ended:
            session = parts.connections.ended.pop()
            for step in (parts.typists.forget, parts.forget_routes, parts.forget_commands):
                parts.rooms.touched = 0
                try:
                    step(session, now)
                except Exception as error:
                    self.bug(error, NOTHING)
        while parts.rooms.emptied:
            parts.watermarks.forget(parts.rooms.emptied.pop())
        parts.sweeper.arm(now)

    def _close(self, connection_id: int) -> None:
        session = self._parts.connections.get(connection_id)
        if session is not None:
            self._parts.connections.close(session, 1011, "internal")
