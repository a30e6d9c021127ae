"""The lines of the audit, as they are written."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from chatproto.operations.administration import AuditAction
from storage.statements import Statement, Steps, into
from storage.tables import audit

_INSERT: Final = Statement(into(audit, "at", "actor_id", "action", "subject_id", "invite_id", "address"))


def write_lines(
    actions: Iterable[AuditAction],
    at: datetime,
    *,
    actor_id: int | None,
    subject_id: int | None,
    invite_id: int | None = None,
    address: str | None = None,
) -> Steps[None]:
    """One for each action. `actor_id`: None is the operator."""
    line = {"at": at, "actor_id": actor_id, "subject_id": subject_id, "invite_id": invite_id, "address": address}
    yield from _INSERT.many([{**line, "action": action} for action in actions])
