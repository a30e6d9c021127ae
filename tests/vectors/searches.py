"""Words of texts and what fits a query: Python's outcomes, to which the client's own search is held.

Words that Snowball 3.1 stems otherwise than 3.0 (those that begin with inter) are left out: the client has 3.0.
"""

from typing import Any

from chatproto.wire.query import matches, read_query
from chatproto.wire.words import words_of

TEXTS = [
    "Договорились о встрече у маяка, в 10:30!",
    "ВСТРЕЧИ, встречах и встречею; встреч — нет",
    "Ёлка, е\u0308лка, елка; йод и и\u0306од; ЙОЖИК",
    "naïve_café don't e-mail re-run C++ v1.2.3 42a 42A",
    "ﬁne ½ Straße STRASSE ẞ İstanbul ılık Σίσυφος ΣΊΣΥΦΟΣ ǅ ŉ",
    "हिन्दी עִבְרִית العَرَبِيَّة 日本語 ไทย한국어 Ꭰꭰ \u1c80\u1c83",
    "😀 е\u0308лки 👨\u200d👩\u200d👧 x²+y² ①②",
    "meeting meetings running ran runs faster happily skies dying generously",
    "красивейшими работавшая дела бежавший чтениями подъезжающий",
    "а б в не и кот коты котом кошка",
    "_ … ! ?",
    "x" * 40 + " " + "running" * 5,
    "до завтра, до завтра! До",
    "",
]
QUERIES = [
    *("встреча", "встр", "о встречах", "ВСТРЕЧЕЙ у маяка", "елка", "Ёлк", "йод", "иод", "cafe", "NAIVE caf", "c++"),
    *("v1.2.3", "42a", "strasse", "istanbul", "сисиф", "σισυφοσ", "Σίσυφος", "日本語", "ไทย", "елки", "x2", "running"),
    *("run", "happy", "generous", "красивый", "работать", "кот", "не", "н", "к", '"до завтра"', "«До завтра»"),
    *(
        "до завтр",
        '"до завтра" до',
        '"" кот',
        '"кот',
        "?!",
        "",
        "xxxx",
        "runningrunning",
        "„коты котом“",
        '"кот" к',
        "кот кот",
    ),
]


def words() -> list[dict[str, Any]]:
    """Each text with its words: folded, stem, start and length."""
    return [
        {"text": text, "words": [[word.folded, word.stem, word.start, word.length] for word in words_of(text)]}
        for text in TEXTS
    ]


def queries() -> list[dict[str, Any]]:
    """Each query with the texts that it fits, and where; null where there is no word in it."""
    told = []
    for text in QUERIES:
        query = read_query(text)
        found = {number: matches(query, one) for number, one in enumerate(TEXTS)} if query else None
        fitting = None if found is None else [[number, spans] for number, spans in found.items() if spans is not None]
        told.append({"query": text, "found": fitting})
    return told


TABLES = {"words": words, "queries": queries}
