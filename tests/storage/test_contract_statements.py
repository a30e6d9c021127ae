"""Statements are compiled once per dialect, and every value goes through its column's conversion, lists or not."""

import importlib
import pkgutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, select, update
from sqlalchemy.engine import Dialect

from storage import transactions
from storage.statements import MYSQL, SQLITE, Statement, into
from storage.tables import messages, metadata, sessions

NOON = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)
MOSCOW = timezone(timedelta(hours=3))

UPDATE = Statement(
    update(sessions)
    .where(sessions.c.id.in_(bindparam("ids", expanding=True)), sessions.c.device == bindparam("device"))
    .values(ended_at=bindparam("ended_at"))
)
INSERT = Statement(into(messages, "cid", "created_at"))
SELECT = Statement(
    select(messages.c.cid, messages.c.created_at, messages.c.deleted)
    .where(messages.c.seq > bindparam("after"), messages.c.deleted.is_(False))
    .limit(bindparam("limit"))
)


@pytest.mark.parametrize("dialect", [SQLITE, MYSQL], ids=["sqlite", "mysql"])
@pytest.mark.parametrize("ids", [[], [7], [7, 8, 9]])
def test_a_list_is_written_out_and_what_stands_beside_it_is_converted(dialect: Dialect, ids: list[int]) -> None:
    sql, values = UPDATE.on(dialect).bind({"ids": ids, "device": "x", "ended_at": NOON.astimezone(MOSCOW)})
    naive = NOON.replace(tzinfo=None) if dialect is MYSQL else "2026-03-01 12:00:00.000005"
    assert values == (naive, *ids, "x")
    assert sql.count("%s" if dialect is MYSQL else "?") == len(values)


@pytest.mark.parametrize("dialect", [SQLITE, MYSQL], ids=["sqlite", "mysql"])
def test_a_naive_datetime_and_a_cid_beyond_ascii_are_bugs(dialect: Dialect) -> None:
    with pytest.raises(ValueError, match="naive"):
        INSERT.on(dialect).bind({"cid": "x", "created_at": NOON.replace(tzinfo=None)})
    with pytest.raises(UnicodeEncodeError):
        INSERT.on(dialect).bind({"cid": "ё", "created_at": NOON})


def test_rows_are_read_as_model_values() -> None:
    compiled = SELECT.on(SQLITE)
    assert compiled.returns_rows
    assert compiled.read([(b"x", "2026-03-01 12:00:00.000005", 1)]) == [("x", NOON, True)]
    compiled = SELECT.on(MYSQL)
    assert compiled.read([(b"x", NOON.replace(tzinfo=None), 0)]) == [("x", NOON, False)]
    assert not INSERT.on(MYSQL).returns_rows


def _statements() -> Iterator[tuple[str, Statement]]:
    for module in pkgutil.iter_modules(transactions.__path__):
        names = vars(importlib.import_module(f"{transactions.__name__}.{module.name}"))
        yield from ((f"{module.name}.{name}", value) for name, value in names.items() if isinstance(value, Statement))


BOUNDED = {"mails._WAITING", "invites._ALL", "deletion._MAILS"}
"""Statements that go through a table that has a limit, or stop at one."""


@pytest.mark.parametrize("name, statement", [(name, one) for name, one in _statements() if name not in BOUNDED])
def test_every_statement_finds_its_rows_by_an_index(name: str, statement: Statement, sqlite_file: Path) -> None:
    """O20: however many chats, users and messages there are."""
    compiled = statement.on(SQLITE)
    params: dict[str, Any] = {}
    for key, bind in compiled._compiled.binds.items():
        one = "1" if hasattr(bind.type, "encoding") else 1
        params[key] = [one, one] if bind.expanding else bind.value
    sql, values = compiled.bind(params)
    with closing(sqlite3.connect(sqlite_file)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
    scanned = {step.split()[1] for step in plan if step.startswith("SCAN")}
    assert not scanned & set(metadata.tables), plan


def test_a_statement_is_compiled_once() -> None:
    assert SELECT.on(SQLITE) is SELECT.on(SQLITE)
    assert SELECT.on(SQLITE) is not SELECT.on(MYSQL)
