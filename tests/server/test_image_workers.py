"""Processes that read pictures: killed in the middle of one, at their limits, and what they and the server take (O15 of
docs/security.md)."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import trio

pytest.importorskip("PIL.Image")

from runtime.files import image_worker
from runtime.files.pictures import TURNS, WORKER
from tests.faults.server_process import ServerProcess
from tests.server.answers import code_of, fields_of
from tests.server.hostile_pictures import (
    MOST,
    SECRET,
    WEBP_OF_TWO,
    chunk,
    hostile_pictures,
    jpeg_of_scans,
    png,
    zeros,
)
from tests.server.house import PASSWORD, House, Person
from tests.server.test_http_pictures import encoded, picture
from tests.server.uploads import try_upload, upload

SOON: Final = 60.0
MIB: Final = 1 << 20
LOG: Final = "runtime.files.pictures"
DECODING: Final = 40 * MIB
"""A worker that has so much has begun with the picture; before, it has about 20."""
MEASURED: Final = """
import runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    with open("/proc/self/status") as status:
        print(*[line.split()[1] for line in status if line.startswith("VmHWM")], file=sys.stderr)
"""
"""A worker that tells at its end how much memory it had at most."""


def memory_of(pid: int, kind: str = "VmRSS") -> int:
    """Bytes; none of a process that has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(f"{kind}:"))


def count_anew(pid: int) -> None:
    """From here on, the most memory of a process (VmHWM)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def workers(data_dir: Path) -> list[int]:
    """Processes that read a picture of this server."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(WORKER).encode() in words and any(word.startswith(os.fsencode(data_dir)) for word in words):
            found.append(int(process.name))
    return found


async def in_the_middle(data_dir: Path, count: int = 1) -> list[int]:
    """So many workers, each in the middle of its picture."""
    with trio.fail_after(SOON):
        while True:
            found = [pid for pid in workers(data_dir) if memory_of(pid) > DECODING]
            if len(found) >= count:
                return found
            await trio.sleep(0.01)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the deadline may come before what is looked at here."""
    monkeypatch.setattr("runtime.files.pictures.DEADLINE", 2 * SOON)


@pytest.fixture(scope="module")
def slow() -> bytes:
    """A picture that takes a worker all its seconds."""
    return jpeg_of_scans(4000, 4000)


async def well(person: Person) -> None:
    """A picture of theirs is read."""
    file = await upload(person, encoded(picture(40, 30), "PNG"))
    assert (file["content_type"], file["width"], file["height"]) == ("image/png", 40, 30)
    assert (await person.get(file["preview_url"])).status_code == 200


async def is_a_file(person: Person, file: dict[str, Any]) -> None:
    """Like any other: not shown as a picture, and it does not tell where somebody was."""
    assert (file["content_type"], file["preview_url"], file["width"]) == ("application/octet-stream", None, None)
    answer = await person.get(file["url"])
    assert len(answer.content) == file["size"] and SECRET not in answer.content
    assert answer.headers["Content-Disposition"].startswith("attachment; ")


@pytest.mark.slow
async def test_b22_a_worker_that_is_killed_takes_its_picture_alone(
    house: House, tmp_path: Path, slow: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """The next one is read, and waits for nobody who is gone. This one is a file, the same when it is sent again."""
    caplog.set_level("INFO", LOG)
    anna, boris = await house.register("anna"), await house.register("boris")
    answers: dict[str, httpx.Response] = {}

    async def send(key: str) -> None:
        answers[key] = await try_upload(anna, slow, "x.jpg", key=key)

    async with trio.open_nursery() as nursery:
        for key in ("a", "b"):
            nursery.start_soon(send, key)
        pids = await in_the_middle(tmp_path, 2)
        assert TURNS.places == 0, "all places are taken: what comes next waits for these"
        nursery.start_soon(well, boris)
        for pid in pids:
            for kind, most in ((resource.RLIMIT_AS, image_worker.MEMORY), (resource.RLIMIT_CPU, image_worker.SECONDS)):
                assert resource.prlimit(pid, kind) == (most, most)
            os.kill(pid, signal.SIGKILL)
    assert caplog.text.count(f"'returncode': {-signal.SIGKILL}") == 2, "each in the middle, and no other"
    first = dict(answers)
    for answer in first.values():
        assert answer.status_code == 201
        await is_a_file(anna, answer.json())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(send, "a")
        [pid] = await in_the_middle(tmp_path)
        os.kill(pid, signal.SIGKILL)
    assert (answers["a"].status_code, answers["a"].json()) == (200, first["a"].json())
    assert TURNS.places == 2 and not workers(tmp_path) and not list((tmp_path / "files" / "incoming").iterdir())
    await well(anna)


async def test_b22_a_killed_worker_makes_no_avatar(house: House, tmp_path: Path, slow: bytes) -> None:
    anna = await house.register("anna")
    headers = {"Authorization": f"Bearer {anna.token}"}
    path = "/api/auth/me/avatar"

    async def kill() -> None:
        [pid] = await in_the_middle(tmp_path)
        os.kill(pid, signal.SIGKILL)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(kill)
        refused = await house.http.post(path, files={"file": ("a", slow)}, headers=headers)
    assert (refused.status_code, code_of(refused)) == (422, "validation_failed")
    assert fields_of(refused) == {"file": "bad_format"}
    small = encoded(picture(40, 30), "PNG")
    assert (await house.http.post(path, files={"file": ("a", small)}, headers=headers)).status_code == 200
    assert not list((tmp_path / "files" / "incoming").iterdir())


@pytest.mark.slow
async def test_b22_a_picture_that_takes_all_its_seconds(
    house: House, tmp_path: Path, slow: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The worker is the real one but for the number of seconds."""
    caplog.set_level("INFO", LOG)
    seconds = f"SECONDS: Final = {image_worker.SECONDS}\n"
    impatient = WORKER.read_text().replace(seconds, "SECONDS: Final = 2\n")
    assert impatient != WORKER.read_text()
    (tmp_path / "impatient.py").write_text(impatient)
    monkeypatch.setattr("runtime.files.pictures.WORKER", tmp_path / "impatient.py")
    anna = await house.register("anna")
    await is_a_file(anna, await upload(anna, slow))
    assert f"'returncode': {-signal.SIGKILL}" in caplog.text
    await well(anna)


