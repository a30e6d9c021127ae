"""What must hold (docs/driving.md lists it): safety after every step, liveness once the faults have stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatproto.client.outbox import WINDOW
from chatproto.client.replica import BUFFERED, SYNCS
from chatproto.client.session_outputs import (
    Apply,
    Begins,
    Changed,
    Close,
    Connect,
    DropRow,
    Expire,
    Failed,
    Forget,
    Jump,
    Merged,
    Output,
    Renew,
    SaveEpoch,
    SaveMarks,
    SaveRow,
    SendFrame,
    Sent,
    Tell,
)
from chatproto.operations import SetFlags
from chatproto.server.out_queue import OutQueue
from chatproto.simulation.ageing import check_expired
from chatproto.simulation.command_checks import CommandChecks
from chatproto.simulation.counts import Counts
from chatproto.simulation.hiding_checks import HidingChecks
from chatproto.simulation.log_entries import body
from chatproto.simulation.model_rooms import Room
from chatproto.simulation.model_store import Store
from chatproto.simulation.pair import check_known_blocks
from chatproto.simulation.search_checks import check_search
from chatproto.simulation.shown import ahead_of_their_log, check_shown
from chatproto.simulation.trace import Violation
from chatproto.transitions import ClientState
from chatproto.wire.frames import DeleteFrame, EditFrame, MarkFrame, PinFrame, ReactFrame, Send
from chatproto.wire.model import Chat, Event, Hidden, LogItem, Message, removes

if TYPE_CHECKING:
    from chatproto.simulation.device import Device
    from chatproto.simulation.world import World


UNCHECKED: Final = frozenset({SaveRow, DropRow, SaveMarks, SaveEpoch, Begins, Expire, Connect, Changed, Renew, Close})
"""What a session asks for that nothing is known of yet."""


class Checkers:
    """Keeps its own books beside the world's; raises Violation."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.commands = CommandChecks(world)
        self.hiding = HidingChecks(world)
        self._counts = Counts()
        self._claims: dict[tuple[int, int], int] = {}
        self.lost: set[tuple[object, ...]] = set()
        self._lost_places: set[tuple[object, ...]] = set()
        self._ahead: set[tuple[str, str, int, int]] = set()
        self.restored = False

    # --- the database ---

    def database_restored(self, lost: Store) -> None:
        """Where the epoch is the old one, nobody can tell items of the lost history that are still on their way."""
        self.restored = True
        if lost.epoch == self._world.database.store.epoch:
            self.lost |= {(room.id, *body(item)) for room in lost.rooms.values() for item in room.log}
            self._ahead |= {place for device in self._world.devices for place in ahead_of_their_log(device, lost)}
        else:
            self.lost.clear()
        self._lost_places = {entry[:2] for entry in self.lost}
        self.commands.database_restored()

    # --- servers ---

    def queued(self, queue: OutQueue) -> None:
        """S7."""
        if len(queue) - queue.answers > queue.limits.queue_items:
            raise Violation("S7", f"{len(queue)} items wait for one socket")

    # --- devices ---

    def told(self, device: Device, outputs: list[Output]) -> None:
        """Everything a session asks for or tells, before it is done."""
        shown = dict(device.shown)
        for output in outputs:
            if type(output) in UNCHECKED:
                continue
            match output:
                case Apply(item):
                    self._applied(device, item, shown.get(item.chat_id, 0))
                    shown[item.chat_id] = item.seq
                case SendFrame(MarkFrame() as frame):
                    self._marking(device, frame)
                case SendFrame(Send() | EditFrame() | DeleteFrame() | ReactFrame() | PinFrame() as frame):
                    self.commands.sending(device, frame)
                case SendFrame():
                    pass
                case Tell(frame):
                    self._counts.told(device, frame)
                    self.hiding.told(device, frame)
                case Sent():
                    self.commands.sent(device, output)
                case Failed():
                    self.commands.failed(device, output)
                case Merged():
                    self.commands.merged(output)
                case Jump(chat_id, applied):
                    shown[chat_id] = applied
                    self._claim(device, chat_id, applied)
                case _:
                    assert isinstance(output, Forget), "there is nothing else"
                    chat_id = output.chat_id
                    shown.pop(chat_id, None)
                    self._counts.forget(device, chat_id)
                    self._claims = {key: seq for key, seq in self._claims.items() if key != (device.user_id, chat_id)}

    def _applied(self, device: Device, item: LogItem, shown: int) -> None:
        """S4: in steps of one; S2: what everybody has there; S5: only what this user may see."""
        if item.seq != shown + 1:
            raise Violation("S4", f"{device.name}: {item} was applied after {shown}")
        if not self.same_history(device):
            return
        told = (item.chat_id, *body(item))  # of what is hidden the place alone
        if told in self.lost or (isinstance(item, Hidden) and told in self._lost_places):
            return  # at rest it must be gone
        room = self._world.database.store.rooms.get(item.chat_id)
        if room is None or item.seq > room.last_seq:
            raise Violation("S1", f"{device.name}: {item} was shown and is not stored")
        stored = room.log[item.seq - 1]
        if isinstance(item, Hidden):
            return
        if type(stored) is not type(item) or body(stored) != body(item):
            raise Violation("S2", f"{device.name}: stored is {stored}, shown was {item}")
        member = room.members.get(device.user_id)
        if member is None or not self._may_see(room, device.user_id, item.seq):
            raise Violation("S5", f"{item} is not for user {device.user_id}, at {device.name}")
        if isinstance(item, Message) and not self.commands.has_had(item):
            raise Violation("S2", f"{device.name} shows {item}, which it never was")

    def _may_see(self, room: Room, user_id: int, seq: int) -> bool:
        """Within one of the user's memberships: from its first_seq (at least 1) through their removal."""
        inside = user_id in self._world.founders[room.id]
        member = room.members.get(user_id)
        if not self._world.members_changed or (inside and member is not None and not member.joined_seq):
            return inside and (member is None or member.left_seq is None or seq <= member.left_seq)
        for item in room.log:
            if isinstance(item, Event) and item.event in ("member_added", "member_removed"):
                named = item.data["user_id"] if item.event == "member_removed" else item.data["user"].id
                if named == user_id:
                    if item.event == "member_removed" and inside and seq <= item.seq:
                        return True
                    inside = item.event == "member_added"
        return inside

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

    def booted(self, device: Device) -> None:
        """It starts from its disk."""
        self.commands.booted(device)
        self._counts.booted(device)

    def flagged(self, operation: SetFlags, chat: Chat) -> None:
        """S15: the answer to a user who set their flags."""
        muted = operation.muted is None or (chat.muted, chat.muted_until) == (operation.muted, operation.muted_until)
        if chat.notify != operation.notify or not muted:
            raise Violation("S15", f"{operation} came to {chat.notify}, {chat.muted}, {chat.muted_until}")

    def session(self, device: Device) -> None:
        """S7 and C4, of one device, after each of its inputs."""
        outbox, replica = device.session.outbox, device.session.replica
        if outbox.flying > WINDOW:  # else no line has more, which is nearly always
            lines = outbox.lines.values()
            if outbox.flying > 32 or any(len(line.flying) > WINDOW for line in lines):
                raise Violation("C4", f"{device.name} has {outbox.flying} on the way")
        if replica.asking > SYNCS:
            raise Violation("S7", f"{device.name} asks for {replica.asking} pages")
        for chat in replica.chats.values():
            if len(chat.early) > BUFFERED:
                raise Violation("S7", f"{device.name} keeps {len(chat.early)} items of chat {chat.chat_id}")

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
        self.commands.at_rest()
        self.hiding.at_rest()
        for room in world.database.store.rooms.values():
            self._marks(room)
        for device in world.devices:
            self._log_of(device)
            check_search(device, world.database.store, self._may_see, self.undone)
        check_known_blocks(world)
        for server in world.servers:
            lost = set(server.hub.pending) - world.database.in_flight(server)
            if len(server.hub.parts.lines):
                raise Violation("S9", f"{server.name}: commands wait in {len(server.hub.parts.lines)} lines at rest")
            asked = {getattr(pending, "connection_id", None) for pending in server.hub.pending.values()}
            for session in server.hub.parts.connections.by_id.values():
                if session.admission.in_flight and session.id not in asked:
                    raise Violation("S9", f"{server.name}: connection {session.id} waits for an answer at rest")
            if lost:
                raise Violation("S9", f"{server.name} waits at rest: {[server.hub.pending[one] for one in lost]}")
        if world.trace.counts["connects"] > world.connects_allowed:
            raise Violation("L5", f"{world.trace.counts['connects']} attempts to connect")

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
                if not isinstance(item, Hidden) and body(room.log[seq - 1]) != body(item):
                    raise Violation("S2", f"{device.name} has another {seq} in chat {chat_id}")
            member = None if room is None else room.members.get(device.user_id)
            if room is not None and member is not None:
                check_expired(device, room)
                check_shown(device, room, chat, member, self.undone(device, chat_id))
                self._counts.check(device, room, chat, member)

    def undone(self, device: Device, chat_id: int) -> set[int]:
        """Of which messages the device may show what a standby that took over does not know: see ahead_of_their_log."""
        of = (self._world.database.store.epoch, device.name, chat_id)
        return {place[3] for place in self._ahead if place[:3] == of}

    def same_history(self, device: Device) -> bool:
        """Whether the device means the database that is there: frames of an older one may still be on their way."""
        return device.session.replica.epoch == self._world.database.store.epoch and not self._world.just_restored
