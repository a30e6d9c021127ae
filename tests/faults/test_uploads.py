"""F27 and worse: a file goes over a link that is cut again and again, while the server and the client are killed."""

import subprocess
import sys
from pathlib import Path
from random import Random

import httpx
import pytest
import trio

from chatproto.wire.model import Message
from client.account import register
from client.connection import connect
from tests.client.cutting import CuttingProxy
from tests.faults.server_process import ServerProcess
from tests.faults.talkers import PASSWORD, TIMING

MIB = 1 << 20
SIZE = 25 * MIB
CUTS = [2 * MIB * number for number in range(1, 11)]
STUCK = 900.0
"""Seconds after which it will not come to its end any more."""


class SendingClient:
    """See tests/faults/sending_client.py."""

    def __init__(self, *arguments: str) -> None:
        self.command = [sys.executable, "-m", "tests.faults.sending_client", *arguments]

    async def start(self) -> None:
        self.process = await trio.lowlevel.open_process(self.command, stdout=subprocess.PIPE)

    async def says(self, word: bytes) -> None:
        said = b""
        assert self.process.stdout is not None
        while word not in said:
            more = await self.process.stdout.receive_some()
            assert more, f"it ended: {said!r}"
            said += more

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()
        assert self.process.stdout is not None
        await self.process.stdout.aclose()


@pytest.mark.slow
async def test_f27_a_file_over_a_cut_link_with_the_server_and_the_client_killed(tmp_path: Path) -> None:
    source, store = tmp_path / "source.bin", tmp_path / "store" / "ann.sqlite3"
    source.write_bytes(Random(27).randbytes(SIZE))
    data = tmp_path / "data"
    server = ServerProcess.on_free_port(data, f"sqlite:///{data}/vestnik.sqlite3")
    async with server, trio.open_nursery() as nursery:
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
            await register(http, "ann", PASSWORD), await register(http, "bob", PASSWORD)
        proxy = CuttingProxy(server.port, cuts=[*CUTS])
        await nursery.start(proxy.serve)
        async with connect(server.url, "bob", PASSWORD, whole_log=True, timing=TIMING) as bob:
            async with connect(server.url, "ann", PASSWORD, timing=TIMING) as ann:
                chat_id = await ann.create_direct(bob.user_id)
            client = SendingClient(proxy.url, str(chat_id), str(store), str(source))
            with trio.fail_after(STUCK):
                await client.start()
                await client.says(b"live")
                killed: list[tuple[int, ServerProcess | SendingClient]]
                killed = [(5 * MIB, server), (11 * MIB, client), (17 * MIB, server)]
                for kill_at, what in killed:
                    await proxy.reached(kill_at)
                    await what.kill()
                    await what.start()
                await client.says(b"sent")
                await client.process.wait()
                await bob.reached(chat_id, 3)
            await client.kill()
            said = [item for item in bob.log(chat_id) if isinstance(item, Message)]
            assert [(one.content, len(one.attachments)) for one in said] == [("before", 0), ("", 1), ("after", 0)]
            await bob.download(said[1].attachments[0], tmp_path / "copy.bin")
            assert (tmp_path / "copy.bin").read_bytes() == source.read_bytes()
        assert proxy.cuts == [] and proxy.sent < 30 * MIB, f"{proxy.sent} bytes were sent"
        print(f"{proxy.sent / MIB:.2f} MiB were sent for {SIZE / MIB:.0f}")
        files = list(data.rglob("*.data"))
        assert files == [] and list(store.with_name("ann.sqlite3.files").iterdir()) == []
        nursery.cancel_scope.cancel()
