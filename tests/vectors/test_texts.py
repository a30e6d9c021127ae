"""Each text is read as the tree that its vector says; the JavaScript parser is held to the same files."""

import json
from typing import Any

import msgspec
import pytest

from chatproto.wire.markup import parse
from tests.vectors.generate import FOLDER

VECTORS = [
    (f"{path.stem}-{number}", vector["text"], vector["tree"])
    for path in sorted((FOLDER / "text").glob("*.json"))
    for number, vector in enumerate(json.loads(path.read_text(encoding="utf-8")))
]


def test_there_are_enough_of_them() -> None:
    assert len(VECTORS) >= 250


@pytest.mark.parametrize(("text", "tree"), [vector[1:] for vector in VECTORS], ids=[vector[0] for vector in VECTORS])
def test_a_text_is_read_as_its_tree(text: str, tree: Any) -> None:
    assert json.loads(msgspec.json.encode(parse(text))) == tree
