"""What somebody searches for, and whether a text has it.

Every word must be there in some form of it; the last one may be the beginning of a word. `"Words in quotation marks"`
must follow each other as they are written, but for capitals and diacritics.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from attrs import frozen

from chatproto.wire.words import Word, forms_of, words_of

LONGEST_QUERY: Final = 200
"""Code points."""
SHORTEST_BEGINNING: Final = 2
"""A last word of fewer code points is a whole word: too much begins with a single letter."""
MOST_MATCHES: Final = 100
"""Places that are told of one text."""

_QUOTED: Final = re.compile('["“”„«]([^"“”„«»]*)["“”»]')

Span = tuple[int, int]
"""Start and length in code points."""


@frozen
class Term:
    """A word of a query, in any of its forms. `beginning`: or any word that begins with it."""

    folded: str
    stem: str
    beginning: bool = False


@frozen
class Query:
    """At least one word, in `terms` or in `phrases`; but for ANYTHING."""

    terms: tuple[Term, ...]
    phrases: tuple[tuple[str, ...], ...]


ANYTHING: Final = Query((), ())
"""Every text has it: for searches by a sender, or by what goes with a text."""


def read_query(text: str) -> Query | None:
    """None where there is no word in it. A quotation mark without its other one is none."""
    quoted = list(_QUOTED.finditer(text))
    phrases = [tuple(word.folded for word in words_of(met.group(1))) for met in quoted]
    words = words_of(_QUOTED.sub(lambda met: " " * len(met.group()), text))
    terms = [Term(word.folded, word.stem) for word in words]
    ends = quoted[-1].end() if quoted else 0
    if words and words[-1].start >= ends and len(terms[-1].folded) >= SHORTEST_BEGINNING:
        terms[-1] = Term(terms[-1].folded, terms[-1].stem, beginning=True)
    query = Query(tuple(dict.fromkeys(terms)), tuple(dict.fromkeys(phrase for phrase in phrases if phrase)))
    return query if query.terms or query.phrases else None


def matches(query: Query, text: str, names: Sequence[str] = ()) -> tuple[Span, ...] | None:
    """Where the text has what is searched for, ascending and apart; None where anything is missing. `names`, of files
    that go with the text, may have it too: they fill what the text lacks, and have no places."""
    if not _may_match(query, [form for part in (text, *names) for form in forms_of(part)]):
        return None
    words = words_of(text)
    others = [words_of(name) for name in names]
    by_stem: dict[str, list[Span]] = {}
    for word in words:
        by_stem.setdefault(word.stem, []).append((word.start, word.length))
    spans: set[Span] = set()
    for term in query.terms:
        fitting = list(by_stem.get(term.stem, ()))
        if term.beginning:
            fitting += [(word.start, word.length) for word in words if word.folded.startswith(term.folded)]
        spans.update(fitting)
    for phrase in query.phrases:
        places = list(_places(phrase, words))
        if not places and not any(any(_places(phrase, other)) for other in others):
            return None
        spans.update(places)
    return _apart(spans)[:MOST_MATCHES]


def _may_match(query: Query, forms: Sequence[tuple[str, str]]) -> bool:
    """Whether all words are there, whatever their order: most texts that a search looks at end here."""
    if not forms:
        return query == ANYTHING
    folded, stems = zip(*forms, strict=True)
    listed = "\n".join(("", *folded))
    for term in query.terms:
        if term.stem not in stems and not (term.beginning and f"\n{term.folded}" in listed):
            return False
    return all(word in folded for phrase in query.phrases for word in phrase)


def _places(phrase: tuple[str, ...], words: Sequence[Word]) -> Iterator[Span]:
    """In time linear in the text, however often the words of the phrase are repeated in either."""
    listed = "\n".join(("", *(word.folded for word in words), ""))
    wanted = "\n".join(("", *phrase, ""))
    at = listed.find(wanted)
    if at < 0:
        return
    ends = accumulate((len(word.folded) + 1 for word in words), initial=0)
    numbers = {end: number for number, end in enumerate(ends)}
    while at >= 0:
        first = words[numbers[at]]
        last = words[numbers[at] + len(phrase) - 1]
        yield first.start, last.start + last.length - first.start
        at = listed.find(wanted, at + 1)


def _apart(spans: set[Span]) -> tuple[Span, ...]:
    """Those that overlap become one."""
    apart: list[Span] = []
    for start, length in sorted(spans):
        if apart and start < sum(apart[-1]):
            apart[-1] = (apart[-1][0], max(sum(apart[-1]), start + length) - apart[-1][0])
        else:
            apart.append((start, length))
    return tuple(apart)
