"""The load generator (load.c): built with the C compiler of this machine, run once a measure."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from attrs import frozen

from tests.bench.rivals.places import FOLDER, SOURCES

PARTS: Final = ("load.c", "options.h", "frames.h", "figures.h", "wire.h")
PATIENCE: Final = 300.0
"""Seconds that draining, and connecting the first, may take on top of the measured time."""
LOG_IN: Final = 0.1
"""Seconds that each log-in may take."""


class LoadError(Exception):
    """The generator could not do its work; the text is what it said."""


class Load(msgspec.Struct, frozen=True):
    """What one run showed. Times in ms; `cpu_s` in the order of the pids; `missing`: deliveries that did not come."""

    connections: int
    connect_s: float
    seconds: float
    sent: int
    acked: int
    messages_s: float
    deliveries: int
    deliveries_s: float
    bytes_delivery: float
    acked_measured: int
    generator_cpu_s: float
    cpu_s: tuple[float, ...]
    p50: float
    p99: float
    p999: float
    max: float
    ack_p50: float
    ack_p99: float
    missing: int
    gaps: int
    disordered: int
    lags: int
    refused: int
    broken: int
    closed: int
    answers_s: float
    failures: int
    first_kib: int
    all_kib: int

    @property
    def unsound(self) -> str | None:
        """Why the figures are worth nothing: something was lost, refused or not understood."""
        faults = ("missing", "gaps", "disordered", "refused", "broken", "closed", "failures")
        found = [f"{name} {count}" for name in faults if (count := getattr(self, name))]
        if self.acked < self.sent:
            found.append(f"unanswered {self.sent - self.acked}")
        return ", ".join(found) or None


@frozen
class Target:
    """Where the generator talks to, and how. `pids`: the server's first, then its database's.

    `arguments` hold what the protocol needs: path, log-in, template of a message.
    """

    name: str
    port: int
    pids: tuple[int, ...]
    arguments: Sequence[str]

    def run(self, *, connections: int, seconds: float, warm: float = 1.0, **options: object) -> Load:
        """One run; `options` are letters of load.c with their values, a list stands for several."""
        words = ["-p", str(self.port), "-n", str(connections), "-d", f"{seconds}", "-W", f"{warm}", *self.arguments]
        for pid in self.pids:
            words += ["-P", str(pid)]
        for letter, value in options.items():
            for each in value if isinstance(value, list) else [value]:
                words += [f"-{letter}", str(each)]
        return run(words, seconds + warm + PATIENCE + connections * LOG_IN)


def run(words: Sequence[str], timeout: float) -> Load:
    """Run the generator with these arguments."""
    try:
        done = subprocess.run([str(build()), *words], capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise LoadError(f"not done after {timeout:.0f} s") from None
    if done.returncode or not done.stdout:
        raise LoadError(done.stderr.strip() or f"exit code {done.returncode}")
    if done.stderr:
        print(done.stderr, end="", flush=True)
    return msgspec.json.decode(done.stdout, type=Load)


def compiler() -> str | None:
    """The C compiler, where there is one."""
    return shutil.which("gcc") or shutil.which("cc")


@cache
def build() -> Path:
    """The program, built anew where its sources changed."""
    found = compiler()
    if found is None:
        raise LoadError("no C compiler here (Debian package gcc, with libc6-dev)")
    digest = hashlib.sha256(b"".join((SOURCES / name).read_bytes() for name in PARTS)).hexdigest()[:16]
    program = FOLDER / f"load-{digest}"
    if not program.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        fresh = FOLDER / f"load-{os.getpid()}"
        command = [found, "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(fresh), str(SOURCES / "load.c")]
        subprocess.run(command, check=True, timeout=120)
        fresh.rename(program)
    return program
