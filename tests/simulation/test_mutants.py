"""The mutants fit the code that they are planted in; whether each is caught is what `./just mutants` tells."""

from pathlib import Path

import pytest

from tests.simulation.mutant import Mutant
from tests.simulation.mutants import CORE, ROOT
from tests.simulation.mutants_of_client import SCRIPT

CASES = [(ROOT, mutant) for mutant in CORE]
CASES += [(ROOT / "client/desktop/renderer/protocol", mutant) for mutant in SCRIPT]


@pytest.mark.parametrize(("folder", "mutant"), CASES, ids=[mutant.name for _, mutant in CASES])
def test_its_line_stands_exactly_once(folder: Path, mutant: Mutant) -> None:
    assert (folder / mutant.file).read_text(encoding="utf-8").count(mutant.old) == 1
    assert mutant.new != mutant.old


def test_no_two_have_one_name() -> None:
    names = [mutant.name for _, mutant in CASES]
    assert len(names) == len(set(names))
