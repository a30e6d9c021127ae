"""The real runtime and client under a jumping clock: minutes of life in seconds, and the same life twice."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.runtime_world import Carrier, run_deterministic

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "carrier"),
    [(0, "none"), (1, "none"), (0, "database"), (1, "database"), (0, "redis"), (1, "redis"), (2, "redis")],
)
def test_everybody_ends_with_the_same_log(seed: int, carrier: Carrier, tmp_path: Path) -> None:
    assert run_deterministic(seed, carrier, tmp_path)


def test_one_seed_is_one_run_whatever_the_hash_seed(tmp_path: Path) -> None:
    hashes = set()
    for number, hash_seed in enumerate(("0", "random")):
        folder = tmp_path / str(number)
        folder.mkdir()
        command = [sys.executable, "-m", "tests.simulation.runtime_world", "7", str(folder)]
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=True)
        hashes.add(done.stdout)
    assert len(hashes) == 1
