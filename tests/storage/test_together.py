"""Parts of a transaction that ask side by side."""

from typing import Any

import pytest

from storage.statements import DuplicateKey, Query, Result, Script, Statement, Steps
from storage.tables import users
from storage.together import together

ASK = Statement(users.select())


def part(name: str, queries: int) -> Steps[str]:
    """Asks so many queries and tells what it was answered."""
    said = name
    for number in range(queries):
        result = yield Query(ASK, {"from": name, "number": number})
        said += str(result.row_count)
    return said


def asked(script: Query | Script) -> list[str]:
    assert isinstance(script, Script)
    return [f"{query.params['from']}{query.params['number']}" for query in script.queries]


def test_first_queries_go_together_then_second_ones_and_each_part_gets_its_own_answers() -> None:
    steps = together(part("a", 1), part("b", 0), part("c", 2))
    script = next(steps)
    assert asked(script) == ["a0", "c0"] and isinstance(script, Script) and not script.last
    assert asked(steps.send(Result(parts=[Result(row_count=7), Result(row_count=8)]))) == ["c1"]
    with pytest.raises(StopIteration) as stop:
        steps.send(Result(parts=[Result(row_count=9)]))
    assert stop.value.value == ("a7", "b", "c89")


def test_parts_that_ask_nothing_make_no_script() -> None:
    with pytest.raises(StopIteration) as stop:
        next(together(part("a", 0), part("b", 0), last=True))
    assert stop.value.value == ("a", "b")


def test_the_last_script_says_so_and_nothing_follows_it() -> None:
    steps = together(part("a", 1), part("b", 2), last=True)
    script = next(steps)
    assert isinstance(script, Script) and script.last
    with pytest.raises(TypeError, match="last"):
        steps.send(Result(parts=[Result(), Result()]))


def test_a_unique_key_that_was_met_is_told_to_who_asked_them_all() -> None:
    def whole() -> Steps[Any]:
        try:
            yield from together(part("a", 1), part("b", 1))
        except DuplicateKey as met:
            return met.place

    steps = whole()
    next(steps)
    with pytest.raises(StopIteration) as stop:
        steps.throw(DuplicateKey("met", 1))
    assert stop.value.value == 1
