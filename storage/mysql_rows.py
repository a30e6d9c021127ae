"""Answers of MySQL, read from what has arrived already.

trio-mysql awaits twice and makes three objects for each packet, which costs more than the rest of a small transaction.
Here packets that stand whole in the connection's buffer are parsed at once; whatever else comes (an error, a packet
that is not all there or out of order, one of 16 MiB) goes its way.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum, auto
from operator import methodcaller
from typing import Any, Final

from msgspec import Struct
from trio_mysql import err
from trio_mysql.connections import TEXT_TYPES, MySQLResult
from trio_mysql.constants import FIELD_TYPE, SERVER_STATUS
from trio_mysql.converters import convert_datetime, through
from trio_mysql.protocol import FieldDescriptorPacket

_OK: Final = 0
_NULL: Final = 251
_FILE_WANTED: Final = 0xFB
_LONG: Final = {252: 2, 253: 3, 254: 8}
"""Bytes of a length, by the byte before it (MySQL's length-encoded integers)."""
_END: Final = 0xFE
"""Rows never begin with it or above but for a first column of 16 MiB: it is the end of the rows, or an error."""
_ERROR: Final = 0xFF
_LONGEST: Final = 0xFFFFFF
_BINARY: Final = 63
"""The character set of what is no text."""
_COLUMNS_KEPT: Final = 4096
_AT_ONCE: Final = 128 * 1024
"""Bytes of an answer that are waited for until it can be read in one go; a longer one is read as it comes."""

Column = Callable[[bytes], Any] | None
"""What makes a value of the bytes of a column; None: they are the value."""

_columns: dict[bytes, Column] = {}
"""What columns are like, by the packets that describe them: the same ones come again with each answer."""


class Answer(Struct, frozen=True):
    """Rows, or how many changed (an upsert: 1 inserted, 2 updated, 0 unchanged) and the id made for the first new row,
    or 0."""

    rows: Sequence[tuple[Any, ...]]
    row_count: int
    last_id: int


class Unread(Enum):
    """Why an answer was not taken: part of it is still to come, or it is for BufferedResult."""

    PARTIAL = auto()
    OTHER = auto()


def take_answer(connection: Any) -> Answer | Unread:
    """The next answer, where it stands whole in the buffer and all of it is ordinary; else nothing was taken."""
    before = connection._rbuf_offset, connection._next_seq_id
    packet = take_packet(connection)
    if packet is not None and packet[0] == _OK:
        row_count, place = _number(packet, 1)
        last_id, place = _number(packet, place)
        connection.server_status = packet[place] | packet[place + 1] << 8
        return Answer((), row_count, last_id)
    if packet is None:
        answer: Answer | Unread = _missing(connection)
    else:
        answer = Unread.OTHER if packet[0] >= _NULL else _take_rows_of(connection, _number(packet, 0)[0])
    if isinstance(answer, Unread):
        connection._rbuf_offset, connection._next_seq_id = before
    return answer


def _take_rows_of(connection: Any, width: int) -> Answer | Unread:
    columns: list[Column] = []
    for _ in range(width):
        packet = take_packet(connection)
        if packet is None:
            return _missing(connection)
        columns.append(_column(packet, connection))
    if take_packet(connection) is None:  # the end of the columns
        return _missing(connection)
    rows: list[tuple[Any, ...]] = []
    offset, count = take_rows(connection._rbuf, connection._rbuf_offset, connection._next_seq_id, columns, rows)
    connection._rbuf_offset = offset
    connection._next_seq_id = (connection._next_seq_id + count) % 256
    end = take_packet(connection)
    if end is None:
        return _missing(connection)
    if end[0] != _END or len(end) >= 9:
        return Unread.OTHER
    connection.server_status = end[3] | end[4] << 8
    return Answer(rows, len(rows), 0)


def _missing(connection: Any) -> Unread:
    """Why the next packet could not be taken."""
    buffer, start = connection._rbuf, connection._rbuf_offset
    if len(buffer) - start < 4:
        return Unread.PARTIAL
    end = start + 4 + (buffer[start] | buffer[start + 1] << 8 | buffer[start + 2] << 16)
    return Unread.PARTIAL if len(buffer) < end and len(buffer) <= _AT_ONCE else Unread.OTHER


class BufferedResult(MySQLResult):  # type: ignore[misc]
    """See MySQLResult."""

    connection: Any

    async def read(self) -> None:
        """Read one answer. Raises as upstream."""
        try:
            first = await self._packet()
            if first[0] == _OK:
                self._read_ok(first)
            elif first[0] == _FILE_WANTED:
                raise RuntimeError("the database asks for a file")
            else:
                await self._read_rows(_number(first, 0)[0])
        finally:
            self.connection = None

    async def _packet(self) -> bytes:
        payload = take_packet(self.connection)
        if payload is None:
            payload = bytes((await self.connection._read_packet()).get_all_data())  # raises the server's error
        return payload

    def _read_ok(self, packet: bytes) -> None:
        self.affected_rows, place = _number(packet, 1)
        self.insert_id, place = _number(packet, place)
        self._read_status(packet, place)

    def _read_status(self, packet: bytes, place: int) -> None:
        self.server_status = int.from_bytes(packet[place : place + 2], "little")
        self.has_next = bool(self.server_status & SERVER_STATUS.SERVER_MORE_RESULTS_EXISTS)

    async def _read_rows(self, width: int) -> None:
        connection: Any = self.connection
        self.field_count = width
        columns = [_column(await self._packet(), connection) for _ in range(width)]
        await self._packet()  # the end of the columns
        rows: list[tuple[Any, ...]] = []
        while True:
            offset, count = take_rows(connection._rbuf, connection._rbuf_offset, connection._next_seq_id, columns, rows)
            connection._rbuf_offset = offset
            connection._next_seq_id = (connection._next_seq_id + count) % 256
            packet = await self._packet()
            if packet[0] == _END and len(packet) < 9:
                self._read_status(packet, 3)
                break
            rows.append(_row(packet, 0, columns)[0])
        self.affected_rows = len(rows)
        self.rows = tuple(rows)


def take_packet(connection: Any) -> bytes | None:
    """The next packet, where it stands whole in the buffer and is an ordinary one."""
    buffer, start = connection._rbuf, connection._rbuf_offset
    if len(buffer) - start <= 4:
        return None
    size = buffer[start] | buffer[start + 1] << 8 | buffer[start + 2] << 16
    start += 4
    ordinary = 0 < size < _LONGEST and buffer[start - 1] == connection._next_seq_id and buffer[start] != _ERROR
    if not ordinary or start + size > len(buffer):
        return None
    connection._rbuf_offset = start + size
    connection._next_seq_id = (connection._next_seq_id + 1) % 256
    return bytes(buffer[start : start + size])


def _column(packet: bytes, connection: Any) -> Column:
    column = _columns.get(packet)
    if column is None:
        if len(_columns) >= _COLUMNS_KEPT:
            _columns.clear()
        column = _columns[packet] = _describe(FieldDescriptorPacket(packet, connection.encoding), connection)
    return column


def _describe(field: Any, connection: Any) -> Column:
    """As upstream does; all connections here have the same encoding and decoders."""
    converter = connection.decoders.get(field.type_code)
    if field.type_code == FIELD_TYPE.JSON:
        encoding = connection.encoding  # its charset says binary
    elif field.type_code in TEXT_TYPES:
        encoding = None if field.charsetnr == _BINARY else connection.encoding
    else:
        encoding = "ascii"
    convert = None if converter is through else converter
    if convert is int:
        return int  # it takes bytes as well
    if convert is convert_datetime:
        return _datetime
    if convert is None:
        return None if encoding is None else methodcaller("decode", encoding)
    return convert if encoding is None else lambda raw: convert(raw.decode(encoding))


def _number(data: bytes | bytearray, place: int) -> tuple[int, int]:
    """A length-encoded integer, and where the next thing begins."""
    number = data[place]
    if number < _NULL:
        return number, place + 1
    width = _LONG[number]
    return int.from_bytes(data[place + 1 : place + 1 + width], "little"), place + 1 + width


def take_rows(
    buffer: bytearray, offset: int, sequence: int, columns: list[Column], rows: list[tuple[Any, ...]]
) -> tuple[int, int]:
    """Append the rows that stand whole at `offset`; where the next packet begins, and how many rows there were."""
    with memoryview(buffer) as view:
        unread = bytes(view[offset:])  # slices of which are values as they are
    count, place, end = 0, 0, len(unread)
    while end - place > 4:
        size = unread[place] | unread[place + 1] << 8 | unread[place + 2] << 16
        start = place + 4
        whole = 0 < size < _LONGEST and start + size <= end
        if not whole or unread[start] >= _END or unread[place + 3] != (sequence + count) % 256:
            break
        row, place = _row(unread, start, columns)
        if place != start + size:
            raise err.InternalError(0, "a row of the database does not end where it should")
        rows.append(row)
        count += 1
    return offset + place, count


def _row(buffer: bytes, place: int, columns: list[Column]) -> tuple[tuple[Any, ...], int]:
    values: list[Any] = []
    append = values.append
    for convert in columns:
        length = buffer[place]
        place += 1
        if length == _NULL:
            append(None)
            continue
        if length > _NULL:
            width = _LONG[length]
            length = int.from_bytes(buffer[place : place + width], "little")
            place += width
        raw = buffer[place : place + length]
        place += length
        append(raw if convert is None else convert(raw))
    return tuple(values), place


def _datetime(raw: bytes) -> Any:
    text = raw.decode("ascii")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return convert_datetime(text)
