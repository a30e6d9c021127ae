"""Which frames go to whom: the same ones for all, but for those who see less of a chat (docs/protocol.md I8)."""

from collections.abc import Iterator, Sequence

from chatproto.server.connection_state import Session
from chatproto.server.hub_outputs import Broadcast
from chatproto.server.room import Room
from chatproto.server.tail import Entry


def broadcasts(room: Room, entries: Sequence[Entry]) -> Iterator[Broadcast]:
    """Entries for all who stand at the end of the room.

    Most changes are of young messages, which everybody may see; then nobody is looked at one by one.
    """
    apart = _apart(room, entries) if room.late else {}
    for kind in (0, 1):
        ids = room.live_ids(kind)
        if apart:
            ids = tuple([connection_id for connection_id in ids if connection_id not in apart])
        if ids:
            yield _broadcast(room, ids, tuple([entry.encoded(kind) for entry in entries]), entries)
    shared: dict[tuple[bytes, ...], list[int]] = {}
    for connection_id, frames in apart.items():
        shared.setdefault(frames, []).append(connection_id)
    for frames, connection_ids in shared.items():
        yield _broadcast(room, tuple(connection_ids), frames, entries)


def broadcast_to(room: Room, session: Session, entries: Sequence[Entry]) -> Broadcast:
    """Entries for one of them."""
    return _broadcast(room, (session.id,), _frames_for(room, session, entries), entries)


def _apart(room: Room, entries: Sequence[Entry]) -> dict[int, tuple[bytes, ...]]:
    """The frames of those at the end who see some of the entries otherwise than the others."""
    reach = min([entry.reach for entry in entries if entry.reach is not None], default=None)
    if reach is None:
        return {}
    return {
        connection_id: _frames_for(room, room.members[connection_id], entries)
        for connection_id, first_seq in room.late.items()
        if first_seq > reach and connection_id not in room.cursors
    }


def _frames_for(room: Room, session: Session, entries: Sequence[Entry]) -> tuple[bytes, ...]:
    first_seq, kind = room.late.get(session.id), session.dialect.kind
    if first_seq is None:
        return tuple([entry.encoded(kind) for entry in entries])
    return tuple([entry.seen_from(first_seq, kind) for entry in entries])


def _broadcast(
    room: Room, connection_ids: tuple[int, ...], frames: tuple[bytes, ...], entries: Sequence[Entry]
) -> Broadcast:
    return Broadcast(connection_ids, frames, room.chat_id, entries[0].seq, entries[-1].seq)
