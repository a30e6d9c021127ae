"""An index that an earlier version of the words made: removed in pieces, so that it is made anew, and measured.

Chats are locked only for a moment, and never while their words are being removed. Whoever puts words there meanwhile
sees under the lock of the chat that they are not wanted, and takes them back (`storage.transactions.indexing`).
"""

from typing import Final, NamedTuple

from sqlalchemy import bindparam, delete, select

from chatproto.operations import ClearIndex, IndexCleared, IndexMeasured, MeasureIndex, Outcome, OutdateIndex
from chatproto.wire.words import VERSION
from storage.statements import Select, Statement, Steps, param
from storage.tables import message_words
from storage.transactions.indexing import HEADS, HEADS_AFTER, LOCK, MOVE, Head

_REMOVED: Final = -1
"""`chats.indexed_seq` while the words are being removed."""


class _Entry(NamedTuple):
    word: bytes
    seq: int


_in_chat = message_words.c.chat_id == param("chat_id", message_words.c.chat_id)
_word: Final = param("word", message_words.c.word)
_seq: Final = param("seq", message_words.c.seq)
_LAST_OF: Final = Select(
    select(message_words.c.word, message_words.c.seq)
    .where(_in_chat)
    .order_by(message_words.c.word, message_words.c.seq)
    .limit(1)
    .offset(bindparam("number")),
    row=_Entry,
)
_REMOVE_BEFORE: Final = Statement(delete(message_words).where(_in_chat, message_words.c.word < _word))
_REMOVE_UPTO: Final = Statement(
    delete(message_words).where(_in_chat, message_words.c.word == _word, message_words.c.seq <= _seq)
)
_REMOVE_ALL: Final = Statement(delete(message_words).where(_in_chat))


def clear_index(operation: ClearIndex) -> Steps[Outcome]:
    """Those that are outdated are first given to be removed, in a transaction of its own, then emptied one by one."""
    heads = yield from HEADS.of([{"id": chat_id} for chat_id in operation.chat_ids])
    outdated = sorted({head.chat_id for head in heads if head.is_outdated})
    begun = {head.chat_id for head in heads if head.indexed_seq == _REMOVED}
    if not begun.issuperset(outdated):
        yield from _begin(outdated)
        return IndexCleared(tuple(outdated))
    left = operation.limit
    for number, chat_id in enumerate(outdated):
        if left <= 0:
            return IndexCleared(tuple(outdated[number:]))
        last = yield from _LAST_OF.first(chat_id=chat_id, number=left - 1)
        if last is not None:
            yield from _REMOVE_BEFORE.run(chat_id=chat_id, word=last.word)
            yield from _REMOVE_UPTO.run(chat_id=chat_id, word=last.word, seq=last.seq)
            yield from _went_on(chat_id, emptied=False)
            return IndexCleared(tuple(outdated[number:]))
        result = yield from _REMOVE_ALL.run(chat_id=chat_id)
        left -= 1 + result.row_count
        yield from _went_on(chat_id, emptied=True)
    return IndexCleared(())


def _begin(chat_ids: list[int]) -> Steps[None]:
    locked = yield from LOCK.of([{"id": chat_id} for chat_id in chat_ids])
    yield from MOVE.many([_moved(head, _REMOVED, 0) for head in locked if head.is_outdated])


def _went_on(chat_id: int, *, emptied: bool) -> Steps[None]:
    """Where another process was done with this chat meanwhile, what was removed here may have been new: once more."""
    (head,) = yield from LOCK.of([{"id": chat_id}])
    if head.indexed_seq != _REMOVED:
        yield from MOVE.many([_moved(head, _REMOVED, 0)])
    elif emptied:
        yield from MOVE.many([_moved(head, 0, VERSION)])


def _moved(head: Head, indexed_seq: int, version: int) -> dict[str, int]:
    return {"id_key": head.chat_id, "indexed_seq": indexed_seq, "index_version": version}


def outdate_index(operation: OutdateIndex) -> Steps[Outcome]:
    """A slice of the chats by id."""
    heads = yield from HEADS_AFTER.all(after_id=operation.after_id, limit=operation.limit)
    locked = yield from LOCK.of([{"id": head.chat_id} for head in heads if head.indexed_seq > 0])
    yield from MOVE.many([_moved(head, head.indexed_seq, 0) for head in locked if head.indexed_seq > 0])
    return (yield from measure_index(MeasureIndex(operation.after_id, operation.limit)))


def measure_index(operation: MeasureIndex) -> Steps[Outcome]:
    """A slice of the chats by id."""
    heads = yield from HEADS_AFTER.all(after_id=operation.after_id, limit=operation.limit)
    return IndexMeasured(
        len(heads),
        sum(head.is_outdated for head in heads),
        sum(head.last_seq for head in heads),
        sum(head.indexed_seq for head in heads if head.goes_on),
        heads[-1].chat_id if len(heads) == operation.limit else None,
    )
