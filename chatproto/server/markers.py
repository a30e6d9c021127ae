"""The frame `mark`: how far a client received and read, to storage and back.

Free is at most one a second for a chat that the connection is told of; what comes sooner costs like a command, and is
merged with what waits (docs/protocol.md section 4).
"""

from chatproto.operations import Mark, Marked, Outcome
from chatproto.server.clock import Deadline, Now, Timers
from chatproto.server.connection_state import MarkState, Session
from chatproto.server.connections import Connections
from chatproto.server.knobs import Knobs
from chatproto.server.out import Out
from chatproto.server.pending import Marking
from chatproto.server.watermarks import own_marks
from chatproto.wire.frames import MarkFrame


class Markers:
    """Of a chat at most one mark of a connection is in storage, of all chats it is not told of one together."""

    def __init__(self, out: Out, timers: Timers, connections: Connections, knobs: Knobs) -> None:
        self._out = out
        self._timers = timers
        self._connections = connections
        self._knobs = knobs

    def mark(self, session: Session, frame: MarkFrame, now: Now) -> None:
        """A client marks."""
        if frame.chat_id not in session.chats:
            return self._strange(session, frame, now)
        state = session.marks.get(frame.chat_id)
        if state is None or (not state.flying and now.mono - state.asked_at >= self._knobs.marks_interval):
            waiting = None if state is None else state.waiting
            if waiting is None:
                session.admission.in_flight += 1
            else:  # its second is over, and its timer is late
                self._timers.cancel(Deadline("mark", session.id, frame.chat_id))
            session.marks[frame.chat_id] = MarkState(now.mono)
            return self._run(session, _merged(waiting, frame), now)
        session.admission.spend(now.mono)
        if state.waiting is None:
            session.admission.in_flight += 1
        state.waiting = _merged(state.waiting, frame)
        if not state.flying:
            self._wait(session, frame.chat_id, state)

    def fall_due(self, connection_id: int, chat_id: int, now: Now) -> None:
        """The second of a surplus mark is over."""
        session = self._connections.get(connection_id)
        state = session.marks.get(chat_id) if session else None
        if session is None or state is None or state.waiting is None or state.flying:
            return
        frame, state.waiting = state.waiting, None
        state.asked_at, state.flying = now.mono, True
        self._run(session, frame, now)

    def marked(self, pending: Marking, outcome: Outcome, now: Now) -> None:
        """A `mark` is stored: its echo is the answer."""
        session = self._connections.get(pending.connection_id)
        if session is None:
            return
        session.admission.in_flight -= 1
        mark = pending.mark
        if isinstance(outcome, Marked):
            self._connections.send(session, own_marks(outcome, mark.id))
        else:
            self._connections.refuse(session, outcome, mark.id, mark.chat_id)
        if pending.strange:
            session.strange_flying = False
            return self._next_strange(session, now)
        state = session.marks.get(mark.chat_id)
        if state is not None:
            state.flying = False
            if state.waiting is not None:
                self._wait(session, mark.chat_id, state)

    def _strange(self, session: Session, frame: MarkFrame, now: Now) -> None:
        session.admission.spend(now.mono)
        waiting = session.strange_marks.get(frame.chat_id)
        if waiting is None:
            session.admission.in_flight += 1
        session.strange_marks[frame.chat_id] = _merged(waiting, frame)
        self._next_strange(session, now)

    def _next_strange(self, session: Session, now: Now) -> None:
        if session.strange_flying or not session.strange_marks:
            return
        frame = session.strange_marks.pop(next(iter(session.strange_marks)))
        session.strange_flying = True
        self._run(session, frame, now, strange=True)

    def _wait(self, session: Session, chat_id: int, state: MarkState) -> None:
        self._timers.set(Deadline("mark", session.id, chat_id), state.asked_at + self._knobs.marks_interval)

    def _run(self, session: Session, frame: MarkFrame, now: Now, *, strange: bool = False) -> None:
        operation = Mark(session.user_id, frame.chat_id, frame.delivered_seq, frame.read_seq, now.wall)
        self._out.run(operation, Marking(session.id, frame, strange))


def _merged(old: MarkFrame | None, new: MarkFrame) -> MarkFrame:
    if old is None:
        return new
    delivered = max((seq for seq in (old.delivered_seq, new.delivered_seq) if seq is not None), default=None)
    read = max((seq for seq in (old.read_seq, new.read_seq) if seq is not None), default=None)
    return MarkFrame(id=new.id, chat_id=new.chat_id, delivered_seq=delivered, read_seq=read)
