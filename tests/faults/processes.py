"""`vestnik serve` as a process of its own, to be killed and started again on the same port."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import trio
from attrs import define

from tests.mariadb import free_ports

READY_TIMEOUT: Final = 30.0
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
    _process: trio.Process | None = None

    @classmethod
    def on_free_port(cls, data_dir: Path, database_url: str, **settings: str) -> "ServerProcess":
        """Not started yet. The port lies below the ephemeral range, so no client can take it meanwhile."""
        data_dir.mkdir(parents=True, exist_ok=True)
        environment = GENEROUS | {f"VESTNIK_{name.upper()}": value for name, value in settings.items()}
        return cls(data_dir, database_url, environment, next(free_ports()))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> "ServerProcess":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        with trio.CancelScope(shield=True):
            await self.kill()

    async def start(self) -> None:
        """Start and wait until it listens."""
        command = [sys.executable, "-m", "runtime.cli", "serve", "--port", str(self.port)]
        command += ["--data-dir", str(self.data_dir), "--database", self.database_url]
        with (self.data_dir / "server.log").open("ab") as log:
            self._process = await trio.lowlevel.open_process(
                command,
                stdout=subprocess.PIPE,
                stderr=log,
                env=os.environ | self.settings | {"VESTNIK_LOG_FORMAT": "json"},
                start_new_session=True,  # a Ctrl-C at the test run is not for the server
            )
        assert self._process.stdout is not None
        said = b""
        with trio.fail_after(READY_TIMEOUT):
            while b"\n" not in said:
                more = await self._process.stdout.receive_some()
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
        assert self._process is not None
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE")

    def cpu(self) -> float:
        """Seconds of processor time it has used."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def log(self) -> str:
        """The end of what it told its operator."""
        return (self.data_dir / "server.log").read_text(errors="replace")[-2000:]

    async def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            return 0
        process, self._process = self._process, None
        process.send_signal(number)
        with trio.fail_after(20):
            code = await process.wait()
        assert process.stdout is not None
        await process.stdout.aclose()
        return code
