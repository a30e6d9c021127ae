"""Which backups stay."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runtime.commands.rotation import kept, name_for, notes_for, read_keep, remove_left, rotate, series_of
from storage.backup import back_up
from storage.migrate import upgrade

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


def test_each_kind_of_each_server_is_rotated_apart(tmp_path: Path) -> None:
    """One with the bytes of files is replaced by none without, and nobody's by those of another server."""
    url = f"sqlite:///{tmp_path}/db"
    upgrade(url)
    own, other = series_of(url, None), series_of("mysql://vestnik:secret@db.example.org/vestnik?tls=required", None)
    assert own != other == series_of("mysql://another:word@db.example.org/vestnik", None)
    assert other != series_of("mysql://another:word@db.example.org/vestnik", "https://chat.example.org")
    folder = tmp_path / "saved"
    folder.mkdir()
    made = {}
    for hour, (series, files) in enumerate([(own, True), (own, False), (other, True), (own, False), (own, True)]):
        notes = notes_for(NOW + timedelta(hours=hour), series, files=files)
        made[hour] = folder / name_for(NOW + timedelta(hours=hour))
        back_up(url, made[hour], lambda done, total: None, lambda draft: None, notes)
    aside = folder / "vestnik-before-the-move.backup"
    aside.write_bytes(made[0].read_bytes())
    assert rotate(folder, read_keep("1d"), notes_for(NOW, own, files=False)) == [made[1]]
    assert rotate(folder, read_keep("1d"), notes_for(NOW, own, files=True)) == [made[0]]
    assert sorted(folder.iterdir()) == sorted([made[2], made[3], made[4], aside])


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
