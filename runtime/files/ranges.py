"""Which part of a file is asked for (RFC 9110, 14)."""

import re
from typing import Final, Literal

_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


def read_range(header: str | None, size: int) -> tuple[int, int] | Literal["whole", "nothing"]:
    """Offset and length of the one range that is asked for, which may be all of it. `whole`: none is, or several, or it
    is not understood; `nothing`: there is nothing of it."""
    found = _RANGE.fullmatch((header or "").replace(" ", ""))
    if found is None or found[0].endswith("=-"):
        return "whole"
    first, last = found.groups()
    if not first:
        length = min(int(last), size)
        return (size - length, length) if length else "nothing"
    start, end = int(first), min(int(last), size - 1) if last else size - 1
    if last and int(last) < start:
        return "whole"
    return (start, end - start + 1) if start < size else "nothing"
