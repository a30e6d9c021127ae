"""The documents say what is true: links lead somewhere, pages made from the code are fresh, settings are all there."""

import json
import re
import runpy
from pathlib import Path

import pytest
from attrs import fields

from chatproto.transitions import ClientState, CursorState, SessionState
from runtime.config import Settings
from runtime.metrics import Metrics

ROOT = Path(__file__).parents[2]
PAGES = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").glob("*.md"))
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_TEST = re.compile(r"`(tests/[\w/.-]+\.py)::(\w+)`")
_SECTION = re.compile(r"\]\(([\w-]+\.md)\), \"([^\"]+)\"")
"""A link to a page, and after it the name of a section there."""
_FILE = re.compile(r"`((?:chatproto|storage|runtime|client|tests|deploy)/[\w/.-]+)`")


def test_the_states_page_is_made_from_the_tables() -> None:
    pages = runpy.run_path(str(ROOT / "docs/write_pages.py"))
    assert (ROOT / "docs/states.md").read_text(encoding="utf-8") == pages["states"](), "run ./just docs"
    for means, states in (("SESSION", SessionState), ("CURSOR", CursorState), ("CLIENT", ClientState)):
        assert set(pages[f"{means}_MEANS"]) == set(states), "a state that is drawn and not explained"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_named_files_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [target.partition("#")[0] for target in _LINK.findall(text) if "://" not in target]
    missing = [target for target in links if not (page.parent / target).exists()]
    missing += [target for target in _FILE.findall(text) if not (ROOT / target).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_sections_that_are_named_exist(page: Path) -> None:
    for target, section in _SECTION.findall(page.read_text(encoding="utf-8")):
        text = (page.parent / target).read_text(encoding="utf-8")  # protocol.md begins paragraphs with such a name
        assert re.search(rf"(?m)^(#+ )?{re.escape(section)}", text), f"{target} has no {section}"


def test_every_input_and_output_of_the_vectors_of_a_client_is_told() -> None:
    page = (ROOT / "docs/testing-your-client.md").read_text(encoding="utf-8")
    inputs, outputs = (page.partition(f"## {part}\n")[2].partition("\n## ")[0] for part in ("Inputs", "Outputs"))
    told = {name: set(filter(None, words.split(", "))) for name, words in re.findall(r"`(\w+)\((.*?)\)`", inputs)}
    steps = [
        step
        for path in (ROOT / "tests/vectors").glob("client-*.json")
        for step in json.loads(path.read_text(encoding="utf-8"))["steps"]
    ]
    assert {step["call"] for step in steps} == set(told)
    for step in steps:
        assert set(step["args"]) <= told[step["call"]], step["call"]
    assert {output["do"] for step in steps for output in step["outputs"]} <= set(re.findall(r"`(\w+)`", outputs))


def test_the_way_to_every_page_for_operators_is_told() -> None:
    told = set(_LINK.findall((ROOT / "docs/operating.md").read_text(encoding="utf-8")))
    assert {f"{name}.md" for name in ("installing", "settings", "accounts", "backups", "watching", "updating")} < told


def _tests_exist(page: str) -> None:
    """Those that it names, and it names some."""
    named = _TEST.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not re.search(rf"^(async )?def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert named and missing == []


def test_cases_of_operators_are_held_by_tests_that_exist() -> None:
    _tests_exist("cases.md")
    rows = re.findall(r"^\| .*\|$", (ROOT / "docs/cases.md").read_text(encoding="utf-8"), re.MULTILINE)[1:]
    assert len(rows) > 30 and all(_TEST.search(row) for row in rows)


def test_rules_of_security_are_held_by_tests_that_exist() -> None:
    _tests_exist("security.md")
    text = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (O\d+) \|.*\|$", text, re.MULTILINE)
    assert len(rows) == len(set(rows)) == len(re.findall(r"^\| O\d+ \|.*`tests/.*\|$", text, re.MULTILINE)) > 0


@pytest.mark.parametrize("name", ["README.md", "README.ru.md"])
def test_two_commands_start_and_test(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    first = text.split("```sh\n")[1].split("```")[0].splitlines()
    assert [line.split("#")[0].strip() for line in first] == ["./just run", "./just test"]
    recipes = (ROOT / "justfile").read_text(encoding="utf-8")
    for recipe in set(re.findall(r"\./just (\w+)", text)):
        assert re.search(rf"^{recipe}[ :]", recipes, re.MULTILINE), recipe


def test_every_setting_is_explained() -> None:
    text = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `VESTNIK_(\w+)` \|", text, re.MULTILINE))
    assert told == {attribute.name.upper() for attribute in fields(Settings)}


def test_every_metric_is_explained() -> None:
    text = (ROOT / "docs/watching.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(vestnik_\w+)` \|", text, re.MULTILINE)) == Metrics().names()
