"""Words of texts, what the index holds of them, and what fits a query."""

from datetime import UTC, datetime, timedelta

import pytest

from chatproto.operations import Unindexed
from chatproto.operations.indexed import any_time, index_of, made_at
from chatproto.wire.model import Attachment, Message
from chatproto.wire.query import LONGEST_QUERY, MOST_MATCHES, Query, Span, Term, matches, read_query
from chatproto.wire.words import (
    KEPT,
    SHED,
    begun,
    entries,
    entry_of,
    sent_by,
    with_file,
    with_image,
    with_link,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("О ВСТРЕЧАХ", ["о", "встречах"]),
        ("ёлка е\u0308лка Йод", ["елка", "елка", "йод"]),
        ("naïve_café", ["naive", "cafe"]),
        ("don't e-mail", ["don", "t", "e", "mail"]),
        ("ﬁne ½ Straße İ", ["fine", "12", "strasse", "i"]),
        ("हिन्दी עִבְרִית", ["हिन्दी", "עִבְרִית"]),
        ("日本語 42", ["日本語", "42"]),
        ("_ … !", []),
    ],
)
def test_words_are_folded(text: str, words: list[str]) -> None:
    assert [word.folded for word in words_of(text)] == words


def test_places_count_code_points_of_what_was_written() -> None:
    (smile, word) = words_of("x 😀 е\u0308лки")
    assert (smile.start, smile.length) == (0, 1)
    assert (word.start, word.length, word.stem) == (4, 5, "елк")


@pytest.mark.parametrize(
    "forms",
    [
        ("встреча", "встречу", "встречи", "встречах", "встреч", "ВСТРЕЧЕЙ"),
        ("отчёт", "отчета", "отчётами"),
        ("meeting", "meetings", "Meeting"),
        ("run", "runs", "running"),
        ("42a", "42A"),
    ],
)
def test_forms_of_a_word_have_one_stem(forms: tuple[str, ...]) -> None:
    assert len({word.stem for form in forms for word in words_of(form)}) == 1


def test_long_words_are_kept_in_part_and_have_no_stem() -> None:
    word = "running" * 10
    (found,) = words_of(word)
    assert found.folded == found.stem == word
    assert entries(word, 7) == {word[:KEPT], sent_by(7)}


def test_entries_of_a_message() -> None:
    assert entries("Ёлки, see docs.rs/trio", 5) == {
        *("елк", "see", "doc", "rs", "trio"),
        sent_by(5),
        with_link(),
    }
    assert entries("`docs.rs/trio`", 5) == {"doc", "rs", "trio", sent_by(5)}
    assert entries("", 5) == {sent_by(5)}
    photo = Attachment(id="p", url="/p", name="Ёлка_2.jpg", size=1, content_type="image/jpeg")
    report = Attachment(id="r", url="/r", name="отчёт.pdf", size=1, content_type="application/pdf")
    assert entries("", 5, (report,)) == {"отчет", "pdf", sent_by(5), with_file()}
    assert entries("x", 5, (report, photo)) == {
        *("x", "отчет", "pdf", "елк", "2", "jpg"),
        *(sent_by(5), with_file(), with_image()),
    }


@pytest.mark.parametrize(
    "word",
    [
        *("встречами", "красивейшими", "работавшаяся", "подъезжающий", "чтениями", "дом", "её", "ночью", "шли", "ужу"),
        *("happily", "skies", "generously", "meetings", "is", "ties", "running" * 10, "naïve", "42a", "日本語"),
    ],
)
def test_every_beginning_of_a_word_leads_to_its_entries(word: str) -> None:
    """By a range of what begins so, and by some whole entries; and the word in any form by its own."""
    held = entries(word, 1) - {sent_by(1)}
    (folded,) = [one.folded for one in words_of(word)]
    assert entry_of(folded) in held
    for length in range(1, len(folded) + 1):
        beginning = folded[:length]
        assert any(entry.startswith(beginning[:KEPT]) for entry in held) or held & set(begun(beginning)), beginning
        assert len(begun(beginning)) <= SHED + 1


