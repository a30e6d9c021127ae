"""The index that messages are searched by: behind the commits, and kept true by edits and deletions (architecture.md).

Nothing here holds a chat's lock while it writes what is new: rows go in first, then the chat is locked, and what was
changed since it was read is put right. So a send never waits for more than that.
"""

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from sqlalchemy import bindparam, delete, select

from chatproto.operations import (
    Done,
    FindUnindexed,
    IndexedMessage,
    IndexedSpan,
    Outcome,
    ReadUnindexed,
    StoreIndex,
    Unindexed,
    UnindexedFound,
    UnindexedRead,
)
from chatproto.wire.model import Message
from chatproto.wire.words import VERSION, entries
from storage.statements import Answers, Bulk, Lookup, Select, Statement, Steps, into, param, updates
from storage.tables import chats, message_words, messages
from storage.together import together
from storage.transactions.log import MESSAGE_COLUMNS, MessageRow, read_message

_ROWS: Final = 1024
"""In one statement."""


class Head(NamedTuple):
    """How far the index of a chat reaches."""

    chat_id: int
    last_seq: int
    indexed_seq: int
    index_version: int

    @property
    def is_outdated(self) -> bool:
        """It is to be removed, or is being removed."""
        return self.indexed_seq != 0 and self.index_version < VERSION

    @property
    def goes_on(self) -> bool:
        """This version may put entries there: there are none yet, or they are its own."""
        return self.indexed_seq == 0 or (self.indexed_seq > 0 and self.index_version == VERSION)


class _Revision(NamedTuple):
    chat_id: int
    seq: int
    rev: int


_Row = tuple[int, bytes, int]
"""A row of `message_words`: chat, word, seq, in the order of its key."""

_HEAD: Final = select(chats.c.id, chats.c.last_seq, chats.c.indexed_seq, chats.c.index_version)
HEADS_AFTER: Final = Select(
    _HEAD.where(chats.c.id > bindparam("after_id")).order_by(chats.c.id).limit(bindparam("limit")), row=Head
)
HEADS: Final = Lookup(_HEAD.order_by(chats.c.id), key=(chats.c.id,), row=Head)
LOCK: Final = Lookup(_HEAD.order_by(chats.c.id).with_for_update(), key=(chats.c.id,), row=Head)
_in_span = (
    (messages.c.chat_id == param("chat_id", messages.c.chat_id))
    & (messages.c.seq > param("after", messages.c.seq))
    & (messages.c.seq <= param("upto", messages.c.seq))
)
_TEXTS: Final = Answers(select(*MESSAGE_COLUMNS).where(_in_span), row=MessageRow)
_REVISIONS: Final = Answers(
    select(messages.c.chat_id, messages.c.seq, messages.c.rev).where(_in_span, messages.c.rev > 0), row=_Revision
)
"""Of those that were ever changed: hardly any."""
_NOW: Final = Lookup(select(*MESSAGE_COLUMNS), key=(messages.c.chat_id, messages.c.seq), row=MessageRow)
MOVE: Final = updates(chats, key=(chats.c.id,), values=(chats.c.indexed_seq, chats.c.index_version))
_INSERT: Final = Bulk(
    into(message_words, "chat_id", "word", "seq")
    .prefix_with("IGNORE", dialect="mysql")
    .prefix_with("OR IGNORE", dialect="sqlite")
)
"""Another process may have put the same rows there."""
_REMOVE: Final = Statement(
    delete(message_words).where(
        message_words.c.chat_id == bindparam("chat_key"),
        message_words.c.seq == bindparam("seq_key"),
        message_words.c.word.in_(bindparam("words", expanding=True)),
    )
)
_REMOVE_BETWEEN: Final = Statement(
    delete(message_words).where(
        message_words.c.chat_id == bindparam("chat_key"),
        message_words.c.word.in_(bindparam("words", expanding=True)),
        message_words.c.seq >= bindparam("first"),
        message_words.c.seq <= bindparam("last"),
    )
)


def find_unindexed(operation: FindUnindexed) -> Steps[Outcome]:
    """A slice of the chats by id."""
    heads = yield from HEADS_AFTER.all(after_id=operation.after_id, limit=operation.limit)
    return UnindexedFound(
        tuple(head.chat_id for head in heads if head.goes_on and head.indexed_seq < head.last_seq),
        heads[-1].chat_id if len(heads) == operation.limit else None,
        tuple(head.chat_id for head in heads if head.is_outdated),
    )


