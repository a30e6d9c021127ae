"""The contracts of imports in pyproject.toml notice an import that was turned around, in each part of the core."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("chatproto", "storage", "runtime", "client", "tests")
CIRCLES = {
    "chatproto/server/out.py": "from chatproto.server import rooms",
    "chatproto/client/timing.py": "from chatproto.client import client_session",
    "chatproto/operations/files.py": "from chatproto.operations import outcomes",
    "chatproto/wire/limits.py": "from chatproto.wire import frames",
    "chatproto/wire/markup/inline.py": "from chatproto.wire.markup import paragraphs",
    "chatproto/simulation/model_store.py": "from chatproto.simulation import model_operations",
}
"""To the end of which module which import is added: it closes a circle with those that are there."""
ARROWS = {
    "storage/port.py": "from runtime import config",
    "chatproto/wire/text.py": "from chatproto.operations import Done",
    "chatproto/operations/log.py": "from chatproto.server import hub",
    "chatproto/buckets.py": "import time",
    "runtime/metrics.py": "from client import connection",
    "runtime/buses/bus.py": "from runtime.commands import finding",
    "client/link.py": "from storage import port",
}
"""The same, of imports that point the wrong way: each contract has one."""


def _linted(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    command += ["--no-logo", "--cache-dir", str(folder / "cache")]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.slow
def test_imports_that_were_turned_around_are_seen(tmp_path: Path) -> None:
    only_code = shutil.ignore_patterns("__pycache__", "node_modules", "desktop", "*.json")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=only_code)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    sound = _linted(tmp_path)
    assert sound.returncode == 0, sound.stdout + sound.stderr
    for name, added in {**CIRCLES, **ARROWS}.items():
        with (tmp_path / name).open("a", encoding="utf-8") as module:
            module.write(f"\n{added}\n")
    broken = _linted(tmp_path)
    assert broken.returncode == 1, broken.stdout + broken.stderr
    assert ", 0 broken" in sound.stdout
    assert "Contracts: 0 kept, " in broken.stdout
    packages = {Path(name).parent.as_posix().replace("/", ".") for name in CIRCLES}
    assert packages == {name for name in packages if f"No cycles are allowed in {name}." in broken.stdout}
