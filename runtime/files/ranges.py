"""Which part of a file is asked for (RFC 9110, 14)."""

import re
from typing import Final

_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


def read_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Offset and length of the one range that is asked for; all of it where none is, or several, or it is not
    understood; None: there is nothing of it."""
    found = _RANGE.fullmatch((header or "").replace(" ", ""))
    if found is None or found[0].endswith("=-"):
        return 0, size
    first, last = found.groups()
    if not first:
        length = min(int(last), size)
        return (size - length, length) if length else None
    start, end = int(first), min(int(last), size - 1) if last else size - 1
    if last and int(last) < start:
        return 0, size
    return (start, end - start + 1) if start < size else None
