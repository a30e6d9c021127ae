"""The desktop client's own tests that need nothing but Node: the pure core, texts, and the shell's parts."""

from pathlib import Path

import pytest

from tests.desktop.node import MEASURED, files_in, missing_packages, run_tests

FILES = [path for path in files_in("unit") if path not in MEASURED]


@pytest.mark.skipif(missing_packages() is not None, reason=missing_packages() or "")
@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_in_node(file: Path) -> None:
    run_tests(file)