def read(text: str) -> Query:
    query = read_query(text)
    assert query is not None
    return query


def test_a_query_is_words_the_last_of_which_may_be_begun_and_phrases() -> None:
    assert read("Ёлка иг") == Query((Term("елка", "елк"), Term("иг", "иг", beginning=True)), ())
    assert read("а б") == Query((Term("а", "а"), Term("б", "б")), ()), "a single letter is a word"
    assert read('"два слова" три') == Query((Term("три", "три", beginning=True),), (("два", "слова"),))
    assert read("три «два слова»") == Query((Term("три", "три"),), (("два", "слова"),))
    assert read('"не') == read("не")
    assert read('"" не') == read("не")
    assert read("run run") == Query((Term("run", "run"), Term("run", "run", beginning=True)), ())
    assert [read_query(text) for text in ("", "?!", '"..."', "_")] == [None] * 4


@pytest.mark.parametrize(
    ("query", "text", "spans"),
    [
        ("встреча", "Увидимся на встрече", ((12, 7),)),
        ("встр", "встреча о встречах", ((0, 7), (10, 8))),
        ("в", "в лесу в", ((0, 1), (7, 1))),
        ("п", "привет", None),
        ("run fast", "he runs faster", ((3, 4), (8, 6))),
        ("fast run", "he was fast", None),
        ('"до завтра"', "ну, до завтра! до", ((4, 9),)),
        ('"до завтра"', "завтра до", None),
        ('до "до завтра"', "до завтра", ((0, 9),)),
        ('"а а" а', "а а а", ((0, 5),)),
    ],
)
def test_where_a_text_fits(query: str, text: str, spans: tuple[Span, ...] | None) -> None:
    assert matches(read(query), text) == spans


class Counted(str):
    """A word that counts how often it is compared."""

    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str(self) == other


def test_a_phrase_costs_a_text_once_however_often_its_words_are_repeated() -> None:
    phrase = tuple(map(Counted, ["а"] * 98 + ["б"]))
    text = "б " + "а " * 1999
    assert matches(Query((), (phrase,)), text) is None
    assert matches(Query((), (phrase,)), text + "б") == ((2 * 1902, 2 * 98 + 1),)
    assert Counted.compared < 20_000, "words of the text times words of the phrase"


def test_of_an_endless_word_the_beginning_is_looked_at() -> None:
    """The work for a run of marks grows with its square."""
    (word,) = words_of("Ёa" + "\u0344\u0316" * 2000 + "b")
    assert (word.folded, word.length) == ("\u0435a", 4003)
    assert entry_of(words_of("я" * 4000)[0].folded) == "я" * KEPT


def test_what_is_told_of_a_hostile_text_is_bounded() -> None:
    query = read(" ".join("аб"[number % 2] for number in range(LONGEST_QUERY // 2)))
    assert matches(query, "а б " * 1000) == tuple((2 * number, 1) for number in range(MOST_MATCHES))


def test_some_entries_of_a_log_tell_the_time() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    messages = [
        Message(
            id=seq, chat_id=3, seq=seq, sender_id=5, content="a", created_at=start + timedelta(seconds=seq), cid="c"
        )
        for seq in (62, 63, 65, 66, 200)
    ]
    span = index_of(Unindexed(3, 61, 230, tuple(messages)))
    assert (span.chat_id, span.after_seq, span.upto_seq) == (3, 61, 230)
    told = {one.seq: one.entries - {"a", sent_by(5)} for one in span.messages}
    first, last = (made_at(start + timedelta(seconds=seq)) for seq in (65, 200))
    assert told == {62: set(), 63: set(), 65: {first}, 66: set(), 200: {last}}
    low, high = any_time()
    assert low < made_at(datetime(1960, 1, 1, tzinfo=UTC)) < first < last < high < sent_by(5)
