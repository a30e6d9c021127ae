"""The version of this program."""

from importlib.metadata import PackageNotFoundError, version
from typing import Final


def _version() -> str:
    try:
        return version("vestnik")
    except PackageNotFoundError:  # the folders alone, not installed
        return "unknown"


VERSION: Final = _version()
