"""What ends: an operation of storage, or a pause. Each goes to the part that waits for it."""

from typing import assert_never

from chatproto.operations import Outcome
from chatproto.server.clock import Deadline, Now
from chatproto.server.parts import Parts
from chatproto.server.pending import (
    Appending,
    Joining,
    Listing,
    Loading,
    Marking,
    Paging,
    Pending,
    Profiling,
    Reading,
    Renewing,
    RenewingEpoch,
    Request,
    Retelling,
    SavingLastSeen,
    Sweeping,
)


def complete(parts: Parts, request_id: int, pending: Pending, outcome: Outcome, now: Now, *, current: bool) -> None:
    """Storage is done. `current`: the outcome is of the history that is known."""
    match pending:
        case Request():
            parts.out.reply(request_id, parts.presence.overlay(outcome))
        case Loading():
            parts.handshake.loaded(pending, outcome, now)
            _release(parts, pending.connection_id, now)
        case Joining():
            parts.handshake.joined(pending, outcome, now)
            _release(parts, pending.connection_id, now)
        case Renewing():
            parts.handshake.renewed(pending, outcome, now)
            _release(parts, pending.connection_id, now)
        case Appending():
            return parts.appends.completed(pending, outcome, now, current=current)
        case Paging():
            parts.pages.paged(pending, outcome)
        case Marking():
            parts.markers.marked(pending, outcome, now)
        case Reading():
            parts.rooms.read(pending, outcome, now)
        case Listing():
            parts.listings.loaded(pending, outcome, now)
        case Retelling() | Profiling():
            parts.spread.retold(pending, outcome)
        case Sweeping():
            parts.sweeper.swept(pending, outcome, now, current=current)
        case RenewingEpoch():
            parts.sweeper.soon(now)  # it will see the new epoch
        case SavingLastSeen():
            pass  # the next departure tells anew
        case _:
            assert_never(pending)
    parts.spread.apply(pending, outcome, now)
    parts.news.changed(pending, outcome)


def _release(parts: Parts, connection_id: int, now: Now) -> None:
    session = parts.connections.get(connection_id)
    if session is not None:
        parts.reception.release(session, now)


def ring(parts: Parts, deadline: Deadline, now: Now) -> None:
    """A deadline is due."""
    kind, who, chat_id = deadline
    match kind:
        case "session":
            parts.deadlines.fall_due(who, now)
        case "line":
            parts.lines.retry(chat_id, now)
        case "read":
            parts.rooms.read_again(chat_id)
        case "list":
            parts.listings.again(who, chat_id)
        case "mark":
            parts.markers.fall_due(who, chat_id, now)
        case "marks":
            parts.watermarks.flush(chat_id)
        case "typing":
            parts.typists.fall_due(who, chat_id)
        case "absent":
            parts.presence.expire(who)
        case "present":
            parts.whereabouts.beat(now)
        case "sweep":
            parts.sweeper.run(now)
        case _:
            assert_never(kind)
