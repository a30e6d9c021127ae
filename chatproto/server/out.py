"""Where all parts put what they ask of the driver."""

from collections.abc import Iterable
from typing import Any

from chatproto.operations import Operation, Outcome
from chatproto.server.hub_outputs import Level, Note, Output, Reply, RunOperation
from chatproto.server.pending import Pending


class Out:
    """Outputs in order, what waits for storage, and the numbers that connections and requests share."""

    def __init__(self) -> None:
        self.pending: dict[int, Pending] = {}
        self.last_id = 0
        self._outputs: list[Output] = []
        self._unanswered: set[int] = set()

    def drain(self) -> list[Output]:
        """Everything since the last call."""
        drained, self._outputs = self._outputs, []
        return drained

    def new_id(self) -> int:
        """A number that was never used."""
        self.last_id += 1
        return self.last_id

    def emit(self, output: Output) -> None:
        """Ask the driver."""
        self._outputs.append(output)

    def emit_all(self, outputs: Iterable[Output]) -> None:
        """Ask the driver for several things."""
        self._outputs.extend(outputs)

    def run(self, operation: Operation, pending: Pending) -> int:
        """Ask storage; `pending` is what to do with the outcome."""
        request_id = self.new_id()
        self.pending[request_id] = pending
        self._outputs.append(RunOperation(request_id, operation))
        return request_id

    def await_reply(self, request_id: int) -> None:
        """Somebody outside waits for one `reply` with this number."""
        self._unanswered.add(request_id)

    def reply(self, request_id: int, outcome: Outcome) -> None:
        """The end of a request, the first time it is called for it."""
        if request_id in self._unanswered:
            self._unanswered.remove(request_id)
            self._outputs.append(Reply(request_id, outcome))

    def note(self, level: Level, event: str, error: BaseException | None = None, **fields: Any) -> None:
        """Tell the operator."""
        self._outputs.append(Note(level, event, fields, error))
