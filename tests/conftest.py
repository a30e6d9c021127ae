"""Divides the tests in two: those of the core, with which its coverage is measured, and all others. Each runs once.

Those of browsers, which take longest, come first: what is short fills the end, and two browsers seldom run together.
"""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PURE = {"unit", "scenarios", "vectors"}
LONG = ("web", "desktop")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is pure and quick as `core`, and put what is long first."""
    items.sort(key=lambda item: _folder(item) not in LONG)
    for item in items:
        if _is_core(item):
            item.add_marker(pytest.mark.core)


def _is_core(item: pytest.Item) -> bool:
    folder = _folder(item)
    if folder == "storage":  # of a contract's stores, the model that is a part of the core
        return getattr(item, "callspec", None) is not None and item.callspec.params.get("store") == "model"  # type: ignore[attr-defined]
    if folder == "simulation":
        return item.get_closest_marker("slow") is None and item.path.name != "test_runtime.py"
    return folder in PURE


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(TESTS).parts[0]
