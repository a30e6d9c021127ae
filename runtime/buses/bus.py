"""The bus: carries hints of the Hub between drivers (docs/architecture.md, More than one process).

One process of one driver needs none; this is what a bus has to do. It may lose, double and reorder what it carries.
"""

from collections.abc import Callable
from typing import Protocol

from attrs import frozen

from chatproto.server.hints import Hint


@frozen
class Missed:
    """Hints may have been lost: look at the database now."""


@frozen
class Spent:
    """`cost` was spent from a bucket of a limit, or given back (below 0); see runtime/shared_limits.py.

    `number`: random, to know it when it comes twice; `name`: whose bucket it is, as hex digits of a hash.
    """

    number: int
    kind: str
    name: str
    cost: float


Receive = Callable[[Hint | Spent | Missed], None]
"""What a driver does with a hint of another one."""
Publish = Callable[[Hint | Spent], None]
"""What it tells the others with."""


class Bus(Protocol):
    """Between all drivers of one database."""

    def join(self, receive: Receive) -> Publish:
        """Enter a driver. What is returned publishes its hints, to all but itself."""
        ...

    async def check(self) -> str | None:
        """None while hints get through; else a short reason for /readyz."""
        ...


class LocalBus:
    """Between the drivers of this process; with one of them there is nobody to tell."""

    def __init__(self) -> None:
        self._drivers: list[Receive] = []

    def join(self, receive: Receive) -> Publish:
        """See Bus."""
        self._drivers.append(receive)

        def publish(hint: Hint | Spent) -> None:
            for other in self._drivers:
                if other is not receive:
                    other(hint)

        return publish

    async def check(self) -> str | None:
        """See Bus."""
        return None
