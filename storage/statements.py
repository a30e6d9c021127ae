"""SQL as data: statements compiled once per dialect, and the queries that transactions yield.

A transaction is a generator. It yields a `Query`, is sent its `Result`, and returns an Outcome, so the same code runs
on a sqlite3 thread and on a trio socket. Rows arrive as tuples of model values (aware datetimes, bools, str cids).
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any, Final, TypeVar

from attrs import Factory, define, field, frozen
from sqlalchemy import BindParameter, ClauseElement, Column, Insert, Table, bindparam, insert
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

T = TypeVar("T")
Row = tuple[Any, ...]
Steps = Generator["Query", "Result", T]
"""A transaction, or a part of one, that returns T."""

SQLITE: Final[Dialect] = sqlite.dialect(paramstyle="qmark")
MYSQL: Final[Dialect] = mysql.dialect(paramstyle="format")
"""For MariaDB too."""

_Processor = Callable[[Any], Any]


class DuplicateKey(Exception):
    """Thrown into a transaction by its runner: the statement met a unique key and changed nothing."""


@frozen
class Result:
    """What a query gave. `last_id`: the id the database chose for the one row inserted."""

    rows: list[Row] = Factory(list)
    row_count: int = 0
    last_id: int = 0


@frozen
class Compiled:
    """One statement in one dialect. Positional parameters; SQLAlchemy's own processors do the conversions."""

    sql: str
    returns_rows: bool
    _compiled: SQLCompiler
    _binds: tuple[tuple[str, Any, _Processor | None], ...]
    _processors: dict[str, _Processor]
    _expanding: bool
    _columns: tuple[tuple[int, _Processor], ...]

    def bind(self, params: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
        """The SQL and its parameters; lists of an IN are written out."""
        if self._expanding:
            state = self._compiled.construct_expanded_state(params)
            processors = self._processors | dict(state.processors)  # those of the state are for the lists only
            values = []
            for name in state.positiontup or ():
                process = processors.get(name)
                value = state.parameters[name]
                values.append(value if process is None else process(value))
            return state.statement, tuple(values)
        return self.sql, self.values(params)

    def values(self, params: dict[str, Any]) -> tuple[Any, ...]:
        """Parameters of a statement without IN lists."""
        return tuple(
            value if process is None else process(value)
            for value, process in ((params.get(name, default), process) for name, default, process in self._binds)
        )

    def read(self, rows: Sequence[Row]) -> list[Row]:
        """Raw rows as model values."""
        if not self._columns:
            return list(rows)
        read = []
        for row in rows:
            values = list(row)
            for position, process in self._columns:
                values[position] = process(values[position])
            read.append(tuple(values))
        return read


@define(eq=False)
class Statement:
    """A SQLAlchemy Core statement with named parameters."""

    clause: ClauseElement
    _compiled: dict[str, Compiled] = field(factory=dict, init=False)

    def on(self, dialect: Dialect) -> Compiled:
        """Compiled for this dialect, the first time only."""
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _compile(self.clause, dialect)
        return compiled

    def rows(self, **params: Any) -> Steps[list[Row]]:
        """Every row."""
        result = yield Query(self, params)
        return result.rows

    def one(self, **params: Any) -> Steps[Row | None]:
        """The first row, if any."""
        result = yield Query(self, params)
        return result.rows[0] if result.rows else None

    def column(self, **params: Any) -> Steps[list[Any]]:
        """The first value of every row."""
        result = yield Query(self, params)
        return [row[0] for row in result.rows]

    def run(self, **params: Any) -> Steps[Result]:
        """For writes."""
        return (yield Query(self, params))

    def many(self, rows: Sequence[dict[str, Any]]) -> Steps[None]:
        """The same write for each of the rows, at least one; in one statement where the database can."""
        if rows:
            yield Query(self, rows[0], tuple(rows))


@frozen
class Query:
    """One statement to run now; `many` where it is run for each of several sets of parameters (executemany)."""

    statement: Statement
    params: dict[str, Any]
    many: tuple[dict[str, Any], ...] = ()


def into(table: Table, *columns: str) -> Insert:
    """An INSERT with a parameter of the same name for each of the columns."""
    return insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in columns})


def param(name: str, column: Column[T]) -> BindParameter[T]:
    """A parameter of a column's type, for places where SQLAlchemy cannot infer it."""
    return bindparam(name, type_=column.type)


def _compile(clause: ClauseElement, dialect: Dialect) -> Compiled:
    compiled = clause.compile(dialect=dialect)
    if not isinstance(compiled, SQLCompiler):
        raise TypeError("not an SQL statement")
    processors: dict[str, Any] = dict(compiled._bind_processors)
    defaults = compiled.params
    columns = []
    for position, column in enumerate(compiled._result_columns):
        process = column.type._cached_result_processor(dialect, None)
        if process is not None:
            columns.append((position, process))
    return Compiled(
        sql=str(compiled),
        returns_rows=bool(compiled._result_columns),
        compiled=compiled,
        binds=tuple((name, defaults[name], processors.get(name)) for name in compiled.positiontup or ()),
        processors=processors,
        expanding=bool(compiled.post_compile_params),
        columns=tuple(columns),
    )
