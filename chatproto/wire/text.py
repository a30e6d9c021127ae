"""What may stand in a text, and the folded forms that names are found by.

Refusals are stable codes of docs/protocol.md section 1; None means the text is fine.
"""

import re
import unicodedata
from typing import Final

from chatproto.wire.limits import Limits

_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_USERNAME: Final = re.compile(r"[a-z0-9_.-]{3,32}")
_EMAIL: Final = re.compile(r"[^\s@\"'<>(),:;\\\[\]\x00-\x20\x7f]{1,64}@[^\s@\"'<>(),:;\\\[\]_]{1,190}")
_WORD: Final = re.compile(r"[\w]+")
_APOSTROPHE: Final = re.compile("(?<=\\w)['\u2018\u2019\u02bc\u2032`](?=\\w)")
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f")
"""Letters and marks that draw nothing: Hangul fillers, the empty Braille cell, the grapheme joiner."""

MIN_PASSWORD: Final = 8
MAX_PASSWORD: Final = 128
WORD_LENGTH: Final = 64
MOST_NORMALIZED: Final = 4 * 256
"""Characters. No name, address or password is longer, in whatever form: NFC makes four into one at most. The work for a
run of combining marks grows with its square: 32,000 of them take ten seconds."""
SEARCHED_WORDS: Final = 4
"""Words of a query that are looked for: the longest ones."""


def check_text(text: str) -> str | None:
    """`bad_unicode` for NUL, other C0 controls except tab, LF and CR, and lone surrogates."""
    return "bad_unicode" if _FORBIDDEN.search(text) else None


def is_blank(text: str) -> bool:
    """Only white space or invisible characters."""
    return all(character in _BLANK_LETTERS or unicodedata.category(character) in _INVISIBLE for character in text)


def check_content(text: str, limits: Limits | None = None, *, has_files: bool = False) -> str | None:
    """A message's text: bad_unicode, content_too_long (code points or bytes), empty_content, or None. With files it may
    be empty."""
    limits = limits or Limits()
    if len(text) > limits.content_code_points:
        return "content_too_long"
    if check_text(text) is not None:
        return "bad_unicode"
    if len(text.encode()) > limits.content_bytes:
        return "content_too_long"
    return "empty_content" if not has_files and is_blank(text) else None


def normalize(text: str) -> str:
    """NFC, the form names and passwords are kept in. A text that is too long to be one stays as it is."""
    return text if len(text) > MOST_NORMALIZED else unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """The form names are compared and searched in: NFKC, case folded, ё as е. One that is too long stays as it is."""
    if len(text) > MOST_NORMALIZED:
        return text
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFC", folded).replace("ё", "е")


def clean_username(text: str) -> str | None:
    """Lower-cased and checked: 3..32 of `[a-z0-9_.-]`; None where it is no username."""
    lowered = text.lower()
    return lowered if _USERNAME.fullmatch(lowered) else None


def is_email(text: str) -> bool:
    """A plausible address of at most 254 characters with neither quotes, white space nor controls in it."""
    if len(text) > 254 or not _EMAIL.fullmatch(text):
        return False
    local, _, domain = text.rpartition("@")
    labels = domain.split(".")
    return (
        not local.startswith(".")
        and not local.endswith(".")
        and ".." not in local
        and len(labels) >= 2
        and all(label and not label.startswith("-") and not label.endswith("-") for label in labels)
    )


def search_words(username: str, display_name: str) -> frozenset[str]:
    """What a user is found by: the whole username and every word of the display name, folded."""
    words = {fold(username)} | set(fold(display_name).split()) | set(_WORD.findall(fold(display_name)))
    return frozenset(word[:WORD_LENGTH] for word in words if word)


def searched_words(query: str) -> tuple[str, ...]:
    """What a query looks for: words with which some word of a user begins, the longest first, at most
    `SEARCHED_WORDS`. An `@` before a username is none of it, and every apostrophe is as good as another."""
    words = {word for part in fold(query).split() for word in _APOSTROPHE.split(part.removeprefix("@")) if word}
    longest = sorted(words, key=lambda word: (-len(word), word))[:SEARCHED_WORDS]
    return tuple(word[:WORD_LENGTH] for word in longest)
