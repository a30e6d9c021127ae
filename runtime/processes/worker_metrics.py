"""/metrics of several workers: whichever of them is asked gives what all of them count, each sample with the label
`worker`. They ask each other through sockets in a folder that only their parent's user may enter.
"""

import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

import trio

ANSWER_WITHIN: Final = 1.0
"""Seconds another worker has; what is not there by then is left out."""
LARGEST: Final = 4 * 1024 * 1024
"""Bytes of one exposition."""


class WorkerMetrics:
    """Those of all workers of this machine; `worker` counts from 0. `own` gives this process's exposition."""

    def __init__(self, folder: Path, worker: int, workers: int, own: Callable[[], bytes]) -> None:
        self._folder = folder
        self._worker = worker
        self._workers = workers
        self._own = own

    async def run(self, task_status: trio.TaskStatus[object] = trio.TASK_STATUS_IGNORED) -> None:
        """Answer the others until cancelled."""
        path = self._path(self._worker)
        path.unlink(missing_ok=True)  # of the process that was here before
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.fspath(path))
            listener.listen(16)
            listening = trio.SocketListener(trio.socket.from_stdlib_socket(listener))
            await trio.serve_listeners(self._answer, [listening], task_status=task_status)

    async def text(self) -> bytes:
        """What /metrics gives out; who says nothing is left out."""
        texts: dict[int, bytes] = {self._worker: self._own()}

        async def ask(worker: int) -> None:
            with trio.move_on_after(ANSWER_WITHIN):
                found = await _read(self._path(worker))
                if found:
                    texts[worker] = found

        async with trio.open_nursery() as nursery:
            for worker in range(self._workers):
                if worker != self._worker:
                    nursery.start_soon(ask, worker)
        return together({str(worker + 1): texts[worker] for worker in sorted(texts)})

    def _path(self, worker: int) -> Path:
        return self._folder / f"{worker}.metrics"

    async def _answer(self, stream: trio.SocketStream) -> None:
        with trio.move_on_after(ANSWER_WITHIN):
            with contextlib.suppress(trio.BrokenResourceError):
                await stream.send_all(self._own())
        await trio.aclose_forcefully(stream)


async def _read(path: Path) -> bytes:
    """All that is said there; nothing where nobody is."""
    said = b""
    try:
        async with await trio.open_unix_socket(path) as stream:
            while len(said) <= LARGEST and (more := await stream.receive_some()):
                said += more
    except (OSError, trio.BrokenResourceError):
        return b""
    return said if len(said) <= LARGEST else b""


def together(texts: dict[str, bytes]) -> bytes:
    """One exposition of several, by the label of each: the lines of one metric stand together, as the format asks."""
    families: dict[str, list[str]] = {}
    for worker, text in texts.items():
        family: list[str] = []
        new = False
        for line in text.decode().splitlines():
            if line.startswith("# HELP "):
                name = line.split(" ", 3)[2]
                new = name not in families
                family = families.setdefault(name, [])
            if line.startswith("#"):
                if new:
                    family.append(line)
            elif line:
                family.append(_labelled(line, worker))
    return "".join(f"{line}\n" for family in families.values() for line in family).encode()


def _labelled(sample: str, worker: str) -> str:
    name, brace, rest = sample.partition("{")
    if brace:
        return f'{name}{{worker="{worker}",{rest}'
    name, _, value = sample.partition(" ")
    return f'{name}{{worker="{worker}"}} {value}'
