"""The order of the tests, for several processes with `--dist worksteal`, which gives each one piece of the whole list.

What takes longest comes first in every piece, and whoever is done takes from the end of another's: so what is short
fills the end, and no process is left with a long test alone. Tests in a browser are for a half of the processes, what
else is long for the others: all at once, browsers would spend their time on waiting for each other.
"""

from collections.abc import Callable
from typing import Literal, TypeVar

T = TypeVar("T")
Kind = Literal["browser", "long", "short"]


def dealt(tests: list[T], kind_of: Callable[[T], Kind], processes: int) -> list[T]:
    """`tests` in an order of which every piece begins with its share of the long ones; else each kind as it stood."""
    browser, long, short = ([test for test in tests if kind_of(test) == kind] for kind in ("browser", "long", "short"))
    half = (processes + 1) // 2
    shares = [browser[place::half] for place in range(half)] + [[] for _ in range(half, processes)]
    others = range(half, processes) or range(half)
    for place, process in enumerate(others):
        shares[process] += long[place :: len(others)]
    order: list[T] = []
    for process, share in enumerate(shares):
        size = (len(tests) - len(order)) // (processes - process)  # as worksteal cuts
        more = max(0, size - len(share))
        order += share + short[:more]
        del short[:more]
    return order
