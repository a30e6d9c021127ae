"""Whether storage answers, for the operator: each change is one note."""

from typing import Final

from chatproto.operations import OperationFailed, Outcome, OutcomeUnknown
from chatproto.server.clock import Now
from chatproto.server.out import Out

BACK_AFTER: Final = 5
"""Answers in a row that make a store that was away count as back."""


class Health:
    """`away_since`: monotonic seconds; None while it answers."""

    def __init__(self, out: Out) -> None:
        self.away_since: float | None = None
        self._answers = 0
        self._out = out

    def observe(self, outcome: Outcome, now: Now) -> None:
        """An operation has ended."""
        if isinstance(outcome, OutcomeUnknown) or (isinstance(outcome, OperationFailed) and outcome.retryable):
            self._answers = 0
            if self.away_since is None:
                self.away_since = now.mono
                self._out.note("warning", "store_away", detail=getattr(outcome, "detail", "unknown"))
        elif self.away_since is not None:
            self._answers += 1
            if self._answers >= BACK_AFTER:
                self._out.note("info", "store_back", seconds=round(now.mono - self.away_since, 1))
                self.away_since = None
