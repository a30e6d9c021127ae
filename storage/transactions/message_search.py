"""Searching messages: candidates of the index and the end of each log that it has not reached, judged by their texts.

The chats of a user are streams, newest first, that are merged: those which were active last are asked first, a few
candidates of many chats in one statement, and no chat is asked any more that is older than what was found already.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import bindparam, func, select

from chatproto.operations import FoundPlace, Match, MessagesMatched, Outcome, Refused, SearchMessages
from chatproto.operations.indexed import any_time, made_at
from chatproto.wire.model import MAX_ID, Message, named_ids
from chatproto.wire.words import VERSION
from storage.joins import Ordered, Places
from storage.statements import Answers, Select, Steps, param
from storage.tables import chat_users, chats, message_words, messages
from storage.transactions.candidates import (
    NEWEST_BEGUN,
    Candidate,
    MadeAt,
    newest_of,
    wanted_by,
    word_params,
)
from storage.transactions.departures import DEPARTED, READERS_THEN, readers_then
from storage.transactions.found import BUDGET, MOST_READ, Chat, Found, Stream, Text
from storage.transactions.hiding import who_hides_reads
from storage.transactions.listed import Listed, list_places, pieces
from storage.transactions.log import MESSAGE_COLUMNS, MessageRow, Readers, read_message
from storage.transactions.lookup import (
    SKEW,
    cut_before,
    in_pieces,
    narrow,
    newest_begun,
    newest_by_words,
    next_candidates,
    times_of,
)
from storage.transactions.people import users_seen_by
from storage.transactions.states import EDITED_SINCE, completed

TAIL: Final = 100
"""Messages of one chat that are read without the index."""
TAILS: Final = 1000
"""Of all chats together."""
_NEWEST: Final = 100
"""Of the newest messages that are looked at for a short beginning before the index is asked. Where so many of them have
it that a page takes no more than BUDGET, they are gone through; what is rarer has so few entries that all may be read.
"""
_READ: Final = 4 * _NEWEST
"""Messages that are read for that at most, where there are hardly any."""
_CHATS_AT_ONCE: Final = (32, 64, 128)
_AT_ONCE: Final = 512
_WORTH_ASKING: Final = 2
"""Chats: fewer are simply looked through."""
_FEW: Final = 16
"""Chats: so many are asked at once, without a look at the newest of each."""


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
_ALL: Final = Select(_VISIBLE, row=Chat)
_ONE: Final = Select(_VISIBLE.where(chat_users.c.chat_id == bindparam("chat_id")), row=Chat)
_text: Final = select(
    messages.c.chat_id,
    messages.c.seq,
    messages.c.sender_id,
    messages.c.content,
    messages.c.created_at,
    messages.c.attachments,
    messages.c.edited_at,
)
_tail = (
    _text.where(
        messages.c.chat_id == param("chat_id", messages.c.chat_id),
        messages.c.seq >= param("low", messages.c.seq),
        messages.c.seq <= param("high", messages.c.seq),
    )
    .order_by(messages.c.seq.desc())
    .limit(bindparam("most"))
)
_TAILS: Final = Answers(_tail, row=Text)
_PLACE: Final = (messages.c.chat_id, messages.c.seq)
_TEXTS: Final = Places(_text, key=_PLACE, row=Text)
_MESSAGES: Final = Places(select(*MESSAGE_COLUMNS), key=_PLACE, row=MessageRow)
"""Those of a page: of the many that are looked at, the texts are enough."""
_later = (
    select(message_words.c.chat_id, func.min(message_words.c.word).label("word"))
    .where(
        message_words.c.chat_id.in_(bindparam("chat_ids", expanding=True)),
        message_words.c.word > param("low", message_words.c.word),
        message_words.c.word < param("high", message_words.c.word),
    )
    .group_by(message_words.c.chat_id)
    .subquery("later")
)
_entry = message_words.alias("entry")
_first_later = select(_entry.c.chat_id, _entry.c.seq).select_from(
    _later.join(_entry, (_entry.c.chat_id == _later.c.chat_id) & (_entry.c.word == _later.c.word))
)
FIRST_LATER: Final = Ordered(_first_later, on_sqlite=_first_later, row=Candidate)
"""The first entry of each chat that tells a time behind `low`; where two messages have that time, both."""
LAST_BEFORE: Final = Answers(
    select(messages.c.chat_id, messages.c.seq, messages.c.created_at)
    .where(
        messages.c.chat_id == param("chat_id", messages.c.chat_id),
        messages.c.seq >= param("low", messages.c.seq),
        messages.c.seq <= param("high", messages.c.seq),
        messages.c.created_at < param("moment", messages.c.created_at),
    )
    .order_by(messages.c.seq.desc())
    .limit(1),
    row=MadeAt,
)
_readers = (
    select(chat_users.c.chat_id, chat_users.c.user_id, chat_users.c.own_read_seq)
    .where(chat_users.c.chat_id == param("chat_id", chat_users.c.chat_id))
    .order_by(chat_users.c.own_read_seq.desc())
    .limit(2)
)
_READERS: Final = Answers(_readers, row=_Reader)


def search_messages(operation: SearchMessages) -> Steps[Outcome]:
    """See the operation."""
    if operation.chat_id is None:
        visible = yield from _ALL.all(user_id=operation.user_id)
    else:
        visible = yield from _ONE.all(user_id=operation.user_id, chat_id=operation.chat_id)
        if not visible:
            return Refused("not_found")
    visible.sort(key=_ended_at, reverse=True)
    left = {chat.chat_id: chat.left_seq for chat in visible if chat.left_seq is not None}
    search = Found(operation, wanted_by(operation), left)
    search.complete = all(chat.indexed_seq <= 0 or chat.index_version == VERSION for chat in visible)
    yield from _read_tails(search, visible)
    search.streams = [_stream(operation, chat) for chat in visible if chat.indexed_seq > 0 and chat.last_at is not None]
    in_log, decided = search.wanted.is_short, False
    if len(search.streams) >= _WORTH_ASKING:
        result = yield from list_places(search)
        in_log = result is Listed.COMMON
        if result is Listed.MANY:
            yield from _leave_out(search)
    yield from _narrow(search, exactly=in_log)
    if not in_log:
        yield from _find_newest(search)
    for size in (*_CHATS_AT_ONCE, *[_CHATS_AT_ONCE[-1]] * MOST_READ):
        if search.judge():
            break
        if in_log and not decided and (search.looked >= _NEWEST or search.read >= _READ):
            decided, in_log = True, _fills_soon(search)
            if not in_log:
                search.put_back()
                several = len(search.streams) >= _WORTH_ASKING
                if several and (yield from list_places(search, short=True)) is Listed.MANY:
                    yield from _leave_out(search)
                yield from _find_newest(search)
                continue
        if in_log:
            most = _NEWEST if search.looked < _NEWEST else BUDGET
            yield from _look_in_log(search, search.to_ask(size, max(most - search.looked, 1)))
        else:
            yield from _look(search, search.to_ask(size, min(_AT_ONCE, BUDGET - search.looked)))
    return (yield from _told(search, {chat.chat_id: chat for chat in visible}))


def _fills_soon(search: Found) -> bool:
    """Whether the page is full before too many messages are looked at, if it goes on like this."""
    return len(search.hits) * BUDGET >= (search.operation.limit + 1) * max(search.looked, 1)


def _ended_at(chat: Chat) -> float:
    moment = chat.end[1]
    return 0.0 if moment is None else moment.timestamp()


def _add(search: Found, rows: Sequence[Text]) -> Steps[None]:
    """Messages that may match. What was edited after the user left is not found: one text is not theirs to see, the
    other is not there any more; nor does it count, or the cursor would tell that it matches."""
    edited = [
        {"chat_id": row.chat_id, "seq": row.seq, "end": search.left[row.chat_id]}
        for row in rows
        if row.edited_at is not None and row.chat_id in search.left
    ]
    hidden = {Candidate(*place) for place in (yield from in_pieces(EDITED_SINCE, edited))}
    search.read += len(hidden)
    search.add(row for row in rows if Candidate(row.chat_id, row.seq) not in hidden)


def _stream(operation: SearchMessages, chat: Chat) -> Stream:
    end, ended_at = chat.end
    high, cursor = min(end, chat.indexed_seq), operation.cursor
    if cursor is not None and cursor.chat_id == chat.chat_id:
        high = min(high, cursor.seq - 1)
    bound = FoundPlace(ended_at or chat.last_at, chat.chat_id, MAX_ID)  # type: ignore[arg-type]
    return Stream(chat, chat.first_seq, high, bound)


def _read_tails(search: Found, visible: Sequence[Chat]) -> Steps[None]:
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
        yield from _add(search, rows)
        left -= len(rows)


def _leave_out(search: Found) -> Steps[None]:
    """Chats that lack one of the words; and the ends of the others that come after the last place of one of them."""
    wanted, streams = search.wanted, search.streams
    if len(streams) < _WORTH_ASKING:
        return
    words = wanted.words
    if words:
        rows = yield from newest_of(words).all(user_id=search.operation.user_id, **word_params(words))
        last = {chat_id: [seq or 0 for seq in seqs] for chat_id, *seqs in rows}
        for stream in streams:  # what was said longest ago is the rarest by guess
            pairs = sorted(zip(last.get(stream.chat.chat_id, ()), words, strict=False))
            stream.words = tuple(word for _, word in pairs)
        ends = search.cut_to_newest({chat_id: min(seqs) for chat_id, seqs in last.items()})
        _know(search, ends if len(words) == 1 else {})
    if wanted.beginning is not None and words and len(search.streams) > _FEW:
        whole = wanted.whole()
        rows = yield from newest_of(whole).all(user_id=search.operation.user_id, **word_params(whole))
        newest = {chat_id: max(seq or 0 for seq in seqs) for chat_id, *seqs in rows}
        for chat_ids in pieces(search):
            for chat_id, seq in (yield from NEWEST_BEGUN.all(chat_ids=chat_ids, **wanted.range_params())):
                newest[chat_id] = max(newest.get(chat_id, 0), seq)
        search.cut(newest)


def _know(search: Found, newest: Mapping[int, int]) -> None:
    """The newest candidates of chats; with the beginning of a further word, places of the words say little of it."""
    if not search.wanted.words or search.wanted.beginning is None:
        for stream in search.streams:
            stream.known = newest.get(stream.chat.chat_id)


def _narrow(search: Found, *, exactly: bool) -> Steps[None]:
    """Bounds in time become bounds in the logs: about where, by the entries that tell the time, and then exactly, where
    all messages of a log are looked at."""
    times = any_time()
    if search.ends_before is None or not search.streams:
        return
    moment, ends_at = search.ends_before + SKEW, {one.chat.chat_id: MAX_ID for one in search.streams}
    for chat_ids in pieces(search):
        rows = yield from FIRST_LATER.all(chat_ids=chat_ids, low=made_at(moment), high=times[1])
        for first in rows:
            ends_at[first.chat_id] = min(ends_at[first.chat_id], first.seq - 1)
    search.cut(ends_at)
    for one in search.streams:
        one.bound = FoundPlace(moment, one.chat.chat_id, MAX_ID)
    if not exactly:
        return
    yield from narrow(search.streams, moment)
    search.cut()
    asked = [
        {"chat_id": one.chat.chat_id, "low": one.low, "high": one.high, "moment": moment} for one in search.streams
    ]
    found = {time.chat_id: time for time in (yield from in_pieces(LAST_BEFORE, asked))}
    search.cut({time.chat_id: time.seq for time in found.values()})
    for stream in search.streams:
        time = found[stream.chat.chat_id]
        stream.bound = FoundPlace(time.created_at, time.chat_id, time.seq)


def _find_newest(search: Found) -> Steps[None]:
    """The newest candidate of each chat, and when it was made, so that few chats need be asked for more."""
    if len(search.streams) < _WORTH_ASKING:
        return
    listed = all(one.places is not None for one in search.streams)
    moment, words = search.ends_before, search.wanted.words
    if moment is not None and not listed:
        if not words:
            search.cut((yield from newest_begun(search)))
        yield from cut_before(search, moment)
    elif not listed and len(words) != 1:
        yield from _know_newest(search)
    if len(search.streams) > _FEW and (moment is None or listed):
        made = yield from times_of([Candidate(one.chat.chat_id, one.high) for one in search.streams])
        for stream in search.streams:
            place = Candidate(stream.chat.chat_id, stream.high)
            if place in made:
                stream.bound = FoundPlace(made[place], *place)
    after = search.operation.after
    if after is not None:
        search.streams = [one for one in search.streams if one.bound.created_at >= after - SKEW]


def _know_newest(search: Found) -> Steps[None]:
    if search.wanted.words:
        rows = yield from newest_by_words(search)
        newest = {chat_id: seq or 0 for chat_id, seq in rows}
    else:
        newest = yield from newest_begun(search)
    _know(search, search.cut_to_newest(newest))


def _look(search: Found, streams: Mapping[Stream, int]) -> Steps[None]:
    """The next candidates of some chats."""
    found = yield from next_candidates(search, streams)
    places = [Candidate(one.chat.chat_id, seq) for one, (seqs, _) in found.items() for seq in seqs]
    read = yield from _TEXTS.of(places)
    rows = {Candidate(row.chat_id, row.seq): row for row in read}
    yield from _add(search, read)
    for stream, (seqs, more) in found.items():
        there = [rows[place] for seq in seqs if (place := Candidate(stream.chat.chat_id, seq)) in rows]
        stream.goes_on(there, seqs[-1] - 1 if more else stream.low - 1)


def _look_in_log(search: Found, streams: Mapping[Stream, int]) -> Steps[None]:
    """The next messages of some chats, whatever they say. Not every seq is one of a message."""
    ends = {one.chat.chat_id: max(one.low, one.high - count + 1) for one, count in streams.items()}
    places = [
        Candidate(one.chat.chat_id, seq) for one in streams for seq in range(ends[one.chat.chat_id], one.high + 1)
    ]
    rows = yield from _TEXTS.of(places)
    yield from _add(search, rows)
    by_chat: dict[int, list[Text]] = {}
    for row in sorted(rows, key=lambda row: row.seq, reverse=True):
        by_chat.setdefault(row.chat_id, []).append(row)
    for stream in streams:
        chat_id = stream.chat.chat_id
        stream.goes_on(by_chat.get(chat_id, ()), ends[chat_id] - 1)


def _told(search: Found, visible: dict[int, Chat]) -> Steps[MessagesMatched]:
    """The results in their order, down to where everything was looked at. What was changed since its text was read is
    left out: a search that comes a moment later sees what it is now."""
    kept = {Candidate(row.chat_id, row.seq): (row, found) for row, found in search.hits[: search.operation.limit]}
    sees_no_reads = yield from who_hides_reads([search.operation.user_id] if kept else [])
    rows = {Candidate(row.chat_id, row.seq): row for row in (yield from _MESSAGES.of(tuple(kept)))}
    judged = [rows[place] for place, (text, _) in kept.items() if place in rows and rows[place].content == text.content]
    read = yield from _completed(search.operation.user_id, judged, visible, shows_reads=not sees_no_reads)
    users = yield from users_seen_by(search.operation.user_id, named_ids(read))
    found = tuple(Match(message, kept[Candidate(message.chat_id, message.seq)][1]) for message in read)
    return MessagesMatched(found, tuple(users.values()), search.rest(), search.complete)


def _completed(
    user_id: int, rows: Sequence[MessageRow], visible: dict[int, Chat], *, shows_reads: bool
) -> Steps[list[Message]]:
    """As the user sees them; without what was edited since it was judged, in a chat that they have left."""
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
    found = [
        read_message(row, is_read=shows_reads and who[row.chat_id].have_read(row.sender_id, row.seq)) for row in rows
    ]
    seen = yield from completed(found, ends, user_id)
    return [message for message, row in zip(seen, rows, strict=True) if message.content == row.content]
