"""Kinds of columns, each the same on MySQL, MariaDB and SQLite (see storage.tables)."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, LargeBinary, TypeDecorator, false, text
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

LAST_CHARACTER: Final = "\U0010ffff"
"""What begins with a text stands from that text on, and before the text with this behind it."""


class UTCDateTime(TypeDecorator[datetime]):
    """An aware datetime outside, naive UTC with microseconds inside."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        plain = mysql.DATETIME(fsp=6) if dialect.name in {"mysql", "mariadb"} else DateTime()
        return dialect.type_descriptor(plain)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the model")
        return (value if value.tzinfo is UTC else value.astimezone(UTC)).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return _aware(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """What MySQL's driver gives is a datetime: nothing is called that would hand it on."""
        return _aware if dialect.name in {"mysql", "mariadb"} else super().result_processor(dialect, coltype)


def _aware(value: datetime | None) -> datetime | None:
    return None if value is None else value.replace(tzinfo=UTC)


class ASCIIBytes(TypeDecorator[str]):
    """An ASCII string kept as bytes: padded comparison would call `a` and `a ` equal."""

    impl = LargeBinary
    cache_ok = True
    encoding = "ascii"

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        plain = mysql.VARBINARY(self.length) if dialect.name in {"mysql", "mariadb"} else LargeBinary(self.length)
        return dialect.type_descriptor(plain)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else value.encode(self.encoding)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else bytes(value).decode(self.encoding)


class UTF8Bytes(ASCIIBytes):
    """Any text kept as bytes: in the order of its code points on every database."""

    cache_ok = True
    encoding = "utf-8"


def digest() -> TypeEngine[bytes]:
    """A SHA-256."""
    return LargeBinary(32).with_variant(mysql.BINARY(32), "mysql", "mariadb")


def session_key() -> TypeEngine[bytes]:
    """128 random bits."""
    return LargeBinary(16).with_variant(mysql.BINARY(16), "mysql", "mariadb")


def row_id() -> TypeEngine[int]:
    """A number up to 2^53-1; on SQLite the rowid, which only INTEGER is an alias of."""
    return BigInteger().with_variant(Integer(), "sqlite")


def zero(name: str) -> Column[int]:
    """A large number that begins with 0."""
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


def flag(name: str) -> Column[bool]:
    """What is false until it is set."""
    return Column(name, Boolean, nullable=False, server_default=false())
