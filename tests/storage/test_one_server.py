"""One server for one SQLite file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage.one_server import AlreadyServed, only_server


def test_the_second_one_is_refused_and_told_who_is_first(tmp_path: Path) -> None:
    database = tmp_path / "data" / "vestnik.sqlite3"
    with only_server(database):
        with pytest.raises(AlreadyServed, match=f"process {os.getpid()} serves {database}"), only_server(database):
            pytest.fail("two serve it")
        with only_server(tmp_path / "another"):
            pass
    with only_server(database):
        pass
    assert [path.name for path in database.parent.iterdir()] == ["vestnik.sqlite3-server"]


def test_who_was_killed_is_in_nobodys_way(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from storage.one_server import only_server\n"
        "with only_server(Path(sys.argv[1])): print('mine', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "db")], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"mine\n"
        with pytest.raises(AlreadyServed, match=f"process {process.pid} "), only_server(tmp_path / "db"):
            pytest.fail("two serve it")
        process.kill()
    with only_server(tmp_path / "db"):
        pass
