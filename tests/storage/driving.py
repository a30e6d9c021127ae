"""Operations run on a plain SQLite connection, one statement after another, so that a test can count them."""

import sqlite3
from typing import TypeVar

from attrs import define

from chatproto.operations import Operation, Outcome
from storage.sqlite import run
from storage.statements import Query, Result, Script, Steps
from storage.transactions import transaction_for

T = TypeVar("T")


@define(eq=False)
class CountedSQLite:
    """`statements`: how many were run, `rows`: how many they gave, `wide`: those of more than two values. Nothing is
    committed."""

    connection: sqlite3.Connection
    statements: int = 0
    rows: int = 0
    wide: int = 0

    def perform(self, operation: Operation) -> Outcome:
        """All that the operation asks of a database."""
        plan = transaction_for(operation)
        if plan.first is not None:
            self.run(plan.first())
        return self.run(plan.start())

    def run(self, steps: Steps[T]) -> T:
        """Answer every query; no unique key may be met."""
        try:
            query = next(steps)
            while True:
                query = steps.send(self._answer(query))
        except StopIteration as stop:
            value: T = stop.value
            return value

    def _answer(self, query: Query | Script) -> Result:
        self.statements += 1 if isinstance(query, Query) else len(query.queries)
        result = run(self.connection, query)
        rows = [row for part in (result, *result.parts) for row in part.rows]
        self.rows += len(rows)
        self.wide += sum(len(row) > 2 for row in rows)
        return result
