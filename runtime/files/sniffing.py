"""What a file is, by its first bytes. What its sender, or its name, says of it is never believed.

Only what browsers draw or play without running anything has a type of its own here; of the rest it is told whether it
is text, a PDF or an archive. SVG and HTML can hold scripts: they are text.
"""

import codecs
from typing import Final

HEAD: Final = 4096
"""Bytes that are looked at."""
IMAGES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
PLAYED: Final = frozenset(
    {"audio/mpeg", "audio/mp4", "audio/ogg", "audio/flac", "audio/wav", "video/mp4", "video/webm"}
)  # fmt: skip
BINARY: Final = "application/octet-stream"

_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
)
_FORMS_OF_RIFF: Final = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_AUDIO_BRANDS: Final = frozenset({b"M4A ", b"M4B "})
_VIDEO_BRANDS: Final = frozenset(b"isom iso2 iso4 iso5 iso6 mp41 mp42 avc1 dash".split()) | {b"M4V "}
_CONTROLS: Final = frozenset(range(32)) - {7, 8, 9, 10, 12, 13, 27}


def sniff(head: bytes) -> str:
    """The media type, from the first HEAD bytes (or all there are)."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF":
        return _FORMS_OF_RIFF.get(head[8:12], BINARY)
    if head[4:8] == b"ftyp":
        return _of_mp4(head[8:12])
    if head[:4] == b"OggS":
        is_audio = head[28:36] == b"OpusHead" or head[28:35] == b"\x01vorbis" or head[28:33] == b"\x7fFLAC"
        return "audio/ogg" if is_audio else BINARY
    if head[:4] == b"\x1aE\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else BINARY
    if _is_mpeg_audio(head):
        return "audio/mpeg"
    return "text/plain" if _is_text(head) else BINARY


def _of_mp4(brand: bytes) -> str:
    if brand in _AUDIO_BRANDS:
        return "audio/mp4"
    return "video/mp4" if brand in _VIDEO_BRANDS else BINARY


def _is_mpeg_audio(head: bytes) -> bool:
    """The first frame of MPEG 1 or 2, layer III."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2 or head[1] & 0x18 == 0x08:
        return False
    return head[2] & 0xF0 not in (0x00, 0xF0) and head[2] & 0x0C != 0x0C


def _is_text(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return not _CONTROLS.intersection(head)
