"""What goes on beside the serving: what fails in it is told and begun again, and takes nobody with it."""

import errno
import os
import signal
import socket
import sys
from pathlib import Path

import pytest
import trio
import trio.testing

from runtime.background.side_tasks import PAUSE, keep_up
from runtime.files.drafts import ABANDONED, remove_abandoned
from runtime.processes.service_manager import service_manager
from runtime.processes.workers import Workers
from tests.faults.machines import until

WORKER = """#!{python}
import os, sys, time
worker, workers, greets, listener, counts, ready, folder = sys.argv[-1].split(",", 6)
with open(f"{{folder}}/began-{{worker}}", "a") as began:
    began.write(f"{{os.getpid()}} ")
if os.path.exists(f"{{folder}}/wait"):
    open(f"{{folder}}/wait").read()
os.write(int(ready), b"ready")
os.close(int(ready))
while sys.stdin.buffer.raw.read(1):
    pass
"""
"""A worker that only lives, until it is told to end. It is ready when whoever writes into the pipe `wait`, if there is
one, closes it."""


async def test_work_that_fails_is_begun_again(autojump_clock: trio.testing.MockClock) -> None:
    began: list[float] = []

    async def work() -> None:
        began.append(trio.current_time())
        if len(began) < 3:
            async with trio.open_nursery():  # what it raises comes in a group
                raise ValueError("a bug")

    await keep_up(work, "some work")
    assert [later - began[0] for later in began] == [0, PAUSE, 2 * PAUSE]


async def test_work_that_is_cancelled_is_not_begun_again(autojump_clock: trio.testing.MockClock) -> None:
    with trio.move_on_after(1) as scope:
        await keep_up(trio.sleep_forever, "some work")
    assert scope.cancelled_caught


def test_a_draft_that_cannot_be_removed_keeps_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.part", "b.part"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, 0))
    assert ABANDONED > 0
    unlink = os.unlink

    def read_only(path: Path) -> None:
        if Path(path).name == "a.part":
            raise OSError(errno.EROFS, "Read-only file system")
        unlink(path)

    monkeypatch.setattr(os, "unlink", read_only)
    assert remove_abandoned(tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.part"]


def test_an_upload_is_kept_for_a_day_after_its_last_byte(tmp_path: Path) -> None:
    """Its plan was written when it began."""
    (tmp_path / "u1").mkdir()
    for name in ("a.plan", "a.data", "b.plan", "b.data", "c.plan"):
        (tmp_path / "u1" / name).touch()
        os.utime(tmp_path / "u1" / name, (0, 0))
    os.utime(tmp_path / "u1" / "a.data")
    assert remove_abandoned(tmp_path) == 3
    assert sorted(path.name for path in (tmp_path / "u1").iterdir()) == ["a.data", "a.plan"]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """WORKER, to be started with a folder beside it."""
    program = tmp_path / "worker"
    program.write_text(WORKER.format(python=sys.executable))
    program.chmod(0o700)
    (tmp_path / "folder").mkdir()
    return program


async def began(tmp_path: Path, worker: int, times: int) -> list[int]:
    """The processes that there were in this place, as soon as there were so many."""
    path = tmp_path / "folder" / f"began-{worker}"

    def processes() -> list[int]:
        return [int(pid) for pid in path.read_text().split()] if path.exists() else []

    await until(lambda: len(processes()) >= times)
    return processes()


async def test_a_worker_that_cannot_be_started_takes_no_other_with_it(tmp_path: Path, program: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stop, stopped = trio.open_memory_channel[int](1)
        workers = Workers(listener, 2, [str(program)], str(tmp_path / "folder"), service_manager({}))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(workers.run, stopped)
            [first], [second] = await began(tmp_path, 0, 1), await began(tmp_path, 1, 1)
            os.rename(program, tmp_path / "away")
            os.kill(second, 9)
            await until(lambda: workers.not_started > 0)
            (tmp_path / "away").rename(program)
            assert len(await began(tmp_path, 1, 2)) == 2
            assert await began(tmp_path, 0, 1) == [first], "it was not touched"
            await stop.send(signal.SIGTERM)


async def test_a_reload_before_the_first_worker_serves_waits_for_it(tmp_path: Path, program: Path) -> None:
    """`systemctl reload` of a service that has just been started."""
    os.mkfifo(tmp_path / "folder" / "wait")
    notes = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notes.bind(str(tmp_path / "notes"))
    notes.setblocking(False)
    manager = service_manager({"NOTIFY_SOCKET": str(tmp_path / "notes")})
    with notes, socket.create_server(("127.0.0.1", 0)) as listener:
        send, signals = trio.open_memory_channel[int](0)
        workers = Workers(listener, 2, [str(program)], str(tmp_path / "folder"), manager)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(workers.run, signals)
            await began(tmp_path, 0, 1)
            await send.send(signal.SIGHUP)
            await trio.testing.wait_all_tasks_blocked()
            gate = await trio.to_thread.run_sync((tmp_path / "folder" / "wait").open, "w")
            (tmp_path / "folder" / "wait").unlink()
            gate.close()
            with trio.fail_after(60):
                await trio.lowlevel.wait_readable(notes)
            assert notes.recv(100) == b"READY=1"
            assert len(await began(tmp_path, 0, 2)) == 2, "it was replaced"
            await began(tmp_path, 1, 1)
            await send.send(signal.SIGTERM)
