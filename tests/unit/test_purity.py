"""The core is pure: it runs without clock, sockets, threads, environment, and without randomness of its own."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CORE = Path(__file__).parents[2] / "chatproto"
ALLOWED = {
    *("__future__", "argparse", "base64", "bisect", "collections", "contextlib", "copy", "dataclasses", "datetime"),
    *("enum", "functools", "hashlib", "heapq", "hmac", "html", "ipaddress", "itertools", "json", "math", "operator"),
    *("random", "re", "string", "sys", "textwrap", "types", "typing", "unicodedata"),
    *("attrs", "chatproto", "Stemmer", "jwt", "msgspec"),
}
"""What a pure module may import. Of `random` the class Random alone, for injected generators."""
CALLS = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "sys": {"exit", "stdin", "stdout", "stderr", "argv"},
}
"""Attributes of allowed names that reach outside all the same."""
BUILTINS = {"open", "input", "print", "exec", "eval", "__import__"}


def _sins(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        yield from (f"imports {name}" for name in names if name.partition(".")[0] not in ALLOWED)
        if isinstance(node, ast.Import) and "random" in names:
            yield "imports the global random"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in CALLS.get(node.value.id, ()):
                yield f"uses {node.value.id}.{node.attr}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BUILTINS:
            yield f"calls {node.func.id}"


@pytest.mark.parametrize("path", sorted(CORE.rglob("*.py")), ids=lambda path: str(path.relative_to(CORE)))
def test_a_module_of_the_core_is_pure(path: Path) -> None:
    if path.name == "__main__.py":
        pytest.skip("a command line talks to its terminal")
    assert list(_sins(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "from os import environ",
        "import trio.lowlevel",
        "from secrets import token_hex",
        "from uuid import uuid4",
        "datetime.now(UTC)",
        "import random",
        "open('x')",
    ],
)
def test_a_sin_is_seen(source: str) -> None:
    assert list(_sins(source))


def test_importing_the_core_loads_nothing_that_does_io() -> None:
    program = (
        "import sys\n"
        "import chatproto.server.hub, chatproto.tokens, chatproto.simulation.model_operations\n"
        "found = {'trio', 'sqlalchemy', 'quart', 'hypercorn', 'httpx', 'asyncio'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(found)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=CORE.parent, check=False)
    assert (done.returncode, done.stderr) == (0, "")
