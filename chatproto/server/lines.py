"""The lines of log commands, one for each chat that is written to: of all connections and of HTTP requests alike.

At most one AppendBatch of a chat is in storage. What comes meanwhile gathers and becomes the next one, so the order of
receipt is the order of the log, no matter who sends, and senders need not wait for each other.
"""

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Final

from attrs import define, evolve, field

from chatproto.operations import AppendBatch, LogCommand
from chatproto.server.clock import Deadline, Now, Timers
from chatproto.server.history import History
from chatproto.server.knobs import Knobs
from chatproto.server.out import Out
from chatproto.server.pending import Appending, Queued

TICK: Final = timedelta(microseconds=1)
"""The least difference between two times that storage keeps."""
NEAR: Final = timedelta(seconds=1)
"""A clock that was set back by more than that is followed."""


@define(eq=False)
class Line:
    """`flying`: the commands that are in storage. `writers`: the connections that wrote to it since it was empty."""

    waiting: deque[Queued] = field(factory=deque)
    flying: tuple[Queued, ...] = ()
    writers: set[int] = field(factory=set)


class Lines:
    """Every line that is not empty."""

    def __init__(self, out: Out, timers: Timers, history: History, knobs: Knobs) -> None:
        self._out = out
        self._timers = timers
        self._history = history
        self._knobs = knobs
        self._lines: dict[int, Line] = {}
        self._written: dict[int, set[int]] = {}
        """By connection: the chats in whose lines it is a writer."""
        self._stamp = datetime.min.replace(tzinfo=UTC)

    def __len__(self) -> int:
        return len(self._lines)

    def busy(self, chat_id: int) -> bool:
        """Whether commands of this chat are in storage."""
        line = self._lines.get(chat_id)
        return line is not None and bool(line.flying)

    def add(self, queued: Queued, now: Now) -> None:
        """A command was received."""
        queued.command = self._stamped(queued.command)
        chat_id = queued.command.chat_id
        line = self._lines.get(chat_id)
        if line is None:
            line = self._lines[chat_id] = Line()
        line.waiting.append(queued)
        if queued.connection_id:
            line.writers.add(queued.connection_id)
            self._written.setdefault(queued.connection_id, set()).add(chat_id)
        if not line.flying and Deadline("line", 0, chat_id) not in self._timers:
            self._launch(chat_id, line, now)

    def landed(self, pending: Appending, now: Now) -> None:
        """A batch is decided: the next one goes."""
        line = self._flown(pending)
        if line is not None:
            self._launch(pending.chat_id, line, now)

    def put_back(self, pending: Appending, again: list[Queued], now: Now, *, at_once: bool) -> None:
        """A batch was not decided; these of it are tried again before all that came later."""
        line = self._flown(pending)
        if line is None:
            return
        line.waiting.extendleft(reversed(again))
        if at_once or not line.waiting:
            self._launch(pending.chat_id, line, now)
        else:
            self._timers.set(Deadline("line", 0, pending.chat_id), now.mono + self._knobs.retry_after)

    def retry(self, chat_id: int, now: Now) -> None:
        """The pause after a failure is over."""
        line = self._lines.get(chat_id)
        if line is not None and not line.flying:
            self._launch(chat_id, line, now)

    def forget(self, connection_id: int) -> None:
        """A connection has gone: what it sent and is not in storage yet will be sent again."""
        for chat_id in sorted(self._written.pop(connection_id, ())):
            line = self._lines[chat_id]
            line.writers.discard(connection_id)
            line.waiting = deque(queued for queued in line.waiting if queued.connection_id != connection_id)
            if not line.waiting and not line.flying:
                self._remove(chat_id, line)

    def drop(self, chat_id: int) -> list[Queued]:
        """Give up a line: all that is in it."""
        self._timers.cancel(Deadline("line", 0, chat_id))
        line = self._lines.get(chat_id)
        if line is None:
            return []
        self._remove(chat_id, line)
        return [*line.flying, *line.waiting]

    def _stamped(self, command: LogCommand) -> LogCommand:
        """No two commands that were received within a second have the same time: where a replaced log has another entry
        at the same seq, its time is what tells them apart (docs/protocol.md, restored databases)."""
        now = command.now
        if now <= self._stamp < now + NEAR:
            command = evolve(command, now=self._stamp + TICK)
        self._stamp = command.now
        return command

    def _flown(self, pending: Appending) -> Line | None:
        line = self._lines.get(pending.chat_id)
        if line is None or line.flying is not pending.queued:
            return None  # it was given up meanwhile
        line.flying = ()
        return line

    def _remove(self, chat_id: int, line: Line) -> None:
        """Nothing is in it any more."""
        del self._lines[chat_id]
        for connection_id in line.writers:
            chat_ids = self._written[connection_id]
            chat_ids.discard(chat_id)
            if not chat_ids:
                del self._written[connection_id]

    def _launch(self, chat_id: int, line: Line, now: Now) -> None:
        taken: list[Queued] = []
        size = 0
        while line.waiting and len(taken) < self._knobs.batch_commands:
            first = line.waiting[0]
            size += first.size
            if taken and (size > self._knobs.batch_bytes or first.alone or taken[0].alone):
                break
            first.since = now.mono if first.since is None else first.since
            taken.append(line.waiting.popleft())
        if not taken:
            return self._remove(chat_id, line)
        line.flying = tuple(taken)
        operation = AppendBatch(chat_id, tuple([queued.command for queued in taken]))
        self._out.run(operation, Appending(chat_id, line.flying, self._history.known(chat_id)))
