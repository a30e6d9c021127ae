"""What users wrote and what became of it: S1, S3, S12, C1, I-order (docs/driving.md)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeGuard

from attrs import define, frozen
from msgspec import structs

from chatproto.client.outbox import frame_of
from chatproto.client.session_outputs import DropRow, Failed, Kind, LogCommand, Merged, Output, Row, Sent
from chatproto.operations import (
    Appended,
    AppendMessage,
    BlockSet,
    DeleteMessage,
    EditMessage,
    Operation,
    Outcome,
    Refused,
    SetBlock,
)
from chatproto.operations import LogCommand as Command
from chatproto.operations.log import ForwardSource
from chatproto.simulation.log_entries import last_of
from chatproto.simulation.model_rooms import Room
from chatproto.simulation.model_store import Store
from chatproto.simulation.store_chats import as_of
from chatproto.simulation.trace import Violation
from chatproto.wire.model import Event, Forwarded, Message

if TYPE_CHECKING:
    from chatproto.simulation.device import Device
    from chatproto.simulation.world import World

REFUSED: Final[dict[Kind, set[str]]] = {
    "send": set(),
    "edit": {"message_deleted"},
    "delete": set(),
    "react": {"message_deleted", "too_many"},
    "pin": {"message_deleted", "too_many", "forbidden"},
}
"""What a correct client's commands may be refused for at any time; a forward also for `message_deleted`."""


@define
class Written:
    """A row as its user wrote it, and rewrote it before it was sent. `place` counts the rows of all devices."""

    device: str
    user_id: int
    row: Row
    place: int


@frozen
class Acked:
    """Where a device was told that a row is."""

    chat_id: int
    seq: int


