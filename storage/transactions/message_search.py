"""Searching messages: candidates of the index and the end of each log that it has not reached, judged by their texts.

The chats of a user are streams, newest first, that are merged: those which were active last are asked first, a few
candidates of many chats in one statement, and no chat is asked any more that is older than what was found already.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from attrs import define
from sqlalchemy import bindparam, select

from chatproto.operations import FoundPlace, Match, MessagesMatched, Outcome, Refused, SearchMessages
from chatproto.operations.indexed import any_time, made_at
from chatproto.operations.search import has_what
from chatproto.wire.model import MAX_ID, Message, named_ids
from chatproto.wire.query import Span, matches
from chatproto.wire.words import VERSION
from storage.statements import Answers, Lookup, Select, Steps, param
from storage.tables import chat_users, chats, message_words, messages
from storage.transactions.candidates import Candidate, Wanted, newest_first, newest_of, wanted_by, word_params
from storage.transactions.departures import DEPARTED, READERS_THEN, readers_then
from storage.transactions.log import MESSAGE_COLUMNS, MessageRow, Readers, read_attachments, read_message
from storage.transactions.people import users_seen_by
from storage.transactions.states import completed

TAIL: Final = 100
"""Messages of one chat that are read without the index."""
TAILS: Final = 1000
"""Of all chats together."""
BUDGET: Final = 1000
"""Candidates that one search looks at; then it tells what it has and where to go on."""
_SKEW: Final = timedelta(minutes=1)
"""By which clocks of servers may differ, where a time is looked up in a log."""
_CHATS_AT_ONCE: Final = (16, 32, 64, 128)
_AT_ONCE: Final = 512
_WORTH_ASKING: Final = 2
"""Chats: fewer are simply looked through."""
_GLANCE: Final = 2
"""Candidates of a chat that is asked for the first time."""


class _Chat(NamedTuple):
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
class _Stream:
    """What is left of a chat: candidates from `low` to `high`, none of them newer than `bound`."""

    chat: _Chat
    low: int
    high: int
    bound: FoundPlace
    asked: bool = False

    @property
    def done(self) -> bool:
        """Nothing is left."""
        return self.high < self.low


class _Reader(NamedTuple):
    chat_id: int
    user_id: int
    own_read_seq: int


_VISIBLE: Final = (
    select(
        chats.c.id,
        chat_users.c.first_seq,
        chat_users.c.left_seq,
        chat_users.c.left_at,
        chats.c.last_seq,
        chats.c.last_at,
        chats.c.indexed_seq,
        chats.c.index_version,
        *READERS_THEN,
    )
    .select_from(chat_users.join(chats, chats.c.id == chat_users.c.chat_id).outerjoin(*DEPARTED))
    .where(chat_users.c.user_id == bindparam("user_id"))
)
_ALL: Final = Select(_VISIBLE, row=_Chat)
_ONE: Final = Select(_VISIBLE.where(chat_users.c.chat_id == bindparam("chat_id")), row=_Chat)
_tail = (
    select(*MESSAGE_COLUMNS)
    .where(
        messages.c.chat_id == param("chat_id", messages.c.chat_id),
        messages.c.seq >= param("low", messages.c.seq),
        messages.c.seq <= param("high", messages.c.seq),
    )
    .order_by(messages.c.seq.desc())
    .limit(bindparam("most"))
    .subquery()
)
_TAILS: Final = Answers(select(_tail), row=MessageRow)
_MESSAGES: Final = Lookup(select(*MESSAGE_COLUMNS), key=(messages.c.chat_id, messages.c.seq), row=MessageRow)
_in_chat = message_words.c.chat_id == param("chat_id", message_words.c.chat_id)
_times = (message_words.c.word > param("low", message_words.c.word)) & (
    message_words.c.word < param("high", message_words.c.word)
)
_place = select(message_words.c.chat_id, message_words.c.seq).where(_in_chat, _times).limit(1)
_FIRST_LATER: Final = Answers(select(_place.order_by(message_words.c.word).subquery()), row=Candidate)
_LAST_EARLIER: Final = Answers(select(_place.order_by(message_words.c.word.desc()).subquery()), row=Candidate)
_readers = (
    select(chat_users.c.chat_id, chat_users.c.user_id, chat_users.c.own_read_seq)
    .where(chat_users.c.chat_id == param("chat_id", chat_users.c.chat_id))
    .order_by(chat_users.c.own_read_seq.desc())
    .limit(2)
    .subquery()
)
_READERS: Final = Answers(select(_readers), row=_Reader)


@define(eq=False)
class _Search:
    """One search on its way."""

    operation: SearchMessages
    wanted: Wanted
    streams: list[_Stream]
    found: list[tuple[FoundPlace, MessageRow, tuple[Span, ...]]]
    looked: int = 0
    complete: bool = True

    def judge(self, rows: Iterable[MessageRow]) -> None:
        """Keep those that match."""
        asked = self.operation
        for row in rows:
            place = FoundPlace(row.created_at, row.chat_id, row.seq)
            if (
                row.content is None
                or (asked.cursor is not None and place.key >= asked.cursor.key)
                or (asked.after is not None and row.created_at < asked.after)
                or (asked.before is not None and row.created_at >= asked.before)
                or (asked.sender_id is not None and row.sender_id != asked.sender_id)
            ):
                continue
            files = read_attachments(row.attachments)
            if not has_what(asked.has, row.content, files):
                continue
            spans = matches(asked.query, row.content, [file.name for file in files])
            if spans is not None:
                self.found.append((place, row, spans))

    def enough(self) -> FoundPlace | None:
        """The one behind the last that is wanted, where there are so many."""
        if len(self.found) <= self.operation.limit:
            return None
        self.found.sort(key=lambda one: one[0].key, reverse=True)
        return self.found[self.operation.limit][0]

    def open(self) -> list[_Stream]:
        """Those that may hold something newer than what is enough, the newest first."""
        enough = self.enough()
        left = [one for one in self.streams if not one.done and (enough is None or one.bound.key >= enough.key)]
        return sorted(left, key=lambda one: one.bound.key, reverse=True)


def search_messages(operation: SearchMessages) -> Steps[Outcome]:
    """See the operation."""
    if operation.chat_id is None:
        visible = yield from _ALL.all(user_id=operation.user_id)
    else:
        visible = yield from _ONE.all(user_id=operation.user_id, chat_id=operation.chat_id)
        if not visible:
            return Refused("not_found")
    visible.sort(key=_ended_at, reverse=True)
    search = _Search(operation, wanted_by(operation), [], [])
    search.complete = all(chat.indexed_seq <= 0 or chat.index_version == VERSION for chat in visible)
    yield from _read_tails(search, visible)
    search.streams = [_stream(operation, chat) for chat in visible if chat.indexed_seq > 0 and chat.last_at is not None]
    yield from _leave_out(search)
    yield from _narrow(search)
    for size in (*_CHATS_AT_ONCE, *[_CHATS_AT_ONCE[-1]] * BUDGET):
        streams = search.open()[:size]
        if not streams or search.looked >= BUDGET:
            break
        yield from _look(search, streams)
    return (yield from _told(search, {chat.chat_id: chat for chat in visible}))


def _ended_at(chat: _Chat) -> float:
    moment = chat.end[1]
    return 0.0 if moment is None else moment.timestamp()


def _stream(operation: SearchMessages, chat: _Chat) -> _Stream:
    end, ended_at = chat.end
    high, cursor = min(end, chat.indexed_seq), operation.cursor
    if cursor is not None and cursor.chat_id == chat.chat_id:
        high = min(high, cursor.seq - 1)
    bound = FoundPlace(ended_at or chat.last_at, chat.chat_id, MAX_ID)  # type: ignore[arg-type]
    return _Stream(chat, chat.first_seq, high, bound)


def _read_tails(search: _Search, visible: Sequence[_Chat]) -> Steps[None]:
    """What the index has not reached, straight from the logs."""
    left = TAILS
    lacking = [chat for chat in visible if max(chat.indexed_seq, chat.first_seq - 1) < chat.end[0]]
    for start in range(0, len(lacking), _CHATS_AT_ONCE[0]):
        some = lacking[start : start + _CHATS_AT_ONCE[0]]
        if left <= 0:
            search.complete = False
            return
        low = {chat.chat_id: max(chat.indexed_seq + 1, chat.first_seq) for chat in some}
        rows = yield from _TAILS.of(
            [
                {"chat_id": chat.chat_id, "low": low[chat.chat_id], "high": chat.end[0], "most": min(TAIL, left)}
                for chat in some
            ]
        )
        rows = list(dict.fromkeys(rows))
        for chat in some:
            seqs = [row.seq for row in rows if row.chat_id == chat.chat_id]
            if len(seqs) == min(TAIL, left) and min(seqs) > low[chat.chat_id]:
                search.complete = False
        search.judge(rows)
        left -= len(rows)


def _leave_out(search: _Search) -> Steps[None]:
    """Chats that lack one of the words; and the ends of the others that come after the last place of one of them."""
    words = search.wanted.words
    if not words or len(search.streams) < _WORTH_ASKING:
        return
    rows = yield from newest_of(words).all(user_id=search.operation.user_id, **word_params(words))
    newest = {chat_id: 0 if None in seqs else min(seqs) for chat_id, *seqs in rows}
    for stream in search.streams:
        stream.high = min(stream.high, newest.get(stream.chat.chat_id, 0))
    search.streams = [stream for stream in search.streams if not stream.done]


def _narrow(search: _Search) -> Steps[None]:
    """Bounds in time become bounds in the logs, by the entries that tell the time."""
    operation, times = search.operation, any_time()
    ends = [moment for moment in (operation.before, operation.cursor and operation.cursor.created_at) if moment]
    if ends:
        found = yield from _places(search, _FIRST_LATER, made_at(min(ends) + _SKEW), times[1])
        for stream in search.streams:
            stream.high = min(stream.high, found.get(stream.chat.chat_id, MAX_ID) - 1)
    if operation.after is not None:
        found = yield from _places(search, _LAST_EARLIER, times[0], made_at(operation.after - _SKEW))
        for stream in search.streams:
            stream.low = max(stream.low, found.get(stream.chat.chat_id, 0))


def _places(search: _Search, statement: Answers[Candidate], low: str, high: str) -> Steps[dict[int, int]]:
    found: dict[int, int] = {}
    for start in range(0, len(search.streams), _CHATS_AT_ONCE[-1]):
        some = search.streams[start : start + _CHATS_AT_ONCE[-1]]
        rows = yield from statement.of([{"chat_id": one.chat.chat_id, "low": low, "high": high} for one in some])
        found |= dict(rows)
    return found


def _look(search: _Search, streams: Sequence[_Stream]) -> Steps[None]:
    """The next candidates of some chats."""
    many = max(_AT_ONCE // len(streams), _GLANCE)
    most = [min(many, search.operation.limit + 1) if one.asked else _GLANCE for one in streams]
    asked = [
        search.wanted.params(one.chat.chat_id, one.low, one.high, count)
        for one, count in zip(streams, most, strict=True)
    ]
    seqs = newest_first((yield from search.wanted.statement.of(asked)))
    rows: dict[Candidate, MessageRow] = {}
    places = [Candidate(chat_id, seq) for chat_id, found in seqs.items() for seq in found]
    for start in range(0, len(places), _CHATS_AT_ONCE[-1]):
        some = places[start : start + _CHATS_AT_ONCE[-1]]
        read = yield from _MESSAGES.of([place._asdict() for place in some])
        rows |= {Candidate(row.chat_id, row.seq): row for row in read}
    search.looked += len(places)
    search.judge(rows.values())
    for stream, count in zip(streams, most, strict=True):
        stream.asked = True
        found = seqs.get(stream.chat.chat_id, [])
        if len(found) < count:
            stream.high = stream.low - 1
        else:
            row = rows[Candidate(stream.chat.chat_id, found[-1])]
            stream.high = row.seq - 1
            stream.bound = FoundPlace(row.created_at, row.chat_id, row.seq)


def _told(search: _Search, visible: dict[int, _Chat]) -> Steps[MessagesMatched]:
    """The results in their order, down to where everything was looked at."""
    limit = search.operation.limit
    search.enough()
    search.found.sort(key=lambda one: one[0].key, reverse=True)
    left = search.open()
    kept = search.found[:limit]
    next_place = kept[-1][0] if len(search.found) > limit else None
    if left:  # the budget is spent: what is older than the next candidate may not be the next result
        next_place = left[0].bound
        kept = [one for one in kept if one[0].key >= next_place.key]
    spans = {(row.chat_id, row.seq): found for _, row, found in kept}
    read = yield from _completed([row for _, row, _ in kept], visible)
    users = yield from users_seen_by(search.operation.user_id, named_ids(read))
    found = tuple(Match(message, spans[message.chat_id, message.seq]) for message in read)
    return MessagesMatched(found, tuple(users.values()), next_place, search.complete)


def _completed(rows: Sequence[MessageRow], visible: dict[int, _Chat]) -> Steps[list[Message]]:
    """As the user sees them. What was edited after they left is not found: one text is not theirs to see, the other is
    not there any more."""
    present = sorted({row.chat_id for row in rows if visible[row.chat_id].left_seq is None})
    marks: dict[int, list[tuple[int, int]]] = {}
    for reader in dict.fromkeys((yield from _READERS.of([{"chat_id": chat_id} for chat_id in present]))):
        marks.setdefault(reader.chat_id, []).append((reader.user_id, reader.own_read_seq))
    who = {chat_id: Readers(tuple(found)) for chat_id, found in marks.items()}
    ends: dict[int, int] = {}
    for chat in (visible[chat_id] for chat_id in {row.chat_id for row in rows}):
        if chat.left_seq is not None:
            ends[chat.chat_id] = chat.left_seq
            who[chat.chat_id] = readers_then(chat.reader_id, chat.reader_seq, chat.second_reader_seq)
    found = [read_message(row, is_read=who[row.chat_id].have_read(row.sender_id, row.seq)) for row in rows]
    seen = yield from completed(found, ends)
    return [message for message, row in zip(seen, rows, strict=True) if message.content == row.content]
