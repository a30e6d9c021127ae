"""Plants realistic bugs in copies of the core, one at a time, and tells which invariant of the simulation catches each.

`./just mutants` or `python -m tests.simulation.mutants [NAME...]`. What no seed catches, because a sweep or a client
makes up for it, a vector or a scenario must; a mutant that none catches is a hole: exit code 1. The JavaScript session
has mutants of its own, to be caught by the vectors.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from attrs import frozen

from tests.simulation.mutant import Mutant
from tests.simulation.mutants_of_changes import CHANGES
from tests.simulation.mutants_of_client import CLIENT, SCRIPT
from tests.simulation.mutants_of_server import SERVER

ROOT: Final = Path(__file__).parents[2]
SEEDS: Final = 400
"""How many are tried before a mutant counts as missed."""
LIMIT: Final = 240
"""Seconds for one mutant: a bug may be an endless loop, which counts as caught."""


CORE: Final = SERVER + CHANGES + CLIENT


@frozen
class Caught:
    """By what, at which seed; nothing where it was missed."""

    mutant: Mutant
    by: str | None
    after: str


def try_core(mutant: Mutant) -> Caught:
    """Run seeds on a copy of the core with the bug in it."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        shutil.copytree(ROOT / "chatproto", Path(folder) / "chatproto", ignore=shutil.ignore_patterns("__pycache__"))
        _plant(Path(folder) / mutant.file, mutant)
        began = time.monotonic()
        for first in range(0, SEEDS, 20):
            command = [sys.executable, "-m", "chatproto.simulation", "--lite", "--quiet", "--no-shrink"]
            command += ["--seeds", f"{first}..{first + 20}"]
            try:
                done = subprocess.run(
                    command, cwd=folder, env=os.environ | {"PYTHONPATH": folder}, capture_output=True, text=True,
                    timeout=LIMIT, check=False,
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                return Caught(mutant, "endless", f"seed {first} or later")
            found = re.search(r"^  (\d+): (\S+):", done.stdout, re.MULTILINE)
            if found:
                return Caught(mutant, found.group(2), f"{int(found.group(1)) + 1} seeds")
            if done.returncode:
                return Caught(mutant, None, f"it did not run: {done.stderr[-300:]}")
            if time.monotonic() - began > LIMIT:
                break
        return _try_tests(mutant, Path(folder), first + 20)


def _try_tests(mutant: Mutant, folder: Path, seeds: int) -> Caught:
    """Replay the vectors of client and server on the same copy, then the scenarios; of the model of storage, which is
    held to what real databases do, the contract suite."""
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    tried = [("vectors", ["tests/vectors", "-k", "replayed"]), ("scenarios", ["tests/scenarios"])]
    if mutant.file.startswith("chatproto/simulation/"):
        tried = [("contracts", ["tests/storage", "-k", "model"])]
    for kind, which in tried:
        command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", *which]
        environment = os.environ | {"PYTHONPATH": str(folder)}
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False
        )
        failed = re.findall(r"^FAILED (\S+)", done.stdout, re.MULTILINE)
        if failed:
            return Caught(mutant, failed[0].rpartition("::")[2], f"{len(failed)} {kind}, {seeds} seeds in vain")
    return Caught(mutant, None, f"{seeds} seeds and {' and '.join(kind for kind, _ in tried)} in vain")


def try_script(mutant: Mutant) -> Caught:
    """Replay the vectors on a copy of the JavaScript session with the bug in it."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        desktop = Path(folder) / "client/desktop"
        shutil.copytree(ROOT / "client/desktop", desktop, ignore=shutil.ignore_patterns("node_modules"))
        shutil.copytree(ROOT / "tests/vectors", Path(folder) / "tests/vectors")
        _plant(desktop / "renderer/protocol" / mutant.file, mutant)
        command = ["node", "--test", "--test-reporter=tap", "test/vectors.test.js"]
        done = subprocess.run(command, cwd=desktop, capture_output=True, text=True, timeout=LIMIT, check=False)
        failed = re.findall(r"^not ok \d+ - client-(\S+)\.json", done.stdout, re.MULTILINE)
        return Caught(mutant, failed[0] if failed else None, f"{len(failed)} vectors")


def _plant(path: Path, mutant: Mutant) -> None:
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise SystemExit(f"{mutant.name}: {mutant.file} does not hold its line exactly once")
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")


def results(names: list[str], jobs: int) -> Iterator[Caught]:
    """Of all mutants, or of those whose names hold one of the given words."""

    def wanted(mutant: Mutant) -> bool:
        return not names or any(name in mutant.name for name in names)

    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(try_core, filter(wanted, CORE))
        yield from pool.map(try_script, filter(wanted, SCRIPT))


def main() -> int:
    """Exit code 0 where every mutant was caught."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="words of the mutants' names; all where none is given")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    caught = missed = 0
    for result in results(arguments.names, arguments.jobs):
        caught, missed = caught + (result.by is not None), missed + (result.by is None)
        print(f"{result.by or 'MISSED':28} {result.after:14} {result.mutant.name}", flush=True)
    print(f"{caught} caught, {missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
