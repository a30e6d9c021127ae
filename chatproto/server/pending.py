"""What the Hub remembers of an operation that is on its way.

Pending entries belong to the Hub, not to a session: if the sender vanishes, a committed append still fans out.
"""

from datetime import datetime

from attrs import frozen

from chatproto.operations import Operation
from chatproto.tokens import AccessClaims
from chatproto.wire.frames import Hello, MarkFrame, Sync


@frozen
class Request:
    """Asked by the runtime (HTTP); ends in a Reply. `head`: of the log it appends to, as it was known before."""

    operation: Operation
    head: int


@frozen
class Loading:
    """`hello` waits for its session."""

    connection_id: int
    hello: Hello


@frozen
class Joining:
    """A `/ws/chat` connection waits for its session."""

    connection_id: int
    after_seq: int | None


@frozen
class Renewing:
    """`auth` waits for the session row."""

    connection_id: int
    ref: str | None
    claims: AccessClaims


@frozen
class Appending:
    """The first of a connection's line of log commands in one chat is in storage; `head`: as it was known before."""

    connection_id: int
    chat_id: int
    head: int


@frozen
class Paging:
    """A `sync` of the client's."""

    connection_id: int
    sync: Sync


@frozen
class CatchingUp:
    """Our own reading of a gap; `seen`: the seq known to exist when it began."""

    connection_id: int
    chat_id: int
    seen: int


@frozen
class Marking:
    """A `mark` of the client's."""

    connection_id: int
    mark: MarkFrame


@frozen
class Listing:
    """A chat that a connection is about to learn of."""

    connection_id: int
    chat_id: int


@frozen
class Sweeping:
    """I9. `heads`: the last seqs and their times, as they were known when it began."""

    heads: dict[int, tuple[int, datetime | None]]


@frozen
class RenewingEpoch:
    """A log was replaced under the epoch that this process knows."""


@frozen
class SavingLastSeen:
    """The end of somebody's presence."""


Pending = (
    Request
    | Loading
    | Joining
    | Renewing
    | Appending
    | Paging
    | CatchingUp
    | Marking
    | Listing
    | Sweeping
    | RenewingEpoch
    | SavingLastSeen
)
