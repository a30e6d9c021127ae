"""Pictures that are not decoded: what says more than the picture is taken out of them, and the picture stays."""

import json
import random
import struct
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from runtime.files.pictures import WORKER

Image = pytest.importorskip("PIL.Image")

SECRET = b"55.751244 N 37.618423 E"
"""Where somebody was."""


def picture(turned: int = 0) -> Any:
    """With edges, so that its scans have something to tell."""
    return Image.effect_noise((200, 150), 80).convert("RGB").rotate(turned)


def encoded(image: Any, kind: str, **options: Any) -> bytes:
    target = BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def jpeg(**options: Any) -> bytes:
    """That says where it was made."""
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    return encoded(picture(), "JPEG", exif=exif, comment=SECRET, **options)


def cut(tmp_path: Path, data: bytes) -> bytes:
    """What a worker leaves of it."""
    source = tmp_path / "source"
    source.write_bytes(data)
    command = [sys.executable, "-I", str(WORKER), str(source), str(tmp_path), "cut"]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert answer["kept"] == "cut"
    kept = (tmp_path / "picture").read_bytes()
    assert SECRET not in kept
    return kept


def pixels(data: bytes) -> bytes:
    with Image.open(BytesIO(data)) as image:
        return bytes(image.tobytes())


BEHIND = {
    "nothing": b"",
    "another picture": jpeg(),
    "a video": b"\0\0\0\x18ftypmp42" + SECRET + random.Random(1).randbytes(100_000) + b"\xff\xd9",
}


@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 3}], ids=str)
def test_the_picture_alone_stays(tmp_path: Path, options: dict[str, Any], behind: str) -> None:
    data = jpeg(icc_profile=b"a profile", **options)
    kept = cut(tmp_path, data + BEHIND[behind])
    assert pixels(kept) == pixels(data) and len(kept) < len(data)
    assert kept.endswith(b"\xff\xd9") and kept.count(b"\xff\xda") == data.count(b"\xff\xda")
    assert (data.count(b"\xff\xda") > 5) == ("progressive" in options), "it has several scans"
    with Image.open(BytesIO(kept)) as image:
        assert image.info["icc_profile"] == b"a profile" and not image.getexif()


def test_of_several_pictures_in_one_the_first_stays(tmp_path: Path) -> None:
    second = picture(90)
    second.info["exif"] = b"Exif\0\0" + SECRET
    data = encoded(picture(), "MPO", save_all=True, append_images=[second])
    kept = cut(tmp_path, data + SECRET)
    assert pixels(kept) == pixels(data) and b"MPF\0" in data and b"MPF\0" not in kept


def test_what_is_said_between_two_scans_is_taken_out(tmp_path: Path) -> None:
    data = jpeg(progressive=True)
    second = data.index(b"\xff\xda", data.index(b"\xff\xda") + 1)
    second = data.rindex(b"\xff\xc4", 0, second)  # the tables that belong to it
    remark = b"\xff\xfe" + struct.pack(">H", 2 + len(SECRET)) + SECRET
    assert pixels(cut(tmp_path, data[:second] + remark + data[second:])) == pixels(data)


def test_one_that_breaks_off_is_ended_before_the_next(tmp_path: Path) -> None:
    data = jpeg()
    kept = cut(tmp_path, data[:-500] + jpeg())
    assert len(kept) < len(data)


def test_nothing_behind_a_webp_stays(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    data = encoded(picture(), "WEBP", exif=exif, icc_profile=b"a profile")
    for behind in (b"", b"VP8 " + struct.pack("<I", len(SECRET)) + SECRET):
        assert pixels(cut(tmp_path, data + behind)) == pixels(data)
