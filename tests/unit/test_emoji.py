"""Reactions are emoji that Unicode recommends, in one form."""

from importlib import import_module
from typing import Any

import pytest

from chatproto.wire.emoji import MAX_EMOJI_BYTES, qualified
from tests.unit.emoji_package import PLACE, module, released


def test_the_table_is_that_of_the_package() -> None:
    assert PLACE.read_text(encoding="utf-8") == module(), "run python -m tests.unit.emoji_package"


def test_every_emoji_is_known_and_nothing_else_in_the_package() -> None:
    package: Any = import_module("emoji")
    emoji, _ = released()
    assert {qualified(text) for text in emoji} == emoji
    assert max(len(text.encode()) for text in emoji) <= MAX_EMOJI_BYTES
    of_components = package.STATUS["component"]
    for text, about in package.EMOJI_DATA.items():
        found = qualified(text)
        assert found is None if about["status"] == of_components else found in emoji, ascii(text)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("👍", "👍"),
        ("👍🏽", "👍🏽"),
        ("❤", "❤️"),
        ("❤️", "❤️"),
        ("1⃣", "1️⃣"),
        ("👩🏻‍❤‍💋‍👨🏿", "👩🏻‍❤️‍💋‍👨🏿"),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
        ("🇩🇪", "🇩🇪"),
    ],
)
def test_a_missing_selector_is_put_in(typed: str, stored: str) -> None:
    assert qualified(typed) == stored


@pytest.mark.parametrize(
    "text",
    ["", "\ufe0f", "a", "1", "👍👍", "👍 ", "🏽", "❤\ufe0e", "🇩", "🇽🇽", "👍\u200d👍", "a\ufe0f", "<b>", "👬🏻🏻", "\0"],
)
def test_what_is_not_one_emoji_is_none(text: str) -> None:
    assert qualified(text) is None
