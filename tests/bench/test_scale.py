"""The arithmetic of `./just bench scale`."""

import pytest

from tests.bench.scale import MORE, Cost, concerned, middle, predicted

ONE = Cost(1_000, 20_000, servers=500e-6, database=400e-6)


def test_what_costs_nothing_at_other_processes_grows_with_the_processors() -> None:
    found = {row.workers: row for row in predicted(ONE, ONE)}
    assert list(found) == list(MORE)
    assert found[1].messages_s == pytest.approx(2_000) and found[1].database == pytest.approx(0.8)
    assert found[2].ratio == pytest.approx(2, abs=0.01)
    assert found[64].ratio > 50, "hints that concern nobody there cost next to nothing"


def test_what_each_process_has_to_read_costs_each_of_them() -> None:
    two = Cost(1_000, 20_000, servers=1_000e-6, database=800e-6)
    found = {row.workers: row for row in predicted(ONE, two)}
    assert found[2].ratio == pytest.approx(1, abs=0.01), "twice the work, twice the workers"
    assert found[8].ratio == pytest.approx(8 / concerned(8), abs=0.05)
    assert found[8].database == pytest.approx(found[8].messages_s * 400e-6 * concerned(8), rel=0.001)


def test_how_many_processes_have_somebody_of_a_chat() -> None:
    assert concerned(1) == 1 and concerned(2) == pytest.approx(2, abs=0.001)
    assert concerned(64) == pytest.approx(17.3, abs=0.1)
    assert concerned(10, people=1) == pytest.approx(1)


def test_the_median_counts() -> None:
    assert middle([ONE, ONE, Cost(9, 9, 9.0, 9.0)]) == ONE
