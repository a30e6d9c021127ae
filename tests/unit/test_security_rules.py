"""docs/security.md names tests that hold its rules: they are there, and name the rule they hold."""

import ast
import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
REQUIRED: Final = {*(f"O{number}" for number in range(1, 11)), "O18", "O28", "O29", "O30"}
HELD: Final = [
    (rule, path, name)
    for rule, held in re.findall(
        r"^\| (O\d+) \|.*\|([^|]*)\|$", (ROOT / "docs/security.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    for path, name in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", held)
]


def test_every_rule_that_is_required_names_a_test() -> None:
    assert {rule for rule, _, _ in HELD} >= REQUIRED


@pytest.mark.parametrize(("rule", "path", "name"), HELD, ids=lambda one: Path(one).stem)
def test_who_looks_for_a_rule_finds_its_tests(rule: str, path: str, name: str) -> None:
    """In the docstring of the test, or of its module where the whole of it holds the rule."""
    module = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    tests = {one.name: one for one in module.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    text = ast.get_docstring(tests[name] if name else module) or ""
    assert re.search(rf"\b{rule}\b", text), f"{path} {name} does not name {rule}"
