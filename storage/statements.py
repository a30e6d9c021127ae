"""SQL as data: statements compiled once per dialect, and the queries that transactions yield.

A transaction is a generator. It yields a `Query` or a `Script` of several, is sent its `Result`, and returns an
Outcome, so the same code runs on a sqlite3 thread and on a trio socket. Rows arrive as tuples of model values (aware
datetimes, bools, str cids).
"""

import re
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any, Final, Generic, TypeVar, cast

from attrs import Factory, define, evolve, field, frozen
from sqlalchemy import BindParameter, ClauseElement, Column, Insert, Table, and_, bindparam, insert, update
from sqlalchemy import Select as SelectClause
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

T = TypeVar("T")
R = TypeVar("R", bound=tuple[Any, ...])
"""A row: a NamedTuple with a field for each column, in their order."""
Row = tuple[Any, ...]
Steps = Generator["Query | Script", "Result", T]
"""A transaction, or a part of one, that returns T."""

SQLITE: Final[Dialect] = sqlite.dialect(paramstyle="qmark")
MYSQL: Final[Dialect] = mysql.dialect(paramstyle="format")
"""For MariaDB too."""

_LIST: Final = re.compile(r"__\[POSTCOMPILE_(\w+)\]")
"""Where SQLAlchemy leaves room for an IN list, which it would write out itself in a hundred times the time."""
_Processor = Callable[[Any], Any]
Bind = tuple[str, Any, _Processor | None]
"""A parameter: its name, what it is where none is given, and what makes of it what the database takes."""


class DuplicateKey(Exception):
    """Thrown into a transaction by its runner: the statement met a unique key and changed nothing. `place`: which one
    of a script it was; what stands before it has been done, what stands behind it has not."""

    def __init__(self, reason: str, place: int = 0) -> None:
        super().__init__(reason)
        self.place = place


@frozen
class Result:
    """What a query gave. `last_id`: the id the database chose for the row inserted, for the first one of several.
    `parts`: what each query of a script gave."""

    rows: list[Row] = Factory(list)
    row_count: int = 0
    last_id: int = 0
    parts: "Sequence[Result]" = ()


@define(eq=False)
class Repeated:
    """How a statement is written for many sets of parameters: `part`, which has all of them, stands once for each."""

    head: str
    part: str
    glue: str
    tail: str
    _texts: dict[int, str] = field(factory=dict, init=False)

    def text(self, count: int) -> str:
        """For so many sets; built once."""
        text = self._texts.get(count)
        if text is None:
            text = f"{self.head}{self.glue.join([self.part] * count)}{self.tail}"
            self._texts[count] = text
        return text


