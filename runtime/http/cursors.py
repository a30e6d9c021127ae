"""What cursors of pages are written with: whole numbers with - between, moments among them."""

from datetime import UTC, datetime, timedelta
from typing import Final

from runtime.http.reading import Fault

NOT_OURS: Final = Fault("bad_format", "Must be a next_cursor of an earlier answer.")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """Since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(number: int) -> datetime:
    """So many microseconds after the beginning of 1970; a number of 17 digits is still a year."""
    return _EPOCH + number * _MICROSECOND


def numbers(text: str, count: int, digits: int) -> list[int] | None:
    """So many numbers, each of at most so many digits; None: this is no such cursor."""
    parts = text.split("-") if len(text) < count * (digits + 1) else []
    if len(parts) != count or not all(part.isascii() and part.isdecimal() and len(part) <= digits for part in parts):
        return None
    return [int(part) for part in parts]
