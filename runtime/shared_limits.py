"""Limits that count across processes: whatever is spent from a bucket here, the others spend from theirs.

It goes over the bus like hints, so each process decides at once by what it knows: what others allow at the same moment
comes on top, within the time that a word takes between them. Where a word is lost the limit is that much wider. Whom a
bucket belongs to is told as a keyed hash, since words pass through a table or through Redis.
"""

import hmac
import math
from collections import OrderedDict
from collections.abc import Callable, Hashable
from random import Random
from typing import Any, Final, TypeVar

from attrs import define, field

from chatproto.buckets import Buckets, Rate
from chatproto.server.hints import Hint
from runtime.buses.bus import Bus, Missed, Publish, Receive, Spent

K = TypeVar("K", bound=Hashable)

REMEMBERED: Final = 20_000
"""Words that are known when they come a second time."""
MOST_COST: Final = 10_000
"""What one word may spend or give back."""


@define
class SharedBuckets(Buckets[K]):
    """`name`: what stands for a key between processes; `tell`: tells the others what was spent, below 0 given back."""

    name: Callable[[K], bytes] = field(kw_only=True)
    tell: Callable[[bytes, float], None] = field(kw_only=True)
    _named: Buckets[bytes] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._named = Buckets(self.rate, self.remembered)

    def __len__(self) -> int:
        return len(self._named)

    def spend(self, key: K, now: float, cost: float = 1.0) -> None:
        """See Buckets."""
        self._named.spend(self.name(key), now, cost)
        self.tell(self.name(key), cost)

    def debt(self, key: K, now: float) -> float:
        """See Buckets."""
        return self._named.debt(self.name(key), now)

    def wait(self, key: K, now: float, cost: float = 1.0) -> float:
        """See Buckets."""
        return self._named.wait(self.name(key), now, cost)

    def give_back(self, key: K, now: float, cost: float = 1.0) -> None:
        """See Buckets."""
        self._named.give_back(self.name(key), now, cost)
        self.tell(self.name(key), -cost)

    def hear(self, name: bytes, now: float, cost: float) -> None:
        """Another process did so."""
        if cost > 0:
            self._named.spend(name, now, cost)
        else:
            self._named.give_back(name, now, -cost)


class SharedLimits:
    """Stands between the driver and the `bus`, and takes its own words out. `key`: the same on all processes, and
    secret; `clock` gives monotonic seconds."""

    def __init__(self, bus: Bus, key: bytes, random: Random, clock: Callable[[], float]) -> None:
        self._bus = bus
        self._key = key
        self._random = random
        self._clock = clock
        self._publish: Publish | None = None
        self._buckets: dict[str, SharedBuckets[Any]] = {}
        self._heard: OrderedDict[int, None] = OrderedDict()

    def buckets(self, kind: str, rate: Rate, remembered: int) -> SharedBuckets[Any]:
        """Those of one kind, which has the same name on all processes."""

        def tell(name: bytes, cost: float) -> None:
            if self._publish is not None:
                self._publish(Spent(self._random.getrandbits(53), kind, name.hex(), cost))

        def name(key: object) -> bytes:
            return hmac.digest(self._key, f"{kind} {key!r}".encode(), "sha256")[:16]

        self._buckets[kind] = SharedBuckets(rate, remembered, name=name, tell=tell)
        return self._buckets[kind]

    def join(self, receive: Receive) -> Publish:
        """See Bus."""

        def split(one: Hint | Spent | Missed) -> None:
            if isinstance(one, Spent):
                self.hear(one)
            else:
                receive(one)

        self._publish = self._bus.join(split)
        return self._publish

    async def check(self) -> str | None:
        """See Bus."""
        return await self._bus.check()

    def hear(self, spent: Spent) -> None:
        """Another process says so; what makes no sense is passed over."""
        buckets = self._buckets.get(spent.kind)
        sound = math.isfinite(spent.cost) and abs(spent.cost) <= MOST_COST and len(spent.name) == 32
        if buckets is None or not sound or spent.number in self._heard:
            return
        self._heard[spent.number] = None
        if len(self._heard) > REMEMBERED:
            self._heard.popitem(last=False)
        try:
            name = bytes.fromhex(spent.name)
        except ValueError:
            return
        buckets.hear(name, self._clock(), spent.cost)
