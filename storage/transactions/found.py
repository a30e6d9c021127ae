"""What a search has found so far: the messages that may match, judged in the order of the results, and no more of them
than are wanted.

Chats are streams, newest first, that are merged: a message waits until no chat can have a newer one.
"""

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from attrs import define, field

from chatproto.operations import FoundPlace, SearchMessages
from chatproto.operations.search import has_what
from chatproto.wire.model import MAX_ID
from chatproto.wire.query import Span, matches
from storage.transactions.candidates import Candidate, Wanted
from storage.transactions.log import read_attachments

BUDGET: Final = 200
"""Texts that one search looks at; then it tells what it has and where to go on, so that the rarest takes no longer than
others."""
LONG: Final = 512
"""Characters: for each of so many that it has, a text counts as one more. Most have far less."""
MOST_READ: Final = 10 * BUDGET
"""Messages that it reads for that at most, and ten times as many before it has looked at any."""
_INSTANT: Final = timedelta(microseconds=1)
LEAST: Final = 16
"""Places that are thought of at least when streams are asked for the first time; each further time twice as many, so
that they are not asked many times."""
GLANCE: Final = 2
"""Candidates of a stream that is asked for the first time, at least; each further time twice as many."""


class Text(NamedTuple):
    """What a message is judged by."""

    chat_id: int
    seq: int
    sender_id: int
    content: str | None
    created_at: datetime
    attachments: str | None
    edited_at: datetime | None


class Chat(NamedTuple):
    """A chat that the user is or was in."""

    chat_id: int
    first_seq: int
    left_seq: int | None
    left_at: datetime | None
    last_seq: int
    last_at: datetime | None
    indexed_seq: int
    index_version: int
    reader_id: int | None
    reader_seq: int | None
    second_reader_seq: int | None

    @property
    def end(self) -> tuple[int, datetime | None]:
        """The last entry that the user may see, and when it was made."""
        return (self.last_seq, self.last_at) if self.left_seq is None else (self.left_seq, self.left_at)


@define(eq=False)
class Stream:
    """What is left of a chat: candidates from `low` to `high`, none of them newer than `bound`. `words`: in the order
    in which they are looked up there. `asked`: how often it was. `pace`: seconds between the last candidates, None
    where it is not known. `places`: the candidates, ascending, where all of them are known. `others`: those of them,
    ascending, to which the words that are looked up do not lead. `known`: the newest candidate, where that is known."""

    chat: Chat
    low: int
    high: int
    bound: FoundPlace
    words: tuple[str, ...] = ()
    asked: int = 0
    pace: float | None = None
    places: list[int] | None = None
    others: Sequence[int] = ()
    known: int | None = None

    def next_places(self, count: int) -> list[int] | None:
        """The next candidates, descending, where no database needs to be asked for them."""
        if self.places is not None:
            return self.places[: -count - 1 : -1]
        return [self.high] if self.known == self.high else None

    def cut(self, end: int) -> None:
        """Nothing is above this seq."""
        self.high = min(self.high, end)
        if self.places is not None:
            del self.places[bisect_right(self.places, self.high) :]
            self.high = self.places[-1] if self.places else self.low - 1

    def begin_at(self, seq: int, made_at: datetime) -> None:
        """This is the newest candidate that is wanted."""
        self.cut(seq)
        self.known, self.bound = seq, FoundPlace(made_at, self.chat.chat_id, seq)

    def goes_on(self, rows: Sequence[Text], high: int) -> None:
        """It was asked; what is left has no seq above `high`, and nothing newer than the last of these rows."""
        self.asked += 1
        self.cut(high)
        if rows:
            self.bound = place_of(rows[-1])
        if len(rows) > 1:
            self.pace = (rows[0].created_at - rows[-1].created_at).total_seconds() / (len(rows) - 1)

    @property
    def done(self) -> bool:
        """Nothing is left."""
        return self.high < self.low


Hit = tuple[Text, tuple[Span, ...]]
"""A message that matches, and where."""


