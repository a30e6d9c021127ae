"""Which backups stay."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runtime.rotation import kept, name_for, read_keep, remove_left

NOW = datetime(2026, 3, 1, 3, 30, tzinfo=UTC)


def test_a_year_of_nights_leaves_days_weeks_and_months() -> None:
    nights: set[datetime] = set()
    for day in range(400):
        at = NOW + timedelta(days=day)
        nights = kept({*nights, at}, read_keep("7d,4w,12m"))
        assert at in nights, "the newest stays"
    ages = sorted((NOW + timedelta(days=399) - night).days for night in nights)
    assert ages[:7] == list(range(7))
    assert len([age for age in ages if age < 28]) in (9, 10), "seven days, and three more weeks"
    assert 300 < ages[-1] < 370
    assert len(ages) <= 7 + 4 + 12


def test_several_of_one_day_leave_the_last() -> None:
    hours = [NOW + timedelta(hours=hour) for hour in range(5)]
    assert kept(hours, read_keep("3d")) == {hours[-1]}
    assert kept([], read_keep("3d")) == set()


@pytest.mark.parametrize("text", ["", "7", "d", "7d,7d", "0d", "7x", "-1d", "7d;4w", "99999d"])
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="7d,4w,12m"):
        read_keep(text)


def test_what_killed_backups_left_goes_after_a_day_and_nothing_else(tmp_path: Path) -> None:
    def left(name: str, hours: float) -> str:
        path = tmp_path / name
        path.touch()
        os.utime(path, ((NOW - timedelta(hours=hours)).timestamp(),) * 2)
        return name

    named = {left(".monday.0123abcd", 25), left(".monday.0123abcd-wal", 25)}
    timed = {left(f".{name_for(NOW)}.0123abcd", 25), left(f".{name_for(NOW, encrypted=True)}.0123abcd", 25)}
    stays = {left(".monday.ffffffff", 23), left(".monday.conf", 99), left("monday", 99), left(".tuesday.0123abcd", 99)}
    stays |= {left(f".{name_for(NOW)}.ffffffff", 23), left(".vestnik-mine.backup.0123abcd", 99)}
    assert {path.name for path in remove_left(tmp_path, "monday", NOW)} == named
    assert {path.name for path in remove_left(tmp_path, None, NOW)} == timed
    assert {path.name for path in tmp_path.iterdir()} == stays
