"""A process for one picture: what others get of it, and its previews. Started by runtime/files/pictures.py.

Whatever the bytes do to the library that reads them, they do it here, within limits of memory, time and disk. The
process knows nothing but two paths, and ends with its picture.

    python -I image_worker.py SOURCE FOLDER keep|make|cut|avatar

Answers one line of JSON: `format`, `width`, `height`, `kept` (what is in FOLDER/picture: `made` anew, `cut` out of the
source without decoding, or `source`: nothing is there, the source stays), `previews` (their sizes, in FOLDER/SIZE).
"""

import json
import re
import resource
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps, ImageSequence

MEMORY: Final = 1 << 30
SECONDS: Final = 20
DISK: Final = 256 << 20
PIXELS: Final = 50_000_000
"""Of one picture, and of all frames of an animation together twice as many."""
FRAMES: Final = 500
PREVIEWS: Final = (320, 1280)
AVATAR: Final = 512
"""Pixels of a side, at most."""
PROFILE: Final = 64 * 1024
"""Bytes of a colour profile that is kept."""
FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP")


def limit() -> None:
    """From here on this process can do no harm but to itself."""
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, DISK),
        (resource.RLIMIT_NOFILE, 32),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    Image.MAX_IMAGE_PIXELS = None  # looked at here, before anything is decoded


