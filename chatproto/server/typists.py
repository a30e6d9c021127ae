"""The frame `typing`: told to the other members' connections, never stored, never to strangers, and not between two of
whom one blocks the other.

A start is forwarded at most once in 3 s and chat, whatever stops lie between; a stop is told once. What comes more
often costs like a command. Other processes are told too; should the end of it be lost on the way, they find it by
themselves.
"""

from typing import Final

from chatproto.server.clock import Deadline, Now, Timers
from chatproto.server.connection_state import Session, TypingState
from chatproto.server.connections import Connections
from chatproto.server.hints import Typed
from chatproto.server.hub_outputs import SendFrame
from chatproto.server.knobs import Knobs
from chatproto.server.known_blocks import KnownBlocks
from chatproto.server.news import News
from chatproto.server.out import Out
from chatproto.server.rooms import Rooms
from chatproto.wire.frames import Typing, TypingFrame

ON_THE_WAY: Final = 1.0
"""Seconds that a hint may take before it is missed."""


class Typists:
    """See the module."""

    def __init__(
        self, out: Out, timers: Timers, connections: Connections, rooms: Rooms, news: News, blocks: KnownBlocks,
        knobs: Knobs,
    ) -> None:  # fmt: skip
        self._out = out
        self._timers = timers
        self._connections = connections
        self._rooms = rooms
        self._news = news
        self._blocks = blocks
        self._knobs = knobs

    def typing(self, session: Session, frame: TypingFrame, now: Now) -> None:
        """Somebody types, or no longer does."""
        if frame.chat_id not in session.chats or frame.chat_id in session.shut:
            return session.admission.spend(now.mono)
        state = session.typing.setdefault(frame.chat_id, TypingState())
        if frame.on:
            self._start(session, frame.chat_id, state, now)
        else:
            self._stop(session, frame.chat_id, state, now)

    def fall_due(self, connection_id: int, chat_id: int) -> None:
        """No typing was told for `typing_expiry` seconds. `connection_id`: -user id for a user of another process."""
        if connection_id < 0:
            return self._show(chat_id, -connection_id, on=False)
        session = self._connections.get(connection_id)
        state = session.typing.get(chat_id) if session else None
        if session is not None and state is not None:
            self._end(session, chat_id, state)

    def hear(self, told: Typed, now: Now) -> None:
        """Another process says so of somebody there."""
        if told.chat_id not in self._rooms:
            return
        deadline = Deadline("typing", -told.user_id, told.chat_id)
        if told.on:
            self._timers.set(deadline, now.mono + self._knobs.typing_expiry + ON_THE_WAY)
        else:
            self._timers.cancel(deadline)
        self._show(told.chat_id, told.user_id, on=told.on)

    def forget(self, session: Session, _now: Now) -> None:
        """The connection has ended."""
        for chat_id, state in session.typing.items():
            self._end(session, chat_id, state)

    def _start(self, session: Session, chat_id: int, state: TypingState, now: Now) -> None:
        if now.mono - state.on_at >= self._knobs.typing_interval:
            state.on_at = now.mono
            self._tell(session, chat_id, on=True)
        else:
            session.admission.spend(now.mono)
            if state.until is None:  # it was stopped, and may start again when its 3 s are over
                return
        state.until = now.mono + self._knobs.typing_expiry
        self._timers.set(Deadline("typing", session.id, chat_id), state.until)

    def _stop(self, session: Session, chat_id: int, state: TypingState, now: Now) -> None:
        if now.mono - state.off_at >= self._knobs.typing_interval:
            state.off_at = now.mono
        else:
            session.admission.spend(now.mono)
        self._end(session, chat_id, state)

    def _end(self, session: Session, chat_id: int, state: TypingState) -> None:
        if state.until is not None:
            state.until = None
            self._timers.cancel(Deadline("typing", session.id, chat_id))
            self._tell(session, chat_id, on=False)

    def _tell(self, session: Session, chat_id: int, *, on: bool) -> None:
        self._show(chat_id, session.user_id, on=on)
        self._news.typed(chat_id, session.user_id, on=on)

    def _show(self, chat_id: int, user_id: int, *, on: bool) -> None:
        frame = Typing(chat_id=chat_id, user_id=user_id, on=on)
        encoded: dict[int, bytes] = {}
        for other in self._rooms.members(chat_id):
            if other.user_id == user_id or self._blocks.parts(user_id, other.user_id):
                continue
            kind = other.dialect.kind
            if kind not in encoded:
                encoded[kind] = other.dialect.encode(frame) or b""
            self._out.emit(SendFrame(other.id, encoded[kind], "hint", chat_id))
