"""Pictures are read in processes of their own: a fresh one for each, a few at a time (runtime/files/image_worker.py).

A process that is killed, by its limits or at the deadline, takes nothing with it: the picture is a file then, like any
other, of which nobody makes a preview.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Final, Literal

import trio
from attrs import frozen

from runtime.files.blobs import THREADS
from runtime.files.drafts import FOLDERS
from runtime.files.turns import Turns
from runtime.logs import get_logger

log = get_logger(__name__)

WORKER: Final = Path(__file__).with_name("image_worker.py")
TURNS: Final = Turns(2)
"""Processes; others wait, and one who sends many pictures keeps nobody else waiting for all of them. Each may take
1 GiB."""
DEADLINE: Final = 30.0
"""Seconds that a picture may take."""
ANSWER: Final = 4096
Mode = Literal["keep", "make", "avatar"]


@frozen
class Picture:
    """What became of one. `path`: the picture as others get it, None where that is the source. `previews`: by size.
    `width` and `height` are None where it was not decoded."""

    path: Path | None
    size: int
    sha256: bytes
    width: int | None
    height: int | None
    previews: dict[int, Path]


@asynccontextmanager
async def read_picture(source: Path, drafts: Path, mode: Mode, user_id: int) -> AsyncIterator[Picture | None]:
    """What a worker makes of a file, until the block ends; None where it is no picture. `mode`: keep it as it is, make
    it anew, or make an avatar of it. `user_id`: whose turn it takes. Raises OSError."""
    folder = Path(await trio.to_thread.run_sync(_new_folder, drafts, limiter=THREADS))
    try:
        answer = await _ask(source, folder, mode, user_id)
        if answer is None and mode == "make":  # what it says of its sender is taken out all the same, where that can be
            answer = await _ask(source, folder, "cut", user_id)
        yield None if answer is None else await trio.to_thread.run_sync(_read, answer, folder, limiter=THREADS)
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(_remove, folder, limiter=THREADS)


async def _ask(source: Path, folder: Path, mode: Mode | Literal["cut"], user_id: int) -> dict[str, object] | None:
    command = [sys.executable, "-I", str(WORKER), str(source), str(folder), mode]
    async with TURNS.turn(user_id):
        with trio.move_on_after(DEADLINE):
            done = await trio.run_process(
                command, capture_stdout=True, stderr=subprocess.DEVNULL, env={}, check=False, deliver_cancel=_kill
            )
            if done.returncode == 0 and len(done.stdout) <= ANSWER:
                answer: dict[str, object] = json.loads(done.stdout)
                return answer
            log.info("picture_not_read", returncode=done.returncode)
            return None
    log.warning("picture_took_too_long")
    return None


async def _kill(process: trio.Process) -> None:
    process.kill()


def _new_folder(drafts: Path) -> str:
    return mkdtemp(suffix=FOLDERS, dir=drafts)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _read(answer: dict[str, object], folder: Path) -> Picture:
    kept, path = answer["kept"], folder / "picture"
    width, height, sizes = answer.get("width"), answer.get("height"), answer.get("previews") or []
    assert isinstance(sizes, list)
    digest, size = sha256(), 0
    if kept != "source":
        with path.open("rb") as file:
            while data := file.read(1 << 20):
                digest.update(data)
                size += len(data)
    return Picture(
        path=None if kept == "source" else path,
        size=size,
        sha256=digest.digest(),
        width=width if isinstance(width, int) else None,
        height=height if isinstance(height, int) else None,
        previews={int(one): folder / str(int(one)) for one in sizes},
    )
