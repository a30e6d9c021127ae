"""Divides the tests in two: those of the core, with which its coverage is measured, and all others. Each runs once.

What takes longest comes first, so that what is short fills the end, and no process is left with a long test alone:
browsers, then the app's window, then what starts many programs.
"""

import os
import ssl
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
if usual := os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile:
    os.environ.setdefault("PIP_CERT", usual)  # for what tests have fetched once
os.environ["SSL_CERT_FILE"] = str(TESTS / "authorities.pem")
"""One authority, which has signed nothing: each client of HTTP reads all authorities that it trusts, a hundred and more
for 0.05 s of a processor, and here a thousand clients talk to loopback alone. Tests with TLS name their own."""
PURE = {"unit", "scenarios", "vectors"}
TURNS = {
    "test_web.py": 0,
    "test_electron.py": 1,
    **dict.fromkeys(
        (
            *("test_cli.py", "test_demo.py", "test_drill.py", "test_hostile_bytes.py", "test_installed.py"),
            *("test_mariadb_down.py", "test_replicas.py", "test_runtime.py", "test_schemathesis.py", "test_seeds.py"),
            *("test_sigkill.py", "test_slow_reader.py", "test_steps.py", "test_stop.py", "test_uploads.py"),
            *("test_who_may.py", "test_workers.py"),
        ),
        2,
    ),
}
"""Of files whose tests take 10 s and more each; all others come after them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is pure and quick as `core`, and put what is long first."""
    items.sort(key=_turn)
    for item in items:
        if _is_core(item):
            item.add_marker(pytest.mark.core)


def _turn(item: pytest.Item) -> tuple[int, int]:
    """Of tests in a browser the size of their file tells roughly how long it takes."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    file = parameters.get("file")
    return TURNS.get(item.path.name, 3), -file.stat().st_size if isinstance(file, Path) else 0


def _is_core(item: pytest.Item) -> bool:
    folder = _folder(item)
    if folder == "storage":  # of a contract's stores, the model that is a part of the core
        return getattr(item, "callspec", None) is not None and item.callspec.params.get("store") == "model"  # type: ignore[attr-defined]
    if folder == "simulation":
        return item.get_closest_marker("slow") is None and item.path.name != "test_runtime.py"
    return folder in PURE


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(TESTS).parts[0]
