"""How long a client waits for what (docs/protocol.md section 4), and its back-off. All in milliseconds."""

from collections.abc import Callable

import msgspec
from attrs import define


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Back-off: full jitter over `backoff_first`, doubling to `backoff_ceiling`; a link live for `steady` ends it."""

    backoff_first: int = 500
    backoff_ceiling: int = 8_000
    steady: int = 30_000
    connect: int = 10_000
    """For TCP and the upgrade; the same again for `ready`."""
    quiet: int = 20_000
    """A `ping` goes out after so long without sending or without receiving."""
    answer: int = 5_000
    busy_answer: int = 15_000
    """Any frame must follow a `ping` within `answer`; within this while acks are outstanding."""
    crowded: int = 60_000
    """After 4409: too many connections of this user."""
    limited: int = 30_000
    """After 4429 without a delay."""
    resend: int = 10_000
    """An unanswered command or sync is sent again after so long on a live link."""
    retry: int = 1_000
    """Before a refused sync is asked again, where the server names no delay."""
    renew_again: int = 5_000
    """Before a token that could not be exchanged on a live link is tried again."""
    mark_every: int = 1_000
    typing_every: int = 3_000


@define
class Backoff:
    """The pauses between attempts; `random` gives numbers from 0 up to 1."""

    timing: Timing
    random: Callable[[], float]
    failures: int = 0

    def next(self) -> int:
        """Milliseconds to wait before the next attempt."""
        bound = min(self.timing.backoff_ceiling, self.timing.backoff_first * 2 ** min(self.failures, 20))
        self.failures += 1
        return int(self.random() * bound)

    def reset(self) -> None:
        """A link was live for long enough."""
        self.failures = 0
