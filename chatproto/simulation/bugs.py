"""Bugs that are planted into a running server: now and then a part raises, before or after it did its work.

Whatever it touched is closed with 1011 and comes back; all invariants hold on (docs/driving.md).
"""

from collections.abc import Callable
from functools import cache
from math import log
from random import Random
from types import FunctionType
from typing import Any, Final

from chatproto.server.parts import Parts

WHERE: Final = (
    "lines", "rooms", "appends", "presence", "watermarks", "markers", "typists", "pages", "listings", "sweeper",
    "spread", "blocking", "news", "handshake", "reception", "deadlines",
)  # fmt: skip
CLEANUP: Final = frozenset(
    {"forget", "drop", "mend", "arm", "save_all", "unroute", "close", "leave", "remove", "forget_hiding", "concerns"}
)
"""What runs where a connection ends, or after a bug: it only takes entries out of tables, or looks at them."""


class PlantedBug(Exception):
    """Nobody catches this by name."""


class Bugs:
    """Those of one server; `until_next`: how many calls go well before the next one."""

    def __init__(self, parts: Parts, random: Random, chance: float, count: Callable[[], None]) -> None:
        self._random = random
        self._chance = chance
        self._count = count
        self._planted: list[tuple[object, str]] = []
        self._until_next = self._draw()
        for where in WHERE:
            part = getattr(parts, where)
            for name in _methods(part.__class__):
                setattr(part, name, self._raising(getattr(part, name)))
                self._planted.append((part, name))

    def take_out(self) -> None:
        """From now on there are none."""
        for part, name in self._planted:
            delattr(part, name)
        self._planted.clear()

    def _draw(self) -> int:
        """As if each call had its own draw with this chance."""
        return int(log(1 - self._random.random()) / log(1 - self._chance))

    def _raising(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            if self._until_next:
                self._until_next -= 1
                return method(*arguments, **named)
            self._until_next = self._draw()
            self._count()
            if self._random.random() < 0.5:
                method(*arguments, **named)
            raise PlantedBug(method.__name__)

        return call


@cache
def _methods(kind: type[object]) -> tuple[str, ...]:
    return tuple(
        name
        for name, function in vars(kind).items()
        if isinstance(function, FunctionType) and not name.startswith("__") and name.strip("_") not in CLEANUP
    )
