"""The order of the tests for several processes."""

from hypothesis import given
from hypothesis.strategies import integers

from tests.dealing import dealt


def pieces(tests: list[int], processes: int) -> list[list[int]]:
    """What xdist gives each process at first, with worksteal."""
    given: list[list[int]] = []
    left = tests
    for others in range(processes, 0, -1):
        size = len(left) // others
        given.append(left[:size])
        left = left[size:]
    return given


def test_every_process_begins_with_its_share_of_what_is_long() -> None:
    order = dealt(list(range(20)), lambda test: test < 6, 4)

    assert pieces(order, 4) == [[0, 4, 6, 7, 8], [1, 5, 9, 10, 11], [2, 12, 13, 14, 15], [3, 16, 17, 18, 19]]


def test_one_process_has_all_that_is_long_first() -> None:
    assert dealt([3, 1, 4, 2], lambda test: test > 2, 1) == [3, 4, 1, 2]


@given(integers(0, 60), integers(0, 60), integers(1, 8))
def test_each_test_is_dealt_once(long: int, short: int, processes: int) -> None:
    tests = list(range(long + short))

    assert sorted(dealt(tests, lambda test: test < long, processes)) == tests
