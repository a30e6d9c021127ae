"""What may stand in a text, and how names are found."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatproto.wire.digest import command_digest
from chatproto.wire.limits import Limits
from chatproto.wire.text import (
    MOST_NORMALIZED,
    WORD_LENGTH,
    check_content,
    check_text,
    clean_username,
    fold,
    is_blank,
    is_email,
    normalize,
    search_words,
    searched_words,
)


@pytest.mark.parametrize("text", ["", "a\tb\r\nc", "😀", "\x7f", "\x85", "\u202e", "\ufeff", "a" + "\u0301" * 500])
def test_texts_that_may_stand(text: str) -> None:
    assert check_text(text) is None


@pytest.mark.parametrize("text", ["\x00", "a\x00", "\x07", "\x0b", "\x0c", "\x1b[0m", "\x1f", "\ud800", "a\udfff"])
def test_texts_that_may_not(text: str) -> None:
    assert check_text(text) == "bad_unicode"
    assert check_content(text) == "bad_unicode"


def test_what_is_too_long_for_a_name_is_not_composed() -> None:
    """The work for a run of marks grows with its square, and a stranger may send 30,000 of them."""
    marks = "\u0315" * MOST_NORMALIZED
    for text in ("a" + marks, "A" * (MOST_NORMALIZED + 1)):
        assert normalize(text) == fold(text) == text
    assert normalize("e\u0301" * (MOST_NORMALIZED // 2)) == "é" * (MOST_NORMALIZED // 2)


@pytest.mark.parametrize("text", ["", " ", "\u00a0\u2003", "\n\t\r", "\u200b\u200c\u200d", "\u3164", "\u2800\u034f"])
def test_blank(text: str) -> None:
    assert is_blank(text)
    assert check_content(text) == "empty_content"


@pytest.mark.parametrize("text", [".", " a ", "\u200b😀", "0"])
def test_not_blank(text: str) -> None:
    assert not is_blank(text)
    assert check_content(text) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [("x" * 4000, None), ("x" * 4001, "content_too_long"), ("😀" * 4000, None), ("😀" * 4001, "content_too_long"),
     ("\x00" * 4001, "content_too_long"), (" " * 4001, "content_too_long")],
)  # fmt: skip
def test_code_points_are_counted(text: str, code: str | None) -> None:
    assert check_content(text) == code


@pytest.mark.parametrize(("text", "code"), [("ё" * 5, None), ("ё" * 5 + "x", "content_too_long")])
def test_bytes_are_counted(text: str, code: str | None) -> None:
    assert check_content(text, Limits(content_code_points=100, content_bytes=10)) == code


@given(st.text())
def test_what_passes_can_be_encoded_and_seen(text: str) -> None:
    if check_content(text) is None:
        assert text.encode().decode() == text and not is_blank(text)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [("anna", "anna"), ("Anna.K-1_", "anna.k-1_"), ("abc", "abc"), ("x" * 32, "x" * 32), ("ab", None), ("x" * 33, None),
     ("анна", None), ("an na", None), ("anna\n", None), ("ANNA\u0130", None), ("", None), ("a@b", None)],
)  # fmt: skip
def test_usernames(text: str, cleaned: str | None) -> None:
    assert clean_username(text) == cleaned


@pytest.mark.parametrize(
    "text",
    ["a@b.de", "first.last+tag@sub.example.org", "x_1-2@a-b.co", "a" * 64 + "@" + "b" * 60 + ".de", "q@xn--e1.рф"],
)
def test_addresses(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize(
    "text",
    ["", "a", "a@b", "@b.de", "a@", "a@b.", "a@.de", "a@b..de", "a..b@c.de", ".a@b.de", "a.@b.de", "a@-b.de", "a@b-.de",
     "a b@c.de", "a@b .de", "a@b.de\r\nBcc: x@y.z", "a@b.de\n", '"a"@b.de', "a'@b.de", "a@b@c.de", "a,b@c.de",
     "a" * 65 + "@b.de", "a@" + "b" * 250 + ".de", "a\x00@b.de", "a\x7f@b.de", "<a@b.de>", "a@[1.2.3.4]", "a@b_c.de"],
)  # fmt: skip
def test_no_addresses(text: str) -> None:
    assert not is_email(text)


def test_folding() -> None:
    assert fold("ЁЖ Ёлка") == "еж елка" == fold("ЕЖ ЕЛКА")
    assert fold("Straße") == "strasse" and fold("ＡＢＣ") == "abc" and fold("ﬁ") == "fi"
    assert fold("е\u0308") == "е" and fold("😀") == "😀" != fold("😁")


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_names_are_nfc() -> None:
    assert normalize("и\u0306") == "й" and normalize("e\u0301") == "é"


def test_words_that_find_somebody() -> None:
    assert search_words("anna_k", "Анна-Мария О'Нил 😀") == {
        "anna_k", "анна-мария", "анна", "мария", "о'нил", "о", "нил", "😀"
    }  # fmt: skip
    assert search_words("anna", "") == {"anna"}
    assert max(map(len, search_words("anna", "x" * 500))) == WORD_LENGTH


def test_words_that_are_looked_for() -> None:
    assert searched_words("  @Anna_K О\u2019Нил ") == ("anna_k", "нил", "о")
    assert searched_words("о'н о`н о\u02bcн") == ("н", "о")
    assert set(searched_words("an' 'an @ @@x")) == {"'an", "@x", "an'"}
    assert searched_words("a bb ccc dddd eeeee") == ("eeeee", "dddd", "ccc", "bb")
    assert searched_words(" ") == () and searched_words("x" * 500) == ("x" * WORD_LENGTH,)


def test_a_digest_tells_commands_apart() -> None:
    plain = command_digest("send", content="a")
    assert plain == command_digest("send", content="a") and len(plain) == 32
    others = [
        command_digest("edit", content="a"),
        command_digest("send", content="b"),
        command_digest("send", content="a", reply_to=1),
        command_digest("send", content="a", target_seq=1),
        command_digest("send", content="a", emoji="1"),
        command_digest("send", content="a", on=True),
        command_digest("send", content="a", on=False),
        command_digest("send", content="a", attachment_ids=("a",)),
        command_digest("send"),
    ]
    assert len({plain, *others}) == len(others) + 1


def test_a_digest_never_changes_between_versions() -> None:
    """It is stored for ever: another digest of the same command would turn every repeated cid into a conflict."""
    known = command_digest("send", content="Привет 👋", reply_to=7, attachment_ids=("a", "b"))
    assert known == sha256('["send",null,"Привет 👋",null,null,7,["a","b"]]'.encode()).digest()
