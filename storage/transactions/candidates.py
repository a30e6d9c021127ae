"""Where the index has all words of a query, by chat, the newest first: statements, one for each shape of a query.

Bounds are constants of each chat's part of a UNION ALL, because neither database finds a range by columns of another
table. What comes out may be more than what matches: the texts decide.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any, Final, NamedTuple

from attrs import frozen
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Integer,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy import Select as SelectClause

from chatproto.operations import SearchMessages
from chatproto.wire.words import KEPT, begun, entry_of, sent_by, with_file, with_image, with_link
from storage.columns import LAST_CHARACTER
from storage.joins import straight
from storage.statements import Answers, Each, Select
from storage.tables import chat_users, message_words, messages

MOST_WORDS: Final = 8
"""Words that are looked up; what else a query has, the texts tell."""
SHORT: Final = 3
"""Code points of a beginning that too many words may have: beside other words it is left to the texts, and alone it is
looked for among the newest messages first."""
_WHOLE: Final = 4
"""Entries that a beginning may lead to besides those that begin with it: its stem, and as many as it may be longer than
the stem of a word."""
_HAS: Final = {"file": with_file, "image": with_image, "link": with_link}
_MOST: Final[BindParameter[int]] = bindparam("most", type_=Integer())
_ONE: Final = literal_column("1", Integer())


class Candidate(NamedTuple):
    """A message that may match."""

    chat_id: int
    seq: int


class MadeAt(NamedTuple):
    """When a message was made."""

    chat_id: int
    seq: int
    created_at: datetime


class Entry(NamedTuple):
    """A word of a message."""

    chat_id: int
    seq: int
    word: str


@frozen
class Wanted:
    """What to look up: `words` as they stand in the index, the rarest first by guess; `beginning` of one more.
    `common`: the word from which most entries with that beginning are; `absent`: entries that are in no chat."""

    words: tuple[str, ...]
    beginning: str | None
    common: str | None = None
    absent: frozenset[str] = frozenset()

    @property
    def is_short(self) -> bool:
        """Only a beginning, of a few letters."""
        return self.beginning is not None and not self.words and len(self.beginning) <= SHORT

    @property
    def statement(self) -> Answers[Candidate]:
        """For many chats at once, where there are words; see `params`."""
        return _statement(len(self.words), self.beginning is not None)

    def params(self, chat_id: int, low: int, high: int, most: int, words: Sequence[str] = ()) -> dict[str, Any]:
        """The newest `most` candidates of a chat from seq `low` to `high`; `words`: in another order."""
        given: dict[str, Any] = {"chat_id": chat_id, "low": low, "high": high, "most": most}
        return given | word_params(words or self.words) | self._begun()

    def newest_params(self, chat_id: int, low: int, high: int, words: Sequence[str]) -> dict[str, Any]:
        """Of `newest_with` and `newest_before`."""
        return {"chat_id": chat_id, "low": low, "high": high} | word_params(words or self.words)

    def range_params(self) -> dict[str, str]:
        """First and last of the index entries that begin with `beginning`."""
        first = (self.beginning or "")[:KEPT]
        return {"first": first, "last": first + LAST_CHARACTER}

    @property
    def apart(self) -> tuple[str, ...]:
        """Of a beginning: entries that are looked up by themselves, ascending."""
        first, _ = self.range_params().values()
        leading = {word for word in self.whole() if not word.startswith(first)} - self.absent
        return tuple(sorted({first, self.common or first} | leading))

    @property
    def gaps(self) -> tuple[tuple[str, str], ...]:
        """The other entries that begin so: those between two words, without these."""
        first, last = self.range_params().values()
        ends = [*sorted({first, self.common or first}), last]
        return tuple(pairwise(ends))

    def whole(self) -> tuple[str, ...]:
        """Entries of words with the beginning which do not begin with it themselves."""
        return _whole(self.beginning or "")

    def _begun(self) -> dict[str, str]:
        if self.beginning is None:
            return {}
        return self.range_params() | {f"whole_{number}": word for number, word in enumerate(self.whole())}


@lru_cache(64)
def _whole(beginning: str) -> tuple[str, ...]:
    found = begun(beginning)
    return found + found[-1:] * (_WHOLE - len(found))


def newest_of(words: Sequence[str]) -> Select[tuple[int, ...]]:
    """A row for each chat that a user is or was in: the chat, and the newest seq there of each of so many words, null
    where there is none; its parameters: `word_params`. One statement tells which chats there is a point in asking.

    Each is a subquery of one row: no database makes a join of it, which it might begin at the wrong end."""
    return _newest(len(words))


def word_params(words: Sequence[str]) -> dict[str, str]:
    """By their numbers."""
    return {f"word_{number}": word for number, word in enumerate(words)}


@cache
def newest_with(words: int) -> Each[tuple[int, int | None]]:
    """The newest seq of a chat at which all of so many words are, null where there is none; the words, and their order,
    are the same for all chats."""
    entry = message_words.alias("entry")
    chat_id: BindParameter[int] = bindparam("chat_id", type_=message_words.c.chat_id.type)
    asked = [
        select(chat_id.label("chat_id"), found.order_by(*_newest_first(entry)).limit(_ONE).scalar_subquery())
        for found in _with_words(select(entry.c.seq).where(_within(entry)), entry, words)
    ]
    shared = frozenset(word_params([""] * words))
    return Each(asked[0], on_sqlite=asked[1], shared=shared, row=lambda *row: row)


def _newest_first(entry: FromClause) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """Of one chat. Where a row of another table tells which, MySQL sorts all entries of a word, unless the order names
    the chat."""
    return entry.c.chat_id.desc(), entry.c.seq.desc()


@cache
def newest_before(words: int) -> Answers[MadeAt]:
    """The newest candidate of a chat that was made before a `moment`; see `Wanted.newest_params`."""
    entry = message_words.alias("entry")
    moment: BindParameter[datetime] = bindparam("moment", type_=messages.c.created_at.type)
    wanted = select(entry.c.chat_id, entry.c.seq, messages.c.created_at)
    wanted = wanted.where(_within(entry), messages.c.created_at < moment).order_by(entry.c.seq.desc()).limit(_ONE)
    # of a sum no database finds out that it is the chat's id, and so none begins with the messages
    same = (messages.c.chat_id == entry.c.chat_id + literal_column("0", Integer())) & (messages.c.seq == entry.c.seq)
    on_servers, on_sqlite = _with_words(wanted, entry, words, messages, same)
    return Answers(on_servers, on_sqlite=on_sqlite, row=MadeAt)


def _with_words(
    found: SelectClause[Any], entry: FromClause, words: int, *then: Any
) -> tuple[SelectClause[Any], SelectClause[Any]]:
    """On servers, and on SQLite: the first word leads, in the order of the key; the others are probed. `then`: what is
    joined last, and by which condition."""
    others, found = range(1, words), found.where(entry.c.word == word_number(0))
    on_servers, on_sqlite = joined(entry, entry, others), entry
    if then:
        on_servers, on_sqlite = on_servers.join(*then), on_sqlite.join(*then)
    return straight(found.select_from(on_servers)), found.select_from(on_sqlite).where(*probed(entry, others))


def joined(found: FromClause, entry: FromClause, others: Iterable[int]) -> FromClause:
    """With the entries of other words of the same message: for servers."""
    for number in others:
        other = message_words.alias(f"also_{number}")
        found = found.join(other, _same_message(other, entry) & (other.c.word == word_number(number)))
    return found


def probed(entry: FromClause, others: Iterable[int]) -> list[ColumnElement[bool]]:
    """That there are such: for SQLite, which makes no join of them that it might begin at the wrong end."""
    aliases = [(number, message_words.alias(f"also_{number}")) for number in others]
    return [
        exists().where(_same_message(other, entry), other.c.word == word_number(number)).correlate(entry)
        for number, other in aliases
    ]


def _same_message(other: FromClause, entry: FromClause) -> ColumnElement[bool]:
    return (other.c.chat_id == entry.c.chat_id) & (other.c.seq == entry.c.seq)


def word_number(number: int) -> BindParameter[str]:
    """One of `word_params`."""
    return bindparam(f"word_{number}", type_=message_words.c.word.type)


@cache
def _newest(words: int) -> Select[tuple[int, ...]]:
    columns = []
    for number in range(words):
        entry = message_words.alias(f"entry_{number}")
        same = (entry.c.chat_id == chat_users.c.chat_id) & (entry.c.word == word_number(number))
        found = select(entry.c.seq).where(same)
        columns.append(found.order_by(*_newest_first(entry)).limit(1).correlate(chat_users).scalar_subquery())
    asked = select(chat_users.c.chat_id, *columns).where(chat_users.c.user_id == bindparam("user_id"))
    return Select(asked, row=lambda *row: row)


def wanted_by(operation: SearchMessages) -> Wanted:
    """Long words are rarer than short ones, and all are rarer than senders and links."""
    query = operation.query
    words = {term.stem[:KEPT] for term in query.terms if not term.beginning}
    words |= {entry_of(word) for phrase in query.phrases for word in phrase}
    listed = sorted(words, key=lambda word: (-len(word), word))[:MOST_WORDS]
    if operation.sender_id is not None:
        listed.append(sent_by(operation.sender_id))
    if operation.has is not None:
        listed.append(_HAS[operation.has]())
    beginnings = [term.folded for term in query.terms if term.beginning and (not listed or len(term.folded) > SHORT)]
    return Wanted(tuple(listed), beginnings[0] if beginnings else None)


@cache
def _statement(words: int, beginning: bool) -> Answers[Candidate]:
    entry = message_words.alias("entry")
    found = select(entry.c.chat_id, entry.c.seq).where(_within(entry)).order_by(entry.c.seq.desc()).limit(_MOST)
    if beginning:
        found = found.where(entry.c.seq.in_(select(_begun_entries().c.seq)))
    on_servers, on_sqlite = _with_words(found, entry, words)
    return Answers(on_servers, on_sqlite=on_sqlite, row=Candidate)


def _begun_entries() -> FromClause:
    """Where words with a beginning are."""
    begins, whole = message_words.alias("begins"), message_words.alias("whole")
    words = [bindparam(f"whole_{number}", type_=message_words.c.word.type) for number in range(_WHOLE)]
    return union_all(
        select(begins.c.chat_id, begins.c.seq).where(_within(begins), begins_so(begins)),
        select(whole.c.chat_id, whole.c.seq).where(_within(whole), whole.c.word.in_(words)),
    ).subquery("begun")


def _within(entry: FromClause) -> ColumnElement[bool]:
    chat_id: BindParameter[int] = bindparam("chat_id", type_=message_words.c.chat_id.type)
    low: BindParameter[int] = bindparam("low", type_=message_words.c.seq.type)
    high: BindParameter[int] = bindparam("high", type_=message_words.c.seq.type)
    return (entry.c.chat_id == chat_id) & (entry.c.seq >= low) & (entry.c.seq <= high)


def begins_so(entry: FromClause) -> ColumnElement[bool]:
    """It is of a word with the beginning of `Wanted.range_params`."""
    first = bindparam("first", type_=message_words.c.word.type)
    last = bindparam("last", type_=message_words.c.word.type)
    return (entry.c.word >= first) & (entry.c.word < last)


def _entries(which: Callable[[FromClause], ColumnElement[bool]]) -> Answers[Entry]:
    entry = message_words.alias("entry")
    found = select(entry.c.chat_id, entry.c.seq, entry.c.word).where(_within(entry), which(entry))
    return Answers(found.order_by(entry.c.seq.desc()).limit(_MOST), row=Entry)


def _newest_in_each(which: Callable[[FromClause], ColumnElement[bool]]) -> Select[Candidate]:
    entry = message_words.alias("entry")
    found = select(entry.c.chat_id, func.max(entry.c.seq)).group_by(entry.c.chat_id)
    return Select(found.where(entry.c.chat_id.in_(bindparam("chat_ids", expanding=True)), which(entry)), row=Candidate)


def is_between(entry: FromClause) -> ColumnElement[bool]:
    """It is of a word between `above` and `below`."""
    return (entry.c.word > _param("above")) & (entry.c.word < _param("below"))


def _param(name: str) -> BindParameter[str]:
    return bindparam(name, type_=message_words.c.word.type)


OF_WORD: Final = _entries(lambda entry: entry.c.word == _param("word"))
"""The newest `most` entries of a chat of one word, from seq `low` to `high`."""
BETWEEN: Final = _entries(is_between)
"""The same of the words between two others; all of them are gone through."""
NEWEST_BEGUN: Final = _newest_in_each(begins_so)
"""The newest entry of each chat that begins so, if any."""
NEWEST_BETWEEN: Final = _newest_in_each(is_between)
"""The same of the words between two others."""
