"""Writes the vectors: `python -m tests.vectors.generate`. Look at the difference before you commit it."""

import json
from pathlib import Path
from typing import Any

from tests.vectors.agents import labels
from tests.vectors.scenarios import load
from tests.vectors.searches import TABLES as SEARCHES
from tests.vectors.server_scenarios import load as load_server
from tests.vectors.texts import TABLES
from tests.vectors.timelines import documents as timelines

FOLDER = Path(__file__).parent


def text_of(document: Any) -> str:
    """A step a line, so that a difference can be read."""
    steps = document.pop("steps")
    head = json.dumps(document, ensure_ascii=False)[:-1]
    lines = ",\n".join("  " + json.dumps(step, ensure_ascii=False) for step in steps)
    return f'{head}, "steps": [\n{lines}\n]}}\n'


def documents() -> dict[str, str]:
    """The texts by their file names."""
    client = {f"client-{name.replace('_', '-')}.json": text_of(found.record()) for name, found in load().items()}
    server = {f"server-{name.replace('_', '-')}.json": text_of(found.record()) for name, found in load_server().items()}
    text = {f"text/{name}.json": table_of(table) for name, table in TABLES.items()}
    search = {f"search/{name}.json": rows_of(rows()) for name, rows in SEARCHES.items()}
    agents = {"agent/labels.json": rows_of(labels())}
    timeline = {name: text_of(document) for name, document in timelines().items()}
    return client | server | text | search | agents | timeline


def table_of(table: list[tuple[str, Any]]) -> str:
    """A text and its tree a line."""
    return rows_of([{"text": text, "tree": tree} for text, tree in table])


def rows_of(rows: list[dict[str, Any]]) -> str:
    """One a line."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return f"[\n{lines}\n]\n"


def main() -> None:
    """Write what is new, take away what is gone."""
    texts = documents()
    for path in FOLDER.rglob("*.json"):
        if path.relative_to(FOLDER).as_posix() not in texts:
            path.unlink()
    for name, text in texts.items():
        (FOLDER / name).parent.mkdir(exist_ok=True)
        (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"{len(texts)} vectors")


if __name__ == "__main__":
    main()
