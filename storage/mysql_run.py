"""A transaction's queries on a MySQL connection: SQL written out with its values, answers as rows."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar

from trio_mysql import err

from storage.mysql_connection import Connection, error_code
from storage.mysql_rows import Answer
from storage.statements import MYSQL, Compiled, DuplicateKey, Query, Result, Script, Steps

T = TypeVar("T")
Scalar = None | bool | int | float | str | bytes | Decimal | date | datetime | timedelta
"""What may be a parameter. Aware datetimes are refused: convert to naive UTC first."""

_DUPLICATE: Final = 1062


async def drive(connection: Connection, steps: Steps[T]) -> T:
    """Answer a transaction's queries until it returns. The last of them commits, where the transaction says so."""
    try:
        query = next(steps)
        while True:
            try:
                result = await _run(connection, query)
            except err.IntegrityError as error:
                if error_code(error) != _DUPLICATE:
                    raise
                query = steps.throw(DuplicateKey(str(error), _place(connection, query)))
            else:
                query = steps.send(result)
    except StopIteration as stop:
        value: T = stop.value
        return value


async def fetch_all(connection: Connection, sql: str, params: Sequence[Scalar] = ()) -> list[tuple[Any, ...]]:
    """Run one query and give all rows. Placeholders are %s; a literal percent sign is written %%."""
    return list((await connection.ask(sql % literals(connection, params))).rows)


async def _run(connection: Connection, query: Query | Script) -> Result:
    if isinstance(query, Query):
        texts = _texts(connection, query)
        return _result(query, await connection.ask_all(texts))
    each = [_texts(connection, part) for part in query.queries]
    answers = iter(await connection.ask_all([text for texts in each for text in texts], commit=query.last))
    return Result(
        parts=[
            _result(part, [next(answers) for _ in texts]) for part, texts in zip(query.queries, each, strict=True)
        ]
    )  # fmt: skip


def _place(connection: Connection, query: Query | Script) -> int:
    """Which part of a script the server refused."""
    if isinstance(query, Query):
        return 0
    statements = 0
    for place, part in enumerate(query.queries):
        alone = part.many and part.statement.on(MYSQL).repeated is None
        statements += len(part.many) if alone else 1
        if connection.failed_at < statements:
            return place
    raise AssertionError("COMMIT meets no unique key")


def _texts(connection: Connection, query: Query) -> list[str]:
    """The statements that a query takes: one, but for one that is run for several sets of parameters and cannot be
    written for all of them at once."""
    compiled = query.statement.on(MYSQL)
    if query.plain:
        return [_keys(compiled, query.plain) if compiled.returns_rows else _bulk(compiled, query.plain)]
    if not query.many:
        text, values = compiled.bind(query.params)
        return [text % literals(connection, values)]
    repeated = compiled.repeated
    if repeated is None:
        return [compiled.sql % literals(connection, compiled.values(params)) for params in query.many]
    part = repeated.part
    parts = [part % literals(connection, compiled.values(params)) for params in query.many]
    # a literal percent sign is doubled in SQL that takes values
    head = repeated.head % literals(connection, compiled.shared_values(query.many[0]))
    return [f"{head}{repeated.glue.join(parts)}{repeated.tail % ()}"]


def _bulk(compiled: Compiled, rows: Sequence[Sequence[Scalar]]) -> str:
    """One INSERT of rows of numbers and bytes."""
    repeated = compiled.repeated
    if repeated is None:
        raise TypeError("not an INSERT of rows")
    parts = [f"({','.join([_PLAIN[type(value)](value) for value in row])})" for row in rows]
    return f"{repeated.head % ()}{','.join(parts)}{repeated.tail % ()}"


def _keys(compiled: Compiled, keys: Sequence[Sequence[Scalar]]) -> str:
    """The rows of keys of whole numbers."""
    repeated = compiled.repeated
    if repeated is None:
        raise TypeError("not a query by keys")
    parts = [f"[{','.join([_WHOLE[type(value)](value) for value in key])}]" for key in keys]
    return f"{repeated.head}{','.join(parts)}{repeated.tail}"


def _result(query: Query, answers: Sequence[Answer]) -> Result:
    compiled = query.statement.on(MYSQL)
    if compiled.returns_rows:
        (answer,) = answers
        return Result(rows=compiled.read(answer.rows))
    return Result(row_count=sum(answer.row_count for answer in answers), last_id=answers[0].last_id)


def literals(connection: Connection, values: Sequence[Scalar]) -> tuple[str, ...]:
    """Values as SQL. Text is escaped by the library, which knows the session's mode; what is plain by nature (numbers,
    times, bytes in hexadecimal) is written here, because the library takes most of a batch's time for it.

    TypeError for a dict and anything else that the library would not escape soundly."""
    if not isinstance(values, tuple | list):
        raise TypeError("SQL parameters are a tuple or a list")
    escape = connection.escape_string
    try:
        return tuple(
            [_PLAIN[type(value)](value) if type(value) is not str else f"'{escape(value)}'" for value in values]
        )
    except KeyError:
        return tuple([_literal(connection, value) for value in values])


def _literal(connection: Connection, value: object) -> str:
    """For what is rare."""
    if type(value) in _PLAIN:
        return _PLAIN[type(value)](value)
    if not isinstance(value, Scalar):
        raise TypeError(f"not an SQL parameter: {type(value).__name__}")
    return str(connection.literal(value))


def _naive(value: datetime) -> str:
    if value.tzinfo is not None:
        raise TypeError("an aware datetime is not an SQL parameter: convert to naive UTC")
    return f"'{value}'"


_PLAIN: Final[Mapping[type, Callable[[Any], str]]] = {
    int: int.__repr__,
    bool: lambda value: "1" if value else "0",
    type(None): lambda value: "NULL",
    bytes: lambda value: f"x'{value.hex()}'",
    datetime: _naive,
}
_WHOLE: Final[Mapping[type, Callable[[Any], str]]] = {int: int.__repr__}
