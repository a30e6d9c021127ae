"""The words of a text as search knows them: folded, stemmed, and where they stand.

Folded: NFKC, case folded, without diacritics (ё is е; й stays й). Stemmed: by Snowball, Cyrillic words as Russian and
Latin ones as English; other words, and those with digits, are their own stems. `_` and everything else that is neither
letter, digit nor mark stands between words.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec
from Stemmer import Stemmer

from chatproto.wire.markup import has_link
from chatproto.wire.model import Attachment

VERSION: Final = 3
"""Of what `entries` makes of a text, to be raised with each change of it: what an earlier one made is made anew."""
KEPT: Final = 32
"""Code points of a word that the index holds; longer words are told apart by the text itself."""
SHED: Final = 3
"""Code points that a stem may lack of its word,"""
SHORTEST_STEM: Final = 3
"""and those that it must have, for the index to hold the stem alone."""

_MARKS: Final = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0e31"
    "\u0e34-\u0e3a\u0e47-\u0e4e\u3099\u309a"
)
_WORD: Final = re.compile(f"[^\\W_]+(?:[{_MARKS}][^\\W_]*)*")
_OUTSIDE: Final = re.compile(f"(?![{_MARKS}])[\\W_]")
"""What may come out of NFKC, such as the stroke of ½."""
_LATIN: Final = re.compile("[a-z]+")
_CYRILLIC: Final = re.compile("[а-я]+")
_BREVE: Final = "\u0306"
_FROM: Final = "\x01from"
_LINK: Final = "\x01link"
_FILE: Final = "\x01file"
_IMAGE: Final = "\x01image"
_LOOKED_AT: Final = 8 * KEPT
"""Characters of a word. The work for a run of combining marks grows with its square: 4,000 of them take 0.1 s."""
_CACHED: Final = 1 << 16
"""Words that are remembered: texts repeat themselves."""


class Word(msgspec.Struct, frozen=True):
    """A word of a text: `start` and `length` count code points of the text as it was written."""

    folded: str
    stem: str
    start: int
    length: int


def words_of(text: str) -> list[Word]:
    """In their order."""
    found = []
    for met in _WORD.finditer(text):
        written = met.group()
        folded, stem = _known(written) if len(written) <= KEPT else _folded_and_stemmed(written)
        found.append(Word(folded, stem, met.start(), met.end() - met.start()))
    return found


def forms_of(text: str) -> list[tuple[str, str]]:
    """The words, folded, and their stems: what `words_of` gives without their places, for a third of the time."""
    return [
        _known(written) if len(written) <= KEPT else _folded_and_stemmed(written) for written in _WORD.findall(text)
    ]


def entries(text: str, sender_id: int, files: Sequence[Attachment] = ()) -> frozenset[str]:
    """What the index holds of a message: the stems of its words and of those in its files' names, the words themselves
    where `begun` would not lead from their beginnings to their stems, who sent it, and whether it has a link, a file,
    an image."""
    held = {sent_by(sender_id)}
    if files:
        held.add(_FILE)
        if any(is_image(file) for file in files):
            held.add(_IMAGE)
    for written in _WORD.findall("\n".join((text, *(file.name for file in files)))):
        held.update(_known_entries(written) if len(written) <= KEPT else _entries_of(written))
    if has_link(text):
        held.add(_LINK)
    return frozenset(held)


def entry_of(folded: str) -> str:
    """By which the index finds a word in whatever form."""
    return _stem(folded)[:KEPT] if len(folded) <= KEPT else folded[:KEPT]


def begun(folded: str) -> tuple[str, ...]:
    """Entries that words with this beginning may have, other than those that begin with it too."""
    kept = folded[:KEPT]
    shorter = [kept[:length] for length in range(max(len(kept) - SHED, SHORTEST_STEM), len(kept))]
    return tuple(dict.fromkeys((entry_of(folded), *shorter)))


def sent_by(sender_id: int) -> str:
    """The entry of all messages of one sender; no word begins like it."""
    return f"{_FROM}{sender_id}"


def with_link() -> str:
    """The entry of all messages with a link."""
    return _LINK


def with_file() -> str:
    """The entry of all messages with a file, of whatever kind."""
    return _FILE


def with_image() -> str:
    """The entry of all messages with a file that is an image."""
    return _IMAGE


def is_image(file: Attachment) -> bool:
    """By its type, which was told from the bytes."""
    return file.content_type.startswith("image/")


def _folded_and_stemmed(written: str) -> tuple[str, str]:
    folded = _fold(written)
    return folded, _stem(folded) if len(folded) <= KEPT else folded


def _entries_of(written: str) -> tuple[str, ...]:
    folded, stem = _folded_and_stemmed(written)
    enough = folded.startswith(stem) and len(folded) - len(stem) <= SHED and len(stem) >= SHORTEST_STEM
    return (stem[:KEPT],) if enough or folded == stem else (stem[:KEPT], folded[:KEPT])


_known_entries = lru_cache(_CACHED)(_entries_of)
_known = lru_cache(_CACHED)(_folded_and_stemmed)


def _fold(word: str) -> str:
    if word.isascii():
        return word.lower()
    folded = unicodedata.normalize("NFKC", word[:_LOOKED_AT]).casefold()
    kept: list[str] = []
    for character in unicodedata.normalize("NFD", folded):
        diacritic = "\u0300" <= character <= "\u036f"
        if not diacritic or (character == _BREVE and kept and kept[-1] == "и"):
            kept.append(character)
    return _OUTSIDE.sub("", unicodedata.normalize("NFC", "".join(kept)))


def _stem(word: str) -> str:
    """A stemmer is made for each word: it works in its own memory, and several threads may ask."""
    if _LATIN.fullmatch(word):
        return str(Stemmer("english", 0).stemWord(word))
    return str(Stemmer("russian", 0).stemWord(word)) if _CYRILLIC.fullmatch(word) else word