async def test_b22_a_picture_that_asks_for_all_memory(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", LOG)
    anna = await house.register("anna")
    file = await upload(anna, WEBP_OF_TWO)
    await is_a_file(anna, file)
    assert "'returncode': 1" in caplog.text and (await anna.get(file["url"])).content == WEBP_OF_TWO
    await well(anna)


def most_memory(data: bytes, folder: Path, mode: str) -> tuple[int, int]:
    """How a worker ended, and the bytes that it had at most."""
    source = folder / "source"
    source.write_bytes(data)
    command = [sys.executable, "-I", "-c", MEASURED, str(WORKER), str(source), str(folder), mode]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.returncode, int(done.stderr.split()[-1]) * 1024


BOUNDS: Final = {
    "60,000 x 60,000": 64, "100,000 frames": 64, "500 frames of 49 megapixels": 800, "500 frames of a PNG": 960,
    "100 MiB of text": 256, "a profile of 200 MiB": 128, "more than it says": 700, "two large frames": 1024,
}  # fmt: skip
"""MiB: half as much again as they took."""


@pytest.mark.parametrize("what", BOUNDS)
def test_b22_a_worker_takes_bounded_memory(what: str, tmp_path: Path) -> None:
    for mode in ("make", "avatar", "cut"):
        ended, taken = most_memory(hostile_pictures()[what], tmp_path, mode)
        assert ended in (0, 1), "it was not killed"
        assert 10 * MIB < taken <= BOUNDS[what] * MIB, mode


@pytest.mark.parametrize("mode", ["make", "avatar"])
def test_the_largest_picture_that_may_be_is_read(mode: str, tmp_path: Path) -> None:
    """With four bytes a pixel."""
    data = png(MOST, MOST, chunk(b"IDAT", zeros(MOST * (4 * MOST + 1))), colours=6)
    assert most_memory(data, tmp_path, mode)[0] == 0


@pytest.mark.slow
async def test_b22_the_server_itself_takes_no_memory_for_hostile_pictures(tmp_path: Path) -> None:
    data = tmp_path / "data"
    server = ServerProcess.on_free_port(data, f"sqlite:///{data}/vestnik.sqlite3")
    async with server, httpx.AsyncClient(base_url=server.url, timeout=2 * SOON) as http:
        account = {"username": "anna", "password": PASSWORD}
        told = (await http.post("/api/auth/register", json=account)).json()
        anna = Person(http, told["user"], told["access_token"], told["refresh_token"])
        await well(anna)
        count_anew(server.pid)
        before = memory_of(server.pid)
        for what, picture in hostile_pictures().items():
            file = await upload(anna, picture)
            grown = memory_of(server.pid, "VmHWM") - before
            assert grown < 32 * MIB, f"{what}: {grown / MIB:.0f} MiB"
            assert file["preview_url"] is None or what == "more than it says"
        await well(anna)
