"""What the index is to hold of the messages that it lacks: the work between ReadUnindexed and StoreIndex. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Final

from chatproto.operations.search import IndexedMessage, IndexedSpan, Unindexed
from chatproto.wire.words import entries

_AT: Final = "\x01at"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
APART: Final = 64
"""Entries of a log between two that tell the time: a search finds a date in the log by them."""


def index_of(read: Unindexed) -> IndexedSpan:
    """The entries of each message of a stretch of the log."""
    last, indexed = read.after_seq // APART, list[IndexedMessage]()
    for message in read.messages:
        found = entries(message.content or "", message.sender_id, message.attachments)
        if message.seq // APART > last:
            last = message.seq // APART
            found |= {made_at(message.created_at)}
        indexed.append(IndexedMessage(message.seq, message.rev, found))
    return IndexedSpan(read.chat_id, read.after_seq, read.upto_seq, tuple(indexed))


def spans_of(chats: tuple[Unindexed, ...]) -> tuple[IndexedSpan, ...]:
    """The same of several chats: what StoreIndex takes."""
    return tuple(map(index_of, chats))


def made_at(moment: datetime) -> str:
    """The entry that tells when a message was made; these are in the order of their times."""
    return f"{_AT}{max((moment - _EPOCH) // _MICROSECOND, 0):016x}"


def any_time() -> tuple[str, str]:
    """Before and behind all entries that tell a time."""
    return _AT, f"{_AT}g"
