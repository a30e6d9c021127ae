"""An S3 server on loopback for tests: moto's, in a process of its own. One a test process; buckets are cheap."""

import atexit
import functools
import itertools
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import httpx
import pytest

from runtime.files.places import S3Place, read_place
from runtime.files.s3_signing import Credentials

START: Final = 120.0
"""Seconds in which it must answer."""
CREDENTIALS: Final = Credentials("AKIAEXAMPLE", "a secret that nobody is told", "us-east-1")
_numbers = itertools.count(1)


def new_bucket(prefix: str = "") -> str:
    """The URL of an empty bucket, as it stands in settings; skips the test where there is no server."""
    url = absent_bucket(prefix)
    make_bucket(url)
    return url


def absent_bucket(prefix: str = "") -> str:
    """The URL of a bucket that nobody has made; no other test of this server has its name."""
    return f"s3://bucket-{next(_numbers)}/{prefix}?endpoint={_server()}"


def make_bucket(url: str) -> None:
    """Make the bucket that a URL names. Blocks."""
    place = place_of(url)
    httpx.put(f"{place.base}{place.bucket_path}", timeout=60).raise_for_status()


def new_place(prefix: str = "") -> S3Place:
    """A new bucket's URL, read."""
    return place_of(new_bucket(prefix))


def place_of(url: str) -> S3Place:
    """A bucket's URL, read."""
    place = read_place(url)
    assert isinstance(place, S3Place)
    return place


@functools.cache
def _server() -> str:
    if find_spec("moto") is None:
        pytest.skip("moto is not installed")
    folder = tempfile.TemporaryDirectory(prefix="vestnik-s3-")
    log = Path(folder.name) / "log"
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)

    def stop() -> None:
        process.kill()
        process.wait()
        folder.cleanup()

    atexit.register(stop)
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and process.poll() is None:
        _, found, rest = log.read_text().partition("Running on http://127.0.0.1:")
        if found and "\n" in rest:
            return f"http://127.0.0.1:{rest.split()[0]}"
        time.sleep(0.05)
    raise RuntimeError(f"the S3 server does not start: {log.read_text()}")
