"""Statements that lead a database to the rows of many keys at once, in the order of tables that is cheapest."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, cast

from attrs import define, evolve, field
from sqlalchemy import Column
from sqlalchemy import Select as SelectClause
from sqlalchemy.engine import Dialect

from storage.statements import MYSQL, Compiled, Query, Repeated, Select, Statement, Steps, compile_clause, param

R = TypeVar("R", bound=tuple[Any, ...])


@define(eq=False)
class Ordered(Select[R]):
    """A Select whose tables servers join in the order in which it has them. `on_sqlite`: the same with subqueries, of
    which SQLite makes no join of its own order."""

    on_sqlite: SelectClause[Any] = field(kw_only=True)

    def _compile(self, dialect: Dialect) -> Compiled:
        return compile_clause(
            straight(cast("SelectClause[Any]", self.clause)) if dialect is MYSQL else self.on_sqlite, dialect
        )


def straight(clause: SelectClause[Any]) -> SelectClause[Any]:
    """Its tables are joined in the order in which it has them; for MySQL and MariaDB."""
    return clause.prefix_with("STRAIGHT_JOIN", dialect="mysql")


@define(eq=False)
class Places(Statement, Generic[R]):
    """The rows of one table by keys of whole numbers, many at once: `clause` has no parameters, the columns of `key`,
    which are unique, are added.

    On MySQL and MariaDB the keys are one text, a table of JSON that leads to the rows, which is read, planned and
    written for half of what a condition for each key costs. SQLite runs it for each key."""

    key: tuple[Column[int], ...] = field(kw_only=True)
    row: Callable[..., R] = field(kw_only=True)

    def of(self, keys: Sequence[tuple[int, ...]]) -> Steps[list[R]]:
        """The rows of these keys, each once, in no order. TypeError (of the runner) where one is no whole number."""
        if not keys:
            return []
        result = yield Query(self, {}, plain=keys)
        return [self.row(*row) for row in result.rows]

    def _compile(self, dialect: Dialect) -> Compiled:
        clause = cast("SelectClause[Any]", self.clause)
        if dialect is not MYSQL:
            return compile_clause(clause.where(*(column == param(column.name, column) for column in self.key)), dialect)
        compiled, table = compile_clause(clause, dialect), self.key[0].table.name
        chosen, found, _ = compiled.sql.partition("FROM ")
        if not found or compiled.binds:
            raise TypeError("not a query by key alone")
        columns = ", ".join(f"k{place} BIGINT PATH '$[{place}]'" for place in range(len(self.key)))
        same = " AND ".join(f"{table}.{column.name} = given.k{place}" for place, column in enumerate(self.key))
        part = f"[{','.join(['%s'] * len(self.key))}]"
        tail = f"]', '$[*]' COLUMNS ({columns})) AS given STRAIGHT_JOIN {table} ON {same}"
        return evolve(compiled, repeated=Repeated(f"{chosen}FROM JSON_TABLE('[", part, ",", tail))
