"""The lines of the audit of the model's server, as they are written."""

from collections.abc import Iterable
from datetime import datetime

from chatproto.operations.administration import AuditAction
from chatproto.simulation.model_rows import KeptLine
from chatproto.simulation.model_store import Store


def write_lines(
    store: Store,
    actions: Iterable[AuditAction],
    at: datetime,
    *,
    actor_id: int | None,
    subject_id: int | None,
    invite_id: int | None = None,
    address: str | None = None,
) -> None:
    """One for each action. `actor_id`: None is the operator."""
    for action in actions:
        store.lines_written += 1
        line = KeptLine(store.lines_written, at, actor_id, action, subject_id, invite_id, address)
        store.audit.append(line)
