"""Runs files of the desktop client's own tests, which are for Node's test runner, and finds what they need."""

import functools
import os
import re
import select
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
DESKTOP: Final = ROOT / "client/desktop"
NODE: Final = shutil.which("node")
OLDEST_NODE: Final = 20
FILE_TIMEOUT: Final = 1200.0
"""Seconds that one file of tests may take; two processors are shared by everything in a test run."""
SHOWN: Final = 10_000
"""Characters of what Node said that are shown where tests failed: the last ones."""
MEASURED: Final = (DESKTOP / "test/vectors.test.js", DESKTOP / "test/unit/http-carries.test.mjs")
"""Files that test_core.py runs under Node's coverage, and nothing else runs again."""
SCREEN: Final = ("-screen", "0", "1280x800x24", "-nolisten", "tcp")


def files_in(*folders: str) -> list[Path]:
    """The test files of client/desktop/test in these folders."""
    return sorted(path for folder in folders for path in (DESKTOP / "test" / folder).glob("*.test.mjs"))


@functools.cache
def missing_node() -> str | None:
    """Why tests in Node are skipped."""
    if NODE is None:
        return "no Node here"
    said = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    if int(said.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        return f"no Node {OLDEST_NODE} or newer here, but {said.strip()}"
    return None


@functools.cache
def missing_packages() -> str | None:
    """Why tests that need packages of npm are skipped."""
    installed = (DESKTOP / "node_modules/playwright-core").is_dir()
    return missing_node() or (None if installed else "npm ci was not run in client/desktop")


@functools.cache
def electron() -> Path | None:
    """The folder of the Electron that runs the tests: one that is named, one that can be made, or what npm fetched."""
    named = os.environ.get("ELECTRON_OVERRIDE_DIST_PATH")
    if named:
        return Path(named)
    maker = ROOT.parent / "shared/tools/electron-runtime"
    if maker.exists():
        made = subprocess.run([maker, ROOT / ".cache"], capture_output=True, text=True, check=False)
        if made.returncode == 0:
            return Path(made.stdout.strip())
    fetched = DESKTOP / "node_modules/electron/dist"
    return fetched if (fetched / "electron").exists() else None


@contextmanager
def screen() -> Iterator[str | None]:
    """A screen of our own as a DISPLAY, ready; None where there is no Xvfb."""
    program = shutil.which("Xvfb")
    if program is None:
        yield None
        return
    reading, writing = os.pipe()
    command = [program, "-displayfd", str(writing), *SCREEN]
    quiet = subprocess.DEVNULL
    xvfb = subprocess.Popen(command, pass_fds=[writing], stdin=quiet, stdout=quiet, stderr=quiet)
    os.close(writing)
    try:
        with os.fdopen(reading) as said:
            ready, _, _ = select.select([said], [], [], 120)
            number = said.readline().strip() if ready else ""
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        xvfb.terminate()
        xvfb.wait(60)


def run_tests(*files: Path, options: tuple[str, ...] = (), **environment: str) -> str:
    """What Node said, in TAP, of tests that all passed; skips where all of them did."""
    command = [NODE or "node", "--test", "--test-reporter=tap", *options]
    command += [str(path.relative_to(DESKTOP)) for path in files]
    process = subprocess.Popen(
        command,
        cwd=DESKTOP,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # so that all that it started can be ended with it
    )
    try:
        said, _ = process.communicate(timeout=FILE_TIMEOUT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)
        said, _ = process.communicate()
        pytest.fail(f"not done after {FILE_TIMEOUT:.0f} s\n{said[-SHOWN:]}")
    assert process.returncode == 0, said[-SHOWN:]
    passed, skipped = (int(re.findall(rf"^# {word} (\d+)$", said, re.MULTILINE)[-1]) for word in ("pass", "skipped"))
    if passed == 0 and skipped:
        pytest.skip("; ".join(sorted(set(re.findall(r"# SKIP (.*)", said)))))
    assert passed, f"no test ran\n{said[-SHOWN:]}"
    return said
