"""The JavaScript session: it replays the vectors, and every line and branch of it is taken by them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

DESKTOP = Path(__file__).parents[2] / "client/desktop"
NODE = shutil.which("node")
WHOLE = {"session.js", "timing.js", "transitions.js"}
"""Modules without a line, branch or function that no vector takes."""


def node_version() -> int:
    if NODE is None:
        return 0
    said = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.removeprefix("v").partition(".")[0])


@pytest.mark.skipif(node_version() < 20, reason="no Node 20 or newer here")
def test_the_vectors_hold_in_javascript() -> None:
    command = [str(NODE), "--test", "--experimental-test-coverage", "--test-reporter=tap", "test/vectors.test.js"]
    done = subprocess.run(command, cwd=DESKTOP, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
    passed = re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
    assert passed is not None
    assert int(passed.group(1)) >= 120, "the vectors were found"
    rows = re.findall(r"^# \S*?([\w.]+\.js)\s*\|\s*([\d.]+) \|\s*([\d.]+) \|\s*([\d.]+)", done.stdout, re.MULTILINE)
    covered = {name: shares for name, *shares in rows if name in WHOLE}
    assert covered == {name: ["100.00", "100.00", "100.00"] for name in WHOLE}
