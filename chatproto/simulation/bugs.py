"""Bugs that are planted into a running server: now and then a part raises, before or after it did its work.

Whatever it touched is closed with 1011 and comes back; all invariants hold on (docs/driving.md).
"""

from collections.abc import Callable
from functools import wraps
from random import Random
from types import FunctionType
from typing import Any, Final

from chatproto.server.parts import Parts

WHERE: Final = (
    "lines", "rooms", "appends", "presence", "watermarks", "markers", "typists", "pages", "listings", "sweeper",
    "spread", "news", "handshake", "reception", "deadlines",
)  # fmt: skip
CLEANUP: Final = frozenset({"forget", "drop", "mend", "arm", "save_all", "unroute", "close", "leave"})
"""What runs where a connection ends, or after a bug: it only takes entries out of tables."""


class PlantedBug(Exception):
    """Nobody catches this by name."""


def plant(parts: Parts, random: Random, chance: float, count: Callable[[], bool]) -> None:
    """Let every method of the parts raise with that chance while `count` says so, which counts it."""
    for where in WHERE:
        part = getattr(parts, where)
        for name, function in vars(type(part)).items():
            if isinstance(function, FunctionType) and not name.startswith("__") and name.strip("_") not in CLEANUP:
                setattr(part, name, _raising(getattr(part, name), random, chance, count))


def _raising(
    method: Callable[..., Any], random: Random, chance: float, count: Callable[[], bool]
) -> Callable[..., Any]:
    @wraps(method)
    def call(*arguments: Any, **named: Any) -> Any:
        if random.random() >= chance or not count():
            return method(*arguments, **named)
        if random.random() < 0.5:
            method(*arguments, **named)
        raise PlantedBug(method.__name__)

    return call