@define(eq=False)
class Found:
    """One search on its way. `left`: by chat that the user has left, their last entry. `hits`: the newest first, and
    nothing that is newer is missing."""

    operation: SearchMessages
    wanted: Wanted
    left: Mapping[int, int] = field(factory=dict)
    streams: list[Stream] = field(factory=list)
    hits: list[Hit] = field(factory=list)
    looked: int = 0
    read: int = 0
    complete: bool = True
    begun: dict[int, list[str | tuple[str, str]]] | None = None
    """Of a beginning without other words: by chat, the words, and between which others, that have it; None where it is
    not known."""
    _waiting: list[tuple[float, int, int, Text]] = field(factory=list)
    """A heap."""
    _judged: set[Candidate] = field(factory=set)
    _last: Text | None = None
    """The last one that was judged."""
    _rounds: int = 0

    @property
    def ends_before(self) -> datetime | None:
        """Nothing that was made then, or later, is wanted; None: nobody said so."""
        cursor = self.operation.cursor
        ends = [self.operation.before, None if cursor is None else cursor.created_at + _INSTANT]
        return min((moment for moment in ends if moment is not None), default=None)

    def cut_to_newest(self, newest: Mapping[int, int]) -> dict[int, int]:
        """No chat has anything above its newest candidate by the words, or by what else there is; which that is."""
        found = {one.chat.chat_id: max((newest.get(one.chat.chat_id, 0), *one.others[-1:])) for one in self.streams}
        self.cut(found)
        return found

    def cut(self, ends: Mapping[int, int] | None = None) -> None:
        """No chat has anything above its end; those without one have nothing, where there are ends."""
        for stream in self.streams:
            stream.cut(stream.high if ends is None else ends.get(stream.chat.chat_id, 0))
        self.streams = [stream for stream in self.streams if not stream.done]

    def add(self, rows: Iterable[Text]) -> None:
        """Messages that may match; those that others than their texts rule out are left out."""
        asked = self.operation
        cursor = None if asked.cursor is None else asked.cursor.key
        for row in rows:
            self.read += 1
            if (
                row.content is None
                or (cursor is not None and (row.created_at, row.chat_id, row.seq) >= cursor)
                or (asked.after is not None and row.created_at < asked.after)
                or (asked.before is not None and row.created_at >= asked.before)
                or (asked.sender_id is not None and row.sender_id != asked.sender_id)
            ):
                continue
            self._push(row)

    def _push(self, row: Text) -> None:
        heapq.heappush(self._waiting, (-row.created_at.timestamp(), -row.chat_id, -row.seq, row))

    def judge(self) -> bool:
        """Look at those whose turn it is. Whether that was all: there are enough, nothing is left, or no more may be
        looked at."""
        spent = self.read >= (MOST_READ if self._last else 10 * MOST_READ)
        newest = max((one.bound.key for one in self.streams if not one.done), default=None)
        while len(self.hits) <= self.operation.limit and self.looked < BUDGET and self._waiting:
            row = self._waiting[0][-1]
            if newest is not None and (row.created_at, row.chat_id, row.seq) < newest:
                return spent
            heapq.heappop(self._waiting)
            self._last = row
            place = Candidate(row.chat_id, row.seq)
            if place in self._judged:
                continue
            self._judged.add(place)
            self.looked += 1 + len(row.content or "") // LONG
            spans = self._spans(row)
            if spans is not None:
                self.hits.append((row, spans))
        return newest is None or len(self.hits) > self.operation.limit or self.looked >= BUDGET or spent

    def _spans(self, row: Text) -> tuple[Span, ...] | None:
        files, content = read_attachments(row.attachments), row.content or ""
        spans = matches(self.operation.query, content, [file.name for file in files])
        return spans if spans is not None and has_what(self.operation.has, content, files) else None

    def to_ask(self, streams: int, most: int) -> Mapping[Stream, int]:
        """The streams to ask next, the newest first, and for how many candidates each, by what is known: those that
        the page lacks (more of them, the fewer texts matched so far) are the newest of what waits and of what each
        stream goes on with at its pace. At most so many streams, at least one where one is left, of `most` candidates
        together, but for a few of each."""
        left = {number: one for number, one in enumerate(self.streams) if not one.done}
        hits, limit = len(self.hits), self.operation.limit
        lacking = (limit + 1 - hits) * (self.looked + 1) // (hits + 1)
        lacking = min(max(lacking, LEAST << self._rounds), most)
        self._rounds += 1
        if len(left) == 1:
            return dict.fromkeys(left.values(), lacking)
        places = [(-one.bound.created_at.timestamp(), number) for number, one in left.items()]
        places += [(one[0], len(self.streams)) for one in heapq.nsmallest(lacking, self._waiting)]
        heapq.heapify(places)
        asked: dict[int, int] = {}
        while places and (lacking > 0 or not asked):
            moment, number = heapq.heappop(places)
            lacking -= 1
            if number in left and (number in asked or len(asked) < streams):
                asked[number] = asked.get(number, 0) + 1
                pace = left[number].pace
                if pace is not None:
                    heapq.heappush(places, (moment + pace, number))
        many = max(most // max(len(asked), 1), GLANCE)
        return {left[number]: min(max(count, GLANCE << left[number].asked), many) for number, count in asked.items()}

    def put_back(self) -> None:
        """Those that wait were taken from the logs, and are left to the index from now on."""
        waiting, self._waiting = self._waiting, []
        streams = {one.chat.chat_id: one for one in self.streams}
        for one in self.streams:
            one.asked, one.pace = 0, None
        for row in sorted((each[-1] for each in waiting), key=lambda row: row.seq):
            stream = streams.get(row.chat_id)
            if stream is None or row.seq > stream.chat.indexed_seq:
                self._push(row)
            elif row.seq > stream.high:
                stream.high, stream.bound = row.seq, place_of(row)

    def rest(self) -> FoundPlace | None:
        """Where to go on: behind the last result, or, where not all of the page could be looked for, at what comes
        next, which the cursor must not leave out, and behind what was looked at."""
        if len(self.hits) > self.operation.limit:
            return place_of(self.hits[self.operation.limit - 1][0])
        left = [place_of(row[-1]) for row in self._waiting[:1]] + [one.bound for one in self.streams if not one.done]
        if not left:
            return None
        next_ = max(left, key=lambda one: one.key)
        place = FoundPlace(next_.created_at, next_.chat_id, min(next_.seq, MAX_ID - 1) + 1)
        behind = self.operation.cursor if self._last is None else place_of(self._last)
        return place if behind is None else min(place, behind, key=lambda one: one.key)


def place_of(row: Text) -> FoundPlace:
    """Where it stands among the results."""
    return FoundPlace(row.created_at, row.chat_id, row.seq)
