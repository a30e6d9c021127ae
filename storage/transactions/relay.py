"""The short-lived log by which processes tell each other hints (chatproto.operations.relay)."""

from typing import Final

from sqlalchemy import bindparam, delete, func, select

from chatproto.operations import Done, HearHints, HintRow, HintsHeard, Outcome, TellHints
from chatproto.operations.relay import MOST_HEARD
from storage.statements import Statement, Steps, into
from storage.tables import hints

_INSERT: Final = Statement(into(hints, "sender", "data", "made_at"))
_REMOVE: Final = Statement(delete(hints).where(hints.c.id < bindparam("before_id")))
_NEWEST: Final = Statement(select(func.max(hints.c.id)))
_columns: Final = select(hints.c.id, hints.c.sender, hints.c.data).order_by(hints.c.id)
_ABOVE: Final = Statement(_columns.where(hints.c.id > bindparam("after_id")).limit(MOST_HEARD))
_THOSE: Final = Statement(_columns.where(hints.c.id.in_(bindparam("ids", expanding=True))))


def tell_hints(operation: TellHints) -> Steps[Outcome]:
    """Nobody waits for anybody: each row is new, and only old ones are removed."""
    if operation.before_id > 0:
        yield from _REMOVE.run(before_id=operation.before_id)
    yield from _INSERT.run(sender=operation.sender, data=operation.data, made_at=operation.now)
    return Done()


def hear_hints(operation: HearHints) -> Steps[Outcome]:
    """By the primary key."""
    newest = yield from _NEWEST.column()
    rows = (yield from _THOSE.rows(ids=list(operation.missing))) if operation.missing else []
    rows += yield from _ABOVE.rows(after_id=operation.after_id)
    return HintsHeard(tuple(HintRow(*row) for row in rows), newest[0] or 0)
