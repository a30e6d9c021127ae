"""The package as people install it: built, put into an empty environment, and served from another folder."""

import os
import shutil
import site
import socket
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Final

import httpx
import pytest

from runtime.version import VERSION
from tests.server.house import PASSWORD

ROOT: Final = Path(__file__).parents[2]
PATIENCE: Final = 120
"""Seconds for anything a process is waited for."""


def build(folder: Path) -> Path:
    """The wheel, made of the source distribution, so that nothing is missing in that either."""
    uv = shutil.which("uv", path=f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv is None:
        pytest.skip("no uv here")
    command = [uv, "build", "-q", "--offline", "--no-build-isolation", "--python", sys.executable, "-o", str(folder)]
    done = subprocess.run([*command, str(ROOT)], capture_output=True, text=True, timeout=600, check=False)
    if "setuptools" in done.stderr and done.returncode:
        pytest.skip(f"the setuptools here is too old to build with: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr
    assert len(list(folder.glob("vestnik-*.tar.gz"))) == 1
    [wheel] = folder.glob("vestnik-*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> str:
    """An environment with the wheel in it. Its dependencies are those of this one: no network is needed."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    [packages] = folder.glob("lib/python*/site-packages")
    [these] = [path for path in site.getsitepackages() if Path(path, "trio").is_dir()]
    packages.joinpath("dependencies.pth").write_text(
        f"{these}\n"
    )  # links in it, such as to this checkout, do not count
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(pip, check=True, timeout=600, capture_output=True)
    return str(folder / "bin" / "vestnik")


class Manager:
    """A listener such as systemd: it reads all that is said, at once, as the queue behind such a socket is short."""

    def __init__(self) -> None:
        self.name = f"@vestnik-test-{os.urandom(8).hex()}"
        self.said: SimpleQueue[bytes] = SimpleQueue()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{self.name[1:]}")
        self._thread = Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while line := self._socket.recv(100):
            self.said.put(line)

    def wait_for(self, line: bytes) -> None:
        """Until that is said; what is said before is forgotten."""
        while self.said.get(timeout=PATIENCE) != line:
            pass

    def close(self) -> None:
        """Hear no more."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
            own.sendto(b"", f"\0{self.name[1:]}")
        self._thread.join(PATIENCE)
        self._socket.close()


@pytest.fixture
def systemd() -> Iterator[Manager]:
    manager = Manager()
    yield manager
    manager.close()


def test_the_wheel_serves_pages_and_accounts_and_tells_systemd(tmp_path: Path, systemd: Manager) -> None:
    vestnik = install(build(tmp_path / "dist"), tmp_path / "env")
    home = tmp_path / "home"
    home.mkdir()
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("VESTNIK_", "PYTHON"))}
    told = subprocess.run([vestnik, "--version"], cwd=home, env=clean, capture_output=True, text=True, timeout=PATIENCE)
    assert told.stdout == f"vestnik {VERSION}\n", told.stderr
    extra = {"NOTIFY_SOCKET": systemd.name, "WATCHDOG_USEC": "200000"}
    command = [vestnik, "serve", "--port", "0", "--data-dir", str(home / "data")]
    with subprocess.Popen(command, cwd=home, env=clean | extra, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().split()[-1]
            systemd.wait_for(b"READY=1")
            systemd.wait_for(b"WATCHDOG=1")
            walk(url)
            systemd.wait_for(b"WATCHDOG=1")
        finally:
            server.terminate()
            assert server.wait(PATIENCE) == 0
    systemd.wait_for(b"STOPPING=1")


def walk(url: str) -> None:
    """What a browser asks for first, and one account: pages, texts, migrations and libraries are all there."""
    with httpx.Client(base_url=url, timeout=PATIENCE) as http:
        assert "<html" in http.get("/").text
        assert http.get("/locales/ru.json").json()
        made = http.post("/api/auth/register", json={"username": "anna", "password": PASSWORD})
        entered = http.post("/api/auth/login", json={"login": "anna", "password": PASSWORD})
    assert (made.status_code, entered.status_code) == (201, 200), made.text
