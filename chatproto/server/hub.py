"""The Hub: every connection of one process, what waits for storage, and who gets what.

Drive it with inputs (all synchronous, `now` is an aware UTC datetime) and drain `outputs()` after each one. The parts
that act on it: `handshake` (hello, auth), `commands` (frames of an active session), `fanout` (who is told what),
`watermarks`, `presence`, `deadlines`, `bus`. What they share stands under "for its parts".
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import assert_never

from chatproto.operations import (
    AppendChange,
    AppendMessage,
    Operation,
    OperationFailed,
    Outcome,
    Refused,
    RenewEpoch,
)
from chatproto.server import bus, commands, deadlines, fanout, handshake, presence
from chatproto.server.delivery import ChatCursor
from chatproto.server.hints import Hint, News
from chatproto.server.outputs import CloseConnection, Output, PingConnection, Publish, Reply, RunOperation, SendFrame
from chatproto.server.pending import (
    Appending,
    CatchingUp,
    Joining,
    Listing,
    Loading,
    Marking,
    Paging,
    Pending,
    Renewing,
    RenewingEpoch,
    Request,
    SavingLastSeen,
    Sweeping,
)
from chatproto.server.presence import Presences
from chatproto.server.session import ServerSession
from chatproto.server.watermarks import ChatMarks
from chatproto.tokens import AccessClaims, TokenRefusal
from chatproto.transitions import SessionState
from chatproto.wire import codec, legacy
from chatproto.wire.codec import BadFrame
from chatproto.wire.frames import Auth, Bye, ErrorFrame, FromServer, Hello, Ping
from chatproto.wire.limits import Limits

CheckToken = Callable[[str, datetime], AccessClaims | TokenRefusal]


class Hub:
    """All sessions of one process.

    `check_token` verifies an access token at a given time; `new_cid` makes a name that was never used, for a command
    that came without a cid and for a new epoch; `limits` are the configured ones. `heads`: of each chat that is routed
    here, the last entry that storage told of: its seq, and when it was made. `replaced`: the epoch under which one
    of them is gone, until it has another name.
    """

    def __init__(self, check_token: CheckToken, new_cid: Callable[[], str], limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.check_token = check_token
        self.new_cid = new_cid
        self.sessions: dict[int, ServerSession] = {}
        self.by_user: dict[int, dict[int, None]] = {}
        self.routes: dict[int, dict[int, None]] = {}
        self.joined: dict[int, dict[int, None]] = {}
        self.heads: dict[int, tuple[int, datetime | None]] = {}
        self.marks: dict[int, ChatMarks] = {}
        self.presences = Presences()
        self.epoch: str | None = None
        self.replaced: str | None = None
        self._void_to = 0
        self.retries: deque[tuple[datetime, int, int]] = deque()
        self.relists: deque[tuple[datetime, int, int]] = deque()
        self.sweep_due: datetime | None = None
        self.swept_to = 0
        self.pending: dict[int, Pending] = {}
        self._outputs: deque[Output] = deque()
        self._last_id = 0

    # --- inputs ---

    def outputs(self) -> list[Output]:
        """Everything the last inputs asked for, in order; the caller performs it."""
        drained = list(self._outputs)
        self._outputs.clear()
        return drained

    def open_connection(self, now: datetime) -> int:
        """A `/ws` socket was accepted; `hello` is awaited. The connection's id."""
        session = ServerSession.open(self._new_id(), self.limits, now)
        self.sessions[session.id] = session
        return session.id

    def open_chat_connection(self, claims: AccessClaims, chat_id: int, after_seq: int | None, now: datetime) -> int:
        """A `/ws/chat/{chat_id}` socket was accepted (docs/protocol.md section 5); its token and membership were good.

        With `after_seq` the items above it are replayed first. The connection's id.
        """
        connection_id = self.open_connection(now)
        handshake.join(self, self.sessions[connection_id], claims, chat_id, after_seq, now)
        return connection_id

    def close_connection(self, connection_id: int, now: datetime) -> None:
        """The socket is gone. What storage is doing for it goes on."""
        session = self.sessions.pop(connection_id, None)
        if session is None:
            return
        session.move("close")
        for chat_id in list(session.typing_until):
            fanout.typing(self, session, chat_id, False)
        chat_ids = frozenset(session.cursors)
        for chat_id in chat_ids:
            self.unroute(session, chat_id)
        if _remove(self.by_user, session.user_id, connection_id):
            self.presences.gone(session.user_id, chat_ids, now)

    def receive_frame(self, connection_id: int, data: str | bytes, now: datetime) -> None:
        """One WebSocket message from a client; bytes are a binary message."""
        session = self.sessions.get(connection_id)
        if session is None:
            return
        session.heard_at = now
        if isinstance(data, bytes):
            return self.violation(session, BadFrame(code="bad_frame", detail="frames are text"))
        frame = (
            codec.decode(data) if session.only_chat is None else legacy.decode(data, session.only_chat, self.new_cid)
        )
        if isinstance(frame, BadFrame):
            return self.violation(session, frame)
        if isinstance(frame, Hello):
            return handshake.hello(self, session, frame, now)
        if session.state is SessionState.AWAITING_HELLO:
            return self.violation(session, BadFrame(code="bad_frame", detail="hello comes first", ref=frame.id))
        if isinstance(frame, Ping) or (isinstance(frame, Auth) and session.state is SessionState.ACTIVE):
            return commands.handle(self, session, frame, now)
        if session.state is SessionState.LOADING or session.expired(now) or session.held:
            return commands.hold(self, session, frame)
        commands.handle(self, session, frame, now)

    def receive_pong(self, connection_id: int) -> None:
        """The client answered a protocol ping."""
        session = self.sessions.get(connection_id)
        if session is not None:
            session.pings = 0

    def request(self, operation: Operation) -> int:
        """Run an operation for somebody outside (HTTP); its end is one Reply with the returned id."""
        head = self.head(operation.chat_id) if isinstance(operation, AppendMessage | AppendChange) else 0
        return self.run(operation, Request(operation, head))

    def complete_operation(self, request_id: int, outcome: Outcome, now: datetime) -> None:
        """Storage is done with a RunOperation."""
        pending = self.pending.pop(request_id)
        of_this_history = request_id > self._void_to
        if of_this_history:
            fanout.check_place(self, pending, outcome)
        fanout.apply(self, pending, outcome, now)
        bus.publish(self, outcome)
        match pending:
            case Request():
                self._outputs.append(Reply(request_id=request_id, outcome=presence.overlay(self, outcome)))
            case Loading():
                handshake.loaded(self, pending, outcome, now)
            case Joining():
                handshake.joined(self, pending, outcome, now)
            case Renewing():
                handshake.renewed(self, pending, outcome, now)
            case Appending():
                commands.appended(self, pending, outcome, now)
            case Paging():
                commands.paged(self, pending, outcome, now)
            case Marking():
                commands.marked(self, pending, outcome, now)
            case CatchingUp():
                fanout.caught_up(self, pending, outcome)
            case Listing():
                fanout.listed(self, pending, outcome, now)
            case Sweeping():
                deadlines.swept(self, pending, outcome if of_this_history else None, now)
            case RenewingEpoch():
                self.sweep_due = now  # it will see the new epoch
            case SavingLastSeen():
                pass  # the next departure tells anew
            case _:
                assert_never(pending)

    def receive_hint(self, hint: Hint, now: datetime) -> None:
        """Another process published this."""
        bus.receive(self, hint, now)

    def report_lag(self, connection_id: int, chat_id: int, first_dropped: int) -> None:
        """The driver dropped this chat's queued items from `first_dropped` on (OutQueue)."""
        session = self.sessions.get(connection_id)
        if session is not None:
            fanout.lag(self, session, chat_id, first_dropped)

    def report_pages_written(self, connection_id: int, now: datetime) -> None:
        """The queued page has left: the next one may be read from storage."""
        session = self.sessions.get(connection_id)
        if session is not None:
            session.paging = False
            commands.next_sync(self, session, now)

    def read_delay(self, connection_id: int, unwritten_answers: int, now: datetime) -> float | None:
        """Seconds before the next frame may be read; None: not before something in flight is answered."""
        session = self.sessions.get(connection_id)
        if session is None:
            return 0.0
        loading = session.state is SessionState.LOADING and len(session.held) >= self.limits.held_frames
        if loading or session.in_flight + unwritten_answers > self.limits.unanswered_frames:
            return None
        return session.bucket.debt(now)

    def next_timer(self) -> bool:
        """Whether `handle_timer` wants to be called each `deadlines.TICK` seconds."""
        return bool(self.sessions or self.retries or self.presences.absent)

    def handle_timer(self, now: datetime) -> None:
        """Deadlines: hello, silence, tokens, retries, marks, typing, absence, the sweep."""
        deadlines.handle(self, now)

    def drain(self, delay_ms: Callable[[], int], reason: str, now: datetime) -> None:
        """Say `bye` to everybody and close with 1012; `delay_ms` spreads the returns over 0..10 s."""
        for session in list(self.sessions.values()):
            self.send(session, Bye(reason=reason, reconnect_after_ms=delay_ms()))
            self.close(session, 1012, reason)

    # --- for its parts ---

    def run(self, operation: Operation, pending: Pending) -> int:
        """Ask storage; `pending` is what to do with the outcome."""
        request_id = self._new_id()
        self.pending[request_id] = pending
        self._outputs.append(RunOperation(request_id=request_id, operation=operation))
        return request_id

    def emit(self, frame: SendFrame) -> None:
        """Queue a frame for a connection."""
        self._outputs.append(frame)

    def publish(self, news: News) -> None:
        """Tell the other processes, once this one knows of which history it speaks."""
        if self.epoch is not None:
            self._outputs.append(Publish(Hint(self.epoch, news)))

    def ping(self, session: ServerSession) -> None:
        """Ask for a protocol pong."""
        self._outputs.append(PingConnection(session.id))

    def send(self, session: ServerSession, frame: FromServer) -> None:
        """Queue an answer, in the words of the connection's endpoint."""
        data = codec.encode(frame) if session.only_chat is None else legacy.encode(frame)
        if data is not None:
            self.emit(SendFrame(connection_id=session.id, data=data))

    def refuse(self, session: ServerSession, outcome: Outcome, ref: str | None, chat_id: int | None = None) -> None:
        """Answer with the error that an outcome means."""
        retry_after_ms = field = None
        if isinstance(outcome, Refused):
            code = "not_member" if outcome.code == "not_found" else outcome.code
            detail, field = outcome.detail or code, outcome.field
        elif isinstance(outcome, OperationFailed) and not outcome.retryable:
            code, detail = "internal", "the server failed; its operator was told"
        else:
            code, detail, retry_after_ms = "store_unavailable", "try again", 1000
        self.send(
            session,
            ErrorFrame(
                ref=ref,
                code=code,
                detail=detail,
                retryable=retry_after_ms is not None,
                retry_after_ms=retry_after_ms,
                chat_id=chat_id,
                field=field,
            ),
        )

    def violation(self, session: ServerSession, bad: BadFrame) -> None:
        """Answer a frame that breaks the rules; the third, or one before `hello`, ends the connection."""
        self.send(
            session,
            ErrorFrame(
                ref=bad.ref, code=bad.code, detail=bad.detail, retryable=False, chat_id=bad.chat_id, field=bad.field
            ),
        )
        if session.state is SessionState.AWAITING_HELLO:
            return self.close(session, 4400, "hello comes first")
        session.bucket.spend(session.heard_at)
        if bad.code != "unknown_type":
            session.violations += 1
            if session.violations >= self.limits.violations:
                self.close(session, 4400, "too many bad frames")

    def close(self, session: ServerSession, code: int, reason: str) -> None:
        """End a connection from our side, once."""
        if session.id in self.sessions:
            self._outputs.append(CloseConnection(connection_id=session.id, code=code, reason=reason))
            self.close_connection(session.id, session.heard_at)

    def route(self, session: ServerSession, chat_id: int, cursor: ChatCursor) -> None:
        """From now on this connection is told of this chat."""
        session.cursors[chat_id] = cursor
        self.heads.setdefault(chat_id, (0, None))
        self.note_head(chat_id, cursor.sent, cursor.sent_at)
        _add(self.routes, chat_id, session.id)
        if session.only_chat is not None:
            _add(self.joined, chat_id, session.id)

    def unroute(self, session: ServerSession, chat_id: int) -> None:
        """This connection is told of this chat no more."""
        session.cursors.pop(chat_id, None)
        _remove(self.joined, chat_id, session.id)
        if _remove(self.routes, chat_id, session.id):
            self.marks.pop(chat_id, None)
            del self.heads[chat_id]

    def head(self, chat_id: int) -> int:
        """The last seq that storage told of, of a chat that is routed here; else 0."""
        return self.heads.get(chat_id, (0, None))[0]

    def note_head(self, chat_id: int, last_seq: int, last_at: datetime | None) -> None:
        """Storage told of this entry: the log can never be shorter again, unless it is replaced."""
        if chat_id in self.heads and last_seq > self.heads[chat_id][0]:
            self.heads[chat_id] = last_seq, last_at

    def log_replaced(self) -> None:
        """An entry is gone: the database was restored to an older state, and nobody renamed its history.

        Nothing more is pushed behind what is gone: all are sent away, to compare what they have when they are back.
        """
        assert self.epoch is not None, "a head was told with the epoch, or after it"
        self.replaced, self.epoch = self.epoch, None
        self.send_away("the log was replaced")
        self.renew_epoch(self.replaced)

    def send_away(self, reason: str) -> None:
        """Another history begins: all start over, and what was asked before tells nothing of it."""
        self._void_to = self._last_id
        for session in list(self.sessions.values()):
            self.close(session, 1012, reason)

    def renew_epoch(self, old: str) -> None:
        """Name the history anew; until that is done each sweep asks for it again."""
        self.run(RenewEpoch(old, self.new_cid()), RenewingEpoch())

    def connections_of(self, user_id: int) -> list[ServerSession]:
        """A user's connections, oldest first."""
        return [self.sessions[connection_id] for connection_id in self.by_user.get(user_id, ())]

    def _new_id(self) -> int:
        self._last_id += 1
        return self._last_id


def _add(table: dict[int, dict[int, None]], key: int, connection_id: int) -> None:
    table.setdefault(key, {})[connection_id] = None


def _remove(table: dict[int, dict[int, None]], key: int, connection_id: int) -> bool:
    """Whether it was the last under this key."""
    connections = table.get(key, {})
    connections.pop(connection_id, None)
    return not connections and table.pop(key, None) is not None
