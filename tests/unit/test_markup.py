"""The language of texts: what holds for whatever is typed (its trees are in tests/vectors/text)."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatproto.wire.markup import HIDDEN, has_link, mentions, parse, parse_counting, plain
from chatproto.wire.markup.tlds import TLDS

PIECES = [
    *(
        "**",
        "_",
        "~~",
        "||",
        "`",
        "```",
        "\\",
        "> ",
        ">",
        "\n",
        " ",
        "a",
        "я",
        "好",
        "👍",
        "@",
        ".",
        ",",
        "(",
        ")",
        "-",
    ),
    *("https://", "http://", "mailto:", "vestnik://chat/4/17", "example.com", "пример.рф", "@anna", "@все", "py", "\r"),
    *("***", "``", "[", "]", "{", "}", "/", "?", "#", ":80", "\u00a0", "\u200b", "e\u0301", "@x.ru", "\\_", "^"),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=60).map("".join) | st.text(max_size=200)
LEFT_OUT = set("*_~|`>\\ \n\r\t\u00a0\u3000")
"""Signs of marks, and white space at the ends of paragraphs and in empty lines."""

HOSTILE = {
    "closing brackets": "https://a" + ")" * 3990,
    "closing brackets of a path": "https://a/" + ")" * 3990,
    "brackets": "https://a/" + "([{" * 1300,
    "openers": "**a _b ~~c ||d " * 260,
    "openers alone": "**_~~||" * 570,
    "too deep": "**a _b ~~c ||d " * 130 + "d|| c~~ b_ a** " * 130,
    "too deep, tight": "**_~~||" * 280 + "a" + "||~~_**" * 280,
    "quotes": "> " * 2000,
    "quoted lines": ("> " * 4 + "a\n") * 400,
    "backticks": "`" * 4000,
    "growing runs": "".join("`" * size + " " for size in range(1, 88)),
    "fences": "```\n" * 1000,
    "growing fences": "\n".join("`" * size + "a" for size in range(3, 88)),
    "backslashes": "\\" * 4000,
    "shielded": "\\*" * 2000,
    "ats": "@" * 4000,
    "mentions": "@a" * 2000,
    "shielded names": "@" + "\\_" * 2000,
    "e-mail": "a@" * 2000,
    "long e-mail": "a" * 3990 + "@",
    "dots": "a." * 2000,
    "host": "https://" + "a." * 1990,
    "schemes": "http://" * 570,
    "schemes without slashes": "http:" * 800,
    "hyphens": "-" * 3999 + "a",
    "words and hyphens": "a-" * 2000,
    "underscores": "a_" * 2000,
    "names before hosts": "https://a@" * 400,
    "places": "vestnik://chat/1/1" * 220,
    "empty lines": "\n" * 4000,
    "white lines": " \n" * 2000,
    "white": "\u00a0" * 4000,
    "emoji": "👍" * 4000,
}


def of_type(tree: Any, name: str) -> Iterator[dict[str, Any]]:
    """Every node of a type within a tree of built-ins."""
    for node in tree:
        if node["type"] == name:
            yield node
        yield from of_type(node.get("children", ()), name)


def depth_of(tree: Any) -> int:
    """How deep quotes and marks nest."""
    depths = [depth_of(node["children"]) + (node["type"] != "paragraph") for node in tree if "children" in node]
    return max(depths, default=0)


@given(TEXTS)
@example("```py\n``` ```")
def test_a_text_loses_nothing_but_its_marks(text: str) -> None:
    shown = plain(text, hidden=None)
    named = sum(len(node["language"]) for node in of_type(msgspec.to_builtins(parse(text)), "code_block"))
    rest = iter(text)
    missing = []
    for character in shown:
        for found in rest:
            if found == character:
                break
            missing.append(found)
        else:
            raise AssertionError(f"{character!r} was not typed, or stands elsewhere")
    missing += rest
    assert sum(character not in LEFT_OUT for character in missing) <= named


@given(TEXTS)
def test_a_text_is_read_in_linear_time_and_no_deeper_than_four(text: str) -> None:
    tree, steps = parse_counting(text)
    assert steps <= 16 * len(text) + 32
    assert depth_of(msgspec.to_builtins(tree)) <= 4


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_is_read_in_linear_time(text: str) -> None:
    assert parse_counting(text)[1] <= 16 * len(text) + 32


@given(TEXTS)
@example("see example.com")
@example("mail a@example.com")
@example("http://localhost")
@example("A sentence. Another one...")
def test_a_text_has_a_link_where_its_tree_has_one(text: str) -> None:
    assert has_link(text) == any(of_type(msgspec.to_builtins(parse(text)), "link"))


@given(st.text(alphabet="abc яё好👍.,!?\n-+=", max_size=100))
def test_what_has_no_marks_is_shown_as_it_is(text: str) -> None:
    lines = [line if line.strip() else "" for line in text.split("\n")]
    assert plain(text) == "\n".join(lines).strip("\n")


@pytest.mark.parametrize(
    ("text", "usernames", "everyone"),
    [
        ("nobody", (), False),
        ("@Anna, @boris and **@anna**", ("anna", "boris"), False),
        ("> @anna\n||@boris||", ("anna", "boris"), False),
        ("@все, @All", (), True),
        ("`@anna` and\n```\n@boris @все\n```", (), False),
        ("https://example.com/@anna anna@example.com", (), False),
        (r"\@anna @anna\_", ("anna_",), False),
    ],
)
def test_whom_a_text_mentions(text: str, usernames: tuple[str, ...], everyone: bool) -> None:
    found = mentions(text)
    assert (found.usernames, found.all) == (usernames, everyone)


def test_plain_words_tell_no_spoiler() -> None:
    text = "**a** ||b `c`|| @anna vestnik://chat/1/2\n> _d_\n```py\ne\n```\n@все https://example.com"
    assert plain(text) == f"a {HIDDEN} @anna vestnik://chat/1/2\nd\ne\n@все https://example.com"
    assert plain("||b `c`||", hidden=None) == "b c"


def test_top_level_domains_are_known_in_both_forms() -> None:
    assert {"com", "ru", "рф", "xn--p1ai", "中国"} <= TLDS
    assert all(name == name.lower() and " " not in name for name in TLDS)