def read_unindexed(operation: ReadUnindexed) -> Steps[Outcome]:
    """One chat after another, until there are enough entries: not all of them need be messages."""
    heads = yield from HEADS.of([{"id": chat_id} for chat_id in sorted(set(operation.chat_ids))])
    left, upto, more = operation.limit, dict[int, int](), False
    lacking = {head.chat_id: head for head in heads if head.goes_on and head.indexed_seq < head.last_seq}
    for head in lacking.values():
        upto[head.chat_id] = min(head.last_seq, head.indexed_seq + left)
        left -= upto[head.chat_id] - head.indexed_seq
        more = more or upto[head.chat_id] < head.last_seq
    spans = [
        {"chat_id": chat_id, "after": lacking[chat_id].indexed_seq, "upto": end}
        for chat_id, end in upto.items()
        if end > lacking[chat_id].indexed_seq
    ]
    rows: dict[int, list[MessageRow]] = {span["chat_id"]: [] for span in spans}
    for row in dict.fromkeys((yield from _TEXTS.of(spans))):
        if not row.deleted:
            rows[row.chat_id].append(row)
    found = [
        Unindexed(
            span["chat_id"],
            span["after"],
            span["upto"],
            tuple(read_message(row, is_read=False) for row in sorted(rows[span["chat_id"]], key=attrgetter("seq"))),
        )
        for span in spans
    ]
    return UnindexedRead(tuple(found), more)


def store_index(operation: StoreIndex) -> Steps[Outcome]:
    """First the rows, then the lock, then what was changed meanwhile; at last how far the index reaches."""
    yield from _insert(_rows(operation.spans))
    ids = sorted({span.chat_id for span in operation.spans})
    asked = [{"chat_id": span.chat_id, "after": span.after_seq, "upto": span.upto_seq} for span in operation.spans]
    locked, revised = yield from together(LOCK.of([{"id": chat_id} for chat_id in ids]), _REVISIONS.of(asked))
    reached = {head.chat_id: head.indexed_seq for head in locked if head.goes_on}
    wrong = [span for span in operation.spans if reached.get(span.chat_id, -1) < span.after_seq]
    for span in wrong:  # the index of this chat was begun anew, or is of another version
        for message in span.messages:
            yield from _forget(span.chat_id, message.seq, message.entries)
    right = [span for span in operation.spans if span not in wrong]
    yield from _put_right(right, {(row.chat_id, row.seq): row.rev for row in revised})
    yield from MOVE.many(
        [
            {"id_key": span.chat_id, "indexed_seq": span.upto_seq, "index_version": VERSION}
            for span in right
            if reached[span.chat_id] < span.upto_seq
        ]
    )
    return Done()


def reindex(before: Message, after: Message, indexed_seq: int) -> Steps[None]:
    """A message was edited or deleted, under the lock of its chat."""
    if before.seq > indexed_seq:
        return
    old = _entries_of(before)
    new = _entries_of(after)
    yield from _forget(before.chat_id, before.seq, old - new)
    yield from _insert(_rows_of(before.chat_id, before.seq, new - old))


def forget_words(chat_id: int, gone: Sequence[Message]) -> Steps[None]:
    """Messages of one chat that are removed, ascending: what has a word of theirs between them goes with them."""
    words = sorted(set[str]().union(*map(_entries_of, gone)))
    for start in range(0, len(words), _ROWS):
        yield from _REMOVE_BETWEEN.run(
            chat_key=chat_id, first=gone[0].seq, last=gone[-1].seq, words=words[start : start + _ROWS]
        )


def _entries_of(message: Message) -> frozenset[str]:
    if message.content is None:
        return frozenset()
    return entries(message.content, message.sender_id, message.attachments)


def _put_right(spans: Sequence[IndexedSpan], revisions: Mapping[tuple[int, int], int]) -> Steps[None]:
    """What was changed since it was read stands in the index as it is now."""
    given = {(span.chat_id, message.seq): message for span in spans for message in span.messages}
    changed = {place: message for place, message in given.items() if revisions.get(place, 0) != message.rev}
    if changed:
        yield from _replace(changed)


def _replace(changed: Mapping[tuple[int, int], IndexedMessage]) -> Steps[None]:
    rows = yield from _NOW.of([{"chat_id": chat_id, "seq": seq} for chat_id, seq in sorted(changed)])
    now = {(row.chat_id, row.seq): _entries_of(read_message(row, is_read=False)) for row in rows}
    for (chat_id, seq), message in sorted(changed.items()):
        wanted = now.get((chat_id, seq), frozenset())
        yield from _forget(chat_id, seq, message.entries - wanted)
        yield from _insert(_rows_of(chat_id, seq, wanted - message.entries))


def _rows(spans: Iterable[IndexedSpan]) -> list[_Row]:
    """In the order of the key: two that write the same rows wait for each other instead of ending in a deadlock."""
    return sorted(
        (span.chat_id, word.encode(), message.seq)
        for span in spans
        for message in span.messages
        for word in message.entries
    )


def _rows_of(chat_id: int, seq: int, words: frozenset[str]) -> list[_Row]:
    return sorted((chat_id, word.encode(), seq) for word in words)


def _insert(rows: Sequence[_Row]) -> Steps[None]:
    for start in range(0, len(rows), _ROWS):
        yield from _INSERT.write(rows[start : start + _ROWS])


def _forget(chat_id: int, seq: int, words: frozenset[str]) -> Steps[None]:
    listed = sorted(words)
    for start in range(0, len(listed), _ROWS):
        yield from _REMOVE.run(chat_key=chat_id, seq_key=seq, words=listed[start : start + _ROWS])
