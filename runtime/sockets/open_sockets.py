"""How many WebSockets one network address may hold, and how many of them before somebody has said who they are.

Both are counts of this process: with several workers or machines each has its own. The machine itself is not counted:
what comes from there without a proxy is the operator's.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from attrs import define, field

from chatproto.wire.networks import network_of
from runtime.addresses import is_loopback
from runtime.http.problem import Problem

RETURN_AFTER: Final = 10.0
"""Seconds after which one that was refused may come again: those who say nothing are closed by then."""


def _nobody() -> bool:
    return False


@define(eq=False)
class Place:
    """One socket. `is_named` tells whether it is known by now whose it is; from then on that stays so."""

    is_named: Callable[[], bool] = _nobody


@define
class _Network:
    count: int = 0
    unnamed: set[Place] = field(factory=set)


@define
class OpenSockets:
    """`most` in all and `most_unnamed` of them before `hello`, for an address; `refuse` is told which of the two it was
    (`open`, `before_hello`)."""

    most: int
    most_unnamed: int
    refuse: Callable[[str], None]
    _networks: dict[str, _Network] = field(factory=dict)

    def __len__(self) -> int:
        """Addresses that hold any."""
        return len(self._networks)

    @contextmanager
    def place(self, address: str) -> Iterator[Place | Problem]:
        """For one socket from its handshake to its end, or why there is none."""
        if is_loopback(address):
            yield Place()
            return
        key = network_of(address)
        network = self._networks.get(key) or _Network()
        full = self._what_is_full(network)
        if full is not None:
            self.refuse(full)
            yield Problem("rate_limited", "Too many connections from this address.", retry_after=RETURN_AFTER)
            return
        place = Place()
        self._networks[key] = network
        network.count += 1
        network.unnamed.add(place)
        try:
            yield place
        finally:
            network.count -= 1
            network.unnamed.discard(place)
            if not network.count:
                del self._networks[key]

    def _what_is_full(self, network: _Network) -> str | None:
        if network.count >= self.most:
            return "open"
        if len(network.unnamed) >= self.most_unnamed:
            network.unnamed = {place for place in network.unnamed if not place.is_named()}
        return "before_hello" if len(network.unnamed) >= self.most_unnamed else None
