"""How long this client waits for what (docs/protocol.md section 4), and its back-off."""

from random import Random

from attrs import define, frozen


@frozen(kw_only=True)
class Pace:
    """All in seconds. Back-off: full jitter over `first`, doubling to `ceiling`; a link live for `steady` ends it."""

    first: float = 0.5
    ceiling: float = 20.0
    steady: float = 30.0
    connect: float = 10.0
    """For TCP, the upgrade and `ready` together."""
    quiet: float = 20.0
    """A `ping` goes out after so long without sending or without receiving."""
    answer: float = 5.0
    busy_answer: float = 15.0
    """Any frame must follow the `ping` within `answer`; within this while acks are outstanding."""
    disconnect: float = 2.0
    """For the close handshake."""
    crowded: float = 60.0
    """After 4409: too many connections of this user."""
    limited: float = 30.0
    """After 4429 without a delay."""


@define
class Backoff:
    """The pauses between attempts."""

    pace: Pace
    random: Random
    _failures: int = 0

    def next(self) -> float:
        """Seconds to wait before the next attempt."""
        bound = min(self.pace.ceiling, self.pace.first * 2 ** min(self._failures, 30))
        self._failures += 1
        return self.random.uniform(0, bound)

    def reset(self) -> None:
        """A link was live for long enough."""
        self._failures = 0
