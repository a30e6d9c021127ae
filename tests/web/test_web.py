"""The messenger in a browser: the real server, the real pages, real Chromium; and the tools of those tests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.desktop.in_turn import InTurn
from tests.desktop.node import files_in, missing_packages, run_tests
from tests.starting import prepared_socket

ALONE: Final = {"harness.test.mjs"}
"""What tests the tools that files share is a process of its own: others would have used them before."""
MOST: Final = 20
"""Files in one browser, which grows with each."""


@pytest.fixture(scope="module")
def in_turn() -> Iterator[InTurn]:
    """Its browser is there as long as this process of tests has files for it."""
    running = InTurn(most=MOST, VESTNIK_PREPARED=str(prepared_socket()))
    yield running
    running.close()


@pytest.mark.skipif(missing_packages() is not None, reason=missing_packages() or "")
@pytest.mark.parametrize("file", files_in("harness", "web", "data"), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_in_chromium(file: Path, in_turn: InTurn) -> None:
    if file.name in ALONE:
        run_tests(file, VESTNIK_PREPARED=str(prepared_socket()))
    else:
        in_turn.run(file)
