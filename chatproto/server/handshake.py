"""How a connection becomes a user's: `hello` and `ready`, the renewal of tokens, and the join of `/ws/chat`."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from chatproto.operations import Hides, LoadSession, Outcome, Refused, SessionLoaded, TouchSession, UserFound
from chatproto.server.clock import Deadline, Now, Timers
from chatproto.server.connection_state import Session
from chatproto.server.connections import Connections
from chatproto.server.history import History
from chatproto.server.knobs import Knobs
from chatproto.server.known_blocks import KnownBlocks
from chatproto.server.out import Out
from chatproto.server.pending import Joining, Loading, Renewing
from chatproto.server.presence import Presence
from chatproto.server.rooms import Rooms
from chatproto.tokens import AccessClaims, TokenRefusal
from chatproto.transitions import SessionState
from chatproto.wire.codec import BadFrame
from chatproto.wire.devices import UNKNOWN, clean_label
from chatproto.wire.frames import Auth, AuthOk, Chats, ErrorFrame, Hello, Ready
from chatproto.wire.limits import Limits

CheckToken = Callable[[str, datetime], AccessClaims | TokenRefusal]
HEADS_PER_FRAME: Final = 200


class Handshake:
    """`check_token` verifies an access token at a given wall time."""

    def __init__(
        self, out: Out, timers: Timers, connections: Connections, history: History, rooms: Rooms, presence: Presence,
        blocks: KnownBlocks, check_token: CheckToken, limits: Limits, knobs: Knobs,
    ) -> None:  # fmt: skip
        self._out = out
        self._timers = timers
        self._connections = connections
        self._history = history
        self._rooms = rooms
        self._presence = presence
        self._blocks = blocks
        self._check_token = check_token
        self._limits = limits
        self._knobs = knobs

    def hello(self, session: Session, frame: Hello, now: Now) -> None:
        """Check the version, the token and the count of connections; then load what `ready` tells."""
        if session.state is not SessionState.AWAITING_HELLO:
            bad = BadFrame(code="bad_frame", detail="a second hello", ref=frame.id)
            return self._connections.violation(session, bad, now)
        if 1 not in frame.v:
            self._refuse(session, "unsupported_version", frame.id)
            return self._connections.close(session, 4426, "unsupported version")
        claims = self._check_token(frame.token, now.wall)
        if isinstance(claims, TokenRefusal):
            self._refuse(session, claims.value, frame.id)
            return self._connections.close(session, 4401, claims.value)
        if self._own(session, claims, now):
            self._out.run(_load(claims, clean_label(frame.device), now), Loading(session.id, frame.id))

    def join(self, session: Session, claims: AccessClaims, chat_id: int, after_seq: int | None, now: Now) -> None:
        """The same for a `/ws/chat` connection, whose token the endpoint has checked."""
        if self._own(session, claims, now):
            self._out.run(_load(claims, "", now), Joining(session.id, chat_id, after_seq))

    def loaded(self, pending: Loading, outcome: Outcome, now: Now) -> None:
        """Storage has told what `ready` needs."""
        session = self._connections.get(pending.connection_id)
        if session is None:
            return
        if not isinstance(outcome, SessionLoaded) or session.expires_at is None:
            return self._not_loaded(session, outcome, pending.ref)
        if not self._of_our_history(session, outcome):
            return
        self._blocks.arrived(session.user_id, outcome.blocks)
        first, rest = outcome.heads[:HEADS_PER_FRAME], outcome.heads[HEADS_PER_FRAME:]
        ready = Ready(
            ref=pending.ref,
            v=1,
            session_id=session.login_id,
            user=outcome.user,
            epoch=outcome.epoch,
            server_time=now.wall,
            token_exp=session.expires_at,
            heartbeat_ms=self._knobs.heartbeat_ms,
            limits=self._limits,
            chats=first,
            more=bool(rest),
            blocked=self._blocks.by(session.user_id),
        )
        self._connections.send(session, ready)
        while rest:
            first, rest = rest[:HEADS_PER_FRAME], rest[HEADS_PER_FRAME:]
            self._connections.send(session, Chats(chats=first, more=bool(rest)))
        self._active(session, now)
        for head in outcome.heads:
            if head.left_seq is None:
                session.missed.pop(head.chat_id, None)
                self._rooms.follow(session, head)
        for chat_id in session.missed:
            self._rooms.list_chat(session, chat_id)
        session.missed.clear()
        self._presence.arrived(session, outcome.peer_ids, Hides.of(outcome.user), now)

    def joined(self, pending: Joining, outcome: Outcome, now: Now) -> None:
        """The same for `/ws/chat`: only that chat is routed, from `after_seq` on where the client gave it."""
        session = self._connections.get(pending.connection_id)
        if session is None:
            return
        if not isinstance(outcome, SessionLoaded):
            return self._not_loaded(session, outcome, None)
        if not self._of_our_history(session, outcome):
            return
        heads = [head for head in outcome.heads if head.chat_id == pending.chat_id and head.left_seq is None]
        if not heads:
            return self._connections.close(session, 4404, "not a member")
        [head] = heads
        after_seq = pending.after_seq
        if after_seq is not None:  # never before what this user may see
            after_seq = max(after_seq, head.first_seq - 1) if after_seq < head.last_seq else None
        self._active(session, now)
        self._rooms.follow(session, head, after_seq)
        self._blocks.arrived(session.user_id, outcome.blocks)
        self._presence.arrived(session, outcome.peer_ids, Hides.of(outcome.user), now)

    def renew(self, session: Session, frame: Auth, now: Now) -> None:
        """A fresh access token in band; one of another user ends the connection."""
        session.admission.charge("auth", now.mono)
        claims = self._check_token(frame.token, now.wall)
        if isinstance(claims, TokenRefusal):
            return self._refuse(session, claims.value, frame.id)
        if claims.user_id != session.user_id:
            return self._connections.close(session, 4403, "another user")
        session.admission.in_flight += 1
        operation = TouchSession(claims.user_id, claims.session_id, claims.session_key, claims.refresh_id, now.wall)
        self._out.run(operation, Renewing(session.id, frame.id, claims))

    def renewed(self, pending: Renewing, outcome: Outcome, now: Now) -> None:
        """The session of the fresh token was looked up."""
        session = self._connections.get(pending.connection_id)
        if session is None:
            return
        session.admission.in_flight -= 1
        if isinstance(outcome, Refused):
            return self._connections.close(session, 4403, outcome.code)
        if not isinstance(outcome, UserFound):
            return self._connections.refuse(session, outcome, pending.ref)
        self._connections.log_in(session, pending.claims.session_id)
        self._expires(session, pending.claims, now)
        self._connections.send(session, AuthOk(ref=pending.ref, token_exp=pending.claims.expires_at))

    def _own(self, session: Session, claims: AccessClaims, now: Now) -> bool:
        """Whether the user may have this connection too; a `hello` costs like a command."""
        session.admission.key = claims.user_id
        if session.admission.debt(now.mono) > 0:
            self._out.note("info", "flood", user_id=claims.user_id)
            self._refuse(session, "rate_limited", None, retry_after_ms=RATE_LIMITED_MS)
            self._connections.close(session, 4429, "too many commands")
            return False
        session.admission.spend(now.mono)
        if len(self._connections.by_user.get(claims.user_id, ())) >= self._knobs.connections_per_user:
            self._connections.close(session, 4409, "too many connections")
            return False
        self._connections.own(session, claims.user_id, claims.session_id)
        self._expires(session, claims, now)
        return True

    def _expires(self, session: Session, claims: AccessClaims, now: Now) -> None:
        """The end of a token, and when it is announced: 120 s before, but not before half of it is over."""
        left = max(0.0, (claims.expires_at - now.wall).total_seconds())
        session.expires_at, session.expired_at = claims.expires_at, None
        session.ends_at = now.mono + left
        session.warn_at = session.ends_at - min(self._knobs.token_warning, left / 2)
        self._timers.soonest(Deadline("session", session.id), session.warn_at)

    def _of_our_history(self, session: Session, outcome: SessionLoaded) -> bool:
        """The database may have been restored since the last sweep: the ends of the rooms are of the lost history, and
        nobody who was told of the new one may be given them. The next sweep lets all begin anew."""
        if self._history.epoch is None:  # what was asked before that is told may have been done in another history
            self._history.epoch = outcome.epoch
            self._history.begin_anew(self._out.last_id)
        if self._history.epoch == outcome.epoch:
            return True
        self._history.renamed = True
        self._connections.close(session, 1012, "the database was restored")
        return False

    def _active(self, session: Session, now: Now) -> None:
        self._connections.loaded(session)
        self._timers.set(Deadline("session", session.id), now.mono)  # it has other deadlines from now on

    def _not_loaded(self, session: Session, outcome: Outcome, ref: str | None) -> None:
        self._connections.refuse(session, outcome, ref)
        if isinstance(outcome, Refused):
            return self._connections.close(session, 4403, outcome.code)
        self._connections.close(session, 4503, "store unavailable")

    def _refuse(self, session: Session, code: str, ref: str | None, retry_after_ms: int | None = None) -> None:
        detail = "too many commands" if retry_after_ms else "the token or the version is refused"
        frame = ErrorFrame(
            ref=ref, code=code, detail=detail, retryable=retry_after_ms is not None, retry_after_ms=retry_after_ms
        )
        self._connections.send(session, frame)


RATE_LIMITED_MS: Final = 30_000
"""What a client that is refused for its commands waits (close code 4429)."""


def _load(claims: AccessClaims, device: str, now: Now) -> LoadSession:
    """A client that does not say what it is keeps the name its log-in was given."""
    label = "" if device == UNKNOWN else device
    return LoadSession(claims.user_id, claims.session_id, claims.session_key, claims.refresh_id, label, now.wall)
