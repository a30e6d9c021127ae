"""The desktop client's tests in the real window: Electron on a screen of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desktop.node import electron, files_in, missing_packages, run_tests, screen
from tests.starting import prepared_socket

FILES = files_in("desktop")


@pytest.fixture(scope="module")
def display() -> Iterator[str | None]:
    """A screen for all files of this module."""
    with screen() as opened:
        yield opened


@pytest.mark.skipif(missing_packages() is not None, reason=missing_packages() or "")
@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_in_electron(file: Path, display: str | None) -> None:
    runtime = electron()
    if runtime is None:
        pytest.skip("no Electron here: name its folder in ELECTRON_OVERRIDE_DIST_PATH")
    if display is None:
        pytest.skip("no screen here: install xvfb")
    prepared = str(prepared_socket())
    run_tests(file, DISPLAY=display, ELECTRON_OVERRIDE_DIST_PATH=str(runtime), VESTNIK_PREPARED=prepared)
