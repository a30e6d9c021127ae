"""What became of messages after they were sent: as it is now, or as it was when somebody left (docs/protocol.md I8).

A message that was never touched costs nothing here; those of a page that were, take as many statements as one.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from attrs import frozen
from msgspec import structs
from sqlalchemy import func, or_, select

from chatproto.operations.message_events import OF_CONTENT, gathered, pinned_from, rendered, seen_from, tombstone
from chatproto.wire.model import Event, LogItem, Message
from storage.statements import Answers, Lookup, Steps, param
from storage.tables import chat_events, messages, reactions, revisions
from storage.transactions.log import (
    MESSAGE_COLUMNS,
    READ_BY_NOBODY,
    MessageRow,
    Readers,
    read_entries,
    read_ids,
    read_message,
)

_TOGETHER: Final = 128
"""Messages in one statement."""

Place = tuple[int, int]
"""Chat and seq of an entry."""


@frozen
class Viewer:
    """Who reads a log: from `first_seq` on; a former member up to `left_seq`, when `readers` had read it. `user_id`: 0
    where it is read for all.

    `pinned_seq`: the highest pinned message of the chat by then, 0 where there is none."""

    pinned_seq: int
    first_seq: int = 1
    left_seq: int | None = None
    readers: Readers = READ_BY_NOBODY
    user_id: int = 0


class _Reaction(NamedTuple):
    chat_id: int
    seq: int
    event_seq: int
    user_id: int
    emoji: str


class _Text(NamedTuple):
    chat_id: int
    seq: int
    content: str
    edited_at: datetime | None
    mentions: str | None
    mentions_all: bool


class _Edited(NamedTuple):
    chat_id: int
    seq: int


class _Changes(NamedTuple):
    chat_id: int
    seq: int
    changes: int


_REACTION: Final = select(
    reactions.c.chat_id, reactions.c.seq, reactions.c.event_seq, reactions.c.user_id, reactions.c.emoji
)
_REACTIONS: Final = Lookup(
    _REACTION.where(reactions.c.until_seq.is_(None)), key=(reactions.c.chat_id, reactions.c.seq), row=_Reaction
)
_REACTIONS_THEN: Final = Answers(
    _REACTION.where(
        reactions.c.chat_id == param("chat_id", reactions.c.chat_id),
        reactions.c.seq == param("seq", reactions.c.seq),
        reactions.c.event_seq <= param("end", reactions.c.event_seq),
        or_(reactions.c.until_seq.is_(None), reactions.c.until_seq > param("end", reactions.c.until_seq)),
    ),
    row=_Reaction,
)
_text_then = (
    select(
        revisions.c.chat_id,
        revisions.c.seq,
        revisions.c.content,
        revisions.c.edited_at,
        revisions.c.mentions,
        revisions.c.mentions_all,
    )
    .where(
        revisions.c.chat_id == param("chat_id", revisions.c.chat_id),
        revisions.c.seq == param("seq", revisions.c.seq),
        revisions.c.at_seq <= param("end", revisions.c.at_seq),
    )
    .order_by(revisions.c.rev.desc())
    .limit(1)
    .subquery()
)
_TEXTS_THEN: Final = Answers(select(_text_then), row=_Text)
_CHANGES_THEN: Final = Answers(
    select(
        param("chat_id", chat_events.c.chat_id),
        param("seq", chat_events.c.target_seq),
        func.count(),
    ).where(
        chat_events.c.chat_id == param("chat_id", chat_events.c.chat_id),
        chat_events.c.target_seq == param("seq", chat_events.c.target_seq),
        chat_events.c.seq <= param("end", chat_events.c.seq),
        or_(*(chat_events.c.event == event for event in sorted(OF_CONTENT))),
    ),
    row=_Changes,
)
EDITED_SINCE: Final = Answers(
    select(revisions.c.chat_id, revisions.c.seq)
    .where(
        revisions.c.chat_id == param("chat_id", revisions.c.chat_id),
        revisions.c.seq == param("seq", revisions.c.seq),
        revisions.c.at_seq > param("end", revisions.c.at_seq),
    )
    .limit(1),
    row=_Edited,
)
"""Which of these messages got another text after the entry `end`."""
_TARGETS: Final = Lookup(select(*MESSAGE_COLUMNS), key=(messages.c.chat_id, messages.c.seq), row=MessageRow)


def read_items(chat_id: int, after: int, upto: int, viewer: Viewer) -> Steps[list[LogItem]]:
    """The entries of exactly the seqs in (after, upto], as the viewer sees them."""
    entries = yield from read_entries(chat_id, after, upto, viewer.readers)
    return (yield from seen_by(viewer, chat_id, entries))


def seen_by(viewer: Viewer, chat_id: int, entries: Sequence[Message | Event]) -> Steps[list[LogItem]]:
    """Entries of one chat's log as the viewer sees them."""
    found = {item.seq: item for item in entries if isinstance(item, Message)}
    targets = {
        item.target_seq
        for item in entries
        if isinstance(item, Event) and item.target_seq is not None and item.target_seq >= viewer.first_seq
    }
    missing = targets - found.keys() | _deleted_since(found, entries)
    if missing:
        rows = yield from _TARGETS.of([{"chat_id": chat_id, "seq": seq} for seq in sorted(missing)])
        found |= {row.seq: read_message(row, is_read=viewer.readers.have_read(row.sender_id, row.seq)) for row in rows}
    ends = {} if viewer.left_seq is None else {chat_id: viewer.left_seq}
    shown = yield from completed(list(found.values()), ends, viewer.user_id)
    states = {message.seq: message for message in shown}
    pinned_seq = pinned_from(viewer.pinned_seq or None, viewer.first_seq)
    return [_seen(item, states, pinned_seq, viewer.first_seq) for item in entries]


