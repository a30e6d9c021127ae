"""`python -m chatproto.simulation`: what it prints, and its exit codes."""

import gc
import sys
from datetime import datetime
from pathlib import Path

import pytest

from chatproto.client.outbox import Outbox
from chatproto.simulation.__main__ import main


def command(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["simulation", *words])
    return main()


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug is planted: acks are taken for another message."""
    settled = Outbox.stored

    def wrong(self: Outbox, cid: str, seq: int | None, created_at: datetime | None, dup: bool) -> None:
        settled(self, cid, None if seq is None else seq + 1, created_at, dup)

    monkeypatch.setattr(Outbox, "stored", wrong)


def test_one_seed_shows_its_trace(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(monkeypatch, "--seed", "7", "--lite", "--ticks", "300") == 0
    out = capsys.readouterr().out
    assert "300 steps" in out
    assert out.endswith("everything held\n")
    assert "hello" in out


def test_many_seeds_show_what_happened(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(monkeypatch, "--seeds", "0..3", "--lite") == 0
    told = capsys.readouterr()
    assert "3 seeds, " in told.out
    assert gc.isenabled(), "a caller in the same process goes on as before"
    assert "  acked: " in told.out
    assert "100.0%" in told.err


def test_several_processes_find_the_same(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    counts = []
    for jobs in ("1", "2"):
        assert command(monkeypatch, "--seeds", "0..30", "--lite", "--quiet", "--jobs", jobs) == 0
        counts.append(capsys.readouterr().out.splitlines()[1:])
    assert counts[0] == counts[1]


@pytest.mark.usefixtures("broken")
def test_what_breaks_is_shrunk_drawn_and_can_be_replayed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    diagram = tmp_path / "broken.html"
    assert command(monkeypatch, "--seed", "3", "--lite", "--quiet", "--diagram", str(diagram)) == 1
    out = capsys.readouterr().out
    assert "seed 3 breaks S1" in out
    assert "shrunk to" in out
    assert "replay: python -m chatproto.simulation --seed 3 --lite" in out
    assert "<svg" in diagram.read_text(encoding="utf-8")


@pytest.mark.usefixtures("broken")
def test_of_many_that_break_all_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert command(monkeypatch, "--seeds", "3..5", "--lite", "--quiet", "--no-shrink") == 1
    assert "2 seeds failed: [3, 4]" in capsys.readouterr().out
    monkeypatch.chdir(tmp_path)
    assert command(monkeypatch, "--seeds", "3..4", "--lite", "--quiet") == 1
    assert (tmp_path / "seed-3.html").exists()


@pytest.mark.parametrize("words", [("--seeds", "7"), ("--seeds", "a..b"), (), ("--seed", "1", "--seeds", "1..2")])
def test_wrong_usage_is_told(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as caught:
        command(monkeypatch, *words)
    assert caught.value.code == 2
