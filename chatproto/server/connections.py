"""The connections of this process: by number, by user, by log-in; and how one of them is spoken to and ended."""

from chatproto.operations import OperationFailed, Outcome, Refused
from chatproto.server.clock import Now
from chatproto.server.connection_state import Session
from chatproto.server.hub_outputs import CloseConnection, SendFrame
from chatproto.server.knobs import Knobs
from chatproto.server.out import Out
from chatproto.transitions import SessionState
from chatproto.wire.codec import BadFrame
from chatproto.wire.frames import ErrorFrame, FromServer

Group = dict[int, Session]


class Connections:
    """`ended`: those whose other traces the Hub has yet to remove. `loading`: those that wait for their session."""

    def __init__(self, out: Out, knobs: Knobs) -> None:
        self.by_id: Group = {}
        self.by_user: dict[int, Group] = {}
        self.by_login: dict[int, Group] = {}
        self.loading: set[int] = set()
        self.ended: list[Session] = []
        self._out = out
        self._knobs = knobs

    def open(self, session: Session) -> None:
        """A socket was accepted."""
        self.by_id[session.id] = session

    def get(self, connection_id: int) -> Session | None:
        """One that has not ended."""
        return self.by_id.get(connection_id)

    def of(self, user_id: int) -> list[Session]:
        """A user's connections, oldest first."""
        return list(self.by_user.get(user_id, {}).values())

    def own(self, session: Session, user_id: int, login_id: int) -> None:
        """The token said whose it is; now its session is loaded."""
        session.move("hello")
        session.user_id, session.admission.key = user_id, user_id
        self.by_user.setdefault(user_id, {})[session.id] = session
        self.loading.add(session.id)
        self.log_in(session, login_id)

    def log_in(self, session: Session, login_id: int) -> None:
        """Its token is of this log-in, from now on."""
        _remove(self.by_login, session.login_id, session.id)
        session.login_id = login_id
        self.by_login.setdefault(login_id, {})[session.id] = session

    def loaded(self, session: Session) -> None:
        """It is active."""
        session.move("loaded")
        self.loading.discard(session.id)

    def gone(self, session: Session) -> None:
        """The socket is gone."""
        if self.by_id.pop(session.id, None) is None:
            return
        session.move("close")
        self.loading.discard(session.id)
        _remove(self.by_user, session.user_id, session.id)
        _remove(self.by_login, session.login_id, session.id)
        self.ended.append(session)

    def close(self, session: Session, code: int, reason: str) -> None:
        """End a connection from our side, once."""
        if session.id in self.by_id:
            self._out.emit(CloseConnection(session.id, code, reason))
            self.gone(session)

    def send(self, session: Session, frame: FromServer) -> None:
        """Queue an answer, in the words of its endpoint."""
        data = session.dialect.encode(frame)
        if data is not None:
            self._out.emit(SendFrame(session.id, data))

    def refuse(self, session: Session, outcome: Outcome, ref: str | None, chat_id: int | None = None) -> None:
        """Answer with the error that an outcome means."""
        retry_after_ms = field = None
        if isinstance(outcome, Refused):
            code = "not_member" if outcome.code == "not_found" else outcome.code
            detail, field = outcome.detail or code, outcome.field
        elif isinstance(outcome, OperationFailed) and not outcome.retryable:
            code, detail = "internal", "the server failed; its operator was told"
        else:
            code, detail, retry_after_ms = "store_unavailable", "try again", 1000
        retryable = retry_after_ms is not None
        frame = ErrorFrame(
            ref=ref, code=code, detail=detail, retryable=retryable, retry_after_ms=retry_after_ms, chat_id=chat_id,
            field=field,
        )  # fmt: skip
        self.send(session, frame)

    def violation(self, session: Session, bad: BadFrame, now: Now) -> None:
        """Answer a frame that breaks the rules; the third, or one before `hello`, ends the connection."""
        frame = ErrorFrame(
            ref=bad.ref, code=bad.code, detail=bad.detail, retryable=False, chat_id=bad.chat_id, field=bad.field
        )
        self.send(session, frame)
        if session.state is SessionState.AWAITING_HELLO:
            return self.close(session, 4400, "hello comes first")
        session.admission.spend(now.mono)
        if bad.code != "unknown_type":
            session.violations += 1
            if session.violations >= self._knobs.violations:
                self.close(session, 4400, "too many bad frames")


def _remove(table: dict[int, Group], key: int, connection_id: int) -> None:
    group = table.get(key, {})
    group.pop(connection_id, None)
    if not group:
        table.pop(key, None)