def _deleted_since(found: Mapping[int, Message], entries: Sequence[Message | Event]) -> set[int]:
    """Messages that were read before a deletion was committed, and their events, which it erased, after it."""
    erased = {
        item.target_seq for item in entries if isinstance(item, Event) and item.event in OF_CONTENT and not item.data
    }
    return {seq for seq, message in found.items() if seq in erased and not message.deleted}


def _seen(item: Message | Event, states: Mapping[int, Message], pinned_seq: int | None, first_seq: int) -> LogItem:
    if isinstance(item, Message):
        return states[item.seq]
    if item.target_seq is None or item.target_seq not in states:
        return seen_from(item, first_seq)
    return rendered(item, states[item.target_seq], pinned_seq)


def completed(found: Sequence[Message], ends: Mapping[int, int], viewer_id: int = 0) -> Steps[list[Message]]:
    """The messages with their reactions, in the same order. `ends`: by chat, the last entry that the viewer was given
    as a member, where they have left; there messages are as they were then. `viewer_id`: 0 where they are for all."""
    touched = [message for message in found if message.rev > 1 and not message.deleted]
    if not touched:
        return list(found)
    states: dict[Place, Message] = {}
    for start in range(0, len(touched), _TOGETHER):
        some = touched[start : start + _TOGETHER]
        states |= yield from _now([message for message in some if message.chat_id not in ends], viewer_id)
        states |= yield from _then([message for message in some if message.chat_id in ends], ends, viewer_id)
    return [states.get((message.chat_id, message.seq), message) for message in found]


def _now(some: Sequence[Message], viewer_id: int) -> Steps[dict[Place, Message]]:
    rows = yield from _REACTIONS.of([{"chat_id": one.chat_id, "seq": one.seq} for one in some])
    return _with_reactions(some, rows, viewer_id)


def _then(some: Sequence[Message], ends: Mapping[int, int], viewer_id: int) -> Steps[dict[Place, Message]]:
    """As it was at the end; where a message was changed since, that is not told."""
    if not some:
        return {}
    keys = [{"chat_id": one.chat_id, "seq": one.seq, "end": ends[one.chat_id]} for one in some]
    edited = [key for key, one in zip(keys, some, strict=True) if one.edited_at is not None]
    texts = {(row.chat_id, row.seq): row for row in (yield from _TEXTS_THEN.of(edited))}
    changes = {(row.chat_id, row.seq): row.changes for row in (yield from _CHANGES_THEN.of(keys))}
    rows = yield from _REACTIONS_THEN.of(keys)
    then = []
    for one in some:
        place = one.chat_id, one.seq
        one = structs.replace(one, rev=changes[place] + 1)
        if place in texts:
            text = texts[place]
            one = structs.replace(
                one,
                content=text.content,
                edited_at=text.edited_at,
                mentions=read_ids(text.mentions),
                mentions_all=text.mentions_all,
            )
        elif one.edited_at is not None:
            one = tombstone(one, one.rev)  # it was deleted since it was read
        then.append(one)
    return _with_reactions(then, rows, viewer_id)


def _with_reactions(some: Sequence[Message], rows: Sequence[_Reaction], viewer_id: int) -> dict[Place, Message]:
    under: dict[Place, set[tuple[int, str, int]]] = {(one.chat_id, one.seq): set() for one in some}
    for row in rows:  # some of them twice
        under[row.chat_id, row.seq].add((row.user_id, row.emoji, row.event_seq))
    return {
        (one.chat_id, one.seq): structs.replace(one, reactions=gathered(under[one.chat_id, one.seq], viewer_id))
        for one in some
    }
