"""The server and the desktop client read the same tree from a text, whatever it is, both in linear time."""

import json
import random
import subprocess
from typing import Any

import msgspec
import pytest

from chatproto.wire.markup import parse
from chatproto.wire.markup.tlds import TLDS
from tests.desktop.node import DESKTOP, NODE, missing_node
from tests.unit.test_markup import HOSTILE, PIECES

SEED = 11
TEXTS = 4000
MORE = [
    *(
        "𝐀",
        "𐐷",
        "İ",
        "K",
        "ß",
        "ﬁ",
        "ё",
        "مرحبا",
        "؟",
        "ไทย",
        "한국",
        "中",
        "👨‍👩‍👧",
        "🏳️‍🌈",
        "\ufeff",
        "\u202e",
        "\u2028",
        "\x1f",
    ),
    *(
        "a" * 64,
        "x.com",
        ".рф",
        ".中国",
        "[::1]",
        ":65535",
        ":65536",
        "HTTPS://",
        "@All",
        "@ВСЕ",
        "```js\n",
        "> > ",
        "\r\n",
    ),
]


@pytest.fixture(scope="module")
def read() -> dict[str, Any]:
    """What Node says of random texts and of hostile ones."""
    if missing_node() is not None:
        pytest.skip(missing_node() or "")
    chance = random.Random(SEED)
    pieces = [*PIECES, *MORE, *(chr(chance.randrange(0xA0, 0xD800)) for _ in range(300))]
    texts = ["".join(chance.choices(pieces, k=chance.randrange(1, 40))) for _ in range(TEXTS)]
    texts += HOSTILE.values()
    command = [NODE or "node", "test/harness/trees.mjs"]
    ran = subprocess.run(command, cwd=DESKTOP, input=json.dumps(texts), capture_output=True, text=True, check=True)
    said: dict[str, Any] = json.loads(ran.stdout)
    said["texts"] = texts
    return said


def test_both_read_the_same_trees(read: dict[str, Any]) -> None:
    different = [
        text
        for text, found in zip(read["texts"], read["read"], strict=True)
        if json.loads(msgspec.json.encode(parse(text))) != found["blocks"]
    ]
    assert different == []


def test_the_client_reads_in_linear_time_too(read: dict[str, Any]) -> None:
    slow = [
        text[:40]
        for text, found in zip(read["texts"], read["read"], strict=True)
        if found["steps"] > 16 * len(text.encode("utf-16-le")) / 2 + 32
    ]
    assert slow == []


def test_both_know_the_same_top_level_domains(read: dict[str, Any]) -> None:
    assert set(read["tlds"]) == TLDS
