"""The command line: each command leads to a function that is there, and imports no more than it has a use for."""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from inspect import signature

from runtime.commands.parser import SERVE, Run, parser

CALLS = (["--help"], ["--version"], ["user", "create", "--help"], ["serve", "--nonsense"])
DRIVERS = ("trio_mysql", "pymysql")
SERVING = ("quart", "hypercorn", "runtime.compose")
HEAVY = ("sqlalchemy", "httpx", "trio", "cryptography", "structlog", "msgspec", "alembic", *DRIVERS, *SERVING)


def runs(of: argparse.ArgumentParser) -> Iterator[Run | None]:
    """That of each command; None where one leads nowhere."""
    below = [action for action in of._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield of.get_default("run")
    for action in below:
        for one in action.choices.values():
            yield from runs(one)


def imported(program: str, names: tuple[str, ...]) -> str:
    """Which of these modules a process of its own has, once it did that."""
    program += f"\nimport sys\nprint('imported:', *[name for name in {names!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.splitlines()[-1]


def test_each_command_leads_to_a_function_that_takes_arguments_and_settings() -> None:
    found = list(runs(parser()))
    assert len(found) >= 30 and SERVE in found
    assert len({*found}) == len(found) - 3, "promote, demote, disable and enable are one function"
    for run in found:
        assert run is not None
        assert [*signature(run.load()).parameters] == ["arguments", "settings"]


def test_a_call_that_does_nothing_imports_next_to_nothing() -> None:
    calls = f"for call in {CALLS!r}:\n try: main(call)\n except SystemExit: pass\n else: raise AssertionError(call)"
    assert imported(f"from runtime.cli import main\n{calls}", HEAVY) == "imported:"


def test_commands_import_neither_what_serves_nor_drivers_of_databases() -> None:
    names = sorted({run.module for run in runs(parser()) if run is not None} - {SERVE.module, "cli_demo", "cli_doctor"})
    assert len(names) == 5
    program = "".join(f"import runtime.commands.{name}\n" for name in names)
    assert imported(program, (*SERVING, *DRIVERS)) == "imported:"
