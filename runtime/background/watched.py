"""Storage that is watched: its operations are counted; a database that goes away, and comes back, is told once each."""

from collections.abc import Callable
from typing import Final

from attrs import define, field

from chatproto.operations import (
    AppendBatch,
    Appended,
    AppendMessage,
    BatchAppended,
    Operation,
    OperationFailed,
    Outcome,
    OutcomeUnknown,
    Refused,
    RenewEpoch,
    Sweep,
)
from runtime.metrics import End, Metrics
from runtime.notes import NoteSink
from storage.port import Storage

AWAY_AFTER: Final = 1.0
"""Seconds without an operation that went well before one that failed means: the database is away."""
WRITES_FAIL_FOR: Final = 10.0
"""Seconds for which a failed write counts against readiness."""


@define(eq=False)
class WatchedStorage:
    """See Storage. `clock` gives monotonic seconds."""

    inner: Storage
    metrics: Metrics
    note: NoteSink
    clock: Callable[[], float]
    _well_at: float = field(init=False)
    _away_since: float | None = None
    _write_failed_at: float | None = None

    def __attrs_post_init__(self) -> None:
        self._well_at = self.clock() - AWAY_AFTER

    async def perform(self, operation: Operation) -> Outcome:
        """See Storage."""
        began, kind = self.clock(), type(operation).__name__
        try:
            outcome = await self.inner.perform(operation)
        except Exception:
            self.metrics.performed(kind, "broken", self.clock() - began)
            raise
        end, took = _end_of(outcome), self.clock() - began
        self.metrics.performed(kind, end, took)
        self._judge(operation, outcome, end)
        self._count(operation, outcome, took)
        return outcome

    async def check(self) -> str | None:
        """See Storage. Where reading works, writing must have worked when it was tried last, too."""
        reason = await self.inner.check()
        failed_at = self._write_failed_at
        if reason is None and failed_at is not None and self.clock() - failed_at < WRITES_FAIL_FOR:
            return "writing to the database fails"
        return reason

    async def aclose(self) -> None:
        """See Storage."""
        await self.inner.aclose()

    def _judge(self, operation: Operation, outcome: Outcome, end: End) -> None:
        now = self.clock()
        writes = isinstance(operation, AppendMessage | AppendBatch)
        if end == "failed" or end == "unknown":
            if writes:
                self._write_failed_at = now
            if self._away_since is None and now - self._well_at >= AWAY_AFTER:
                self._away_since = now
                self.metrics.database_up.set(0)
                detail = outcome.detail if isinstance(outcome, OperationFailed) else "the link broke during a commit"
                self.note("error", "database_away", {"reason": detail, "operation": type(operation).__name__})
            return
        self._well_at = now
        if writes:
            self._write_failed_at = None
        if self._away_since is not None:
            away, self._away_since = now - self._away_since, None
            self.metrics.database_up.set(1)
            self.note("warning", "database_back", {"away_seconds": round(away, 1)})

    def _count(self, operation: Operation, outcome: Outcome, took: float) -> None:
        match operation:
            case AppendMessage() if isinstance(outcome, Appended) and not outcome.dup:
                self.metrics.messages.inc()
            case AppendBatch() if isinstance(outcome, BatchAppended):
                self.metrics.messages.inc(_stored(operation, outcome))
            case Sweep() if operation.chat_ids or operation.session_ids:
                self.metrics.sweep_seconds.observe(took)
            case RenewEpoch() if not isinstance(outcome, OperationFailed | OutcomeUnknown | Refused):
                self.metrics.epoch_renewals.inc()


def _stored(operation: AppendBatch, outcome: BatchAppended) -> int:
    pairs = zip(operation.commands, outcome.outcomes, strict=True)
    return sum(isinstance(one, AppendMessage) and isinstance(end, Appended) and not end.dup for one, end in pairs)


def _end_of(outcome: Outcome) -> End:
    match outcome:
        case Refused():
            return "refused"
        case OperationFailed():
            return "failed" if outcome.retryable else "broken"
        case OutcomeUnknown():
            return "unknown"
        case _:
            return "done"
