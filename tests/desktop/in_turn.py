"""Runs files of tests for Node one after the other in one process, which keeps what they share: a browser, mostly."""

import contextlib
import os
import re
import select
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

import pytest

from tests.desktop.node import DESKTOP, FILE_TIMEOUT, NODE, SHOWN

PROGRAM: Final = DESKTOP / "test/harness/in-turn.mjs"
GOODBYE: Final = 60.0
"""Seconds that the process may take to end, once it is asked to."""
_LAST_WORDS: Final = 3.0
"""Seconds that it may take when it is not asked any more."""
_POLL: Final = 0.5
"""Seconds after which an end of the process is noticed, where something that it started still holds its pipes."""
_DONE: Final = re.compile(r"^ +ok \d+ - (.*)\n +---\n +duration_ms: .*\n(?! +type: 'suite')", re.MULTILINE)
"""A test that passed or was skipped, in TAP; suites do not count."""
_SKIPPED: Final = re.compile(r" # SKIP (.*)$")


class InTurn:
    """Begins the process for the first file, and anew after one that failed, or after `most`: what these leave behind,
    a browser that is broken or grew large, is for no other file."""

    def __init__(self, *, most: int, timeout: float = FILE_TIMEOUT, **environment: str) -> None:
        self.timeout = timeout
        self._most = most
        self._environment = environment
        self._process: _Process | None = None

    def run(self, file: Path) -> None:
        """Returns when all tests of this file have passed; skips where all of them did."""
        name = os.path.relpath(file, DESKTOP)
        if self._process is not None and (len(self._process.files) >= self._most or name in self._process.files):
            self.close()  # of a file that was run here the modules are there, and do nothing any more
        self._process = process = self._process or _Process(self._environment)
        try:
            report = process.run(name, self.timeout)
        except BaseException as error:
            self._process = None
            process.kill()
            if not isinstance(error, TimeoutError):
                raise
            pytest.fail(f"not done after {self.timeout:.0f} s\n{process.said()}")
        if report is None:
            self._process = None
            process.end()
            pytest.fail(process.said())
        outcomes = [_SKIPPED.search(test) for test in _DONE.findall(report)]
        reasons = {outcome[1] for outcome in outcomes if outcome is not None}
        if not outcomes:
            pytest.fail(f"no test ran in {name}")
        if None not in outcomes:
            pytest.skip("; ".join(sorted(reasons)))

    def close(self) -> None:
        """The process ends, and its browser with it."""
        process, self._process = self._process, None
        if process is not None:
            assert process.end() == 0, process.said()


class _Process:
    def __init__(self, environment: dict[str, str]) -> None:
        self.files: list[str] = []
        self._reports = b""
        self._written = b""
        reading, writing = os.pipe()
        options = ("--test-reporter=tap", f"--test-reporter-destination=/dev/fd/{writing}")
        self._process = subprocess.Popen(
            [NODE or "node", *options, str(PROGRAM)],
            cwd=DESKTOP,
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=(writes := tempfile.TemporaryFile()),  # noqa: SIM115
            stderr=subprocess.STDOUT,
            pass_fds=[writing],
            start_new_session=True,  # so that all that it started can be ended with it
        )
        os.close(writing)
        assert self._process.stdin is not None
        self._files_to_run = self._process.stdin
        self._writes = writes
        self._pipe = os.fdopen(reading, "rb", buffering=0)
        """For reports alone, in TAP: nothing that a test writes can be taken for one."""

    def run(self, name: str, timeout: float) -> str | None:
        """What was reported of this file; None where it failed, or ended the process. Raises TimeoutError."""
        self.files.append(name)
        outcome = re.compile(rf"^(not )?ok {len(self.files)} - .*\n".encode(), re.MULTILINE)
        begin, until = len(self._reports), time.monotonic() + timeout
        with contextlib.suppress(BrokenPipeError):
            self._files_to_run.write(f"{name}\n".encode())
            self._files_to_run.flush()
        while not (found := outcome.search(self._reports, begin)):
            over = self._process.poll() is not None
            if not self._read(0 if over else _POLL) and over:
                return None
            if time.monotonic() > until:
                raise TimeoutError
        return None if found[1] else self._reports[begin : found.start()].decode()

    def end(self) -> int:
        """Its exit code, once it has closed what files shared."""
        with contextlib.suppress(BrokenPipeError):
            self._files_to_run.close()
        until = time.monotonic() + GOODBYE
        while self._process.poll() is None and time.monotonic() < until:
            self._read(_POLL)
        self.kill()
        return self._process.returncode

    def kill(self) -> None:
        """It may take its browser along; what goes on after that is killed."""
        for number, patience in ((signal.SIGTERM, _LAST_WORDS), (signal.SIGKILL, None)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
        while self._read(0):
            pass
        self._writes.seek(0)
        self._written = self._writes.read()
        for file in (self._files_to_run, self._writes, self._pipe):
            file.close()

    def said(self) -> str:
        """Of one that has ended, how it did, and the last that its tests wrote and that was reported."""
        parts = (part.decode(errors="replace")[-SHOWN // 2 :] for part in (self._written, self._reports))
        return "\n".join([f"Node ended with {self._process.returncode}", *parts])

    def _read(self, patience: float) -> bytes:
        """More of its reports, which are kept; b"" where none came."""
        ready, _, _ = select.select([self._pipe], [], [], patience)
        more = self._pipe.read(65536) if ready else b""
        self._reports += more
        return more
