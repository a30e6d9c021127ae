"""`vestnik demo`: three people, real sockets, links cut in the middle, equal logs."""

import sys
from pathlib import Path

import pytest
import trio


@pytest.mark.slow
async def test_all_three_logs_are_equal(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    with trio.fail_after(300):
        done = await trio.run_process(
            [sys.executable, "-m", "runtime.cli", "demo"],
            capture_stdout=True,
            capture_stderr=True,
            check=False,
            cwd=root,
        )
    said = done.stdout.decode()
    assert done.returncode == 0, said[-3000:] + done.stderr.decode()[-3000:]
    assert said.splitlines()[-1].endswith("all three logs are equal")
    assert said.count("── what ") == 3
    for text in ("שלום", "مرحبا", "👨‍👩‍👧‍👦", "Ёлка", "⏎", "(4000 characters)"):
        assert said.count(text) >= 3, text
