"""One idea a module: the files of the core are short."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST = 400


def test_the_modules_of_the_core_have_400_lines_at_most() -> None:
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / "chatproto").rglob("*.py")
    }
    assert len(sizes) > 100
    assert {name: lines for name, lines in sizes.items() if lines > MOST} == {}
