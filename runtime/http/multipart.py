"""A form with a file in it (RFC 7578), read piece by piece: its bytes go on as they come, small fields are gathered.

Not werkzeug's decoder: where a line break stands at the end of a piece, that one adds a byte to the file.
"""

import re
from typing import Final

from attrs import frozen
from werkzeug.http import parse_options_header

MAX_PARTS: Final = 8
MAX_FIELD: Final = 1024
"""Bytes of a field that is no file."""
MAX_HEAD: Final = 4096
"""Bytes of the headers of a part."""
MAX_PREAMBLE: Final = 1024
MAX_BOUNDARY: Final = 70
"""RFC 2046, 5.1.1."""
_AFTER: Final = re.compile(rb"[ \t]{0,64}\r\n")
_PART_OF_AFTER: Final = re.compile(rb"-|[ \t]{0,64}\r?")


class BadForm(Exception):
    """Not a form that can be read."""


@frozen
class FileBegins:
    """A file; its bytes follow. `name`: of the field."""

    name: str
    filename: str


@frozen
class FileData:
    data: bytes


@frozen
class FileEnds:
    """The file is whole."""


@frozen
class FieldRead:
    name: str
    value: str


Happening = FileBegins | FileData | FileEnds | FieldRead


class FormReader:
    """Feed it the pieces of a body, and at its end b""."""

    def __init__(self, content_type: str) -> None:
        """Raises BadForm where that is not the media type of a form."""
        kind, options = parse_options_header(content_type)
        boundary = options.get("boundary", "")
        if kind != "multipart/form-data" or not 1 <= len(boundary) <= MAX_BOUNDARY or not boundary.isascii():
            raise BadForm("multipart/form-data is wanted")
        self._delimiter = b"\r\n--" + boundary.encode()
        self._buffer = bytearray(b"\r\n")  # as if the first delimiter had a line before it
        self._parts = 0
        self._file: bool | None = None
        """What the bytes before the next delimiter are of: a file, a field, or nothing yet."""
        self._name = ""
        self._value = b""
        self._in_head = False
        self._ended = False

    def feed(self, piece: bytes) -> list[Happening]:
        """What became clear by this piece. Raises BadForm."""
        if not piece:
            if not self._ended:
                raise BadForm("the form has no end")
            return []
        if self._ended:
            return []
        self._buffer += piece
        found: list[Happening] = []
        while not self._ended and (self._head(found) if self._in_head else self._body(found)):
            pass
        return found

    def _body(self, found: list[Happening]) -> bool:
        """Up to the next delimiter; False: more is needed."""
        at = self._buffer.find(self._delimiter)
        if at < 0:
            self._take(found, max(0, len(self._buffer) - len(self._delimiter) + 1))
            return False
        self._take(found, at)
        behind = bytes(self._buffer[len(self._delimiter) : len(self._delimiter) + 70])
        after = _AFTER.match(behind)
        if behind.startswith(b"--"):
            self._ended = True
            self._close(found)
        elif after is not None:
            del self._buffer[: len(self._delimiter) + after.end()]
            self._close(found)
            self._in_head = True
        elif _PART_OF_AFTER.fullmatch(behind):
            return False
        else:  # it only begins like one
            self._take(found, len(self._delimiter))
        return True

    def _take(self, found: list[Happening], count: int) -> None:
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        if self._file and data:
            found.append(FileData(data))
        elif not self._file:
            self._value += data
            if len(self._value) > (MAX_PREAMBLE if self._file is None else MAX_FIELD):
                raise BadForm("a field is too long")

    def _close(self, found: list[Happening]) -> None:
        if self._file:
            found.append(FileEnds())
        elif self._file is not None:
            found.append(FieldRead(self._name, self._value.decode(errors="replace")))
        self._file, self._value = None, b""

    def _head(self, found: list[Happening]) -> bool:
        """The headers of a part; False: more is needed."""
        end = self._buffer.find(b"\r\n\r\n")
        if end > MAX_HEAD or (end < 0 and len(self._buffer) > MAX_HEAD):
            raise BadForm("the headers of a part are too long")
        if end < 0:
            return False
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise BadForm("there are too many parts")
        self._name, filename = _disposition(bytes(self._buffer[:end]))
        del self._buffer[: end + 4]
        self._in_head, self._file, self._value = False, filename is not None, b""
        if filename is not None:
            found.append(FileBegins(self._name, filename))
        return True


def _disposition(head: bytes) -> tuple[str, str | None]:
    """The name of a field, and of its file where it is one."""
    try:
        lines = head.decode().split("\r\n")
    except UnicodeDecodeError:
        raise BadForm("the headers of a part are not UTF-8") from None
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            _, options = parse_options_header(value.strip())
            return options.get("name", ""), options.get("filename")
    raise BadForm("a part has no name")
