"""Each bench stands in docs/benchmarks.md by the command that starts it, and each command there starts one."""

import re
from pathlib import Path
from typing import Final

from tests.documents.steps import ROOT

BENCHES: Final = ROOT / "tests" / "bench"
PAGE: Final = ROOT / "docs" / "benchmarks.md"
_RECIPE: Final = re.compile(r"(?m)^([\w-]+)[^\n]*:[^\n]*\n    [^\n]*python -m tests\.bench\.(\w+)")
"""Of the justfile, with a bench of its own."""
_COMMAND: Final = re.compile(r"(?m)(?:^    |`)\./just ((?:bench|simulate-|fuzz)[\w-]*)(?: ([a-z]\w*))?")


def benches() -> set[str]:
    """What can be started: modules and packages."""

    def starts(path: Path) -> bool:
        return 'if __name__ == "__main__":' in path.read_text(encoding="utf-8")

    modules = {path.stem for path in BENCHES.glob("*.py") if starts(path)}
    return modules | {path.parent.name for path in BENCHES.glob("*/__main__.py")}


def recipes() -> dict[str, str]:
    """Benches by their recipes."""
    return {name: bench for name, bench in _RECIPE.findall((ROOT / "justfile").read_text(encoding="utf-8"))}


def test_each_bench_stands_on_the_page() -> None:
    lines = [line.partition("#")[0] for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:4] == "    "]
    own = {bench: name for name, bench in recipes().items()}
    assert len(benches()) > 10 and set(own) > {"core", "fuzz"} and set(own) <= benches()

    def stands(bench: str) -> bool:
        if bench == "busy_room":  # what is run where none is named
            return any(line.split() == ["./just", "bench"] for line in lines)
        commands = (f"./just bench {bench}", f"./just {own.get(bench, '-')}", f"python -m tests.bench.{bench}")
        return any(f"{line.strip()} ".startswith(f"{command} ") for line in lines for command in commands)

    assert [bench for bench in sorted(benches()) if not stands(bench)] == []


def test_each_command_that_a_page_names_starts_one() -> None:
    named = [
        (page.name, *found)
        for page in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))
        for found in _COMMAND.findall(page.read_text(encoding="utf-8"))
    ]
    assert len(named) > 15
    wrong = [
        (page, recipe, bench)
        for page, recipe, bench in named
        if (bench not in {"", *benches()} if recipe == "bench" else recipe not in recipes())
    ]
    assert wrong == []
