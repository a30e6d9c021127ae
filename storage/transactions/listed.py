"""Where all words of a query are, in all chats of a user at once: a list, where there are few such places.

Most queries have a word, or two words together, that are rare. Counts with a bound tell which; then one join, which
begins with the rarest, gives every candidate, and no chat is asked by itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum, auto
from functools import cache
from typing import Any, Final

from attrs import evolve
from msgspec.json import decode
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy import Select as SelectClause

from storage.joins import Ordered, straight
from storage.statements import Select, Steps
from storage.tables import chat_users, message_words
from storage.transactions.candidates import begins_so, is_between, joined, probed, word_number, word_params
from storage.transactions.found import Found, Stream

LISTED: Final = 3000
"""Candidates of one list at most, all of which are taken from the database."""
COUNTED: Final = 10_000
"""Entries at most that a join begins with; what has more is so common that each chat has it near its end."""
_FEW: Final = 500
"""Candidates that are listed without the beginning of a further word: their texts tell it for less than the index."""


_LONG: Final = 3
"""Code points of a beginning without other words that need not be common."""
AT_ONCE: Final = 1024
"""Chats in one statement: MySQL reads a whole table where ranges are too many for the memory that it plans with."""


class Listed(Enum):
    """What came of it: the streams have all their candidates; or there are too many, and each chat is to be asked; or
    a beginning without other words is so short that it is to be looked for in the newest messages."""

    ALL = auto()
    MANY = auto()
    COMMON = auto()


def list_places(search: Found, *, short: bool = False) -> Steps[Listed]:
    """Give the streams their candidates, where there are few enough. A beginning that is common is left to the texts
    from now on, where there are other words. `short`: also those of a short one, for which it is not COMMON then."""
    wanted, user_id = search.wanted, search.operation.user_id
    if wanted.beginning is not None and not wanted.words and len(wanted.beginning) < _LONG and not short:
        return Listed.COMMON
    whole = wanted.whole() if wanted.beginning is not None else ()
    given = tuple(dict.fromkeys(wanted.words + whole))
    counts = yield from _count(user_id, given, LISTED)
    if len(wanted.words) + (wanted.beginning is not None) > 1 and all(counts[word] > LISTED for word in wanted.words):
        counts |= yield from _count(user_id, wanted.words, COUNTED)
    words = tuple(sorted(wanted.words, key=lambda word: counts[word]))
    search.wanted = wanted = evolve(wanted, words=words)
    rarest = counts[words[0]] if words else COUNTED + 1
    if wanted.beginning is None or rarest <= _FEW:
        return (yield from _list_by_words(search, rarest))
    if words and (yield from _is_common(search)):
        search.wanted = evolve(wanted, beginning=None)
        return (yield from _list_by_words(search, rarest))
    search.wanted = evolve(wanted, absent=frozenset(word for word in whole if not counts[word]))
    return (yield from _list_begun(search, counts))


def _list_begun(search: Found, counts: Mapping[str, int]) -> Steps[Listed]:
    """By the words that begin so, and by each other to which the beginning leads. Where one word is common, as one that
    is written out, each chat is asked for it, and has a list of the rest."""
    wanted, words = search.wanted, search.wanted.words
    rows = yield from _list_range(search, begun_with(len(words)), wanted.range_params())
    others = dict.fromkeys(wanted.whole())
    common: list[str] = []
    if rows is None:
        (chat_ids, *_) = pieces(search)
        row = yield from commonest(len(words)).first(chat_ids=chat_ids, **wanted.range_params(), **word_params(words))
        search.wanted = wanted = evolve(wanted, common=None if row is None else row[0])
        rows, common = [], [] if row is None else [row[0]]
        for above, below in wanted.gaps:
            between = yield from _list_range(search, between_with(len(words)), {"above": above, "below": below})
            if between is None or not common:
                return Listed.MANY
            rows += between
        others = dict.fromkeys(wanted.apart)
    for word in others:
        if word in common or not counts.get(word, 1):
            continue
        led = (word, *words)
        found = yield from with_all(len(led)).all(user_id=search.operation.user_id, **word_params(led))
        if _count_of(found) > LISTED:
            common.append(word)
        else:
            rows += found
    if not common:
        return _put(search, rows)
    if len(common) == 1:
        for one, seqs in _by_stream(search, rows):
            one.others = seqs
        led = tuple(sorted((*common, *words), key=lambda word: counts.get(word, LISTED)))
        search.wanted = evolve(wanted, words=led, beginning=None)
    return Listed.MANY


def _list_range(
    search: Found, statement: Ordered["SeqsOfChat"], params: Mapping[str, str]
) -> Steps[list["SeqsOfChat"] | None]:
    """None where there are too many."""
    rows: list[SeqsOfChat] = []
    for chat_ids in pieces(search):
        rows += yield from statement.all(chat_ids=chat_ids, **params, **word_params(search.wanted.words))
        if _count_of(rows) > LISTED:
            return None
    return rows


def _count(user_id: int, words: Sequence[str], most: int) -> Steps[dict[str, int]]:
    if not words:
        return {}
    row = yield from counted(len(words)).first(user_id=user_id, most=most + 1, **word_params(words))
    return dict(zip(words, row or (), strict=True))


def _list_by_words(search: Found, rarest: int) -> Steps[Listed]:
    words = search.wanted.words
    if rarest > (LISTED if len(words) == 1 else COUNTED):
        return Listed.MANY
    rows: list[SeqsOfChat] = []
    if rarest:
        rows = yield from with_all(len(words)).all(user_id=search.operation.user_id, **word_params(words))
    return Listed.MANY if _count_of(rows) > LISTED else _put(search, rows)


def _is_common(search: Found) -> Steps[bool]:
    """Whether too many entries begin so for a join to begin with them."""
    left = COUNTED
    for chat_ids in pieces(search):
        for (count,) in (yield from COUNT_BEGUN.all(chat_ids=chat_ids, most=left + 1, **search.wanted.range_params())):
            left -= count
        if left < 0:
            return True
    return False


def pieces(search: Found) -> Iterator[list[int]]:
    """The chats that are left, as many as one statement may have."""
    ids = [one.chat.chat_id for one in search.streams]
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def _count_of(rows: Sequence["SeqsOfChat"]) -> int:
    return sum(len(seqs) for _, seqs in rows)


def _put(search: Found, rows: Sequence["SeqsOfChat"]) -> Listed:
    for one, seqs in _by_stream(search, rows):
        one.places = seqs
    search.cut()
    return Listed.ALL


def _by_stream(search: Found, rows: Sequence["SeqsOfChat"]) -> Iterator[tuple[Stream, list[int]]]:
    """For each stream its seqs, ascending."""
    places: dict[int, set[int]] = {}
    for chat_id, seqs in rows:
        places.setdefault(chat_id, set()).update(seqs)
    return ((one, sorted(places.get(one.chat.chat_id, ()))) for one in search.streams)


# --- statements ---

_ONE: Final = literal_column("1", Integer())
_MOST: Final = literal_column(str(LISTED + 1), Integer())


@cache
def counted(words: int) -> Select[tuple[int, ...]]:
    """One row: how many entries each of so many words has in the chats of a user, `most` where there are more."""
    columns = []
    for number in range(words):
        entry = message_words.alias("entry")
        found = _in_chats(select(_ONE), entry).where(entry.c.word == word_number(number)).limit(bindparam("most"))
        columns.append(select(func.count()).select_from(straight(found).subquery(f"found_{number}")).scalar_subquery())
    return Select(select(*columns), row=lambda *row: row)


SeqsOfChat = tuple[int, list[int]]
"""A chat, and seqs of it as one JSON array: a row for each costs a server and its client more than the look-up."""


@cache
def with_all(words: int) -> Ordered[SeqsOfChat]:
    """Where all of so many words are, the first of which leads; LISTED + 1 at most."""
    entry, others = message_words.alias("entry"), range(1, words)
    found = select(entry.c.chat_id, entry.c.seq).where(entry.c.word == word_number(0)).limit(_MOST)
    on_sqlite = _in_chats(found, entry).where(*probed(entry, others))
    return _by_chat(_in_chats(found, entry, others), on_sqlite)


@cache
def begun_with(words: int) -> Ordered[SeqsOfChat]:
    """Where words with a beginning are, and all of so many others; LISTED + 1 at most."""
    return _by_chat(*_ranged(words, begins_so, "chat_id", "seq"))


@cache
def between_with(words: int) -> Ordered[SeqsOfChat]:
    """Where words between two others are, and all of so many others; LISTED + 1 at most."""
    return _by_chat(*_ranged(words, is_between, "chat_id", "seq"))


@cache
def commonest(words: int) -> Ordered[tuple[str, int]]:
    """The word from which most of these entries are, and how many."""

    def counted_by_word(found: SelectClause[Any]) -> SelectClause[Any]:
        each, count = found.subquery("found"), func.count()
        return select(each.c.word, count).group_by(each.c.word).order_by(count.desc(), each.c.word).limit(1)

    on_servers, on_sqlite = _ranged(words, begins_so, "word")
    return Ordered(counted_by_word(straight(on_servers)), on_sqlite=counted_by_word(on_sqlite), row=lambda *row: row)


def _ranged(
    words: int, which: Callable[[FromClause], ColumnElement[bool]], *columns: str
) -> tuple[SelectClause[Any], SelectClause[Any]]:
    """On servers, and on SQLite."""
    entry, others = message_words.alias("begins"), range(words)
    found = select(*(entry.c[name] for name in columns)).where(_of_chats(entry), which(entry)).limit(_MOST)
    return found.select_from(joined(entry, entry, others)), found.where(*probed(entry, others))


def _by_chat(on_servers: SelectClause[Any], on_sqlite: SelectClause[Any]) -> Ordered[SeqsOfChat]:
    found, here = straight(on_servers).subquery("found"), on_sqlite.subquery("found")
    return Ordered(
        select(found.c.chat_id, func.json_arrayagg(found.c.seq)).group_by(found.c.chat_id),
        on_sqlite=select(here.c.chat_id, func.json_group_array(here.c.seq)).group_by(here.c.chat_id),
        row=lambda chat_id, seqs: (chat_id, decode(seqs, type=list[int])),
    )


def _in_chats(found: SelectClause[Any], entry: FromClause, others: Iterable[int] = ()) -> SelectClause[Any]:
    """The entries of all chats that a user is or was in, which have other words, too."""
    chats = chat_users.join(entry, entry.c.chat_id == chat_users.c.chat_id)
    return found.select_from(joined(chats, entry, others)).where(chat_users.c.user_id == bindparam("user_id"))


def _of_chats(entry: FromClause) -> ColumnElement[bool]:
    return entry.c.chat_id.in_(bindparam("chat_ids", expanding=True))


def _count_begun() -> Select[tuple[int, ...]]:
    entry = message_words.alias("begins")
    found = select(_ONE).where(_of_chats(entry), begins_so(entry)).limit(bindparam("most"))
    return Select(select(func.count()).select_from(found.subquery("found")), row=lambda *row: row)


COUNT_BEGUN: Final = _count_begun()
"""How many entries begin so, `most` where there are more."""
