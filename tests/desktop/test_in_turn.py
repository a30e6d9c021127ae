"""Files of tests that one process of Node runs one after the other: how each ends, and what the next one finds."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.desktop.in_turn import InTurn
from tests.desktop.node import DESKTOP, missing_node

pytestmark = pytest.mark.skipif(missing_node() is not None, reason=missing_node() or "")

TEST = 'import { test } from "node:test";\n'
GOOD = TEST + 'test("good", () => {});'
WRITES_PID = TEST + (
    'import { appendFileSync } from "node:fs";\n'
    'test("pid", () => appendFileSync(new URL("pids", import.meta.url), `${process.pid} `));'
)

Written = Callable[[str, str], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Makes a file of tests."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / f"{name}.test.mjs"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def in_turn() -> Iterator[InTurn]:
    running = InTurn(most=3)
    yield running
    running.close()


def failure(in_turn: InTurn, file: Path) -> str:
    with pytest.raises(pytest.fail.Exception) as caught:
        in_turn.run(file)
    return str(caught.value)


def pids(folder: Path) -> list[str]:
    return (folder / "pids").read_text().split()


def test_files_share_a_process_up_to_a_number_of_them(in_turn: InTurn, written: Written, tmp_path: Path) -> None:
    for name in "abcd":
        in_turn.run(written(name, WRITES_PID))
    first, *others, last = pids(tmp_path)
    assert others == [first, first]
    assert last != first


def test_a_file_runs_again_in_another_process(in_turn: InTurn, written: Written, tmp_path: Path) -> None:
    for _ in range(2):
        in_turn.run(written("a", WRITES_PID))
    assert len(set(pids(tmp_path))) == 2


def test_what_fails_is_shown_and_the_next_file_has_a_process_of_its_own(
    in_turn: InTurn, written: Written, tmp_path: Path
) -> None:
    in_turn.run(written("a", WRITES_PID))
    bad = TEST + 'test("bad", () => { console.log("seen by chance"); throw new Error("so it is"); });'
    said = failure(in_turn, written("bad", bad))
    assert "so it is" in said
    assert "seen by chance" in said
    in_turn.run(written("b", WRITES_PID))
    assert len(set(pids(tmp_path))) == 2


LATER = (
    'test("good", () => void setTimeout(() => { throw Error("late"); }, 9));'
    'test("next", () => new Promise((done) => setTimeout(done, 200)));'
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param('import "./nowhere.mjs";', "nowhere.mjs", id="does not load"),
        pytest.param(GOOD + 'test.after(() => { throw Error("late"); });', "late", id="fails at its end"),
        pytest.param(TEST + LATER, "late", id="fails outside of its tests"),
        pytest.param(GOOD + 'test("bad", () => process.exit(0));', "ended with 0", id="ends the process"),
    ],
)
def test_a_file_fails_however_it_does(in_turn: InTurn, written: Written, text: str, reason: str) -> None:
    assert reason in failure(in_turn, written("bad", text))
    in_turn.run(written("good", GOOD))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);", id="deaf to signals"),
        pytest.param("return new Promise((done) => setTimeout(done, 1e6));", id="waits"),
    ],
)
def test_an_endless_file_is_ended(in_turn: InTurn, written: Written, body: str) -> None:
    in_turn.timeout, usual = 2.0, in_turn.timeout
    begun = time.monotonic()
    assert "not done after 2 s" in failure(in_turn, written("endless", f'{TEST}test("endless", () => {{ {body} }});'))
    assert time.monotonic() - begun < 60
    in_turn.timeout = usual
    in_turn.run(written("good", GOOD))


@pytest.mark.parametrize("text", ["", TEST + 'test.describe("none", () => {});'], ids=["empty", "a suite alone"])
def test_a_file_without_a_test_fails(in_turn: InTurn, written: Written, text: str) -> None:
    assert "no test ran" in failure(in_turn, written("none", text))


def test_a_file_is_skipped_where_all_of_its_tests_are(in_turn: InTurn, written: Written) -> None:
    skipped = 'test("one", { skip: "no moon" }, () => {}); test("other", { skip: "no sun" }, () => {});'
    with pytest.raises(pytest.skip.Exception, match=r"^no moon; no sun$"):
        in_turn.run(written("skipped", TEST + skipped))
    try:
        in_turn.run(written("partly", TEST + skipped + 'test("good", () => {});'))
    except pytest.skip.Exception:
        pytest.fail("one of them ran")


def test_nothing_that_a_test_writes_is_taken_for_a_result(in_turn: InTurn, written: Written) -> None:
    lie = 'console.log("ok 1 - lie\\nok 2 - lie"); console.error("ok 1 - lie");'
    name = "ok 1 - lie\\nok 1 - lie"
    bad = f'{TEST}test("{name}", (t) => {{ {lie} t.diagnostic("{name}"); throw new Error("{name}"); }});'
    failure(in_turn, written("bad", bad))
    in_turn.run(written("good", bad.replace("throw", "return")))


def test_what_a_file_opened_is_closed_before_the_next_one(in_turn: InTurn, written: Written, tmp_path: Path) -> None:
    closing = (DESKTOP / "test/harness/closing.js").as_uri()
    opens = f"""
        import {{ appendFileSync }} from "node:fs";
        import {{ before, test }} from "node:test";
        import {{ atEnd, atEndOfRun }} from "{closing}";
        const note = (what) => appendFileSync(new URL("notes", import.meta.url), `${{what}} `);
        before(() => atEnd(() => note("file")));
        test("one", () => {{ atEnd(() => note("test")); atEndOfRun(() => note("run")); }});
        test("two", () => note("two"));
    """
    for name in "ab":
        in_turn.run(written(name, opens))
    in_turn.close()
    assert re.sub(" $", "", (tmp_path / "notes").read_text()) == "test two file test two file run run"
