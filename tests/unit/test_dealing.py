"""The order of the tests for several processes."""

from hypothesis import given
from hypothesis.strategies import integers, lists

from tests.dealing import Kind, dealt


def pieces(tests: list[int], processes: int) -> list[list[int]]:
    """What xdist gives each process at first, with worksteal."""
    given: list[list[int]] = []
    left = tests
    for others in range(processes, 0, -1):
        size = len(left) // others
        given.append(left[:size])
        left = left[size:]
    return given


def kind(test: int) -> Kind:
    return "browser" if test < 4 else "long" if test < 7 else "short"


def test_every_process_begins_with_its_share_of_what_is_long() -> None:
    order = dealt(list(range(20)), kind, 4)

    assert pieces(order, 4) == [[0, 2, 7, 8, 9], [1, 3, 10, 11, 12], [4, 6, 13, 14, 15], [5, 16, 17, 18, 19]]


def test_one_process_has_all_that_is_long_first() -> None:
    assert dealt([9, 5, 1, 8, 4, 0], kind, 1) == [1, 0, 5, 4, 9, 8]


@given(lists(integers(0, 20), unique=True), integers(1, 8))
def test_each_test_is_dealt_once(tests: list[int], processes: int) -> None:
    assert sorted(dealt(tests, kind, processes)) == sorted(tests)
