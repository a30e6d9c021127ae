"""The order of the tests, for several processes with `--dist worksteal`, which gives each one piece of the whole list.

What takes longest comes first in every piece, and whoever is done takes from the end of another's: so what is short
fills the end, and no process is left with a long test alone.
"""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def dealt(tests: list[T], is_long: Callable[[T], bool], processes: int) -> list[T]:
    """`tests` in an order of which every piece begins with its share of the long ones; else each kind as it stood."""
    long, short = [test for test in tests if is_long(test)], [test for test in tests if not is_long(test)]
    order: list[T] = []
    for process in range(processes):
        size = (len(tests) - len(order)) // (processes - process)  # as worksteal cuts
        share = long[process::processes]
        more = max(0, size - len(share))
        order += share + short[:more]
        del short[:more]
    return order
