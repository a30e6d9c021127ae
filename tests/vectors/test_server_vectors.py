"""The server's vectors: the scenarios hold, and the Python Hub replays each file from its JSON alone."""

import itertools
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatproto.server.clock import Now
from chatproto.server.hints import Hint
from chatproto.server.hub import Hub
from chatproto.server.knobs import Knobs
from chatproto.tokens import AccessClaims
from chatproto.wire.limits import Limits
from tests.vectors.generate import FOLDER
from tests.vectors.server_recorder import PlainTokens, milliseconds, plain_output, untagged
from tests.vectors.server_scenarios import load

FILES = sorted(FOLDER.glob("server-*.json"))


def test_there_are_enough_of_them() -> None:
    assert len(FILES) >= 60


def test_every_output_is_in_some_of_them() -> None:
    vectors = [json.loads(path.read_text(encoding="utf-8")) for path in FILES]
    done = {output["do"] for vector in vectors for step in vector["steps"] for output in step["outputs"]}
    assert done == {"send", "broadcast", "close", "ping", "run", "reply", "publish", "note"}


@pytest.mark.parametrize("name", sorted(load()))
def test_a_scenario_holds(name: str) -> None:
    load()[name].record()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_vector_is_replayed(path: Path) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    claims = {token: msgspec.convert(told, AccessClaims) for token, told in vector["tokens"].items()}
    cids = itertools.count(1)
    limits = msgspec.convert(vector["limits"], Limits)
    knobs = Knobs(**vector["knobs"])
    hub = Hub(PlainTokens(claims).check, lambda: f"server-{next(cids)}", limits, knobs)
    begin = datetime.fromisoformat(vector["begin"])
    for number, step in enumerate(vector["steps"]):
        arguments = [argument(name, value) for name, value in step["args"].items()]
        if step["call"] == "open_chat_connection" and len(arguments) == 2:
            arguments.append(None)
        if step["call"] == "drain":
            delay_ms = step["args"]["delay_ms"]
            arguments[0] = lambda delay_ms=delay_ms: delay_ms
        if "at" in step:
            wall = begin + timedelta(milliseconds=step.get("wall", step["at"]))
            arguments.append(Now(wall, step["at"] / 1000))
        returned = getattr(hub, step["call"])(*arguments)
        outputs = [plain_output(output) for output in hub.outputs()]
        assert outputs == step["outputs"], f"step {number}: {step['call']}"
        assert (returned, milliseconds(hub.next_timer())) == (step.get("returns"), step["timer"]), (
            f"step {number}: {step['call']}"
        )


def argument(name: str, value: Any) -> Any:
    """A value as the Hub takes it."""
    if name == "hint":
        return Hint(value["epoch"], untagged(value["news"]))
    return untagged(value) if name in ("operation", "outcome", "claims") else value
