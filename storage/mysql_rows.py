"""Rows of a MySQL answer, read from what has arrived already.

trio-mysql awaits twice and makes three objects for each row, which costs more than the rest of a page of messages. Here
all rows that stand whole in the connection's buffer are parsed at once; whatever else comes (the end, an error, a row
that is not all there, one of 16 MiB) goes its way.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from trio_mysql import err
from trio_mysql.connections import MySQLResult
from trio_mysql.converters import convert_datetime

_NULL: Final = 251
_LONG: Final = {252: 2, 253: 3, 254: 8}
"""Bytes of a length, by the byte before it (MySQL's length-encoded integers)."""
_END: Final = 0xFE
"""Rows never begin with it or above but for a first column of 16 MiB: it is the end of the rows, or an error."""
_LONGEST: Final = 0xFFFFFF

Column = tuple[str | None, Callable[[Any], Any] | None]
"""How the bytes of a column become text (None: they stay bytes), and that a value (None: it stays as it is)."""


class BufferedResult(MySQLResult):  # type: ignore[misc]
    """See MySQLResult; its other ways are kept."""

    connection: Any

    async def _read_rowdata_packet(self) -> None:
        connection: Any = self.connection
        columns = [(encoding, _quick(converter)) for encoding, converter in self.converters]
        rows: list[tuple[Any, ...]] = []
        while True:
            offset, count = take_rows(connection._rbuf, connection._rbuf_offset, connection._next_seq_id, columns, rows)
            connection._rbuf_offset = offset
            connection._next_seq_id = (connection._next_seq_id + count) % 256
            packet = await connection._read_packet()  # raises the server's error
            if self._check_packet_is_eof(packet):
                break
            rows.append(self._read_row_from_packet(packet))
        self.connection = None
        self.affected_rows = len(rows)
        self.rows = tuple(rows)


def take_rows(
    buffer: bytearray, offset: int, sequence: int, columns: list[Column], rows: list[tuple[Any, ...]]
) -> tuple[int, int]:
    """Append the rows that stand whole at `offset`; where the next packet begins, and how many rows there were."""
    count, size_of_buffer = 0, len(buffer)
    while size_of_buffer - offset > 4:
        size = buffer[offset] | buffer[offset + 1] << 8 | buffer[offset + 2] << 16
        start = offset + 4
        whole = 0 < size < _LONGEST and start + size <= size_of_buffer
        if not whole or buffer[start] >= _END or buffer[offset + 3] != (sequence + count) % 256:
            break
        row, offset = _row(buffer, start, columns)
        if offset != start + size:
            raise err.InternalError(0, "a row of the database does not end where it should")
        rows.append(row)
        count += 1
    return offset, count


def _row(buffer: bytearray, place: int, columns: list[Column]) -> tuple[tuple[Any, ...], int]:
    values: list[Any] = []
    for encoding, converter in columns:
        length = buffer[place]
        place += 1
        if length == _NULL:
            values.append(None)
            continue
        if length > _NULL:
            width = _LONG[length]
            length = int.from_bytes(buffer[place : place + width], "little")
            place += width
        raw = buffer[place : place + length]
        place += length
        value: Any = bytes(raw) if encoding is None else raw.decode(encoding)
        values.append(value if converter is None else converter(value))
    return tuple(values), place


def _quick(converter: Callable[[Any], Any] | None) -> Callable[[Any], Any] | None:
    return _datetime if converter is convert_datetime else converter


def _datetime(text: str) -> Any:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return convert_datetime(text)
