"""Small files that ask for much memory or time of whoever draws them."""

import struct
import zlib
from functools import cache
from io import BytesIO
from typing import Any, Final

MOST: Final = 7000
"""Pixels of a side: a square of that is no larger than a picture may be."""
SECRET: Final = b"55.751244 N 37.618423 E"
"""Where somebody was."""


def chunk(name: bytes, data: bytes) -> bytes:
    """Of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *chunks: bytes, colours: int = 2, bits: int = 8) -> bytes:
    """With that head."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IEND", b"")


@cache
def zeros(count: int) -> bytes:
    """A stream of zlib that becomes a thousand times as long."""
    stream, piece = zlib.compressobj(9), bytes(1 << 20)
    parts = [stream.compress(piece) for _ in range(count >> 20)]
    return b"".join([*parts, stream.compress(bytes(count & (1 << 20) - 1)), stream.flush()])


def gif_of(frames: int, side: int = 1) -> bytes:
    """Each of one pixel, on a screen of that side."""
    frame = b"\x21\xf9\x04\0\1\0\0\0" + b"\x2c\0\0\0\0\1\0\1\0\0" + b"\2\2\x44\1\0"
    screen = struct.pack("<HH", side, side)
    return b"GIF89a" + screen + b"\x80\0\0\0\0\0\xff\xff\xff" + frame * frames + b"\x3b"


def animated_png(side: int, frames: int) -> bytes:
    """The first is the whole, of the others each has one pixel; whoever looks for the next decodes this one."""
    parts = [chunk(b"acTL", struct.pack(">II", frames, 0))]
    for number in range(frames):
        size, told = side if number == 0 else 1, max(0, 2 * number - 1)
        parts.append(chunk(b"fcTL", struct.pack(">IIIIIHHBB", told, size, size, 0, 0, 1, 10, 0, 0)))
        if number == 0:
            parts.append(chunk(b"IDAT", zeros(side * (3 * side + 1))))
        else:
            parts.append(chunk(b"fdAT", struct.pack(">I", told + 1) + zlib.compress(bytes(4))))
    return png(side, side, *parts)


def jpeg_of_scans(side: int, scans: int) -> bytes:
    """Its last scan comes so many times: each goes through the whole picture again, and takes some hundred bytes."""
    image: Any = __import__("PIL.Image", fromlist=["new"])
    target = BytesIO()
    image.new("L", (side, side)).save(target, "JPEG", progressive=True, comment=SECRET)
    data = target.getvalue()
    last = data.rindex(b"\xff\xc4", 0, data.rindex(b"\xff\xda"))  # with the tables that belong to it
    return data[:last] + data[last:-2] * scans + b"\xff\xd9"


WEBP_OF_TWO: Final = (
    b"RIFF\x80\0\0\0WEBPVP8X\x0a\0\0\0\x12\0\0\0W\x1b\0W\x1b\0ANIM\6\0\0\0\0\0\0\0\0\0"
    b"ANMF&\0\0\0\0\0\0\0\0\0W\x1b\0W\x1b\0\0\0\0\2VP8L\x0e\0\0\0/W\xdb\xd5\6\7\x10\x11\xfd\x0fDD\xff\3"
    b"ANMF&\0\0\0\0\0\0\0\0\0W\x1b\0W\x1b\0\0\0\0\2VP8L\x0e\0\0\0/W\xdb\xd5\x16\7\x10\x19\xf5\x0fDD\xff\3"
)
"""136 bytes: two frames of MOST x MOST, as much as an animation may have. To write it anew takes over 2 GiB."""


@cache
def hostile_pictures() -> dict[str, bytes]:
    """By what is wrong with them; the first three are small, and soon done with."""
    text = chunk(b"tEXt", b"Comment\0" + SECRET)
    pixels = chunk(b"IDAT", zlib.compress(bytes(310)))
    texts = [chunk(b"zTXt", b"a%d\0\0" % number + zeros(1 << 20)) for number in range(100)]
    return {
        "60,000 x 60,000": png(60_000, 60_000, text, chunk(b"IDAT", zlib.compress(b"\0"))),
        "100,000 frames": gif_of(100_000)[:-1] + b"\x21\xfe" + bytes([len(SECRET)]) + SECRET + b"\0\x3b",
        "more than it says": png(6000, 6000, *[chunk(b"IDAT", zeros(6000 * 3 * 6000))] * 2),
        "500 frames of 49 megapixels": gif_of(500, MOST),
        "500 frames of a PNG": animated_png(MOST, 500),
        "100 MiB of text": png(10, 10, *texts, pixels),
        "a profile of 200 MiB": png(10, 10, chunk(b"iCCP", b"a\0\0" + zeros(200 << 20)), pixels),
        "two large frames": WEBP_OF_TWO,
    }
