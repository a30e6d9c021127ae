"""The vectors are what the reviewed scenarios give today, and the Python session replays each from its JSON alone."""

import json
from typing import Any

import msgspec
import pytest

from chatproto.client.client_config import ClientConfig
from chatproto.client.client_session import ClientSession
from chatproto.client.session_outputs import Row
from chatproto.client.snapshot import Snapshot
from chatproto.wire.frames import FromServer
from tests.vectors.generate import FOLDER, documents
from tests.vectors.recorder import Randoms, plain
from tests.vectors.scenarios import load

TYPES: dict[str, Any] = {"frames": list[FromServer], "row": Row}
FILES = sorted(FOLDER.glob("client-*.json"))


def test_there_are_enough_of_them() -> None:
    assert len(FILES) >= 120


@pytest.mark.parametrize("name", sorted(load()))
def test_a_scenario_holds(name: str) -> None:
    load()[name].record()


def test_the_files_are_what_the_scenarios_give() -> None:
    texts = documents()
    files = {path.relative_to(FOLDER).as_posix(): path for path in FOLDER.rglob("*.json")}
    assert set(files) == set(texts), "run: python -m tests.vectors.generate"
    changed = [name for name, path in files.items() if path.read_text(encoding="utf-8") != texts[name]]
    assert changed == [], "run: python -m tests.vectors.generate, and look at the difference"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_vector_is_replayed(path: Any) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    snapshot = msgspec.convert(vector["snapshot"], Snapshot) if vector["snapshot"] else None
    session = ClientSession(msgspec.convert(vector["config"], ClientConfig), Randoms(vector["random"]), snapshot)
    for number, step in enumerate(vector["steps"]):
        arguments = {
            name: msgspec.convert(value, TYPES[name]) if name in TYPES else value
            for name, value in step["args"].items()
        }
        getattr(session, step["call"])(**arguments, now=step["at"])
        found = {"outputs": plain(session.outputs()), "state": str(session.state)}
        assert found == {"outputs": step["outputs"], "state": step["state"]}, f"step {number}: {step['call']}"
        assert session.next_timer() == step["next_timer"], f"step {number}: {step['call']}"
