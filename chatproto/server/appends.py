"""Commands of the log: from a frame or a request into the line of its chat, and what came of it to all it concerns."""

from typing import Final, assert_never

from chatproto.errors import LocalProtocolError
from chatproto.operations import (
    Appended,
    AppendMessage,
    BatchAppended,
    EditMessage,
    ForwardSource,
    LogCommand,
    MessageChange,
    OperationFailed,
    Outcome,
    OutcomeUnknown,
    composing,
)
from chatproto.server.clock import Now
from chatproto.server.connection_state import Session
from chatproto.server.connections import Connections
from chatproto.server.knobs import Knobs
from chatproto.server.lines import Lines
from chatproto.server.news import News
from chatproto.server.out import Out
from chatproto.server.pending import Appending, Queued
from chatproto.server.rooms import Rooms
from chatproto.wire.frames import Ack, DeleteFrame, EditFrame, MessageCommand, PinFrame, ReactFrame, Send
from chatproto.wire.limits import Limits
from chatproto.wire.model import Message

STORE_AWAY: Final = "store unavailable"


class Appends:
    """See the module."""

    def __init__(
        self, out: Out, connections: Connections, lines: Lines, rooms: Rooms, news: News, limits: Limits, knobs: Knobs
    ) -> None:
        self._out = out
        self._connections = connections
        self._lines = lines
        self._rooms = rooms
        self._news = news
        self._limits = limits
        self._knobs = knobs

    def send(self, session: Session, frame: Send, now: Now) -> None:
        """A message of a connection."""
        session.admission.spend(now.mono)
        session.admission.in_flight += 1
        command = self._send(session.user_id, frame, now)
        size = self._limits.content_code_points if command.forward else len(command.content)
        self._lines.add(Queued(command, size, session.id, frame.cid), now)

    def _send(self, user_id: int, frame: Send, now: Now) -> AppendMessage:
        chat_id, cid, reply_to, reply_at = frame.chat_id, frame.cid, frame.reply_to, frame.target_at
        files = tuple(frame.attachments or ())
        if frame.forward is not None:
            source = ForwardSource(frame.forward.chat_id, frame.forward.seq, frame.forward.target_at)
            return composing.forward(chat_id, user_id, cid, source, reply_to, reply_at, files, now.wall)
        content = frame.content or ""
        return composing.send(chat_id, user_id, cid, content, reply_to, reply_at, files, self._limits, now.wall)

    def change(self, session: Session, frame: MessageCommand, now: Now) -> None:
        """A connection's command about a message of the log."""
        session.admission.spend(now.mono)
        session.admission.in_flight += 1
        command = self._change(session.user_id, frame, now)
        size = len(command.content) if isinstance(command, EditMessage) else 0
        self._lines.add(Queued(command, size, session.id, frame.cid), now)

    def _change(self, user_id: int, frame: MessageCommand, now: Now) -> MessageChange:
        chat_id, cid, seq, target_at = frame.chat_id, frame.cid, frame.seq, frame.target_at
        match frame:
            case EditFrame():
                return composing.edit(chat_id, user_id, cid, seq, target_at, frame.content, self._limits, now.wall)
            case DeleteFrame():
                return composing.delete(chat_id, user_id, cid, seq, target_at, now.wall)
            case ReactFrame():
                return composing.react(chat_id, user_id, cid, seq, target_at, frame.emoji, frame.on, now.wall)
            case PinFrame():
                return composing.pin(chat_id, user_id, cid, seq, target_at, frame.on, now.wall)
            case _:
                assert_never(frame)

    def request(self, request_id: int, command: LogCommand, now: Now) -> None:
        """A command over HTTP; its end is one Reply."""
        size = len(command.content) if isinstance(command, AppendMessage | EditMessage) else 0
        self._lines.add(Queued(command, size, request_id=request_id), now)

    def completed(self, pending: Appending, outcome: Outcome, now: Now, *, current: bool) -> None:
        """A batch is decided, or the store was away. `current`: the outcome is of the history that is known."""
        match outcome:
            case BatchAppended(outcomes):
                self._lines.landed(pending, now)
                for queued, one in zip(pending.queued, outcomes, strict=True):
                    self._answer(queued, one)
                self._tell(pending.chat_id, [one for one in outcomes if isinstance(one, Appended)], current=current)
            case OutcomeUnknown() | OperationFailed(retryable=True):
                self._away(pending, outcome, now)
                self._rooms.told(pending.chat_id, ())
            case OperationFailed():
                self._failed(pending, outcome, now)
                self._rooms.told(pending.chat_id, ())
            case _:
                raise LocalProtocolError(f"a batch ended in {type(outcome).__name__}")

    def _tell(self, chat_id: int, outcomes: list[Appended], *, current: bool) -> None:
        items = [item for outcome in outcomes if not outcome.dup for item in outcome.items]
        self._rooms.told(chat_id, items if current else ())
        again = [outcome.last_seq for outcome in outcomes if outcome.dup or not current]
        if again:  # perhaps nobody was told when it was first appended: those who lack it read the log
            self._rooms.heard(chat_id, max(again))
        for outcome in outcomes:
            self._rooms.announce(chat_id, outcome.added_ids, outcome.last_seq)
        self._news.appended(chat_id, outcomes)

    def _answer(self, queued: Queued, outcome: Outcome) -> None:
        if queued.request_id:
            return self._out.reply(queued.request_id, outcome)
        session = self._connections.get(queued.connection_id)
        if session is None:
            return
        session.admission.in_flight -= 1
        if isinstance(outcome, Appended):
            return self._connections.send(session, _ack(queued.command.cid, outcome))
        self._connections.refuse(session, outcome, queued.ref, queued.command.chat_id)
        if _is_away(outcome):  # whatever it sent later would overtake the one that failed
            self._connections.close(session, 4503, STORE_AWAY)

    def _away(self, pending: Appending, outcome: Outcome, now: Now) -> None:
        """Tried again for `store_wait` seconds; HTTP is told at once, and asks again by itself."""
        again: list[Queued] = []
        for queued in pending.queued:
            since = now.mono if queued.since is None else queued.since
            if queued.request_id or now.mono - since >= self._knobs.store_wait:
                self._answer(queued, outcome)
            elif self._connections.get(queued.connection_id) is not None:
                again.append(queued)
        self._lines.put_back(pending, again, now, at_once=False)

    def _failed(self, pending: Appending, outcome: Outcome, now: Now) -> None:
        """A bug or a value that the database does not take; of several commands, each shows alone whether it is it."""
        if len(pending.queued) == 1:
            self._lines.landed(pending, now)
            return self._answer(pending.queued[0], outcome)
        for queued in pending.queued:
            queued.alone = True
        here = [one for one in pending.queued if one.request_id or self._connections.get(one.connection_id)]
        self._lines.put_back(pending, here, now, at_once=True)


def _is_away(outcome: Outcome) -> bool:
    return isinstance(outcome, OutcomeUnknown) or (isinstance(outcome, OperationFailed) and outcome.retryable)


def _ack(cid: str, outcome: Appended) -> Ack:
    if outcome.unchanged is not None:
        seq, created_at = outcome.unchanged
        return Ack(ref=cid, cid=cid, chat_id=outcome.chat_id, seq=seq, created_at=created_at, dup=outcome.dup)
    item = outcome.items[0]
    return Ack(
        ref=cid,
        cid=cid,
        chat_id=outcome.chat_id,
        seq=item.seq,
        created_at=item.created_at,
        dup=outcome.dup,
        message_id=item.id if isinstance(item, Message) else None,
    )
