"""Many large uploads at once: how much memory the server takes for them, and what a busy room feels of them.

The room talks alone, then beside the uploads, then alone again, on one server in one run: what counts is the ratio. The
server, the people and those who upload are a process each. An upload is paced as by a link of --megabits; 0 sends as
fast as the server takes it, which on two processors measures them rather than the server.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import Final

import httpx
import trio

from tests.bench.busy_room import SETTLE, Room, gather, read, settled, stay, talk
from tests.faults.server_process import RealServerProcess
from tests.mariadb_server import private_mariadb
from tests.server.sockets import Socket

MEBIBYTE: Final = 1 << 20
PIECE: Final = 64 * 1024
MOST_MEMORY: Final = 64 * MEBIBYTE
MOST_RATIO: Final = 2.0
PATIENCE: Final = 600.0
BODY: Final = "application/offset+octet-stream"


def main() -> int:
    """Exit code 0 where both bounds hold and nothing was lost."""
    parser = argparse.ArgumentParser(prog="tests.bench.files", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--uploads", type=int, default=50)
    parser.add_argument("--mebibytes", type=int, default=25, help="of each (%(default)s)")
    parser.add_argument("--megabits", type=float, default=8.0, help="a second, of each link; 0: no limit (%(default)s)")
    parser.add_argument("--rate", type=float, default=20.0, help="messages a second, all together (%(default)s)")
    parser.add_argument("--seconds", type=float, default=15.0, help="of talk without uploads, twice (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mariadb", action="store_true", help="instead of SQLite")
    parser.add_argument("--upload-to", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.upload_to:
        trio.run(upload_all, arguments, json.loads(sys.stdin.read()))
        return 0
    with tempfile.TemporaryDirectory(prefix="vestnik-bench-", dir=Path.cwd()) as folder:  # on a disk, not in memory
        if not arguments.mariadb:
            return trio.run(measure, arguments, Path(folder), f"sqlite:///{folder}/vestnik.sqlite3")
        mariadb = private_mariadb(on_disk=True)
        try:
            return trio.run(measure, arguments, Path(folder), mariadb.new_database())
        finally:
            mariadb.stop()


async def measure(arguments: argparse.Namespace, folder: Path, database_url: str) -> int:
    """Gather the people, let them talk without and with uploads, print."""
    command = [sys.executable, "-m", "runtime.cli", "migrate", "--database", database_url]
    await trio.run_process(command, capture_stdout=True, env=os.environ | {"VESTNIK_DATA_DIR": str(folder)})
    async with RealServerProcess.on_free_port(folder / "data", database_url) as server:
        room = Room()
        tokens = await gather(server.url, arguments.uploads, room)
        async with trio.open_nursery() as nursery:
            sockets: list[Socket] = []
            for reader, token in enumerate(tokens):
                sockets.append(await nursery.start(stay, server.url, token))
                nursery.start_soon(read, room, reader, sockets[-1])
            alone = await speak(room, sockets, arguments)
            idle = server.memory()
            peak, took, beside = await with_uploads(server, room, sockets, arguments, tokens)
            alone += await speak(room, sockets, arguments)
            nursery.cancel_scope.cancel()
    total = arguments.uploads * arguments.mebibytes
    print(
        f"{arguments.uploads} uploads of {arguments.mebibytes} MiB in {took:.1f} s, {total / took:.0f} MiB/s together"
    )
    for name, times in (("alone", alone), ("beside the uploads", beside)):
        print(f"messages delivered {name}: p50 {at(times, 0.5):.1f} ms, p99 {at(times, 0.99):.1f} ms ({len(times)})")
    grown, ratio = peak - idle, at(beside, 0.99) / at(alone, 0.99)
    print(f"memory: {idle / MEBIBYTE:.0f} MiB before, at most {grown / MEBIBYTE:.1f} MiB more; p99 x {ratio:.2f}")
    return 0 if grown < MOST_MEMORY and ratio <= MOST_RATIO and not room.wrong else 1


def at(times: Sequence[float], share: float) -> float:
    """A percentile in milliseconds."""
    line = sorted(times)
    return line[ceil(share * len(line)) - 1] * 1000


async def speak(room: Room, sockets: list[Socket], arguments: argparse.Namespace) -> list[float]:
    """Talk for a while; how long each message was on its way to each of its readers."""
    before = len(room.to_reader)
    seed = arguments.seed + len(room.sent_at)  # others speak each time, or the silent ones would be sent away
    await talk(room, sockets, argparse.Namespace(**{**vars(arguments), "seed": seed}))
    with trio.fail_after(SETTLE):
        await settled(room)
    return room.to_reader[before:]


async def with_uploads(
    server: RealServerProcess, room: Room, sockets: list[Socket], arguments: argparse.Namespace, tokens: list[str]
) -> tuple[int, float, list[float]]:
    """The most memory, how long it took, and what `speak` says of the messages meanwhile."""
    peak, times = 0, list[float]()
    began = trio.current_time()

    async def watch() -> None:
        nonlocal peak
        while True:
            peak = max(peak, server.memory())
            await trio.sleep(0.05)

    async def keep_talking() -> None:
        while True:
            times.extend(await speak(room, sockets, short))

    short = argparse.Namespace(**{**vars(arguments), "seconds": 2.0})
    command = [sys.executable, "-m", "tests.bench.files", "--upload-to", server.url, "--megabits",
               str(arguments.megabits), "--mebibytes", str(arguments.mebibytes)]  # fmt: skip
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        nursery.start_soon(keep_talking)
        with trio.fail_after(PATIENCE):
            await trio.run_process(command, stdin=json.dumps(tokens).encode())
        took = trio.current_time() - began
        nursery.cancel_scope.cancel()
    return peak, took, times


# --- the process of those who upload ---


async def upload_all(arguments: argparse.Namespace, tokens: list[str]) -> None:
    """One upload for each token, all at once."""
    async with trio.open_nursery() as nursery, httpx.AsyncClient(base_url=arguments.upload_to, timeout=60) as http:
        for number, token in enumerate(tokens):
            answer = await http.post(
                "/api/uploads",
                headers={"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0",
                         "Upload-Length": str(arguments.mebibytes * MEBIBYTE)},
            )  # fmt: skip
            answer.raise_for_status()
            nursery.start_soon(upload, arguments, token, answer.headers["Location"], number)


async def upload(arguments: argparse.Namespace, token: str, path: str, number: int) -> None:
    """All bytes in one request, at the pace of the link."""
    host, port = arguments.upload_to.removeprefix("http://").split(":")
    size, pace = arguments.mebibytes * MEBIBYTE, arguments.megabits * 1e6 / 8
    head = [f"PATCH {path} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {token}", "Tus-Resumable: 1.0.0",
            f"Content-Type: {BODY}", "Upload-Offset: 0", f"Content-Length: {size}", "", ""]  # fmt: skip
    piece = os.urandom(PIECE)
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        await stream.send_all("\r\n".join(head).encode())
        began = trio.current_time() + number / 1000
        for sent in range(0, size, PIECE):
            if pace:
                await trio.sleep_until(began + sent / pace)
            await stream.send_all(piece[: size - sent])
        answer = await stream.receive_some()
        assert answer is not None and answer.split()[1] == b"204", answer


if __name__ == "__main__":
    sys.exit(main())
