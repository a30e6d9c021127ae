"""Names that are safe on the disks of those who save a file, whatever its sender called it.

No parts of a path, no controls and nothing that turns the direction of writing (`gpj.exe` must not look like
`exe.jpg`), none of the names that Windows keeps for devices, at most 200 bytes of UTF-8 with the extension kept.
"""

import re
import unicodedata
from typing import Final

from chatproto.wire.text import MOST_NORMALIZED

MAX_BYTES: Final = 200
MAX_EXTENSION: Final = 20
"""Bytes, with its dot; what is longer is no extension."""
UNNAMED: Final = "file"

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
_UNSAFE: Final = re.compile(r'[<>:"|?*]')
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(?= *(\.|$))", re.IGNORECASE)


def clean_name(name: str) -> str:
    """The name to go by; never empty."""
    last = re.split(r"[/\\]", name)[-1]
    if len(last) > MOST_NORMALIZED:
        last = last[: MOST_NORMALIZED // 2] + last[-MOST_NORMALIZED // 2 :]
    visible = "".join(one for one in unicodedata.normalize("NFC", last) if unicodedata.category(one) not in _INVISIBLE)
    safe = _UNSAFE.sub("_", visible).strip().rstrip(". ")
    if not safe.strip("."):
        return UNNAMED
    return _shortened(f"_{safe}" if _DEVICE.match(safe) else safe)


def _shortened(name: str) -> str:
    if len(name.encode()) <= MAX_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    tail = dot + extension
    if not stem or len(tail.encode()) > MAX_EXTENSION:
        stem, tail = name, ""
    kept = stem.encode()[: MAX_BYTES - len(tail.encode())].decode(errors="ignore").rstrip(". ")
    return kept + tail
