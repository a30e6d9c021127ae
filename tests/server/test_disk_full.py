"""The disk of files is really full: the answer has its code, nothing half stays, and what was begun goes on later."""

import os
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from tests.server.answers import code_of
from tests.server.conftest import OpenHouse
from tests.server.house import Person
from tests.server.test_http_files import blobs, drafts
from tests.server.test_http_uploads import create, offset_of, patch
from tests.server.uploads import try_upload, upload

SIZE = 4 * 2**20
"""Bytes of the disk."""
LARGE = bytes(range(256)) * 4096 * 5
"""More than it has."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small one, where the server keeps its files; skips the test where none may be mounted."""
    folder = tmp_path / "files"
    folder.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        done = False
    if not done:
        pytest.skip("a disk of its own needs root, and mount")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """What takes all the room there is, but for a few pages."""
    room = os.statvfs(disk)
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(room.f_bavail * room.f_bsize - 2**18))
    return ballast


async def told(person: Person) -> str:
    """The code of the answer to a small form."""
    return str(code_of(await try_upload(person, bytes(2**19))))


async def test_enospc_of_a_form_leaves_nothing(house_at: OpenHouse, disk: Path, tmp_path: Path) -> None:
    async with house_at() as house:
        anna = await house.register("anna")
        kept = await upload(anna, b"before")
        answer = await try_upload(anna, LARGE)
        assert (answer.status_code, code_of(answer)) == (503, "store_unavailable")
        assert answer.headers["Retry-After"] and not drafts(tmp_path) and len(blobs(tmp_path)) == 1
        ballast = fill(disk)
        assert await told(anna) == "store_unavailable"
        assert not drafts(tmp_path) and len(blobs(tmp_path)) == 1
        assert (await anna.get(kept["url"])).content == b"before", "what is there is read all the same"
        ballast.unlink()
        assert (await upload(anna, bytes(2**19)))["size"] == 2**19
        assert len(blobs(tmp_path)) == 2 and not drafts(tmp_path)


async def test_enospc_of_an_upload_in_pieces_is_gone_on_with(house_at: OpenHouse, disk: Path, tmp_path: Path) -> None:
    data = LARGE[: 2 * 2**20]
    async with house_at() as house:
        anna = await house.register("anna")
        path = (await create(anna, len(data), data[: 2**19])).headers["Location"]
        ballast = fill(disk)
        answer = await patch(anna, path, 2**19, data[2**19 :])
        assert (answer.status_code, code_of(answer)) == (503, "store_unavailable")
        assert not blobs(tmp_path)
        refused = await create(anna, len(data))
        assert refused.status_code in (201, 503), "an empty one may have room"
        ballast.unlink()
        reached = await offset_of(anna, path)
        assert 2**19 <= reached < len(data), "what was written is kept, and no byte is told that was not"
        whole = await patch(anna, path, reached, data[reached:])
        assert whole.status_code == 204, whole.text
        read = await anna.get(f"/api/files/{whole.headers['Vestnik-File-Id']}")
        assert sha256(read.content).digest() == sha256(data).digest()
        assert len(blobs(tmp_path)) == 1
