"""`vestnik serve` as a process of its own, to be killed and started again on the same port.

It is one that the prepared process became (tests/prepared.py), RealServerProcess a start with all that belongs to it.
"""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final, Literal, Self

import trio
from attrs import define

from tests.mariadb_server import free_ports
from tests.prepared import Job
from tests.starting import Spawned, Started, start

PROGRAM: Final[Literal["tests.serving"]] = "tests.serving"
READY_TIMEOUT: Final = 120.0
"""Seconds a server may take to listen; two processors are shared by everything in a test run."""


GENEROUS = {
    "VESTNIK_LIMIT_REGISTRATIONS": "1000000",
    "VESTNIK_LIMIT_NEW_CHATS": "1000000",
    "VESTNIK_LIMIT_NEW_MEMBERS": "1000000",
}
"""Limits by the hour that no test meets: all people come from one address, and within seconds."""


@define(eq=False)
class ServerProcess:
    """One server on one port. Its log is in `data_dir`/server.log; further `settings` go into its environment."""

    data_dir: Path
    database_url: str
    settings: dict[str, str]
    port: int
    _process: Started | Spawned | None = None

    @classmethod
    def on_free_port(cls, data_dir: Path, database_url: str, **settings: str) -> Self:
        """Not started yet. The port lies below the ephemeral range, so no client can take it meanwhile."""
        data_dir.mkdir(parents=True, exist_ok=True)
        environment = GENEROUS | {f"VESTNIK_{name.upper()}": value for name, value in settings.items()}
        return cls(data_dir, database_url, environment, next(free_ports()))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process that serves."""
        assert self._process is not None
        return self._process.pid

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        with trio.CancelScope(shield=True):
            await self.kill()

    def arguments(self) -> list[str]:
        """Of `vestnik`."""
        options = ["--port", str(self.port), "--data-dir", str(self.data_dir), "--database", self.database_url]
        return ["serve", *options]

    async def start(self) -> None:
        """Start and wait until it listens."""
        environment = os.environ | self.settings | {"VESTNIK_LOG_FORMAT": "json"}
        self._process = await self._begin(environment, self.data_dir / "server.log")
        with trio.fail_after(READY_TIMEOUT):
            await self._ready(self._process)

    async def _begin(self, environment: dict[str, str], log: Path) -> Started | Spawned:
        where = {"folder": os.getcwd(), "stderr": str(log)}
        return await start(Job(program=PROGRAM, arguments=self.arguments(), environment=environment, **where))

    async def _ready(self, process: Started | Spawned) -> None:
        """Until it says that it listens."""
        said = b""
        while b"\n" not in said:
            more = await process.receive_some()
            if not more:
                raise RuntimeError(f"the server did not start: {self.log()}")
            said += more

    async def kill(self) -> None:
        """SIGKILL: what it did not write is lost."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM: it says goodbye. The exit code."""
        return await self._end(signal.SIGTERM)

    def memory(self) -> int:
        """Bytes of physical memory it holds."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE")

    def descriptors(self) -> int:
        """How many it has open."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def limit_descriptors(self, soft: int) -> None:
        """Let it have no more than that from now on."""
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (soft, self.descriptor_limits()[1]))

    def descriptor_limits(self) -> tuple[int, int]:
        """How many it may have: soft, hard."""
        return resource.prlimit(self.pid, resource.RLIMIT_NOFILE)

    def cpu(self) -> float:
        """Seconds of processor time it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def log(self) -> str:
        """The end of what it told its operator."""
        return (self.data_dir / "server.log").read_text(errors="replace")[-2000:]

    async def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            return 0
        process, self._process = self._process, None
        if number is signal.SIGKILL:
            process.kill_group()  # with the children of a stock hypercorn, which would serve on
        else:
            process.send_signal(number)
        with trio.fail_after(60):
            code = await process.wait()
        await process.aclose()
        return code


class RealServerProcess(ServerProcess):
    """A start of the program, with all that belongs to it."""

    def command(self) -> list[str]:
        """What starts it."""
        return [sys.executable, "-m", PROGRAM, *self.arguments()]

    async def _begin(self, environment: dict[str, str], log: Path) -> Spawned:
        command = self.command()
        with log.open("ab") as stderr:
            return Spawned(
                await trio.lowlevel.open_process(
                    command,
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                    env=environment | self.settings,
                    start_new_session=True,  # a Ctrl-C at the test run is not for the server
                )
            )


class StockServerProcess(RealServerProcess):
    """The same application under a stock `hypercorn --worker-class trio`, as docs/installing.md offers it."""

    @property
    def pid(self) -> int:
        """hypercorn serves in a child, and has another one that cleans up after multiprocessing."""
        parent = super().pid
        for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
        return parent

    def command(self) -> list[str]:
        """See RealServerProcess; the settings stand in the environment."""
        self.settings |= {"VESTNIK_DATA_DIR": str(self.data_dir), "VESTNIK_DATABASE_URL": self.database_url}
        bind = f"127.0.0.1:{self.port}"
        return [sys.executable, "-m", "hypercorn", "--worker-class", "trio", "--bind", bind, "runtime.asgi:app"]

    async def _ready(self, process: Started | Spawned) -> None:
        while process.returncode is None:
            try:
                await (await trio.open_tcp_stream("127.0.0.1", self.port)).aclose()
            except OSError:
                await trio.sleep(0.05)
            else:
                return
        raise RuntimeError(f"the server did not start: {self.log()}")