@frozen
class Compiled:
    """One statement in one dialect. Positional parameters; SQLAlchemy's own processors do the conversions.

    `repeated` is None where many sets of parameters are run one after another. `lists`: names of the parameters that
    are lists of an IN, in the order in which they stand between the `pieces` of the SQL; `mark`: a parameter there."""

    sql: str
    returns_rows: bool
    _compiled: SQLCompiler
    binds: tuple[Bind, ...]
    _processors: dict[str, _Processor]
    _lists: tuple[str, ...]
    _pieces: tuple[str, ...]
    _mark: str
    _columns: tuple[tuple[int, _Processor], ...]
    repeated: Repeated | None = None
    shared: tuple[Bind, ...] = ()
    """Those in the head of what is repeated: the same in all sets of parameters."""

    def bind(self, params: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
        """The SQL and its parameters; lists of an IN are written out."""
        if not self._lists:
            return self.sql, self.values(params)
        given: dict[str, Any] = {name: params.get(name, default) for name, default, _ in self.binds}
        if not all(given[name] for name in self._lists):
            return self._bind_empty(params)
        pieces, values = list(self._pieces), list[Any]()
        for place, name in zip(range(1, len(pieces), 2), self._lists, strict=True):
            pieces[place] = ", ".join([self._mark] * len(given[name]))
        for name, _, process in self.binds:
            one = given[name] if name in self._lists else (given[name],)
            values += one if process is None else map(process, one)
        return "".join(pieces), tuple(values)

    def _bind_empty(self, params: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
        """An IN of nothing is a subquery, which SQLAlchemy knows for each dialect."""
        state = self._compiled.construct_expanded_state(params)
        processors = self._processors | dict(state.processors)  # those of the state are for the lists only
        values = []
        for name in state.positiontup or ():
            process = processors.get(name)
            value = state.parameters[name]
            values.append(value if process is None else process(value))
        return state.statement, tuple(values)

    def values(self, params: dict[str, Any]) -> tuple[Any, ...]:
        """Parameters of a statement without IN lists."""
        return _values(self.binds, params)

    def shared_values(self, params: dict[str, Any]) -> tuple[Any, ...]:
        """Of any of the sets of parameters."""
        return _values(self.shared, params)

    def read(self, rows: Sequence[Row]) -> list[Row]:
        """Raw rows as model values."""
        if not self._columns or not rows:
            return list(rows)
        columns: list[Iterable[Any]] = list(zip(*rows, strict=True))
        for position, process in self._columns:
            columns[position] = map(process, columns[position])
        return list(zip(*columns, strict=True))


def _values(binds: Sequence[Bind], params: dict[str, Any]) -> tuple[Any, ...]:
    get = params.get
    return tuple(
        [get(name, default) if process is None else process(get(name, default)) for name, default, process in binds]
    )


@define(eq=False)
class Statement:
    """A SQLAlchemy Core statement with named parameters."""

    clause: ClauseElement
    _compiled: dict[str, Compiled] = field(factory=dict, init=False)

    def on(self, dialect: Dialect) -> Compiled:
        """Compiled for this dialect, the first time only."""
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = self._compile(dialect)
        return compiled

    def _compile(self, dialect: Dialect) -> Compiled:
        compiled = compile_clause(self.clause, dialect)
        head, values, group = compiled.sql.partition(" VALUES ")
        if values and isinstance(self.clause, Insert):
            return evolve(compiled, repeated=Repeated(head + values, group, ", ", ""))
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

    def many(self, rows: Sequence[dict[str, Any]]) -> Steps[Result]:
        """The same write for each of the rows, in one statement where the database can. An INSERT that meets a unique
        key has changed nothing."""
        return (yield Query(self, {}, rows)) if rows else Result()


@define(eq=False)
class Select(Statement, Generic[R]):
    """A query of typed rows."""

    row: Callable[..., R] = field(kw_only=True)

    def all(self, **params: Any) -> Steps[list[R]]:
        """Every row."""
        result = yield Query(self, params)
        return [self.row(*row) for row in result.rows]

    def first(self, **params: Any) -> Steps[R | None]:
        """The first row, if any."""
        result = yield Query(self, params)
        return self.row(*result.rows[0]) if result.rows else None


@define(eq=False)
class Lookup(Statement, Generic[R]):
    """The rows of many keys, by one statement: `clause` has no parameters, the columns of `key` are added.

    Written as `(a = ? AND b = ?) OR ...`: neither SQLite nor MariaDB use an index for an `IN` of tuples. Where no order
    is asked for, SQLite runs it for each key."""

    key: tuple[Column[Any], ...] = field(kw_only=True)
    row: Callable[..., R] = field(kw_only=True)
    between: Column[Any] | None = field(kw_only=True, default=None)
    """A column behind those of the key, to be from parameter `first` to below `last`."""

    def of(self, keys: Sequence[dict[str, Any]]) -> Steps[list[R]]:
        """The rows of these keys (by the columns' names), each once, in no order but that of `clause`."""
        if not keys:
            return []
        result = yield Query(self, {}, _padded(keys))
        return [self.row(*row) for row in result.rows]

    def _compile(self, dialect: Dialect) -> Compiled:
        condition = and_(*(column == param(column.name, column) for column in self.key))
        names = len(self.key)
        if self.between is not None:
            first, last = param("first", self.between), param("last", self.between)
            condition, names = and_(condition, self.between >= first, self.between < last), names + 2
        clause = cast("SelectClause[Any]", self.clause)
        compiled = compile_clause(clause.where(condition), dialect)
        if dialect is not MYSQL and not clause._order_by_clauses:
            return compiled
        text = str(condition.compile(dialect=dialect))
        head, found, tail = compiled.sql.partition(text)
        if not found or len(compiled.binds) != names:
            raise TypeError("not a query by key alone")
        return evolve(compiled, repeated=Repeated(f"{head}((", text, ") OR (", f")){tail}"))


@define(eq=False)
class Answers(Statement, Generic[R]):
    """A query of one row for each of many sets of parameters, as one statement (`UNION ALL`) where each costs a round
    trip; SQLite runs it, or what is given for it, for each."""

    row: Callable[..., R] = field(kw_only=True)
    on_sqlite: ClauseElement | None = field(default=None, kw_only=True)

    def of(self, params: Sequence[dict[str, Any]]) -> Steps[list[R]]:
        """A row for each, perhaps twice, in any order."""
        if not params:
            return []
        result = yield Query(self, {}, _padded(params))
        return [self.row(*row) for row in result.rows]

    def _compile(self, dialect: Dialect) -> Compiled:
        if dialect is not MYSQL:
            return compile_clause(self.clause if self.on_sqlite is None else self.on_sqlite, dialect)
        compiled = compile_clause(self.clause, dialect)
        return evolve(compiled, repeated=Repeated("(", compiled.sql, ") UNION ALL (", ")"))


@define(eq=False)
class Bulk(Statement):
    """An INSERT of rows by the thousand. Their values are what the database takes (numbers, bytes), in the order of
    the columns, so that nothing is looked up or converted for each of them."""

    def write(self, rows: Sequence[Row]) -> Steps[Result]:
        """All rows, at least one, in one statement where the database can."""
        return (yield Query(self, {}, plain=rows))


@define(eq=False)
class Each(Answers[R]):
    """Like Answers, for a query of parameters and subqueries that has no table of its own. Of one value each, which may
    be null. `shared`: parameters that are the same in all sets.

    On MySQL and MariaDB the sets of parameters form a table instead of a UNION, which costs a tenth; so the subqueries
    find rows by what equals a parameter, and only filter by what is above or below one. MySQL plans well with what is
    shared alone: that is written into the query."""

    shared: frozenset[str] = field(kw_only=True)

    def _compile(self, dialect: Dialect) -> Compiled:
        compiled = super()._compile(dialect)
        if dialect is not MYSQL:
            return compiled
        pieces = compiled.sql.split("%s")
        columns = ["%s" if name in self.shared else f"given.{name}" for name, _, _ in compiled.binds]
        sql = "".join(piece + column for piece, column in zip(pieces, [*columns, ""], strict=True))
        own = {bind[0]: bind for bind in compiled.binds if bind[0] not in self.shared}
        part = "SELECT " + ", ".join(f"%s AS {name}" for name in own)
        return evolve(
            compiled,
            binds=tuple(own.values()),
            shared=tuple(bind for bind in compiled.binds if bind[0] in self.shared),
            repeated=Repeated(f"{sql} FROM (", part, " UNION ALL ", ") AS given"),
        )


def updates(table: Table, key: Sequence[Column[Any]], values: Sequence[Column[Any]]) -> "Updates":
    """Set `values` in the rows with these keys; parameters have the columns' names, keys with `_key` behind."""
    clause = (
        update(table)
        .where(*(column == param(f"{column.name}_key", column) for column in key))
        .values({column.name: param(column.name, column) for column in values})
    )
    return Updates(clause, table=table, key=tuple(key), values=tuple(values))


@define(eq=False)
class Updates(Statement):
    """Different values for many rows by their keys, which are all there; see `updates`.

    On MySQL and MariaDB one statement, which reaches the rows by their primary key and locks no others; no upsert,
    which would lock the rows that its foreign keys name. SQLite runs one for each row."""

    table: Table = field(kw_only=True)
    key: tuple[Column[Any], ...] = field(kw_only=True)
    values: tuple[Column[Any], ...] = field(kw_only=True)

    def _compile(self, dialect: Dialect) -> Compiled:
        compiled = compile_clause(self.clause, dialect)
        if dialect is not MYSQL:
            return compiled
        names = [f"{column.name}_key" for column in self.key] + [column.name for column in self.values]
        binds = {name: (name, default, process) for name, default, process in compiled.binds}
        part = "SELECT " + ", ".join(f"%s AS {name}" for name in names)
        same = " AND ".join(f"t.{column.name} = given.{column.name}_key" for column in self.key)
        changed = ", ".join(f"t.{column.name} = given.{column.name}" for column in self.values)
        head, tail = "UPDATE (", f") AS given STRAIGHT_JOIN {self.table.name} AS t ON {same} SET {changed}"
        return evolve(
            compiled, binds=tuple(binds[name] for name in names), repeated=Repeated(head, part, " UNION ALL ", tail)
        )


def _padded(many: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """The last one again, up to a power of two, so that there are few texts."""
    size = 1 << (len(many) - 1).bit_length()
    return [*many, *[many[-1]] * (size - len(many))]


@frozen
class Query:
    """One statement to run now; `many` where it is run for several sets of parameters, `plain` for those of a Bulk or
    of Places."""

    statement: Statement
    params: dict[str, Any]
    many: Sequence[dict[str, Any]] = ()
    plain: Sequence[Row] = ()


@frozen
class Script:
    """Queries that go to the database together: run in order, each sees what those before it did, the first error ends
    it. `last`: nothing comes after it, so the runner may send its COMMIT along."""

    queries: Sequence[Query]
    last: bool = False


def into(table: Table, *columns: str) -> Insert:
    """An INSERT with a parameter of the same name for each of the columns."""
    return insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in columns})


def param(name: str, column: Column[T]) -> BindParameter[T]:
    """A parameter of a column's type, for places where SQLAlchemy cannot infer it."""
    return bindparam(name, type_=column.type)


def compile_clause(clause: ClauseElement, dialect: Dialect) -> Compiled:
    """As one statement. TypeError for what is none."""
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
    pieces = _LIST.split(str(compiled))
    if {compiled.bind_names[one] for one in compiled.post_compile_params} != set(pieces[1::2]):
        raise TypeError("a parameter that is no list is written into the SQL")
    return Compiled(
        sql=str(compiled),
        returns_rows=bool(compiled._result_columns),
        compiled=compiled,
        binds=tuple((name, defaults[name], processors.get(name)) for name in compiled.positiontup or ()),
        processors=processors,
        lists=tuple(pieces[1::2]),
        pieces=tuple(pieces),
        mark="?" if dialect is SQLITE else "%s",
        columns=tuple(columns),
    )
