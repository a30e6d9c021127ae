"""Token buckets, kept by whom they limit: a user, an address, a pair of both.

One rule for WebSocket frames and for HTTP requests. The time is an argument: seconds of a monotonic clock, never of the
wall clock, so that a clock that is set back neither refills nor empties a bucket.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from attrs import define, field, frozen

K = TypeVar("K", bound=Hashable)


@frozen
class Rate:
    """A limit: `burst` at once, `per_second` in the long run."""

    per_second: float
    burst: float


@define
class Bucket:
    """One bucket. `spent` is what is missing from a full one at the time `at`; above `rate.burst` it is in debt."""

    rate: Rate
    spent: float = 0.0
    at: float = 0.0

    def spend(self, now: float, cost: float = 1.0) -> None:
        """Take `cost`, into debt where too little is left."""
        self.spent = self._missing(now) + cost
        self.at = max(self.at, now)

    def debt(self, now: float) -> float:
        """Seconds until it is out of debt; 0.0 while something is left."""
        return max(0.0, (self._missing(now) - self.rate.burst) / self.rate.per_second)

    def wait(self, now: float, cost: float = 1.0) -> float:
        """Seconds until `cost` is there. What costs more than a full bucket holds waits for a full one."""
        fits = self.rate.burst - min(cost, self.rate.burst)
        return max(0.0, (self._missing(now) - fits) / self.rate.per_second)

    def _missing(self, now: float) -> float:
        return max(0.0, self.spent - max(0.0, now - self.at) * self.rate.per_second)


@define
class Buckets(Generic[K]):
    """A bucket for each key, all of one rate. At most `remembered` are kept: the one unused longest is forgotten."""

    rate: Rate
    remembered: int = 10_000
    _kept: OrderedDict[K, Bucket] = field(factory=OrderedDict)

    def __len__(self) -> int:
        return len(self._kept)

    def spend(self, key: K, now: float, cost: float = 1.0) -> None:
        """Take `cost` from the bucket of `key`, into debt where too little is left."""
        bucket = self._kept.get(key)
        if bucket is None:
            bucket = self._kept[key] = Bucket(self.rate)
            if len(self._kept) > self.remembered:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        bucket.spend(now, cost)

    def debt(self, key: K, now: float) -> float:
        """Seconds until the bucket of `key` is out of debt."""
        bucket = self._kept.get(key)
        return 0.0 if bucket is None else bucket.debt(now)

    def wait(self, key: K, now: float, cost: float = 1.0) -> float:
        """Seconds until the bucket of `key` holds `cost`."""
        bucket = self._kept.get(key)
        return 0.0 if bucket is None else bucket.wait(now, cost)

    def take(self, key: K, now: float, cost: float = 1.0, patience: float = 0.0) -> float:
        """Take `cost` and give the seconds to wait before going on; above `patience` nothing was taken: refuse."""
        wait = self.wait(key, now, cost)
        if wait <= patience:
            self.spend(key, now, cost)
        return wait

    def give_back(self, key: K, now: float, cost: float = 1.0) -> None:
        """What was taken turned out not to count."""
        bucket = self._kept.get(key)
        if bucket is not None:
            bucket.spend(now, -cost)
            bucket.spent = max(0.0, bucket.spent)
