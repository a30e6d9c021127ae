"""What a client sends: read, held where it must wait, and given to the part that it concerns."""

from collections.abc import Callable
from typing import assert_never

from chatproto.server.appends import Appends
from chatproto.server.clock import Deadline, Now, Timers
from chatproto.server.connection_state import Session
from chatproto.server.connections import Connections
from chatproto.server.handshake import Handshake
from chatproto.server.markers import Markers
from chatproto.server.sync_pages import Pages
from chatproto.server.typists import Typists
from chatproto.transitions import SessionState
from chatproto.wire.codec import BadFrame
from chatproto.wire.emoji import MAX_EMOJI_BYTES
from chatproto.wire.frames import (
    Auth,
    Command,
    DeleteFrame,
    EditFrame,
    Hello,
    MarkFrame,
    MessageCommand,
    PinFrame,
    Ping,
    Pong,
    ReactFrame,
    Send,
    Sync,
    TypingFrame,
)


class Reception:
    """`new_cid` makes a name that was never used, for a command that came without one."""

    def __init__(
        self, timers: Timers, connections: Connections, handshake: Handshake, appends: Appends, pages: Pages,
        markers: Markers, typists: Typists, new_cid: Callable[[], str],
    ) -> None:  # fmt: skip
        self._timers = timers
        self._connections = connections
        self._handshake = handshake
        self._appends = appends
        self._pages = pages
        self._markers = markers
        self._typists = typists
        self._new_cid = new_cid

    def receive(self, session: Session, data: str | bytes, now: Now) -> None:
        """One WebSocket message; bytes are a binary message."""
        session.heard_at = now.mono
        if isinstance(data, bytes):
            bad = BadFrame(code="bad_frame", detail="frames are text")
            return self._connections.violation(session, bad, now)
        frame = session.dialect.decode(data, self._new_cid)
        if isinstance(frame, BadFrame):
            return self._connections.violation(session, frame, now)
        if isinstance(frame, Hello):
            return self._handshake.hello(session, frame, now)
        if session.state is SessionState.AWAITING_HELLO:
            bad = BadFrame(code="bad_frame", detail="hello comes first", ref=frame.id)
            return self._connections.violation(session, bad, now)
        if isinstance(frame, Ping) or (isinstance(frame, Auth) and session.state is SessionState.ACTIVE):
            return self._handle(session, frame, now)
        if session.state is SessionState.LOADING or session.admission.held or session.expired(now):
            return self._hold(session, frame, now)
        self._handle(session, frame, now)

    def release(self, session: Session, now: Now) -> None:
        """Handle what was held for `ready` or for the token, in order."""
        held = session.admission.held
        while held and session.state is SessionState.ACTIVE and not session.expired(now):
            self._handle(session, held.popleft(), now)

    def _hold(self, session: Session, frame: Command, now: Now) -> None:
        """Keep a frame until `ready`, or until the expired token is renewed; then marks and typing are dropped."""
        active = session.state is SessionState.ACTIVE
        if active:
            self._timers.set(Deadline("session", session.id), now.mono)  # its grace has begun
            if isinstance(frame, MarkFrame | TypingFrame):
                return session.admission.spend(now.mono)
        if not session.admission.hold(frame) and active:
            self._connections.close(session, 4401, "token expired")

    def _handle(self, session: Session, frame: Command, now: Now) -> None:
        match frame:
            case Ping():
                session.admission.charge("ping", now.mono)
                self._connections.send(session, Pong(ref=frame.id, t=frame.t, server_time=now.wall))
            case Auth():
                self._handshake.renew(session, frame, now)
            case Sync():
                self._pages.sync(session, frame, now)
            case Send():
                self._send(session, frame, now)
            case EditFrame() | DeleteFrame() | ReactFrame() | PinFrame():
                self._change(session, frame, now)
            case MarkFrame():
                self._markers.mark(session, frame, now)
            case TypingFrame():
                self._typists.typing(session, frame, now)
            case _:
                assert_never(frame)

    def _send(self, session: Session, frame: Send, now: Now) -> None:
        if (frame.content is None) == (frame.forward is None):
            detail = "a message has content, or is forwarded"
            bad = BadFrame(code="bad_frame", detail=detail, ref=frame.cid, chat_id=frame.chat_id, field="content")
            return self._connections.violation(session, bad, now)
        self._appends.send(session, frame, now)

    def _change(self, session: Session, frame: MessageCommand, now: Now) -> None:
        if isinstance(frame, ReactFrame) and len(frame.emoji.encode()) > MAX_EMOJI_BYTES:
            detail = f"an emoji has at most {MAX_EMOJI_BYTES} bytes"
            bad = BadFrame(code="bad_frame", detail=detail, ref=frame.cid, chat_id=frame.chat_id, field="emoji")
            return self._connections.violation(session, bad, now)
        self._appends.change(session, frame, now)
