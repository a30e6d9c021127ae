"""The model's removal of messages after their time (chatproto/operations/retention.py)."""

from msgspec import structs

from chatproto.operations import EntriesExpired, Expire, ExpiredFound, FindExpired, Outcome
from chatproto.operations.message_events import tombstone
from chatproto.operations.retention import kept_since
from chatproto.simulation.model_rooms import Room
from chatproto.simulation.model_store import Store
from chatproto.simulation.store_files import release
from chatproto.wire.model import Event, Message


def find_expired(store: Store, operation: FindExpired) -> Outcome:
    """By the first entry that is left."""
    ids = sorted(chat_id for chat_id in store.rooms if chat_id > operation.after_id)[: operation.limit]
    found = []
    for chat_id in ids:
        room = store.rooms[chat_id]
        end = kept_since(operation.now, operation.days, room.retention_days)
        if end is not None and any(item.created_at < end for item in room.log[room.expired_seq : room.expired_seq + 1]):
            found.append(chat_id)
    return ExpiredFound(tuple(found), ids[-1] if len(ids) == operation.limit else None)


def expire(store: Store, operation: Expire) -> Outcome:
    """Entry by entry, as long as they are too old."""
    room = store.rooms.get(operation.chat_id)
    end = None if room is None else kept_since(operation.now, operation.days, room.retention_days)
    if room is None or end is None:
        return EntriesExpired(operation.chat_id, 0, 1 if room is None else room.expired_seq + 1, more=False)
    messages, stop = 0, min(room.expired_seq + operation.limit, room.last_seq)
    while room.expired_seq < stop and room.log[room.expired_seq].created_at < end:
        room.expired_seq += 1
        message = _empty(room, room.expired_seq)
        if message is not None:
            messages += 1
            release(store, message, operation.now)
    for member in room.members.values():
        last = room.expired_seq if member.left_seq is None else min(room.expired_seq, member.left_seq)
        member.first_seq = max(member.first_seq, last + 1)
    return EntriesExpired(room.id, messages, room.expired_seq + 1, more=room.expired_seq == stop < room.last_seq)


def _empty(room: Room, seq: int) -> Message | None:
    """The live message that stood there."""
    message = room.log[seq - 1]
    if not isinstance(message, Message) or message.deleted:
        return None
    changes = room.changes.get(seq, ())
    for change in changes:
        event = room.log[change - 1]
        room.texts.pop(change, None)
        room.named.pop(change, None)
        assert isinstance(event, Event)
        room.log[change - 1] = structs.replace(event, data={})
    room.pins = [pin for pin in room.pins if pin[1] != seq]
    room.log[seq - 1] = tombstone(message, len(changes) + 2)
    return message
