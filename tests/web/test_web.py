"""The messenger in a browser: the real server, the real pages, real Chromium; and the tools of those tests."""

from pathlib import Path

import pytest

from tests.desktop.node import files_in, missing_packages, run_tests
from tests.starting import prepared_socket


@pytest.mark.skipif(missing_packages() is not None, reason=missing_packages() or "")
@pytest.mark.parametrize("file", files_in("harness", "web", "data"), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_in_chromium(file: Path) -> None:
    run_tests(file, VESTNIK_PREPARED=str(prepared_socket()))
