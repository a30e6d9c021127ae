"""What a drill says of goals that were missed."""

from collections import Counter
from math import inf

from tests.bench.drill.report import line, report
from tests.bench.drill.run import Felt, Outcome, share
from tests.bench.drill.signs import Sign

WELL = Felt("Redis", "killed", 12.0, 0.5, 0, 0.4, Counter(), 0)
BADLY = Felt("server", "frozen", 5.0, inf, 3, 60.0, Counter({1006: 2, 1012: 1}), 7)


def test_all_goals_reached() -> None:
    outcome = Outcome(
        calm=[0.01, 0.02], calm_seconds=10, calm_messages=100, cpu={"servers": 1.0}, without_redis=[0.2], felt=[WELL]
    )
    assert outcome.violations(redis=True) == []
    said = report(outcome, redis=True)
    assert "all goals are reached" in said and "servers 10% (10.00 ms a message)" in said
    assert "OK" in line(WELL) and "none" in line(WELL)


def test_each_goal_that_is_missed_is_told() -> None:
    outcome = Outcome(calm=[0.2] * 100, without_redis=[0.4] * 100, felt=[WELL, BADLY], faults=["a message is doubled"])
    assert outcome.violations(redis=True) == [
        "a message is doubled",
        "p99 in calm: 200 ms; the goal is 100 ms",
        "p99 while Redis was away: 400 ms; the goal is 300 ms",
        "server frozen: 3 people were not back within 10 s",
    ]
    assert len(outcome.violations(redis=False)) == 3, "by way of the database 300 ms are allowed"
    assert report(outcome, redis=True).count("MISSED") == 4
    assert "never" in line(BADLY) and "2 x 1006, 1 x 1012" in line(BADLY)


def test_what_crosses_slowly_is_told() -> None:
    outcome = Outcome(signs=[Sign("mark", 0.1), Sign("mark", 1.2), Sign("file", 3.0)])
    assert outcome.violations(redis=True) == ["mark: 1200 ms; the goal is 1000 ms"]
    assert "mark: p50 100 ms, slowest 1200 ms (goal 1000 ms)" in report(outcome, redis=True)


def test_percentiles() -> None:
    assert share([1.0, 2.0, 3.0], 0.99) == 2.0 and share([1.0], 0.5) == 1.0
