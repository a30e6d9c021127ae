"""The Hub: the surface of the server's core. Inputs come in, outputs are drained, and no bug ends more than it touches.

Drive it with inputs (all synchronous, each with the time) and drain `outputs()` after each one (docs/driving.md).
"""

from collections.abc import Callable
from functools import partial

from chatproto.operations import LogCommand, Operation, Outcome, OutcomeUnknown
from chatproto.server import ending
from chatproto.server.clock import Now
from chatproto.server.containment import NOTHING, Containment, Touched, touched_by_deadline, touched_by_outcome
from chatproto.server.dialect import PLAIN, ChatDialect
from chatproto.server.handshake import CheckToken
from chatproto.server.hints import HeadMoved, Hint
from chatproto.server.hub_outputs import Output
from chatproto.server.knobs import Knobs
from chatproto.server.parts import Parts
from chatproto.server.pending import Pending, Request
from chatproto.tokens import AccessClaims
from chatproto.wire.frames import Bye
from chatproto.wire.limits import Limits


class Hub:
    """All connections of one process. `process`: its name, unlike that of any other of the same database, where there
    are others (docs/driving.md).

    `check_token` verifies an access token at a given wall time; `new_cid` makes a name that was never used, for a
    command that came without a cid and for a new epoch; `limits` are told to clients, `knobs` are not.
    """

    def __init__(
        self, check_token: CheckToken, new_cid: Callable[[], str], limits: Limits | None = None,
        knobs: Knobs | None = None, *, process: str | None = None,
    ) -> None:  # fmt: skip
        self.limits, self.knobs = limits or Limits(), knobs or Knobs()
        self.parts = Parts(check_token, new_cid, self.limits, self.knobs, process)
        self._containment = Containment(self.parts)

    @property
    def pending(self) -> dict[int, Pending]:
        """What storage was asked and has not answered, by number."""
        return self.parts.out.pending

    def outputs(self) -> list[Output]:
        """Everything the last inputs asked for, in order; the caller performs it."""
        return self.parts.out.drain()

    # --- connections ---

    def open_connection(self, now: Now) -> int:
        """A `/ws` socket was accepted; `hello` is awaited. The connection's id."""
        session = self.parts.open(PLAIN, now)
        self._containment.settle(now)
        return session.id

    def open_chat_connection(self, claims: AccessClaims, chat_id: int, after_seq: int | None, now: Now) -> int:
        """A `/ws/chat/{chat_id}` socket was accepted (docs/protocol.md section 5); its token and membership were good.

        With `after_seq` the items above it are replayed first. The connection's id.
        """
        session = self.parts.open(ChatDialect(chat_id=chat_id), now)
        self._do(now, Touched(session.id), lambda: self.parts.handshake.join(session, claims, chat_id, after_seq, now))
        return session.id

    def close_connection(self, connection_id: int, now: Now) -> None:
        """The socket is gone. What storage is doing for it goes on."""
        session = self.parts.connections.get(connection_id)
        if session is not None:
            self.parts.connections.gone(session)
            self._containment.settle(now)

    def receive_frame(self, connection_id: int, data: str | bytes, now: Now) -> None:
        """One WebSocket message from a client; bytes are a binary message."""
        session = self.parts.connections.get(connection_id)
        if session is not None:
            self._do(now, Touched(connection_id), lambda: self.parts.reception.receive(session, data, now))

    def receive_pong(self, connection_id: int) -> None:
        """The client answered a protocol ping."""
        session = self.parts.connections.get(connection_id)
        if session is not None:
            session.pings = 0

    def report_lag(self, connection_id: int, chat_id: int, first_dropped: int, now: Now) -> None:
        """The driver dropped this chat's queued items from `first_dropped` on (OutQueue)."""
        session = self.parts.connections.get(connection_id)
        if session is not None:
            self.parts.out.note("info", "lag", connection_id=connection_id, chat_id=chat_id)
            self._do(now, Touched(connection_id), lambda: self.parts.rooms.lag(session, chat_id, first_dropped))

    def report_pages_written(self, connection_id: int, now: Now) -> None:
        """The queued page has left: the next one may be read from storage."""
        session = self.parts.connections.get(connection_id)
        if session is not None:
            self._do(now, Touched(connection_id), lambda: self.parts.pages.written(session))

    def read_delay(self, connection_id: int, unwritten_answers: int, now: Now) -> float | None:
        """Seconds before the next frame may be read; None: not before something in flight is answered."""
        session = self.parts.connections.get(connection_id)
        if session is None:
            return 0.0
        return session.admission.delay(unwritten_answers, session.id in self.parts.connections.loading, now.mono)

    # --- storage, HTTP, other processes ---

    def request(self, operation: Operation, now: Now) -> int:
        """Run an operation for somebody outside (HTTP); its end is one Reply with the returned id."""
        if not isinstance(operation, LogCommand):
            request_id = self.parts.out.run(operation, Request(operation))
            self.parts.out.await_reply(request_id)
            return request_id
        request_id = self.parts.out.new_id()
        self.parts.out.await_reply(request_id)
        touched = Touched(line=operation.chat_id)
        if not self._do(now, touched, lambda: self.parts.appends.request(request_id, operation, now)):
            self.parts.out.reply(request_id, OutcomeUnknown())
        return request_id

    def complete_operation(self, request_id: int, outcome: Outcome, now: Now) -> None:
        """Storage is done with a RunOperation."""
        pending = self.pending.pop(request_id)
        if not self._do(now, touched_by_outcome(pending), lambda: self._complete(request_id, pending, outcome, now)):
            self.parts.out.reply(request_id, outcome)

    def _complete(self, request_id: int, pending: Pending, outcome: Outcome, now: Now) -> None:
        current = request_id > self.parts.history.void_to
        if current and not self.parts.history.accepts(pending, outcome):
            self.parts.replacing.log_replaced()
            self._containment.settle(now)
            current = False
        ending.complete(self.parts, request_id, pending, outcome, now, current=current)

    def receive_hint(self, hint: Hint, now: Now) -> None:
        """Another process published this."""
        if hint.epoch == self.parts.history.epoch:
            touched = Touched(room=hint.news.chat_id) if isinstance(hint.news, HeadMoved) else NOTHING
            self._do(now, touched, lambda: self.parts.spread.hear(hint.news, now))

    def miss_hints(self, now: Now) -> None:
        """Hints of others may have been lost: the next sweep is now."""
        if self.parts.connections.by_id:
            self.parts.sweeper.soon(now)

    # --- time ---

    def next_timer(self) -> float | None:
        """When `handle_timer` wants to be called, in monotonic seconds; None: not before another input."""
        return self.parts.timers.next()

    def handle_timer(self, now: Now) -> None:
        """Everything that is due: deadlines of connections, retries, delayed marks, typing, absence, the sweep."""
        for deadline in self.parts.timers.take_due(now.mono):
            self._do(now, touched_by_deadline(deadline), partial(ending.ring, self.parts, deadline, now))

    def drain(self, delay_ms: Callable[[], int], reason: str, now: Now) -> None:
        """Say `bye` to everybody, close with 1012, and save when everybody was last seen.

        `delay_ms` spreads the returns over 0..10 s.
        """
        self._do(now, NOTHING, lambda: self.parts.presence.save_all(now))
        for session in list(self.parts.connections.by_id.values()):
            self.parts.connections.send(session, Bye(reason=reason, reconnect_after_ms=delay_ms()))
            self.parts.connections.close(session, 1012, reason)
        self._containment.settle(now)

    def _do(self, now: Now, touched: Touched, act: Callable[[], None]) -> bool:
        """One input, contained; whether it went well."""
        self.parts.rooms.touched = 0
        try:
            act()
        except Exception as error:
            self._containment.bug(error, touched)
            return False
        finally:
            self._containment.settle(now)
        return True
