"""One connection's state on the server. Plain data and the small decisions that need nothing else."""

from collections import deque
from datetime import datetime

from attrs import define, field

from chatproto.server.delivery import ChatCursor
from chatproto.transitions import SESSION, SessionState, after
from chatproto.wire.frames import Command, MarkFrame, Send, Sync
from chatproto.wire.limits import Limits


@define
class QueuedSend:
    """A log command in its place in line; `since`: when it was first given to storage."""

    frame: Send
    since: datetime | None = None


@define
class Bucket:
    """A token bucket: `burst` at once, `rate` a second in the long run; its debt is waited out."""

    rate: float
    burst: int
    level: float
    filled_at: datetime

    def spend(self, now: datetime) -> None:
        """Take one."""
        self.level = min(float(self.burst), self.level + self._elapsed(now) * self.rate) - 1.0
        self.filled_at = now

    def debt(self, now: datetime) -> float:
        """Seconds until it is out of debt."""
        return max(0.0, -(self.level + self._elapsed(now) * self.rate) / self.rate)

    def _elapsed(self, now: datetime) -> float:
        return max(0.0, (now - self.filled_at).total_seconds())


@define
class ServerSession:
    """What the Hub knows about one connection.

    `only_chat`: a connection of `/ws/chat/{chat_id}` is told of that chat alone, in its own words. `held`: frames that
    wait for `ready` or for a fresh token. `pings`: protocol pings without an answer, the last at `pinged_at`.
    `missed`: heads of chats that changed while the session was loading. `sends`: per chat the line of log commands,
    whose first is in storage. `syncs`: pages asked for; `paging`: one is being read or written. `marks`: per chat the
    newest mark that waits for the one in storage.
    """

    id: int
    opened_at: datetime
    heard_at: datetime
    bucket: Bucket
    state: SessionState = SessionState.AWAITING_HELLO
    user_id: int = 0
    session_id: int = 0
    only_chat: int | None = None
    pinged_at: datetime | None = None
    pings: int = 0
    expires_at: datetime | None = None
    warn_at: datetime | None = None
    violations: int = 0
    in_flight: int = 0
    held: deque[Command] = field(factory=deque)
    cursors: dict[int, ChatCursor] = field(factory=dict)
    missed: dict[int, int] = field(factory=dict)
    sends: dict[int, deque[QueuedSend]] = field(factory=dict)
    syncs: deque[Sync] = field(factory=deque)
    paging: bool = False
    marks: dict[int, MarkFrame | None] = field(factory=dict)
    free_at: dict[tuple[str, int], datetime] = field(factory=dict)
    typed_at: dict[int, datetime] = field(factory=dict)
    typing_until: dict[int, datetime] = field(factory=dict)

    @classmethod
    def open(cls, connection_id: int, limits: Limits, now: datetime) -> "ServerSession":
        """A socket that was just accepted."""
        bucket = Bucket(rate=limits.rate, burst=limits.burst, level=float(limits.burst), filled_at=now)
        return cls(id=connection_id, opened_at=now, heard_at=now, bucket=bucket)

    def move(self, event: str) -> None:
        """Follow the table of transitions."""
        self.state = after(SESSION, self.state, event)

    def expired(self, now: datetime) -> bool:
        """The access token ran out; its grace may still last."""
        return self.expires_at is not None and now >= self.expires_at

    def charge(self, kind: str, chat_id: int, now: datetime) -> None:
        """`ping`, `auth` and `mark` are free once a second (marks: per chat); more of them cost like commands."""
        last = self.free_at.get((kind, chat_id))
        if last is not None and (now - last).total_seconds() < 1:
            self.bucket.spend(now)
        elif len(self.free_at) < 1000 or (kind, chat_id) in self.free_at:
            self.free_at[kind, chat_id] = now
        else:
            self.free_at = {(kind, chat_id): now}
