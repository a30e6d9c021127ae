"""A room of people on MariaDB: what is lost, and how long a message takes to be stored and to reach everybody.

The server is a process of its own, the people share another, so on two processors each has one. Latency is measured on
one clock, from before the frame is written by its sender to after it is decoded by its reader.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Final

import httpx
import trio
from attrs import define, field

from tests.faults.server_process import RealServerProcess
from tests.mariadb_server import private_mariadb
from tests.server.sockets import Socket, open_socket

PASSWORD: Final = "a room full of people"
SETTLE: Final = 30.0
"""Seconds the last message may take."""
PERCENTILES: Final = (0.5, 0.95, 0.99)


@define
class Room:
    """What is measured. `seqs`: of each reader the last one applied; `wrong`: items that came twice or out of order."""

    chat_id: int = 0
    sent_at: dict[str, float] = field(factory=dict)
    acks: dict[str, int] = field(factory=dict)
    to_ack: list[float] = field(factory=list)
    to_reader: list[float] = field(factory=list)
    seqs: dict[int, int] = field(factory=dict)
    wrong: int = 0


def main() -> int:
    """Exit code 0 where nothing was lost."""
    parser = argparse.ArgumentParser(prog="tests.bench.busy_room", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--rate", type=float, default=20.0, help="messages a second, all together (%(default)s)")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sqlite", action="store_true", help="on SQLite instead of MariaDB")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vestnik-bench-") as folder:
        if arguments.sqlite:
            return trio.run(measure, arguments, Path(folder), f"sqlite:///{folder}/vestnik.sqlite3")
        mariadb = private_mariadb(on_disk=True)
        try:
            return trio.run(measure, arguments, Path(folder), mariadb.new_database())
        finally:
            mariadb.stop()


async def measure(arguments: argparse.Namespace, folder: Path, database_url: str) -> int:
    """Gather the people, let them talk, print."""
    if not database_url.startswith("sqlite"):
        command = [sys.executable, "-m", "runtime.cli", "migrate", "--database", database_url]
        await trio.run_process(command, capture_stdout=True, env=os.environ | {"VESTNIK_DATA_DIR": str(folder)})
    began = time.monotonic()
    room = Room()
    async with RealServerProcess.on_free_port(folder / "data", database_url) as server:
        print(f"ready after {time.monotonic() - began:.2f} s, {server.memory() / 2**20:.0f} MiB")
        tokens = await gather(server.url, arguments.people, room)
        print(f"{arguments.people} people in a room, {arguments.rate:g} messages/s for {arguments.seconds:g} s")
        cpu = server.cpu()
        async with trio.open_nursery() as nursery:
            sockets: list[Socket] = []
            for reader, token in enumerate(tokens):
                socket = await nursery.start(stay, server.url, token)
                sockets.append(socket)
                nursery.start_soon(read, room, reader, socket)
            idle = server.memory()
            cpu = server.cpu()
            started = trio.current_time()
            await talk(room, sockets, arguments)
            took = trio.current_time() - started
            cpu = server.cpu() - cpu
            with trio.move_on_after(SETTLE):
                await settled(room)
            grown = server.memory()
            nursery.cancel_scope.cancel()
    return report(room, arguments, took, cpu, idle, grown)


async def gather(url: str, people: int, room: Room) -> list[str]:
    """Accounts, and a group with all of them."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        users = []
        for number in range(people):
            body = {"username": f"person{number}", "password": PASSWORD}
            answer = await http.post("/api/auth/register", json=body)
            answer.raise_for_status()
            users.append(answer.json())
        headers = {"Authorization": f"Bearer {users[0]['access_token']}"}
        group = {"type": "group", "title": "Room", "user_ids": [user["user"]["id"] for user in users[1:]]}
        answer = await http.post("/api/chats", json=group, headers=headers)
        answer.raise_for_status()
        room.chat_id = answer.json()["id"]
    return [user["access_token"] for user in users]


async def stay(url: str, token: str, task_status: trio.TaskStatus[Socket]) -> None:
    async with open_socket(url, max_message_size=2**20) as socket:
        await socket.hello(token)
        task_status.started(socket)
        await trio.sleep_forever()


async def read(room: Room, reader: int, socket: Socket) -> None:
    """Take what comes, and note when."""
    room.seqs[reader] = 0
    while True:
        try:
            frame = await socket.receive()
        except trio.TooSlowError:
            continue
        if frame["type"] == "message":
            room.to_reader.append(trio.current_time() - room.sent_at[frame["cid"]])
            if frame["seq"] == room.seqs[reader] + 1:
                room.seqs[reader] += 1
            else:
                room.wrong += 1
        elif frame["type"] == "ack":
            room.to_ack.append(trio.current_time() - room.sent_at[frame["cid"]])
            room.acks[frame["cid"]] = frame["seq"]
        elif frame["type"] in ("error", "lag"):
            room.wrong += 1


async def talk(room: Room, sockets: list[Socket], arguments: argparse.Namespace) -> None:
    """Messages at a steady rate, each from somebody; a late one does not delay the next."""
    random = Random(arguments.seed)
    started = trio.current_time()
    for number in range(int(arguments.rate * arguments.seconds)):
        await trio.sleep_until(started + number / arguments.rate)
        cid = f"c-{len(room.sent_at)}"  # a room may talk more than once
        room.sent_at[cid] = trio.current_time()
        text = f"message {number} " + "слово " * 20
        await random.choice(sockets).send(type="send", chat_id=room.chat_id, cid=cid, content=text)


async def settled(room: Room) -> None:
    """Until everybody has everything."""
    while True:
        if complete(room):
            return
        await trio.sleep(0.05)


def complete(room: Room) -> bool:
    return len(room.acks) == len(room.sent_at) and set(room.seqs.values()) == {len(room.sent_at)}


def report(room: Room, arguments: argparse.Namespace, took: float, cpu: float, idle: int, grown: int) -> int:
    for name, times in (("stored (ack)", room.to_ack), ("delivered", room.to_reader)):
        line = sorted(times)
        shown = [f"p{share * 100:g} {line[int(share * (len(line) - 1))] * 1000:.1f} ms" for share in PERCENTILES]
        print(f"{name}: {', '.join(shown)}, max {line[-1] * 1000:.1f} ms ({len(line)} of them)")
    deliveries = len(room.to_reader)
    print(f"server: {cpu / took:.0%} of a processor, {cpu / deliveries * 1e6:.0f} us a delivery, "
          f"{idle / 2**20:.0f} MiB with all connected, {grown / 2**20:.0f} MiB at the end")  # fmt: skip
    expected = len(room.sent_at) * arguments.people
    print(f"lost: {expected - deliveries} of {expected} deliveries, {len(room.sent_at) - len(room.acks)} acks; "
          f"doubled or out of order: {room.wrong}")  # fmt: skip
    return 0 if complete(room) and not room.wrong else 1


if __name__ == "__main__":
    sys.exit(main())
