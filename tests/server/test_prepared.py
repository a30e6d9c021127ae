"""The prepared process: what it becomes is as a start would have made it, and goes with whoever asked for it."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import trio
from sqlalchemy import select

from storage.migrate import EPOCH, connected, differences
from storage.tables import meta
from tests.faults.server_process import ServerProcess
from tests.prepared import Job
from tests.starting import Started, start


def job(folder: Path, *arguments: str, **more: Any) -> Job:
    environment = {"PATH": os.environ["PATH"], "VESTNIK_PORT": "0", "VESTNIK_LOG_FORMAT": "json"}
    return Job(program="runtime.cli", arguments=[*arguments], folder=str(folder), environment=environment, **more)


async def listening(folder: Path) -> Started:
    """A server that says that it listens."""
    process = await start(job(folder, "serve", stderr=str(folder / "log")))
    said = b""
    with trio.fail_after(60):
        while b"\n" not in said:
            said += await process.receive_some()
    assert b"listens on http://127.0.0.1:" in said
    return process


async def gone(pid: int) -> None:
    """Until there is no such process any more."""
    with trio.fail_after(60):
        while True:
            if not has(pid):
                return
            await trio.sleep(0.01)


def has(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_it_has_the_folder_the_environment_and_the_streams_it_was_told(tmp_path: Path) -> None:
    said, told = tmp_path / "said", tmp_path / "told"
    said.write_text("a password, long enough\n")
    assert await (await start(job(tmp_path, "migrate"))).wait() == 0
    process = await start(job(tmp_path, "user", "create", "ann", stdin=str(said), stderr=str(told)))
    assert await process.wait() == 0
    assert (await process.receive_some(), await process.receive_some()) == (b"created ann (id 1)\n", b"")
    assert (tmp_path / "var/vestnik.sqlite3").exists()
    process = await start(job(tmp_path, "config", stderr=str(told)))
    out = b""
    while more := await process.receive_some():
        out += more
    assert [line.split()[1:] for line in out.decode().splitlines() if line.startswith("VESTNIK_PORT ")] == [
        ["0", "environment"]
    ]
    process = await start(job(tmp_path, "user", "create", "ann", stderr=str(told)))
    assert (await process.wait(), told.read_text().count("vestnik: ")) == (1, 1)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)])
async def test_a_signal_ends_it_with_the_exit_code_of_a_process(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    process = await listening(tmp_path)
    assert process.pid == os.getpgid(process.pid) == os.getsid(process.pid) != os.getpgid(0)
    process.send_signal(number)
    with trio.fail_after(60):
        assert await process.wait() == code
    process.send_signal(number)  # of one that has ended
    process.kill_group()


async def test_it_ends_with_the_connection_of_whoever_asked_and_no_other_does(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    one, other = [await listening(folder) for folder in folders]
    await one.aclose()
    await gone(one.pid)
    assert has(other.pid)
    other.kill_group()
    with trio.fail_after(60):
        assert await other.wait() == -signal.SIGKILL


async def test_a_server_of_tests_begins_with_a_copy_that_has_a_history_of_its_own(tmp_path: Path) -> None:
    found = []
    for name in ("one", "other"):
        folder = tmp_path / name
        async with ServerProcess.on_free_port(folder, f"sqlite:///{folder}/db.sqlite3") as server:
            assert await server.stop() == 0
        url = f"sqlite:///{folder}/db.sqlite3"
        assert (differences(url), (folder / "db.sqlite3").stat().st_mode & 0o777) == ([], 0o600)
        with connected(url) as connection:
            found.append(connection.scalar(select(meta.c.value).where(meta.c.name == EPOCH)))
    assert len({*found}) == 2
    assert all(isinstance(epoch, str) and len(epoch) == 16 for epoch in found)
