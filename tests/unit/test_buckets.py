"""Token buckets, with the time as an argument."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatproto.buckets import Bucket, Buckets, Rate


def test_a_burst_and_then_the_rate() -> None:
    bucket = Bucket(Rate(per_second=2.0, burst=3))
    for _ in range(3):
        assert bucket.wait(10.0) == 0.0
        bucket.spend(10.0)
    assert (bucket.wait(10.0), bucket.debt(10.0)) == (0.5, 0.0)
    bucket.spend(10.0)
    bucket.spend(10.0)
    assert bucket.debt(10.0) == 1.0
    assert bucket.debt(10.5) == 0.5
    assert (bucket.debt(11.0), bucket.wait(11.0)) == (0.0, 0.5)
    assert bucket.wait(11.5) == 0.0
    assert bucket.wait(1000.0, 3) == 0.0, "it holds no more than a burst"
    bucket.spend(1000.0, 3)
    assert bucket.wait(1000.0) == 0.5


def test_a_clock_set_back_neither_fills_nor_empties() -> None:
    bucket = Bucket(Rate(1.0, 1))
    bucket.spend(100.0)
    assert bucket.wait(50.0) == 1.0
    bucket.spend(50.0)
    assert bucket.debt(100.0) == 1.0
    assert bucket.debt(101.0) == 0.0


def test_keys_do_not_touch_each_other() -> None:
    buckets: Buckets[str] = Buckets(Rate(1.0, 2))
    assert [buckets.take("anna", 0.0) for _ in range(3)] == [0.0, 0.0, 1.0]
    assert buckets.take("anna", 0.0) == 1.0, "a refused one costs nothing"
    assert buckets.take("boris", 0.0) == 0.0
    assert (buckets.debt("anna", 0.0), buckets.debt("vera", 0.0), buckets.wait("vera", 0.0)) == (0.0, 0.0, 0.0)
    assert len(buckets) == 2


def test_patience_slows_down_before_it_refuses() -> None:
    buckets: Buckets[int] = Buckets(Rate(2.0, 3))
    assert [buckets.take(1, 0.0, patience=2.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert [buckets.take(1, 0.0, patience=2.0) for _ in range(4)] == [0.5, 1.0, 1.5, 2.0]
    assert [buckets.take(1, 0.0, patience=2.0) for _ in range(2)] == [2.5, 2.5]
    assert buckets.debt(1, 0.0) == 2.0
    assert buckets.take(1, 0.5, patience=2.0) == 2.0


def test_what_costs_more_than_a_burst_waits_for_a_full_bucket_and_is_paid_in_full() -> None:
    buckets: Buckets[int] = Buckets(Rate(1.0, 10))
    assert buckets.take(1, 0.0, cost=25) == 0.0
    assert buckets.wait(1, 0.0) == 16.0
    assert buckets.take(1, 20.0, cost=25) == 5.0, "not full yet"
    assert buckets.take(1, 25.0, cost=25) == 0.0


def test_what_did_not_count_is_given_back() -> None:
    buckets: Buckets[int] = Buckets(Rate(0.001, 1))
    assert buckets.take(1, 0.0) == 0.0
    buckets.give_back(1, 0.0)
    buckets.give_back(1, 0.0)
    buckets.give_back(2, 0.0)
    assert buckets.take(1, 0.0) == 0.0
    assert buckets.take(1, 0.0) > 0.0, "no more than was taken comes back"
    assert len(buckets) == 1


def test_memory_is_bounded_and_the_longest_unused_goes_first() -> None:
    buckets: Buckets[int] = Buckets(Rate(0.001, 1), remembered=3)
    for key in range(10):
        buckets.spend(key, 0.0)
        if key > 0:
            buckets.spend(0, 0.0)
    assert len(buckets) == 3
    assert [key for key in range(10) if buckets.debt(key, 0.0) or buckets.wait(key, 0.0)] == [0, 8, 9]


@given(st.lists(st.tuples(st.floats(0, 50), st.integers(1, 5)), max_size=60), st.floats(0.1, 10), st.integers(1, 20))
def test_no_order_of_takes_passes_the_limit(steps: list[tuple[float, int]], rate: float, burst: int) -> None:
    buckets: Buckets[int] = Buckets(Rate(rate, burst))
    now, taken = 0.0, 0.0
    for pause, cost in steps:
        now += pause
        cost = min(cost, burst)
        if buckets.take(1, now, cost) == 0.0:
            taken += cost
    assert taken <= burst + now * rate + 1e-6


@pytest.mark.parametrize("cost", [1, 4])
def test_waiting_as_long_as_told_is_enough(cost: int) -> None:
    buckets: Buckets[int] = Buckets(Rate(4.0, 4))
    now = 0.0
    for _ in range(50):
        wait = buckets.take(1, now, cost)
        if wait > 0:
            now += wait
            assert buckets.take(1, now, cost) == 0.0
