"""What the core remembers of an operation that is on its way.

Pending entries belong to no session: if the sender vanishes, a committed append still fans out.
"""

from datetime import datetime

from attrs import define, frozen

from chatproto.operations import LogCommand, Operation
from chatproto.tokens import AccessClaims
from chatproto.wire.frames import MarkFrame, Sync


@define(eq=False)
class Queued:
    """A command in the line of its chat; `size`: bytes of its content.

    It comes from a connection, whose answers echo `ref`, or from the HTTP request `request_id`. `since`: when it was
    first given to storage. `alone`: it shares no batch any more, as one that held it failed for good.
    """

    command: LogCommand
    size: int
    connection_id: int = 0
    ref: str | None = None
    request_id: int = 0
    since: float | None = None
    alone: bool = False


@frozen
class Request:
    """Asked by the runtime (HTTP); ends in a Reply."""

    operation: Operation


@frozen
class Loading:
    """`hello` waits for its session; `ref` is its id."""

    connection_id: int
    ref: str | None


@frozen
class Joining:
    """A `/ws/chat` connection waits for its session."""

    connection_id: int
    chat_id: int
    after_seq: int | None


@frozen
class Renewing:
    """`auth` waits for the session row."""

    connection_id: int
    ref: str | None
    claims: AccessClaims


@frozen
class Appending:
    """The first of a chat's line are in storage; `known`: the last entry of its log as it was known before, and when it
    was made where that is known."""

    chat_id: int
    queued: tuple[Queued, ...]
    known: tuple[int, datetime | None]


@frozen
class Paging:
    """A `sync` of the client's."""

    connection_id: int
    sync: Sync


@frozen
class Reading:
    """A room reads its log above an entry, for itself (`own`) or for connections that stand there.

    `room`: the number of that room; `seen`: the seq known to exist when it began.
    """

    chat_id: int
    room: int
    after_seq: int
    after_at: datetime | None
    own: bool
    seen: int


@frozen
class Marking:
    """A `mark` of the client's; `strange`: its chat is not routed to the connection."""

    connection_id: int
    mark: MarkFrame
    strange: bool


@frozen
class Listing:
    """A chat that a connection is about to learn of."""

    connection_id: int
    chat_id: int


@frozen
class Retelling:
    """A chat whose flags another process changed, for the connections of their user."""

    user_id: int


@frozen
class Profiling:
    """A profile that another process changed, for themselves and those who are in one of these chats."""

    user_id: int
    chat_ids: tuple[int, ...]


@frozen
class Sweeping:
    """I9. `heads`: the last seqs and their times, as they were known when it began; `asked_at`: monotonic seconds;
    `blocks_at`: how many changes of blocks were known by then."""

    heads: dict[int, tuple[int, datetime | None]]
    asked_at: float
    blocks_at: int = 0


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
    | Reading
    | Marking
    | Listing
    | Retelling
    | Profiling
    | Sweeping
    | RenewingEpoch
    | SavingLastSeen
)
