"""The practical limit of one trio process at this job: `python -m tests.bench.rivals.limit PORT`.

It checks membership (in memory), takes a seq under the row lock, inserts, commits, acks and tells every member, as
Vestnik does; and nothing else, so it serves nobody: no log-in, no catching up, no bounds, no repeated cid. All that
waits goes into one transaction, all that a transaction brings is framed once and written to each socket at once.
`PEER_DATABASE`: mysql://user:password@host:port/name.
"""

import json
import os
import sys
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import trio
import trio_mysql
from trio_websocket import ConnectionClosed, wrap_server_stream

BATCH: Final = 200
"""Messages a transaction, at most."""


def framed(data: bytes) -> bytes:
    """A text frame of a server (RFC 6455 section 5.2)."""
    size = len(data)
    if size < 126:
        return bytes((0x81, size)) + data
    return b"\x81\x7e" + size.to_bytes(2) + data


class OwnStream(trio.abc.Stream):
    """Writes what the kernel takes at once; a task of its own writes the rest."""

    def __init__(self, inner: trio.SocketStream) -> None:
        self.inner = inner
        self.backlog = bytearray()
        self.wake = trio.Event()

    def put(self, data: bytes) -> None:
        if self.backlog:
            self.backlog += data
            return
        try:
            sent = self.inner.socket._sock.send(data)  # type: ignore[attr-defined]
        except BlockingIOError:
            sent = 0
        except OSError:
            return
        if sent < len(data):
            self.backlog += data[sent:]
            self.wake.set()

    async def flush(self) -> None:
        while True:
            await self.wake.wait()
            self.wake = trio.Event()
            while self.backlog:
                await trio.lowlevel.wait_writable(self.inner.socket)
                try:
                    sent = self.inner.socket._sock.send(self.backlog)  # type: ignore[attr-defined]
                except BlockingIOError:
                    continue
                del self.backlog[:sent]

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        self.put(bytes(data))
        await trio.lowlevel.checkpoint()

    async def wait_send_all_might_not_block(self) -> None:
        await self.inner.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        return bytes(await self.inner.receive_some(max_bytes or 65536))

    async def aclose(self) -> None:
        await self.inner.aclose()


class Server:
    """Rooms are sets of streams."""

    def __init__(self) -> None:
        self.members: dict[int, set[int]] = {}
        self.rooms: dict[int, set[OwnStream]] = {}
        self.to_writer, self.queue = trio.open_memory_channel[tuple[OwnStream, int, dict[str, Any]]](10_000)

    async def load(self) -> None:
        connection = await connect()
        cursor = connection.cursor()
        await cursor.execute("SELECT chat_id, user_id FROM members")
        for chat_id, user_id in await cursor.fetchall():
            self.members.setdefault(chat_id, set()).add(user_id)

    async def write(self) -> None:
        """One transaction after the other."""
        connection = await connect()
        cursor = connection.cursor()
        quoted = connection.escape_string
        while True:
            batch = [await self.queue.receive()]
            while len(batch) < BATCH:
                try:
                    batch.append(self.queue.receive_nowait())
                except trio.WouldBlock:
                    break
            ids = ",".join(map(str, sorted({frame["chat_id"] for _, _, frame in batch})))
            await cursor.execute(f"SELECT id, last_seq FROM chats WHERE id IN ({ids}) FOR UPDATE")
            seqs = dict(await cursor.fetchall())
            now = datetime.now(UTC)
            stamp, shown = now.strftime("%Y-%m-%d %H:%M:%S.%f"), now.isoformat()
            rows: list[str] = []
            events: dict[int, list[bytes]] = {}
            acks: dict[OwnStream, list[bytes]] = {}
            for stream, user_id, frame in batch:
                chat_id, cid, content = frame["chat_id"], frame["cid"], frame["content"]
                seqs[chat_id] += 1
                seq = seqs[chat_id]
                rows.append(f"({chat_id},{seq},{user_id},'{quoted(cid)}','{quoted(content)}','{stamp}')")
                event = {"type": "message", "chat_id": chat_id, "seq": seq, "sender_id": user_id, "cid": cid,
                         "content": content, "created_at": shown}  # fmt: skip
                events.setdefault(chat_id, []).append(_encoded(event))
                acks.setdefault(stream, []).append(_encoded({"type": "ack", "cid": cid, "seq": seq}))
            columns = "chat_id, seq, sender_id, cid, content, created_at"
            await cursor.execute(f"INSERT INTO messages ({columns}) VALUES {','.join(rows)}")
            cases = " ".join(f"WHEN {chat_id} THEN {seq}" for chat_id, seq in seqs.items())
            await cursor.execute(f"UPDATE chats SET last_seq = CASE id {cases} END WHERE id IN ({ids})")
            await connection.commit()
            self._tell(events, acks)

    def _tell(self, events: dict[int, list[bytes]], acks: dict[OwnStream, list[bytes]]) -> None:
        for chat_id, frames in events.items():
            data = b"".join(frames)
            for stream in self.rooms.get(chat_id, ()):
                own = acks.pop(stream, None)
                stream.put(b"".join(own) + data if own else data)
        for stream, own in acks.items():
            stream.put(b"".join(own))

    async def serve(self, inner: trio.SocketStream) -> None:
        """One connection; its path names the user."""
        try:
            async with trio.open_nursery() as nursery:
                stream = OwnStream(inner)
                nursery.start_soon(stream.flush)
                request = await wrap_server_stream(nursery, stream)
                user_id = int(parse_qs(urlsplit(request.path).query)["u"][0])
                websocket = await request.accept()
                mine = [chat_id for chat_id, members in self.members.items() if user_id in members]
                for chat_id in mine:
                    self.rooms.setdefault(chat_id, set()).add(stream)
                try:
                    while True:
                        frame = json.loads(await websocket.get_message())
                        if user_id in self.members[frame["chat_id"]]:
                            await self.to_writer.send((stream, user_id, frame))
                finally:
                    for chat_id in mine:
                        self.rooms[chat_id].discard(stream)
                    nursery.cancel_scope.cancel()
        except* (ConnectionClosed, OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            pass


def _encoded(value: dict[str, Any]) -> bytes:
    return framed(json.dumps(value, separators=(",", ":")).encode())


async def connect() -> Any:
    """A connection of the driver that Vestnik uses too."""
    url = urlsplit(os.environ["PEER_DATABASE"])
    connection = trio_mysql.connect(
        host=url.hostname, port=url.port, user=url.username, password=url.password, database=url.path[1:],
        autocommit=False, charset="utf8mb4", use_unicode=True,
    )  # fmt: skip
    await connection.connect()
    return connection


async def main(port: int) -> None:
    server = Server()
    await server.load()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.write)
        await trio.serve_tcp(server.serve, port, host="127.0.0.1")


if __name__ == "__main__":
    trio.run(main, int(sys.argv[1]))
