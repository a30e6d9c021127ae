"""The JavaScript session: it replays the vectors; they and what HTTP feeds it take every line and branch of it."""

import re

import pytest

from tests.desktop.node import MEASURED, missing_node, run_tests

WHOLE = {"session.js", "connector.js", "timing.js", "transitions.js"}
"""Modules without a line, branch or function that no test of these two files takes."""


@pytest.mark.skipif(missing_node() is not None, reason=missing_node() or "")
def test_the_vectors_hold_in_javascript() -> None:
    said = run_tests(*MEASURED, options=("--experimental-test-coverage",))
    passed = re.search(r"^# pass (\d+)$", said, re.MULTILINE)
    assert passed is not None
    assert int(passed.group(1)) >= 120, "the vectors were found"
    rows = re.findall(r"^# \S*?([\w.]+\.js)\s*\|\s*([\d.]+) \|\s*([\d.]+) \|\s*([\d.]+)", said, re.MULTILINE)
    covered = {name: shares for name, *shares in rows if name in WHOLE}
    assert covered == {name: ["100.00", "100.00", "100.00"] for name in WHOLE}
