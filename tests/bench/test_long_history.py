"""The history that the benches of the desktop client look at can still be made."""

from argparse import Namespace
from pathlib import Path

from tests.bench.long_history import NAMES, fill


async def test_a_history_is_made_in_an_empty_folder(tmp_path: Path) -> None:
    told = await fill(Namespace(data_dir=tmp_path, messages=5, groups=2, seed=1))
    assert told["names"] == NAMES
    groups = told["group_ids"]
    assert isinstance(groups, list) and len(set(groups)) == 2
    assert (tmp_path / "vestnik.sqlite3").exists()
