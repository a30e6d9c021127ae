"""The index that messages are searched by: behind the commits, and kept true by edits and deletions (architecture.md).

Nothing here holds a chat's lock while it writes what is new: rows go in first, then the chat is locked, and what was
changed since it was read is put right. So a send never waits for more than that.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

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
from chatproto.wire.words import entries
from storage.statements import Answers, Lookup, Select, Statement, Steps, into, param, updates
from storage.tables import chats, message_words, messages
from storage.transactions.log import MESSAGE_COLUMNS, MessageRow, read_message

_ROWS: Final = 512
"""In one statement; a power of two."""


class _Head(NamedTuple):
    chat_id: int
    last_seq: int
    indexed_seq: int


class _Revision(NamedTuple):
    chat_id: int
    seq: int
    rev: int


class _Row(NamedTuple):
    """A row of `message_words`, in the order of its key."""

    chat_id: int
    word: str
    seq: int


_HEAD: Final = select(chats.c.id, chats.c.last_seq, chats.c.indexed_seq)
_AFTER: Final = Select(
    _HEAD.where(chats.c.id > bindparam("after_id")).order_by(chats.c.id).limit(bindparam("limit")), row=_Head
)
_HEADS: Final = Lookup(_HEAD.order_by(chats.c.id), key=(chats.c.id,), row=_Head)
_LOCK: Final = Lookup(_HEAD.order_by(chats.c.id).with_for_update(), key=(chats.c.id,), row=_Head)
_TEXTS: Final = Select(
    select(*MESSAGE_COLUMNS)
    .where(
        messages.c.chat_id == bindparam("chat_id"),
        messages.c.seq > bindparam("after"),
        messages.c.seq <= bindparam("upto"),
    )
    .order_by(messages.c.seq)
    .limit(bindparam("limit")),
    row=MessageRow,
)
_REVISIONS: Final = Answers(
    select(messages.c.chat_id, messages.c.seq, messages.c.rev).where(
        messages.c.chat_id == param("chat_id", messages.c.chat_id),
        messages.c.seq > param("after", messages.c.seq),
        messages.c.seq <= param("upto", messages.c.seq),
    ),
    row=_Revision,
)
_NOW: Final = Lookup(select(*MESSAGE_COLUMNS), key=(messages.c.chat_id, messages.c.seq), row=MessageRow)
_MOVE: Final = updates(chats, key=(chats.c.id,), values=(chats.c.indexed_seq,))
_INSERT: Final = Statement(
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


def find_unindexed(operation: FindUnindexed) -> Steps[Outcome]:
    """A slice of the chats by id."""
    heads = yield from _AFTER.all(after_id=operation.after_id, limit=operation.limit)
    return UnindexedFound(
        tuple(head.chat_id for head in heads if head.indexed_seq < head.last_seq),
        heads[-1].chat_id if len(heads) == operation.limit else None,
    )


def read_unindexed(operation: ReadUnindexed) -> Steps[Outcome]:
    """One chat after another, until there are enough."""
    heads = yield from _HEADS.of([{"id": chat_id} for chat_id in sorted(set(operation.chat_ids))])
    left, found = operation.limit, list[Unindexed]()
    lacking = [head for head in dict.fromkeys(heads) if 0 <= head.indexed_seq < head.last_seq]
    for head in lacking:
        if left <= 0:
            break
        rows = yield from _TEXTS.all(chat_id=head.chat_id, after=head.indexed_seq, upto=head.last_seq, limit=left)
        upto = rows[-1].seq if len(rows) == left else head.last_seq
        live = tuple(read_message(row, is_read=False) for row in rows if not row.deleted)
        found.append(Unindexed(head.chat_id, head.indexed_seq, upto, live))
        left -= len(rows)
    return UnindexedRead(tuple(found), more=left <= 0)


def store_index(operation: StoreIndex) -> Steps[Outcome]:
    """First the rows, then the lock, then what was changed meanwhile; at last how far the index reaches."""
    yield from _insert(_rows(operation.spans))
    ids = sorted({span.chat_id for span in operation.spans})
    locked = yield from _LOCK.of([{"id": chat_id} for chat_id in ids])
    reached = {head.chat_id: head.indexed_seq for head in locked}
    wrong = [span for span in operation.spans if reached.get(span.chat_id, -1) < span.after_seq]
    for span in wrong:  # the index of this chat was begun anew
        for message in span.messages:
            yield from _forget(span.chat_id, message.seq, message.entries)
    right = [span for span in operation.spans if span not in wrong]
    yield from _put_right(right)
    yield from _MOVE.many(
        [
            {"id_key": span.chat_id, "indexed_seq": span.upto_seq}
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
    yield from _insert([_Row(before.chat_id, word, before.seq) for word in sorted(new - old)])


def _entries_of(message: Message) -> frozenset[str]:
    return frozenset() if message.content is None else entries(message.content, message.sender_id)


def _put_right(spans: Sequence[IndexedSpan]) -> Steps[None]:
    """What was changed since it was read stands in the index as it is now."""
    asked = [{"chat_id": span.chat_id, "after": span.after_seq, "upto": span.upto_seq} for span in spans]
    revisions = {(row.chat_id, row.seq): row.rev for row in (yield from _REVISIONS.of(asked))}
    given = {(span.chat_id, message.seq): message for span in spans for message in span.messages}
    changed = {place: message for place, message in given.items() if revisions.get(place) != message.rev}
    if changed:
        yield from _replace(changed)


def _replace(changed: Mapping[tuple[int, int], IndexedMessage]) -> Steps[None]:
    rows = yield from _NOW.of([{"chat_id": chat_id, "seq": seq} for chat_id, seq in sorted(changed)])
    now = {(row.chat_id, row.seq): _entries_of(read_message(row, is_read=False)) for row in rows}
    for (chat_id, seq), message in sorted(changed.items()):
        wanted = now.get((chat_id, seq), frozenset())
        yield from _forget(chat_id, seq, message.entries - wanted)
        yield from _insert([_Row(chat_id, word, seq) for word in sorted(wanted - message.entries)])


def _rows(spans: Iterable[IndexedSpan]) -> list[_Row]:
    """In the order of the key: two that write the same rows wait for each other instead of ending in a deadlock."""
    return sorted(
        _Row(span.chat_id, word, message.seq) for span in spans for message in span.messages for word in message.entries
    )


def _insert(rows: Sequence[_Row]) -> Steps[None]:
    for start in range(0, len(rows), _ROWS):
        some: list[dict[str, Any]] = [row._asdict() for row in rows[start : start + _ROWS]]
        size = 1 << (len(some) - 1).bit_length()  # so there are few texts of the statement
        yield from _INSERT.many([*some, *[some[-1]] * (size - len(some))])


def _forget(chat_id: int, seq: int, words: frozenset[str]) -> Steps[None]:
    listed = sorted(words)
    for start in range(0, len(listed), _ROWS):
        yield from _REMOVE.run(chat_key=chat_id, seq_key=seq, words=listed[start : start + _ROWS])
