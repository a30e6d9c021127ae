"""How much of a connection is let in: the bucket of its user, what is in flight, and what is held.

docs/protocol.md section 4, back-pressure in.
"""

from collections import deque
from typing import Literal

from attrs import define, field

from chatproto.buckets import Buckets
from chatproto.server.knobs import Knobs
from chatproto.wire.frames import Command
from chatproto.wire.limits import Limits


@define(eq=False)
class Admission:
    """Of one connection; the bucket is shared by all connections of a user.

    `in_flight`: frames whose answer is not out yet. `held`: frames that wait for `ready` or for a fresh token.
    """

    buckets: Buckets[int]
    limits: Limits
    knobs: Knobs
    key: int
    in_flight: int = 0
    held: deque[Command] = field(factory=deque)
    _pinged_at: float = float("-inf")
    _authed_at: float = float("-inf")

    def spend(self, mono: float) -> None:
        """A command, or what costs like one."""
        self.buckets.spend(self.key, mono)

    def charge(self, kind: Literal["ping", "auth"], mono: float) -> None:
        """Free once a second; more of them cost like commands."""
        last = self._pinged_at if kind == "ping" else self._authed_at
        if mono - last < 1:
            return self.spend(mono)
        if kind == "ping":
            self._pinged_at = mono
        else:
            self._authed_at = mono

    def debt(self, mono: float) -> float:
        """Seconds until the user's bucket is out of debt."""
        return self.buckets.debt(self.key, mono)

    def delay(self, unwritten: int, loading: bool, mono: float) -> float | None:
        """Seconds before the next frame may be read; None: not before something is answered."""
        if loading and len(self.held) >= self.limits.held_frames:
            return None
        if self.in_flight + unwritten > self.knobs.unanswered_frames:
            return None
        return self.buckets.debt(self.key, mono)

    def hold(self, frame: Command) -> bool:
        """Keep a frame for later; False where there are too many."""
        self.held.append(frame)
        return len(self.held) <= self.limits.held_frames
