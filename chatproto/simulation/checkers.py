"""What must hold (docs/driving.md lists it): safety after every step, liveness once the faults have stopped."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from attrs import frozen

from chatproto.client.outbox import WINDOW
from chatproto.client.replica import BUFFERED, SYNCS
from chatproto.client.session_outputs import Apply, Failed, Forget, Jump, Kind, Output, Row, SendFrame, Sent
from chatproto.operations import Appended, AppendMessage, EditMessage, LogCommand, Outcome
from chatproto.server.out_queue import OutQueue
from chatproto.simulation.model_store import Room, Store
from chatproto.simulation.shown import check_shown
from chatproto.simulation.trace import Violation
from chatproto.transitions import ClientState
from chatproto.wire.frames import MarkFrame, Send
from chatproto.wire.model import Event, Hidden, LogItem, Message, removes

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
"""What a correct client's commands may be refused for at any time."""


@frozen
class Written:
    """A row as its user wrote it; `place` counts the rows of a device."""

    device: str
    user_id: int
    content: str
    place: int
    kind: Kind = "send"


@frozen
class Acked:
    """Where a device was told that a row is."""

    chat_id: int
    seq: int


class Checkers:
    """Keeps its own books beside the world's; raises Violation."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._written: dict[str, Written] = {}
        self.acked: dict[str, Acked] = {}
        self._claims: dict[tuple[int, int], int] = {}
        self._seqs: dict[tuple[int, int, str], int] = {}
        self._texts: set[tuple[int, int, datetime, str | None]] = set()
        self.lost: set[tuple[object, ...]] = set()
        self.restored = False

    # --- the database ---

    def appended(self, operation: LogCommand, outcome: Outcome) -> None:
        """S2, S3: dense, one seq a cid for ever."""
        if not isinstance(outcome, Appended) or not outcome.items:
            return
        room = self._world.database.store.rooms[outcome.chat_id]
        key = (outcome.chat_id, operation.actor_id, operation.cid)
        first = self._seqs.setdefault(key, outcome.items[0].seq)
        if first != outcome.items[0].seq:
            raise Violation("S3", f"{key} was stored as {first} and as {outcome.items[0].seq}")
        if room.log[-1].seq != len(room.log):
            raise Violation("S2", f"chat {room.id}: {room.log[-1].seq} stands at place {len(room.log)}")
        if isinstance(operation, AppendMessage | EditMessage):
            seq = operation.seq if isinstance(operation, EditMessage) else outcome.items[0].seq
            self._texts.add((room.id, seq, room.log[seq - 1].created_at, operation.content))

    def database_restored(self, lost: Store) -> None:
        """What was acked since the backup is void; what is repeated may get another place.

        Where the epoch is the old one, nobody can tell items of the lost history that are still on their way.
        """
        self.restored = True
        if lost.epoch == self._world.database.store.epoch:
            self.lost |= {(room.id, *_body(item)) for room in lost.rooms.values() for item in room.log}
        else:
            self.lost.clear()
        self._seqs.clear()
        rooms = self._world.database.store.rooms
        self.acked = {
            cid: acked for cid, acked in self.acked.items() if acked.chat_id in rooms and self._is_at(cid, acked)
        }

    def _is_at(self, cid: str, acked: Acked) -> bool:
        room, written = self._world.database.store.rooms[acked.chat_id], self._written[cid]
        if written.kind != "send":
            return acked.seq == _last_of(room, written.user_id, cid)
        item = room.log[acked.seq - 1] if acked.seq <= room.last_seq else None
        return isinstance(item, Message) and item.cid == cid

    # --- servers ---

    def queued(self, queue: OutQueue) -> None:
        """S7."""
        if len(queue) - queue.answers > queue.limits.queue_items:
            raise Violation("S7", f"{len(queue)} items wait for one socket")

    # --- devices ---

    def written(self, device: Device, row: Row) -> None:
        """A user wrote."""
        self._written[row.cid] = Written(device.name, device.user_id, row.content, len(self._written), row.kind)

    def told(self, device: Device, outputs: list[Output]) -> None:
        """Everything a session asks for or tells, before it is done."""
        shown = dict(device.shown)
        for output in outputs:
            match output:
                case SendFrame(Send() as frame):
                    if frame.cid not in device.disk.rows:
                        raise Violation("C1", f"{device.name} sent {frame.cid} before it was durable")
                case SendFrame(MarkFrame() as frame):
                    self._marking(device, frame)
                case Sent():
                    self._sent(device, output)
                case Failed():
                    self._fails(device, output)
                case Apply(item):
                    self._applied(device, item, shown.get(item.chat_id, 0))
                    shown[item.chat_id] = item.seq
                case Jump(chat_id, applied):
                    shown[chat_id] = applied
                    self._claim(device, chat_id, applied)
                case Forget(chat_id):
                    shown.pop(chat_id, None)
                    self._claims = {key: seq for key, seq in self._claims.items() if key != (device.user_id, chat_id)}

    def _applied(self, device: Device, item: LogItem, shown: int) -> None:
        """S4: in steps of one; S2: what everybody has there; S5: only what this user may see."""
        where = f"{device.name}, chat {item.chat_id}, seq {item.seq}"
        if item.seq != shown + 1:
            raise Violation("S4", f"{where} was applied after {shown}")
        if not self._same_history(device):
            return
        told = (item.chat_id, *_body(item))  # of what is hidden the place alone
        if any(entry[: len(told)] == told for entry in self.lost):
            return  # at rest it must be gone
        room = self._world.database.store.rooms.get(item.chat_id)
        if room is None or item.seq > room.last_seq:
            raise Violation("S1", f"{where} was shown and is not stored")
        stored = room.log[item.seq - 1]
        if isinstance(item, Hidden):
            return
        if type(stored) is not type(item) or _body(stored) != _body(item):
            raise Violation("S2", f"{where} is {_body(item)}, stored is {_body(stored)}")
        member = room.members.get(device.user_id)
        if member is None or not self._may_see(room, device.user_id, item.seq):
            raise Violation("S5", f"{where} is not for user {device.user_id}")
        if not self._has_had(item):
            raise Violation("S2", f"{where} is shown as {item}, which it never was")

    def _has_had(self, item: LogItem) -> bool:
        """A message is shown with a text that it had once, or as deleted."""
        if not isinstance(item, Message) or (item.deleted and item.content is None):
            return True
        return (item.chat_id, item.seq, item.created_at, item.content) in self._texts

    def _may_see(self, room: Room, user_id: int, seq: int) -> bool:
        """Within one of the user's memberships: from its first_seq (at least 1) through their removal."""
        inside = user_id in self._world.founders[room.id]
        if not self._world.members_changed:
            return inside
        for item in room.log:
            if isinstance(item, Event) and item.event in ("member_added", "member_removed"):
                named = item.data["user_id"] if item.event == "member_removed" else item.data["user"].id
                if named == user_id:
                    if item.event == "member_removed" and inside and seq <= item.seq:
                        return True
                    inside = item.event == "member_added"
        return inside

    def _sent(self, device: Device, sent: Sent) -> None:
        """S1, S3: an ack names the place where exactly this text is stored."""
        if sent.seq is None:
            if not self.restored:
                raise Violation("S3", f"{sent.cid}: an ack without a place")
            return
        if not self._same_history(device):
            return
        written = self._written[sent.cid]
        room = self._world.database.store.rooms[sent.chat_id]
        item = room.log[sent.seq - 1] if sent.seq <= room.last_seq else None
        if not self._is_stored(room, sent.cid, sent.seq, written):
            lost = (sent.chat_id, sent.seq, written.user_id, sent.cid, sent.created_at) in self.lost
            if lost or (written.kind != "send" and self.lost):
                return
            raise Violation("S1", f"{sent.cid} was acked as {sent.seq}, where there is {item}")
        self.acked[sent.cid] = Acked(sent.chat_id, sent.seq)
        self._world.trace.counts["acked"] += 1

    def _is_stored(self, room: Room, cid: str, seq: int, written: Written) -> bool:
        if written.kind != "send":
            return seq == _last_of(room, written.user_id, cid)
        item = room.log[seq - 1] if seq <= room.last_seq else None
        if not isinstance(item, Message) or (item.cid, item.sender_id) != (cid, written.user_id):
            return False
        return item.deleted or item.content == written.content

    def _fails(self, device: Device, failed: Failed) -> None:
        """S12: a correct client's messages fail only where its user is no member any more, its changes also where
        another one was faster or the group's rules forbid it."""
        kind: Kind = self._written[failed.cid].kind if failed.cid in self._written else "send"
        changes = self._world.members_changed or self.restored
        allowed = {"not_member", "bad_seq"} if changes else set()  # bad_seq: about what they may not see any more
        allowed |= REFUSED[kind]
        if failed.code not in allowed:
            raise Violation("S12", f"{failed.cid} of {device.name} failed: {failed.code} {failed.detail}")
        if kind != "send" and self.restored:
            return  # it may have been stored before: what names a place in a log that was replaced fails all the same
        if self._same_history(device) and failed.cid in self._stored(failed.chat_id):
            raise Violation("S3", f"{failed.cid} failed and is stored")

    def durable(self, device: Device, chat_id: int, seq: int) -> None:
        """The disk has it."""
        self._claim(device, chat_id, seq)

    def _claim(self, device: Device, chat_id: int, seq: int) -> None:
        key = (device.user_id, chat_id)
        self._claims[key] = max(self._claims.get(key, 0), seq)

    def _marking(self, device: Device, frame: MarkFrame) -> None:
        """S6: delivered is what is durable here, or what was jumped over."""
        durable = max(
            device.disk.cursors.get(frame.chat_id, (0, None))[0], device.session.replica.chats[frame.chat_id].saved
        )
        told = max(frame.delivered_seq or 0, frame.read_seq or 0)
        if told > durable:
            raise Violation("S6", f"{device.name} marked {told} of chat {frame.chat_id}; durable is {durable}")

    def session(self, device: Device) -> None:
        """S7 and C4, of one device, after each of its inputs."""
        outbox, replica = device.session.outbox, device.session.replica
        if outbox.flying > 32 or any(len(line.flying) > WINDOW for line in outbox.lines.values()):
            raise Violation("C4", f"{device.name} has {outbox.flying} on the way")
        if replica.asking > SYNCS or any(len(chat.early) > BUFFERED for chat in replica.chats.values()):
            raise Violation("S7", f"{device.name} asks for {replica.asking} pages")

    def rang(self, device: Device, now: int) -> None:
        """S13: after a timer was handled the next one is later."""
        due = device.session.next_timer()
        if due is not None and due <= now:
            raise Violation("S13", f"{device.name}: the timer of {now} is to ring again at {due}")

    # --- the end ---

    def unsettled(self) -> str | None:
        """Why the world is not at rest yet (liveness L1..L4); None: it is."""
        world = self._world
        for device in world.devices:
            if device.deceived:
                return f"L1: {device.name} does not know yet that its link is dead"
            if not device.awake:
                return f"L1: {device.name} is off"
            if device.session.state is not ClientState.LIVE:
                return f"L1: {device.name} is {device.session.state}"
            if device.session.outbox.entries:
                return f"L3: {device.name} has unsent {list(device.session.outbox.entries)[:3]}"
            for room in world.database.store.rooms.values():
                member = room.members.get(device.user_id)
                if member is None:
                    continue
                end = room.last_seq if member.left_seq is None else member.left_seq
                shown = device.shown.get(room.id, 0)
                if member.left_seq is not None and any(removes(item, device.user_id) for item in room.log[:shown]):
                    continue  # a membership that came and went since is told by the next `ready`
                if device.session.replica.chats.get(room.id) is None or shown != end:
                    return f"L2: {device.name} shows chat {room.id} up to {device.shown.get(room.id)}, stored is {end}"
        return None

    def at_rest(self) -> None:
        """Everything at once, when nothing moves any more."""
        world = self._world
        for cid, acked in self.acked.items():
            if not self._is_at(cid, acked):
                raise Violation("S1", f"{cid} was acked as {acked.seq} of chat {acked.chat_id} and is not there")
        for room in world.database.store.rooms.values():
            self._order(room)
            self._marks(room)
        for device in world.devices:
            self._log_of(device)
        for server in world.servers:
            lost = set(server.hub.pending) - world.database.in_flight(server)
            if len(server.hub.parts.lines):
                raise Violation("S9", f"{server.name}: commands wait in {len(server.hub.parts.lines)} lines for ever")
            if lost:
                raise Violation("S9", f"{server.name} waits for ever: {[server.hub.pending[one] for one in lost]}")
        if world.trace.counts["connects"] > world.connects_allowed:
            raise Violation("L5", f"{world.trace.counts['connects']} attempts to connect")

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
            unsure = self.restored or self._world.members_changed  # what was refused once may be taken the next time
            if written.place < places.get(written.device, -1) and not unsure:
                raise Violation("I-order", f"chat {room.id}: {item.cid} overtook what was written before it")
            places[written.device] = written.place

    def _marks(self, room: Room) -> None:
        for user_id, member in room.members.items():
            if not member.read_seq <= member.delivered_seq <= room.last_seq:
                raise Violation("I6", f"chat {room.id}, user {user_id}: {member.read_seq}, {member.delivered_seq}")
            claimed = max(self._claims.get((user_id, room.id), 0), member.joined_seq)  # their marks start there
            if member.own_delivered_seq > claimed and not self.restored:
                raise Violation(
                    "S6", f"chat {room.id}: user {user_id} has delivered {member.own_delivered_seq} of {claimed}"
                )

    def _log_of(self, device: Device) -> None:
        """What the app saved is what is stored, whatever came in between."""
        for chat_id, chat in device.disk.chats.items():
            room = self._world.database.store.rooms.get(chat_id)
            for seq, item in chat.items.items():
                if room is None or seq > room.last_seq:
                    raise Violation("S1", f"{device.name} has chat {chat_id}, seq {seq}, which is not stored")
                if not isinstance(item, Hidden) and _body(room.log[seq - 1]) != _body(item):
                    raise Violation("S2", f"{device.name} has another {seq} in chat {chat_id}")
            member = None if room is None else room.members.get(device.user_id)
            if room is not None and member is not None:
                check_shown(device, room, chat, member)

    def _stored(self, chat_id: int) -> set[str]:
        room = self._world.database.store.rooms.get(chat_id)
        return set() if room is None else {cid for _, cid in room.commands}

    def _same_history(self, device: Device) -> bool:
        """Whether the device means the database that is there: frames of an older one may still be on their way."""
        return device.session.replica.epoch == self._world.database.store.epoch and not self._world.just_restored


def _last_of(room: Room, user_id: int, cid: str) -> int | None:
    """The entry that a command was acked with."""
    command = room.commands.get((user_id, cid))
    return None if command is None else command[2]


def _body(item: LogItem) -> tuple[object, ...]:
    """What no command changes."""
    if isinstance(item, Message):
        return (item.seq, item.sender_id, item.cid, item.created_at)
    if isinstance(item, Event):
        return (item.seq, item.event, item.actor_id, item.created_at)
    return (item.seq,)
