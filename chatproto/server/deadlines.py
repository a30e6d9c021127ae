"""What happens to a connection by itself: no hello, silence, the end of its token."""

from typing import Final

from chatproto.server.clock import Deadline, Now, Timers
from chatproto.server.connection_state import Session
from chatproto.server.connections import Connections
from chatproto.server.hub_outputs import PingConnection
from chatproto.server.knobs import Knobs
from chatproto.server.out import Out
from chatproto.server.reception import Reception
from chatproto.transitions import SessionState
from chatproto.wire.frames import AuthExpiring

LOOK_AGAIN: Final = 1.0
SOON: Final = 0.05
LONGEST: Final = 60.0
"""Seconds between two looks at a token, whose end depends on the wall clock."""


class Deadlines:
    """Each connection has one date in the timers: when the first of its deadlines may be over."""

    def __init__(self, out: Out, timers: Timers, connections: Connections, reception: Reception, knobs: Knobs) -> None:
        self._out = out
        self._timers = timers
        self._connections = connections
        self._reception = reception
        self._knobs = knobs

    def fall_due(self, connection_id: int, now: Now) -> None:
        """One of them may be over; the next date is set."""
        session = self._connections.get(connection_id)
        if session is None:
            return
        if session.state is SessionState.AWAITING_HELLO:
            due = session.opened_at + self._knobs.hello_timeout
            if now.mono >= due:
                return self._connections.close(session, 4408, "no hello")
        else:
            due = min(self._silence(session, now), self._token(session, now))
        if session.state is not SessionState.CLOSED:
            self._timers.set(Deadline("session", session.id), due)

    def _silence(self, session: Session, now: Now) -> float:
        """No frame for long; clients that need not say anything are asked by pings."""
        if not session.dialect.pinged:
            due = session.heard_at + self._knobs.idle_timeout
            if now.mono >= due:
                self._connections.close(session, 4408, "silent")
            return due
        due = (session.opened_at if session.pinged_at is None else session.pinged_at) + self._knobs.ping_interval
        if now.mono < due:
            return due
        if session.pings >= self._knobs.unanswered_pings:
            self._connections.close(session, 4408, "silent")
        else:
            session.pinged_at = now.mono
            session.pings += 1
            self._out.emit(PingConnection(session.id))
        return now.mono + self._knobs.ping_interval

    def _token(self, session: Session, now: Now) -> float:
        """Its end is announced by the monotonic clock; it comes by the wall clock, and its grace by the first."""
        expired = session.expired(now)
        active = session.state is SessionState.ACTIVE
        if active and session.warn_at is not None and (expired or now.mono >= session.warn_at):
            session.warn_at = None
            left = 0.0 if expired else max(0.0, session.ends_at - now.mono)
            self._connections.send(session, AuthExpiring(in_ms=int(left * 1000)))
        if session.expired_at is None:
            self._reception.release(session, now)  # of a token that is good again: the clock was set back
            left = 0.0 if session.expires_at is None else (session.expires_at - now.wall).total_seconds()
            dates = [now.mono + min(LONGEST, max(left, SOON))]
            if session.warn_at is not None:
                dates.append(session.warn_at if session.warn_at > now.mono else now.mono + LOOK_AGAIN)
            return min(dates)
        over = session.expired_at + self._knobs.token_grace
        if now.mono >= over:
            self._connections.close(session, 4401, "token expired")
        return min(over, now.mono + LOOK_AGAIN) if session.admission.held else over