class CommandChecks:
    """`acked`: the rows whose place was told. `taken_back`: rows that left before they were sent. `_refused`: what
    storage refused while it was not stored."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._written: dict[str, Written] = {}
        self._failed: dict[str, str] = {}
        self._seqs: dict[tuple[int, int, str], int] = {}
        self._texts: set[tuple[int, int, datetime, str | None]] = set()
        self._present: dict[tuple[int, int], str | None] = {}
        self._merged: set[str] = set()
        self._refused: set[str] = set()
        self._blocks: set[tuple[int, int]] = set()
        self.taken_back: set[str] = set()
        self.acked: dict[str, Acked] = {}

    # --- the database ---

    def blocked(self, operation: Operation, outcome: Outcome) -> None:
        """A block is committed, or its end."""
        if isinstance(operation, SetBlock) and isinstance(outcome, BlockSet):
            (self._blocks.add if outcome.on else self._blocks.discard)((outcome.user_id, outcome.peer_id))

    def appended(self, operation: Command, outcome: Outcome) -> None:
        """S2, S3: dense, and a cid keeps its one seq."""
        if not isinstance(outcome, Appended):
            self._not_appended(operation, outcome)
            return
        if not outcome.items:
            return
        room = self._world.database.store.rooms[outcome.chat_id]
        if room.type == "direct" and not outcome.dup and not isinstance(operation, DeleteMessage):
            self._not_closed(operation, room)
        key = (outcome.chat_id, operation.actor_id, operation.cid)
        first = self._seqs.setdefault(key, outcome.items[0].seq)
        if first != outcome.items[0].seq:
            raise Violation("S3", f"{key} was stored as {first} and as {outcome.items[0].seq}")
        if isinstance(operation, AppendMessage | EditMessage) and not outcome.dup:
            self._may_write(operation, room, outcome.items[0].seq)
        if room.log[-1].seq != len(room.log):
            raise Violation("S2", f"chat {room.id}: {room.log[-1].seq} stands at place {len(room.log)}")
        match operation:
            case AppendMessage() if outcome.dup:
                pass  # it may be deleted by now, and its source
            case AppendMessage(forward=None, content=content):
                self._has_text(room, outcome.items[0].seq, content)
            case AppendMessage(forward=ForwardSource() as source):
                self._forwarded(operation, source, room, outcome.items[0].seq)
            case EditMessage(seq=seq, content=content) if not outcome.dup:
                self._has_text(room, seq, content)

    def _not_appended(self, operation: Command, outcome: Outcome) -> None:
        """S3: what is stored is refused only where a log was replaced in which the command names no place any more."""
        if operation.cid not in self._stored(operation.chat_id):
            self._refused.add(operation.cid)
        elif not self._world.checkers.restored or not isinstance(outcome, Refused) or outcome.code != "cid_conflict":
            raise Violation("S3", f"{operation.cid} was refused and is stored: {outcome}")

    def _not_closed(self, operation: Command, room: Room) -> None:
        """S18: behind a block neither writes in their direct chat, until it is lifted."""
        one, other = room.members
        if closing := self._blocks & {(one, other), (other, one)}:
            raise Violation("S18", f"{operation.cid} is in chat {room.id} behind {closing}")

    def _may_write(self, operation: AppendMessage | EditMessage, room: Room, seq: int) -> None:
        """S16: where the log says that admins write, nobody else does."""
        said = [entry.data["writers"] for entry in room.log[: seq - 1] if _tells_writers(entry)]
        if ["all", *said][-1] == "all" or room.members[operation.actor_id].role == "admin":
            return
        raise Violation("S16", f"{operation.cid} of user {operation.actor_id} is in chat {room.id}, where admins write")

    def _has_text(self, room: Room, seq: int, content: str | None) -> None:
        self._texts.add((room.id, seq, room.log[seq - 1].created_at, content))
        self._present[room.id, seq] = content

    def _forwarded(self, operation: AppendMessage, source: ForwardSource, room: Room, seq: int) -> None:
        """S5: from where its user may look. S2: with the text that is there, or was when they left; naming who wrote it
        first."""
        where = self._world.database.store.rooms[source.chat_id]
        stored, original, member = room.log[seq - 1], where.log[source.seq - 1], where.members[operation.actor_id]
        assert isinstance(stored, Message)
        assert isinstance(original, Message)
        if not member.first_seq <= source.seq <= (member.left_seq or source.seq):
            raise Violation("S5", f"{operation.cid} forwards what user {operation.actor_id} may not see")
        had = (where.id, source.seq, original.created_at, stored.content) in self._texts
        if not had or (member.left_seq is None and stored.content != self._present[where.id, source.seq]):
            raise Violation("S2", f"{operation.cid} was forwarded as {stored.content}, which is not there")
        author = original.forwarded or _author(self._world.database.store, original.sender_id)
        if stored.forwarded != author and not original.deleted:  # since, in the same transaction
            raise Violation("S2", f"{operation.cid} names {stored.forwarded}, not {author}")
        self._has_text(room, seq, stored.content)

    def has_had(self, message: Message) -> bool:
        """A message is shown with a text that it had once, or as deleted."""
        if message.deleted and message.content is None:
            return True
        return (message.chat_id, message.seq, message.created_at, message.content) in self._texts

    def database_restored(self) -> None:
        """What was acked since the backup is void; what is repeated may get another place."""
        self._seqs.clear()
        self._blocks = set(self._world.database.store.blocks)
        rooms = self._world.database.store.rooms
        messages = [(room, item) for room in rooms.values() for item in room.log if isinstance(item, Message)]
        self._present = {(room.id, item.seq): as_of(room, item, None).content for room, item in messages}
        self.acked = {
            cid: acked for cid, acked in self.acked.items() if acked.chat_id in rooms and self._is_at(cid, acked)
        }

    def _is_at(self, cid: str, acked: Acked) -> bool:
        room, written = self._world.database.store.rooms[acked.chat_id], self._written[cid]
        if written.row.kind != "send":
            return acked.seq == last_of(room, written.user_id, cid)
        item = room.log[acked.seq - 1] if acked.seq <= room.last_seq else None
        return isinstance(item, Message) and item.cid == cid

    # --- devices ---

    def written(self, device: Device, row: Row) -> None:
        """A user wrote."""
        if row.forward is not None or row.of_cid is not None:
            self._world.trace.counts["forwards" if row.of_cid is None else "changes of what is on its way"] += 1
        self._written[row.cid] = Written(device.name, device.user_id, row, len(self._written))

    def merged(self, merged: Merged) -> None:
        """A row left before it was sent: what it was for another one does, or nothing is left of it."""
        self._world.trace.counts["rows merged"] += 1
        self._merged.add(merged.cid)
        row = self._written[merged.cid].row
        if merged.into is None and row.kind == "delete" and row.of_cid is not None:
            self._merged.add(row.of_cid)
        if merged.into is not None and row.kind == "edit":
            self._written[merged.into].row = _with_text(self._written[merged.into].row, row.content)

    def saved(self, outputs: Sequence[Output]) -> None:
        """What left before it was sent never comes back, once that is durable."""
        for output in outputs:
            if isinstance(output, DropRow) and output.cid in self._merged:
                self.taken_back.add(output.cid)

    def booted(self, device: Device) -> None:
        """The device lost its power: what its user did to rows since they were saved is lost with it."""
        for cid, row in device.disk.rows.items():
            self._merged.discard(cid)
            written = self._written[cid]
            written.row = _with_text(written.row, row.content)

    def sending(self, device: Device, frame: LogCommand) -> None:
        """C1: it is durable, as it is sent."""
        row = device.disk.rows.get(frame.cid)
        if row is None or frame_of(row) != frame:
            raise Violation("C1", f"{device.name} sent {frame} before it was durable, which is {row}")

    def sent(self, device: Device, sent: Sent) -> None:
        """S1, S3: an ack names the place where exactly this text is stored."""
        checkers = self._world.checkers
        if sent.seq is None:
            if not checkers.restored:
                raise Violation("S3", f"{sent.cid}: an ack without a place")
            return
        if not checkers.same_history(device):
            return
        written = self._written[sent.cid]
        room = self._world.database.store.rooms[sent.chat_id]
        item = room.log[sent.seq - 1] if sent.seq <= room.last_seq else None
        if not self._is_stored(room, sent.seq, written):
            lost = (sent.chat_id, sent.seq, written.user_id, sent.cid, sent.created_at) in checkers.lost
            if lost or (written.row.kind != "send" and checkers.lost):
                return
            raise Violation("S1", f"{sent.cid} was acked as {sent.seq}, where there is {item}")
        self.acked[sent.cid] = Acked(sent.chat_id, sent.seq)
        self._world.trace.counts["acked"] += 1

    def _is_stored(self, room: Room, seq: int, written: Written) -> bool:
        row = written.row
        if row.kind != "send":
            return seq == last_of(room, written.user_id, row.cid)
        item = room.log[seq - 1] if seq <= room.last_seq else None
        if not isinstance(item, Message) or (item.cid, item.sender_id) != (row.cid, written.user_id):
            return False
        if item.deleted:
            return True
        return item.content == row.content if row.forward is None else item.forwarded is not None

    def failed(self, device: Device, failed: Failed) -> None:
        """S12: a correct client's messages fail only where their user is no member any more or may not write, by the
        group's rules or for a block, its changes also where another one was faster, and what is about a row that failed
        fails with it."""
        checkers = self._world.checkers
        written = self._written.get(failed.cid)
        self._failed[failed.cid] = failed.code
        allowed = (
            {"not_member", "bad_seq", "read_only"} if self._world.members_changed or checkers.restored else set[str]()
        ) | ({"forbidden"} if self._world.blocking else set())
        if written is not None:  # bad_seq: about what they may not see any more
            row = written.row
            allowed |= REFUSED[row.kind] | ({"message_deleted"} if row.forward is not None else set())
            allowed |= {"bad_seq"} if self._world.options.expire_every else set()
            allowed.add(self._failed.get(row.of_cid or "", ""))
        if failed.code not in allowed:
            raise Violation("S12", f"{failed.cid} of {device.name} failed: {failed.code} {failed.detail}")
        names_a_place = written is not None and (written.row.kind != "send" or written.row.forward is not None)
        if names_a_place and checkers.restored:
            return  # it may have been stored before: what names a place in a log that was replaced fails all the same
        if failed.cid in self._refused:
            return  # since then a history was put back that has it, or another server stored what was on its way there
        if checkers.same_history(device) and failed.cid in self._stored(failed.chat_id):
            raise Violation("S3", f"{failed.cid} failed and is stored")

    def _stored(self, chat_id: int) -> set[str]:
        room = self._world.database.store.rooms.get(chat_id)
        return set() if room is None else {cid for _, cid in room.commands}

    # --- the end ---

    def at_rest(self) -> None:
        """Everything at once, when nothing moves any more."""
        for cid, acked in self.acked.items():
            if not self._is_at(cid, acked):
                raise Violation("S1", f"{cid} was acked as {acked.seq} of chat {acked.chat_id} and is not there")
        for room in self._world.database.store.rooms.values():
            if back := self.taken_back & {cid for _, cid in room.commands}:
                raise Violation("S3", f"chat {room.id}: {sorted(back)} were taken back before they were sent")
            self._order(room)

    def _order(self, room: Room) -> None:
        """Own order: the rows of a device stand in the log as they were written; S3: none twice."""
        places: dict[str, int] = {}
        seen: set[str] = set()
        for item in room.log:
            if not isinstance(item, Message):
                continue
            written = self._written.get(item.cid)
            if written is None or item.cid in seen:
                raise Violation("S3", f"chat {room.id}: {item.cid} is there twice, or nobody wrote it")
            seen.add(item.cid)
            # what was refused once may be taken the next time
            unsure = self._world.checkers.restored or self._world.members_changed or self._world.blocking
            if written.place < places.get(written.device, -1) and not unsure:
                raise Violation("I-order", f"chat {room.id}: {item.cid} overtook what was written before it")
            places[written.device] = written.place


def _tells_writers(entry: Message | Event) -> TypeGuard[Event]:
    return isinstance(entry, Event) and "writers" in entry.data


def _author(store: Store, user_id: int) -> Forwarded:
    return Forwarded(user_id=user_id, display_name=store.plain(user_id).display_name)


def _with_text(row: Row, content: str) -> Row:
    return structs.replace(row, content=content)
