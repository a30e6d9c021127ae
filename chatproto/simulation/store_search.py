"""The model's search: every text that the user may see is looked at; the index only counts how far it would reach."""

from chatproto.operations import (
    ClearIndex,
    Done,
    FindUnindexed,
    FoundPlace,
    IndexCleared,
    IndexMeasured,
    Match,
    MeasureIndex,
    MessagesMatched,
    Outcome,
    OutdateIndex,
    ReadUnindexed,
    Refused,
    SearchMessages,
    StoreIndex,
    Unindexed,
    UnindexedFound,
    UnindexedRead,
)
from chatproto.operations.search import has_what
from chatproto.simulation.model_rooms import Membership, Room
from chatproto.simulation.model_store import Store
from chatproto.simulation.store_chats import as_of, shown
from chatproto.wire.model import Message, named_ids
from chatproto.wire.query import matches
from chatproto.wire.words import VERSION


def search_messages(store: Store, operation: SearchMessages) -> Outcome:
    """The newest first."""
    rooms = [room for room in store.rooms.values() if operation.user_id in room.members]
    if operation.chat_id is not None:
        rooms = [room for room in rooms if room.id == operation.chat_id]
        if not rooms:
            return Refused("not_found")
    found = [match for room in rooms for match in _found(room, room.members[operation.user_id], operation)]
    found.sort(key=lambda match: _place(match.message).key, reverse=True)
    kept = found[: operation.limit]
    users = sorted(named_ids([match.message for match in kept]))
    return MessagesMatched(
        tuple(kept),
        tuple(store.seen_by(operation.user_id, user_id) for user_id in users),
        _place(kept[-1].message) if len(found) > operation.limit else None,
        complete=not any(_is_outdated(room) for room in rooms),
    )


def _place(message: Message) -> FoundPlace:
    return FoundPlace(message.created_at, message.chat_id, message.seq)


def _found(room: Room, member: Membership, operation: SearchMessages) -> list[Match]:
    """What was edited after the user had left is not found: one text is not theirs to see, the other is gone."""
    end = room.last_seq if member.left_seq is None else member.left_seq
    found = []
    for item in room.log[member.first_seq - 1 : end]:
        if not isinstance(item, Message):
            continue
        seen = shown(room, item, member)
        content = seen.content
        if content is None or content != as_of(room, item, None).content or not _is_asked_for(seen, operation):
            continue
        spans = matches(operation.query, content, [file.name for file in seen.attachments])
        if spans is not None:
            found.append(Match(seen, spans))
    return found


def _is_asked_for(message: Message, operation: SearchMessages) -> bool:
    return (
        (operation.cursor is None or _place(message).key < operation.cursor.key)
        and (operation.after is None or message.created_at >= operation.after)
        and (operation.before is None or message.created_at < operation.before)
        and operation.sender_id in (None, message.sender_id)
        and has_what(operation.has, message.content or "", message.attachments)
    )


def find_unindexed(store: Store, operation: FindUnindexed) -> Outcome:
    """A slice of the rooms."""
    rooms, next_id = _slice(store, operation.after_id, operation.limit)
    lacking = tuple(room.id for room in rooms if _goes_on(room) and room.indexed_seq < room.last_seq)
    return UnindexedFound(lacking, next_id, tuple(room.id for room in rooms if _is_outdated(room)))


def _slice(store: Store, after_id: int, limit: int) -> tuple[list[Room], int | None]:
    rooms = [room for room in store.rooms.values() if room.id > after_id][:limit]
    return rooms, rooms[-1].id if len(rooms) == limit else None


def _is_outdated(room: Room) -> bool:
    return room.indexed_seq > 0 and room.index_version < VERSION


def _goes_on(room: Room) -> bool:
    return room.indexed_seq == 0 or room.index_version == VERSION


def clear_index(store: Store, operation: ClearIndex) -> Outcome:
    """At once."""
    for room in map(store.rooms.__getitem__, operation.chat_ids):
        if _is_outdated(room):
            room.indexed_seq, room.index_version = 0, VERSION
    return IndexCleared(())


def outdate_index(store: Store, operation: OutdateIndex) -> Outcome:
    """A slice of the rooms."""
    for room in _slice(store, operation.after_id, operation.limit)[0]:
        room.index_version = 0
    return measure_index(store, MeasureIndex(operation.after_id, operation.limit))


def measure_index(store: Store, operation: MeasureIndex) -> Outcome:
    """A slice of the rooms."""
    rooms, next_id = _slice(store, operation.after_id, operation.limit)
    outdated = sum(map(_is_outdated, rooms))
    indexed = sum(room.indexed_seq for room in rooms if _goes_on(room))
    return IndexMeasured(len(rooms), outdated, sum(room.last_seq for room in rooms), indexed, next_id)


def read_unindexed(store: Store, operation: ReadUnindexed) -> Outcome:
    """One room after another, until there are enough."""
    left, found = operation.limit, list[Unindexed]()
    for chat_id in sorted(set(operation.chat_ids) & store.rooms.keys()):
        room = store.rooms[chat_id]
        if left <= 0 or room.indexed_seq == room.last_seq or not _goes_on(room):
            continue
        entries = room.log[room.indexed_seq :][:left]
        live = tuple(as_of(room, item, None) for item in entries if isinstance(item, Message) and not item.deleted)
        found.append(Unindexed(chat_id, room.indexed_seq, room.indexed_seq + len(entries), live))
        left -= len(entries)
    return UnindexedRead(tuple(found), more=left <= 0)


def store_index(store: Store, operation: StoreIndex) -> Outcome:
    """Only how far it reaches."""
    for span in operation.spans:
        room = store.rooms[span.chat_id]
        if _goes_on(room) and room.indexed_seq >= span.after_seq:
            room.indexed_seq, room.index_version = max(room.indexed_seq, span.upto_seq), VERSION
    return Done()
