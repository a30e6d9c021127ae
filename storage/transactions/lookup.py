"""The next candidates of chats, the newest first, from the index.

A beginning that many entries have has most of them from one word: that word and the beginning itself are looked up by
themselves, newest first, and only what lies between them is gone through.
"""

from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import select

from chatproto.operations.indexed import APART
from storage.joins import Places
from storage.statements import Answers, Steps
from storage.tables import messages
from storage.transactions.candidates import (
    BETWEEN,
    NEWEST_BETWEEN,
    OF_WORD,
    Candidate,
    Entry,
    MadeAt,
    newest_before,
    newest_of,
    newest_with,
    word_params,
)
from storage.transactions.found import Found, Stream
from storage.transactions.listed import pieces

R = TypeVar("R", bound=tuple[Any, ...])

AT_ONCE: Final = 128
"""Sets of parameters in one statement."""
_PROBED: Final = (4, 4, APART // 4, APART)
"""Candidates of a chat that are looked at, one time after another, for the first one before a moment. Where a log is
cut by the entries that tell the time, no more than the last number are later."""
_TRIED: Final = 16
"""Chats by which it is told whether candidates are that frequent."""
SKEW: Final = timedelta(minutes=1)
"""By which clocks of servers may differ, where a time is looked up in a log."""


class Next(NamedTuple):
    """Seqs, descending, and whether there may be more below them."""

    seqs: Sequence[int]
    more: bool


_TIMES: Final = Places(
    select(messages.c.chat_id, messages.c.seq, messages.c.created_at),
    key=(messages.c.chat_id, messages.c.seq),
    row=MadeAt,
)


def in_pieces(statement: Answers[R], asked: Sequence[dict[str, Any]]) -> Steps[list[R]]:
    """The answers to many sets of parameters."""
    found: list[R] = []
    for start in range(0, len(asked), AT_ONCE):
        found += yield from statement.of(asked[start : start + AT_ONCE])
    return found


def next_candidates(search: Found, streams: Mapping[Stream, int]) -> Steps[dict[Stream, Next]]:
    """The next candidates of some chats, as many of each as is said."""
    found: dict[Stream, Next] = {}
    for one, count in streams.items():
        seqs = one.next_places(count)
        if seqs is not None:
            found[one] = Next(seqs, len(seqs) == count or one.known == one.high)
    asked = {one: count for one, count in streams.items() if one not in found}
    rows = yield from (_of_words(search, asked) if search.wanted.words else _begun(search, asked))
    return found | {one: _next(one, rows.get(one.chat.chat_id, {}), count) for one, count in asked.items()}


def newest_begun(search: Found) -> Steps[dict[int, int]]:
    """Of each chat, the newest entry that a beginning without other words leads to; and by what it is to be found
    there."""
    apart, gaps = search.wanted.apart, search.wanted.gaps
    newest, begun = dict[int, int](), dict[int, list[str | tuple[str, str]]]()
    rows = yield from newest_of(apart).all(user_id=search.operation.user_id, **word_params(apart))
    for chat_id, *seqs in rows:
        begun[chat_id] = [word for word, seq in zip(apart, seqs, strict=True) if seq]
        newest[chat_id] = max(seq or 0 for seq in seqs)
    for above, below in gaps:
        for chat_ids in pieces(search):
            for chat_id, seq in (yield from NEWEST_BETWEEN.all(chat_ids=chat_ids, above=above, below=below)):
                begun.setdefault(chat_id, []).append((above, below))
                newest[chat_id] = max(newest.get(chat_id, 0), seq)
    search.begun = begun
    return newest


def newest_by_words(search: Found) -> Steps[list[tuple[int, int | None]]]:
    """The newest seq of each chat at which all words are, null where there is none. The word leads that is the rarest
    there, by guess."""
    words, rows = search.wanted.words, list[tuple[int, int | None]]()
    for first in words:
        led = (first, *(word for word in words if word != first))
        asked = [
            search.wanted.newest_params(one.chat.chat_id, one.low, one.high, led)
            for one in search.streams
            if first == (one.words or words)[0]
        ]
        rows += yield from in_pieces(newest_with(len(words)), asked)
    return rows


def times_of(places: Sequence[Candidate]) -> Steps[dict[Candidate, datetime]]:
    """When these messages were made; those that are gone are left out."""
    rows = yield from _TIMES.of(places)
    return {Candidate(row.chat_id, row.seq): row.created_at for row in rows}


def narrow(streams: Sequence[Stream], moment: datetime) -> Steps[None]:
    """Cut chats, which an entry that tells a later time ends, by the times of a few messages before it."""
    step = APART // 4
    places = [
        Candidate(one.chat.chat_id, seq)
        for one in streams
        for seq in range(one.high - step, max(one.high - APART, one.low - 1), -step)
    ]
    later = sorted((place for place, at in (yield from times_of(places)).items() if at >= moment), reverse=True)
    ends = {chat_id: seq - 1 for chat_id, seq in later}
    for one in streams:
        one.cut(ends.get(one.chat.chat_id, one.high))


def cut_before(search: Found, moment: datetime) -> Steps[None]:
    """Each chat goes on with its newest candidate that was made before a moment."""
    left = search.streams
    if search.wanted.words:
        left = yield from _begin_by_words(search, moment)
    yield from _begin_by_trial(search, left, moment)
    search.cut()


def _begin_by_words(search: Found, moment: datetime) -> Steps[list[Stream]]:
    """Those that have others besides what the words lead to, and none of them so."""
    streams = search.streams
    asked = [search.wanted.newest_params(one.chat.chat_id, one.low, one.high, one.words) for one in streams]
    rows = yield from in_pieces(newest_before(len(search.wanted.words)), [each | {"moment": moment} for each in asked])
    newest, left = {row.chat_id: row for row in rows}, list[Stream]()
    for one in streams:
        row = newest.get(one.chat.chat_id)
        floor = one.low - 1 if row is None else row.seq
        if bisect(one.others, floor) < bisect(one.others, one.high):  # one of the others may be newer
            left.append(one)
        elif row is not None:
            one.begin_at(row.seq, row.created_at)
        else:
            one.cut(floor)
    return left


def _begin_by_trial(search: Found, streams: Sequence[Stream], moment: datetime) -> Steps[None]:
    """By the times of the first candidates, some after others."""
    some, rest = streams[:_TRIED], streams[_TRIED:]
    later = yield from _begin_before(search, some, _PROBED[0], moment)
    frequent = len(later) > len(some) // 2
    if frequent:
        yield from narrow([*later, *rest], moment + SKEW)
    later += yield from _begin_before(search, rest, _PROBED[0], moment)
    if not frequent:
        yield from narrow(later, moment + SKEW)
    for count in _PROBED[1:]:
        later = yield from _begin_before(search, [one for one in later if not one.done], count, moment)


def _begin_before(search: Found, streams: Sequence[Stream], count: int, moment: datetime) -> Steps[list[Stream]]:
    """Those that have only later ones among their next `count` candidates."""
    later: list[Stream] = []
    found = yield from next_candidates(search, dict.fromkeys(streams, count))
    made = yield from times_of([Candidate(one.chat.chat_id, seq) for one in streams for seq in found[one].seqs])
    for one in streams:
        chat_id, (seqs, more) = one.chat.chat_id, found[one]
        seq = next((seq for seq in seqs if made.get(Candidate(chat_id, seq), moment) < moment), None)
        if seq is not None:
            one.begin_at(seq, made[Candidate(chat_id, seq)])
        elif more:
            one.cut(seqs[-1] - 1)
            later.append(one)
        else:
            one.cut(one.low - 1)
    return later


# --- rows of one chat, by what they were looked up by: each part begins with its newest, and ends where it is full ---

Parts = dict[str | int, set[tuple[int, str]]]
"""Seqs and words, by a word that was looked up by itself, or by the number of a gap."""


def _of_words(search: Found, asked: Mapping[Stream, int]) -> Steps[dict[int, Parts]]:
    params = [
        search.wanted.params(one.chat.chat_id, one.low, one.high, count, one.words) for one, count in asked.items()
    ]
    rows = yield from in_pieces(search.wanted.statement, params)
    return _by_chat((Entry(chat_id, seq, "") for chat_id, seq in rows), ("",))


def _begun(search: Found, asked: Mapping[Stream, int]) -> Steps[dict[int, Parts]]:
    words, gaps = list[dict[str, Any]](), list[dict[str, Any]]()
    parts = (*search.wanted.apart, *search.wanted.gaps)
    for one, count in asked.items():
        given = {"chat_id": one.chat.chat_id, "low": one.low, "high": one.high, "most": count}
        for part in parts if search.begun is None else search.begun.get(one.chat.chat_id, ()):
            if isinstance(part, str):
                words.append(given | {"word": part})
            else:
                gaps.append(given | {"above": part[0], "below": part[1]})
    rows = yield from in_pieces(OF_WORD, words)
    rows += yield from in_pieces(BETWEEN, gaps)
    return _by_chat(rows, search.wanted.apart)


def _by_chat(rows: Iterable[Entry], apart: Sequence[str]) -> dict[int, Parts]:
    found: dict[int, Parts] = {}
    for chat_id, seq, word in rows:
        name = word if word in apart else bisect(apart, word)
        found.setdefault(chat_id, {}).setdefault(name, set()).add((seq, word))
    return found


def newest_in(parts: Parts, count: int) -> Next:
    """Below the last row of a part that is full there may be more of it, which comes before what the others have."""
    full = [min(rows)[0] for rows in parts.values() if len(rows) >= count]
    floor = max(full, default=0)
    seqs = sorted({seq for rows in parts.values() for seq, _ in rows if seq >= floor}, reverse=True)
    return Next(seqs[:count], bool(full) or len(seqs) > count)


def _next(one: Stream, parts: Parts, count: int) -> Next:
    """With those to which the words do not lead."""
    found = newest_in(parts, count)
    if not one.others:
        return found
    floor = found.seqs[-1] if found.more else one.low
    seqs = sorted({*found.seqs, *(seq for seq in one.others if floor <= seq <= one.high)}, reverse=True)
    return Next(seqs[:count], found.more or len(seqs) > count)
