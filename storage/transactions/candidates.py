"""Where the index has all words of a query, by chat, the newest first: statements, one for each shape of a query.

Bounds are constants of each chat's part of a UNION ALL, because neither database finds a range by columns of another
table. What comes out may be more than what matches: the texts decide.
"""

from collections.abc import Sequence
from functools import cache
from itertools import takewhile
from typing import Any, Final, NamedTuple

from attrs import frozen
from sqlalchemy import BindParameter, ColumnElement, FromClause, Integer, bindparam, exists, select

from chatproto.operations import SearchMessages
from chatproto.wire.words import KEPT, sent_by, with_file, with_image, with_link
from storage.statements import Answers, Select
from storage.tables import chat_users, message_words

MOST_WORDS: Final = 8
"""Words that are looked up; what else a query has, the texts tell."""
_HAS: Final = {"file": with_file, "image": with_image, "link": with_link}
_LAST_CHARACTER: Final = "\U0010ffff"


class Candidate(NamedTuple):
    """A message that may match."""

    chat_id: int
    seq: int


@frozen
class Wanted:
    """What to look up: `words` as they stand in the index, the rarest first by guess; `beginning` of another one."""

    words: tuple[str, ...]
    beginning: str | None

    @property
    def statement(self) -> Answers[Candidate]:
        """For many chats at once; see `params`."""
        return _statement(len(self.words), self.beginning is not None)

    def params(self, chat_id: int, low: int, high: int, most: int) -> dict[str, Any]:
        """The newest `most` candidates of a chat from seq `low` to `high`."""
        given: dict[str, Any] = {"chat_id": chat_id, "low": low, "high": high, "most": most}
        given |= word_params(self.words)
        if self.beginning is not None:
            given |= {"first": self.beginning, "last": self.beginning + _LAST_CHARACTER}
        return given


def newest_of(words: Sequence[str]) -> Select[tuple[int, ...]]:
    """A row for each chat that a user is or was in: the chat, and the newest seq there of each of so many words, null
    where there is none; its parameters: `word_params`. One statement tells which chats there is a point in asking.

    Each is a subquery of one row: no database makes a join of it, which it might begin at the wrong end."""
    return _newest(len(words))


def word_params(words: Sequence[str]) -> dict[str, str]:
    """By their numbers."""
    return {f"word_{number}": word for number, word in enumerate(words)}


@cache
def _newest(words: int) -> Select[tuple[int, ...]]:
    columns = []
    for number in range(words):
        entry = message_words.alias(f"entry_{number}")
        word = bindparam(f"word_{number}", type_=message_words.c.word.type)
        found = select(entry.c.seq).where(entry.c.chat_id == chat_users.c.chat_id, entry.c.word == word)
        columns.append(found.order_by(entry.c.seq.desc()).limit(1).correlate(chat_users).scalar_subquery())
    asked = select(chat_users.c.chat_id, *columns).where(chat_users.c.user_id == bindparam("user_id"))
    return Select(asked, row=lambda *row: row)


def wanted_by(operation: SearchMessages) -> Wanted:
    """Long words are rarer than short ones, and all are rarer than senders and links."""
    query = operation.query
    words = {term.stem[:KEPT] for term in query.terms if not term.beginning}
    words |= {word[:KEPT] for phrase in query.phrases for word in phrase}
    listed = sorted(words, key=lambda word: (-len(word), word))[:MOST_WORDS]
    if operation.sender_id is not None:
        listed.append(sent_by(operation.sender_id))
    if operation.has is not None:
        listed.append(_HAS[operation.has]())
    beginnings = [_common(term.folded, term.stem)[:KEPT] for term in query.terms if term.beginning]
    return Wanted(tuple(listed), beginnings[0] if beginnings else None)


def _common(word: str, stem: str) -> str:
    """What every word that is wanted begins with."""
    return "".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(word, stem, strict=False)))


@cache
def _statement(words: int, beginning: bool) -> Answers[Candidate]:
    """The first word leads, in the order of the key; where it is a beginning that leads, its rows are sorted."""
    entry = message_words.alias("entry")
    conditions: list[ColumnElement[bool]] = [_within(entry)]
    for number in range(words):
        word = bindparam(f"word_{number}", type_=message_words.c.word.type)
        conditions.append(entry.c.word == word if number == 0 else _has(entry, f"also_{number}", word))
    if beginning and words:
        other = message_words.alias("other")
        conditions.append(entry.c.seq.in_(select(other.c.seq).where(_within(other), _begins(other))))
    elif beginning:
        conditions.append(_begins(entry))
    found = (
        select(entry.c.chat_id, entry.c.seq)
        .distinct()
        .where(*conditions)
        .order_by(entry.c.seq.desc())
        .limit(bindparam("most", type_=Integer()))
        .subquery()
    )
    return Answers(select(found), row=Candidate)


def _within(entry: FromClause) -> ColumnElement[bool]:
    chat_id: BindParameter[int] = bindparam("chat_id", type_=message_words.c.chat_id.type)
    low: BindParameter[int] = bindparam("low", type_=message_words.c.seq.type)
    high: BindParameter[int] = bindparam("high", type_=message_words.c.seq.type)
    return (entry.c.chat_id == chat_id) & (entry.c.seq >= low) & (entry.c.seq <= high)


def _begins(entry: FromClause) -> ColumnElement[bool]:
    first = bindparam("first", type_=message_words.c.word.type)
    last = bindparam("last", type_=message_words.c.word.type)
    return (entry.c.word >= first) & (entry.c.word < last)


def _has(entry: FromClause, name: str, word: BindParameter[str]) -> ColumnElement[bool]:
    other = message_words.alias(name)
    chat_id: BindParameter[int] = bindparam("chat_id", type_=message_words.c.chat_id.type)
    return exists().where(other.c.chat_id == chat_id, other.c.word == word, other.c.seq == entry.c.seq).correlate(entry)


def newest_first(candidates: Sequence[Candidate]) -> dict[int, list[int]]:
    """Seqs by chat, each once."""
    found: dict[int, list[int]] = {}
    for chat_id, seq in sorted(set(candidates), reverse=True):
        found.setdefault(chat_id, []).append(seq)
    return found
