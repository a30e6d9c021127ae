"""What tells one entry of a log from another."""

from chatproto.simulation.model_rooms import Room
from chatproto.wire.model import Event, LogItem, Message


def body(item: LogItem) -> tuple[object, ...]:
    """What no command changes."""
    if isinstance(item, Message):
        return (item.seq, item.sender_id, item.cid, item.created_at)
    if isinstance(item, Event):
        return (item.seq, item.event, item.actor_id, item.created_at)
    return (item.seq,)


def last_of(room: Room, user_id: int, cid: str) -> int | None:
    """The entry that a command was acked with."""
    command = room.commands.get((user_id, cid))
    return None if command is None else command[2]