def main(source: Path, folder: Path, mode: str) -> dict[str, object]:
    """The answer."""
    limit()
    with Image.open(source, formats=FORMATS) as image:
        kind, (width, height) = _kind(image), image.size
        if mode == "cut":
            return _cut(source, folder, kind)
        if mode == "avatar":
            return _avatar(image, folder)
        most = 0 if width * height > PIXELS else min(FRAMES, 2 * PIXELS // (width * height))
        frames = _frames(image, most) if most else 0
        if not frames or frames > most:
            return _cut(source, folder, kind) if mode == "make" else {"format": kind, "kept": "source"}
        if frames == 1:
            ImageOps.exif_transpose(image, in_place=True)  # each copy of a large picture takes a fifth of the memory
        kept = "source"
        if mode == "make":
            _make(image, folder / "picture", kind, frames)
            kept = "made"
        previews = _previews(image, folder)
        return {"format": kind, "width": image.width, "height": image.height, "kept": kept, "previews": previews}


def _kind(image: Image.Image) -> str:
    """A JPEG that has other pictures behind it is one all the same."""
    return "JPEG" if image.format == "MPO" else str(image.format)


def _frames(image: Image.Image, most: int) -> int:
    """How many there are; one more than `most` where there are more. To look at one may mean to decode it."""
    if _kind(image) == "JPEG" or not getattr(image, "is_animated", False):
        return 1
    for number in range(most + 1):
        try:
            image.seek(number)
        except EOFError:
            image.seek(0)
            return number
    return most + 1


def _make(image: Image.Image, path: Path, kind: str, frames: int) -> None:
    """The same picture, written anew: nothing else of the source is in it."""
    profile = image.info.get("icc_profile")
    options: dict[str, object] = {"icc_profile": profile} if profile and len(profile) <= PROFILE else {}
    if frames > 1:
        durations = []
        pictures = []
        for frame in ImageSequence.Iterator(image):
            durations.append(frame.info.get("duration", 100))
            pictures.append(_bare(frame))
        options |= {"save_all": True, "append_images": pictures[1:], "duration": durations}
        options |= {"loop": image.info.get("loop", 0)}
        pictures[0].save(path, kind, **options)
        return
    if kind == "JPEG":
        options |= {"quality": 90, "optimize": True}
    elif kind == "WEBP":
        options |= {"quality": 90}
    _bare(image).save(path, kind, **options)


def _bare(image: Image.Image) -> Image.Image:
    """Pixels alone."""
    bare = image.copy()
    bare.info = {key: value for key, value in bare.info.items() if key in ("transparency", "background", "gamma")}
    return bare


def _previews(image: Image.Image, folder: Path) -> list[int]:
    """Of the first frame; never larger than the picture."""
    if getattr(image, "is_animated", False):
        image.seek(0)
    mode = "RGBA" if image.has_transparency_data else "RGB"
    colours = image if image.mode == mode else image.convert(mode)
    made: list[int] = []
    for size in PREVIEWS:
        if made and max(image.size) <= made[-1]:
            break
        preview = colours.copy()
        preview.thumbnail((size, size))
        preview.save(folder / str(size), "WEBP", quality=75, method=4)
        made.append(size)
    return made


def _avatar(image: Image.Image, folder: Path) -> dict[str, object]:
    """The middle of the first frame, a square."""
    if image.width * image.height > PIXELS:
        raise ValueError("too large")
    side = min(AVATAR, *image.size)
    shown = ImageOps.exif_transpose(image)
    square = ImageOps.fit(shown.convert("RGBA" if shown.has_transparency_data else "RGB"), (side, side))
    bare = _bare(square)
    bare.save(folder / "picture", "WEBP", quality=85, method=4)
    return {"format": "WEBP", "width": side, "height": side, "kept": "made", "previews": _previews(bare, folder)}


# --- without decoding ---


def _cut(source: Path, folder: Path, kind: str) -> dict[str, object]:
    """The source without what is no part of the picture."""
    data = memoryview(source.read_bytes())
    parts = {"JPEG": _cut_jpeg, "PNG": _cut_png, "GIF": _cut_gif, "WEBP": _cut_webp}[kind](data)
    with (folder / "picture").open("wb") as target:
        for part in parts:
            target.write(part)
    return {"format": kind, "kept": "cut"}


_AFTER_SCAN: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
"""A marker; within the data of a scan 0xFF stands for itself before a zero, and restarts are a part of it."""
_OF_JPEG: Final = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
"""What the picture needs of the segments that applications may add (APPn), and how it begins."""


def _cut_jpeg(data: memoryview) -> Iterator[bytes | memoryview]:
    """Without what applications added, and comments. It ends where it says so, or cannot go on: a second picture, or
    the video of a phone, may stand behind it with a place and a time of its own."""
    yield data[:2]
    at, scanned = 2, False
    while at + 4 <= len(data):
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        if data[at] == marker == 0xFF:  # any number of them may stand before a marker
            at += 1
            continue
        if data[at] != 0xFF or not (0xC0 <= marker <= 0xCF or 0xDA <= marker <= 0xFE) or length < 2:
            if scanned:
                break
            raise ValueError("not a segment")
        segment = data[at : at + 2 + length]
        at += 2 + length
        if marker < 0xE0 or (marker in _OF_JPEG and bytes(segment[4:16]).startswith(_OF_JPEG[marker])):
            yield segment
        if marker == 0xDA:
            found = _AFTER_SCAN.search(data, at)
            end = len(data) if found is None else found.start()
            yield data[at:end]
            at, scanned = end, True
    yield b"\xff\xd9"


_OF_PNG: Final = frozenset(b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT acTL fcTL fdAT".split())


def _cut_png(data: memoryview) -> Iterator[bytes | memoryview]:
    yield data[:8]
    at = 8
    while at + 12 <= len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        if name in _OF_PNG:
            yield data[at : at + 12 + length]
        if name == b"IEND":
            return
        at += 12 + length


def _cut_gif(data: memoryview) -> Iterator[bytes | memoryview]:
    """Without comments, texts, and what applications keep there but the number of loops."""

    def colours(flags: int) -> int:
        return 3 << ((flags & 7) + 1) if flags & 0x80 else 0

    def blocks(start: int) -> int:
        while data[start]:
            start += data[start] + 1
        return start + 1

    at = 13 + colours(data[10])
    yield data[:at]
    while data[at] != 0x3B:
        if data[at] == 0x2C:
            end = blocks(at + 10 + colours(data[at + 9]) + 1)
            yield data[at:end]
        elif data[at] == 0x21:
            end = blocks(at + 2)
            loops = bytes(data[at + 3 : at + 14]) in (b"NETSCAPE2.0", b"ANIMEXTS1.0")
            if data[at + 1] == 0xF9 or (data[at + 1] == 0xFF and loops):
                yield data[at:end]
        else:
            raise ValueError("not a block")
        at = end
    yield b"\x3b"


_OF_WEBP: Final = frozenset((b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))


def _cut_webp(data: memoryview) -> Iterator[bytes | memoryview]:
    """Up to the length that it says it has."""
    chunks: list[bytes | memoryview] = []
    at, end_of_all = 12, min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    while at + 8 <= end_of_all:
        name, length = struct.unpack("<4sI", data[at : at + 8])
        end = at + 8 + length + length % 2
        if name == b"VP8X":
            chunks.append(bytes(data[at : at + 8]) + bytes([data[at + 8] & ~0x0C]) + bytes(data[at + 9 : end]))
        elif name in _OF_WEBP:
            chunks.append(data[at:end])
        at = end
    yield b"RIFF" + struct.pack("<I", 4 + sum(len(chunk) for chunk in chunks)) + b"WEBP"
    yield from chunks


if __name__ == "__main__":
    try:
        print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])))
    except (Exception, MemoryError) as error:  # of any kind: whatever a library makes of bytes that are no picture
        print(f"{type(error).__name__}", file=sys.stderr)
        sys.exit(1)
