"""IN lists are written out by ourselves, because SQLAlchemy takes long for it: to the same text and the same values."""

import pkgutil
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, Final

import pytest
from sqlalchemy.engine import Dialect

import storage.transactions
from storage.columns import ASCIIBytes, UTCDateTime
from storage.statements import MYSQL, SQLITE, Compiled, Statement

SAMPLES: Final[dict[type, tuple[Any, ...]]] = {
    int: (1, 2, 2**40),
    object: (1, 2, 3),  # no type is known, so nothing is converted
    str: ("a", "я", "it's"),
    bytes: (b"a", b"\x00", b"%s"),
    bool: (True, False, True),
    datetime: tuple(datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)),
}


def statements() -> dict[str, Statement]:
    """All that transactions have."""
    found = {}
    for module in pkgutil.iter_modules(storage.transactions.__path__, "storage.transactions."):
        for name, value in vars(import_module(module.name)).items():
            if isinstance(value, Statement):
                found[f"{module.name}.{name}"] = value
    return found


def samples(kind: Any) -> tuple[Any, ...]:
    """Values that a column of that type takes from us."""
    if isinstance(kind, UTCDateTime):
        return SAMPLES[datetime]
    return ("a", "b-c", "d") if isinstance(kind, ASCIIBytes) else SAMPLES[kind.python_type]


def params_of(compiled: Compiled) -> dict[str, Any]:
    """A list for each list, and something for everything else."""
    binds = compiled._compiled.binds
    return {
        name: list(samples(binds[name].type)) if name in compiled._lists else samples(binds[name].type)[0]
        for name, _, _ in compiled.binds
    }


@pytest.mark.parametrize("dialect", [SQLITE, MYSQL], ids=["sqlite", "mysql"])
def test_lists_are_written_out_as_sqlalchemy_does_it(dialect: Dialect) -> None:
    compared = 0
    for name, statement in statements().items():
        compiled = statement.on(dialect)
        if compiled._lists and compiled.repeated is None:
            params = params_of(compiled)
            assert compiled.bind(params) == compiled._bind_empty(params), name
            compared += 1
    assert compared > 20


@pytest.mark.parametrize("dialect", [SQLITE, MYSQL], ids=["sqlite", "mysql"])
def test_a_list_of_nothing_finds_nothing(dialect: Dialect) -> None:
    for name, statement in statements().items():
        compiled = statement.on(dialect)
        if compiled._lists and compiled.repeated is None:
            sql, _ = compiled.bind({**params_of(compiled), compiled._lists[0]: []})
            assert "1!=1" in sql.replace(" ", ""), name
