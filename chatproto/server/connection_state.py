"""One connection's state on the server. Plain data and the small decisions that need nothing else."""

from collections import deque
from datetime import datetime

from attrs import define, field

from chatproto.server.admission import Admission
from chatproto.server.clock import Now
from chatproto.server.dialect import Dialect
from chatproto.transitions import SESSION, SessionState, after
from chatproto.wire.frames import MarkFrame, Sync


@define(eq=False)
class MarkState:
    """The marks of a connection in one chat: when the last one went to storage, whether it is there, what waits."""

    asked_at: float
    flying: bool = True
    waiting: MarkFrame | None = None


@define(eq=False)
class TypingState:
    """A typist in one chat: when a start was last forwarded and a stop was last free, and until when it is shown."""

    on_at: float = float("-inf")
    off_at: float = float("-inf")
    until: float | None = None


@define(eq=False)
class Session:
    """What is known about one connection. Moments are monotonic seconds, but for `expires_at`, which the token names.

    `heard_at`: the last frame. `pings`: protocol pings without an answer, the last at `pinged_at`. `warn_at`: when the
    end of the token is to be announced; `ends_at`: when it is due; `expired_at`: since when it was seen to be over.
    `chats`: where it is routed; each room knows how; `shut`: those of them whose log removed the user behind
    where it stands: it is told of nothing else there. `missed`: chats it was added to while it was loading. `syncs`:
    pages asked for; `paging`: one is being read or written. `strange_marks`: marks in chats that are not routed here,
    one of them is in storage while `strange_flying`.
    """

    id: int
    dialect: Dialect
    admission: Admission
    opened_at: float
    heard_at: float
    state: SessionState = SessionState.AWAITING_HELLO
    user_id: int = 0
    login_id: int = 0
    pinged_at: float | None = None
    pings: int = 0
    expires_at: datetime | None = None
    warn_at: float | None = None
    ends_at: float = 0.0
    expired_at: float | None = None
    violations: int = 0
    chats: dict[int, None] = field(factory=dict)
    shut: set[int] = field(factory=set)
    missed: dict[int, None] = field(factory=dict)
    syncs: deque[Sync] = field(factory=deque)
    paging: bool = False
    marks: dict[int, MarkState] = field(factory=dict)
    strange_marks: dict[int, MarkFrame] = field(factory=dict)
    strange_flying: bool = False
    typing: dict[int, TypingState] = field(factory=dict)

    def move(self, event: str) -> None:
        """Follow the table of transitions."""
        self.state = after(SESSION, self.state, event)

    def expired(self, now: Now) -> bool:
        """The access token ran out by the wall clock; its grace lasts by the other."""
        if self.expires_at is None or now.wall < self.expires_at:
            self.expired_at = None
            return False
        if self.expired_at is None:
            self.expired_at = min(now.mono, self.ends_at)  # later where the wall clock was set forward
        return True
