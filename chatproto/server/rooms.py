"""All rooms: who is told of which chat, and how those who stand behind catch up (docs/protocol.md I5, I8).

Routing follows the log in order: a member who was given everything up to an entry may see the next one, up to their own
removal. That is why one end of the log, and one reading of it, serve all members.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from chatproto.operations import LoadChat, LogRead, Outcome, ReadLog, Refused
from chatproto.server.clock import Deadline, Now, Timers
from chatproto.server.connection_state import Session
from chatproto.server.connections import Connections
from chatproto.server.fanout import broadcast_to, broadcasts
from chatproto.server.history import History
from chatproto.server.hub_outputs import SendFrame
from chatproto.server.knobs import Knobs
from chatproto.server.lines import Lines
from chatproto.server.out import Out
from chatproto.server.pending import Listing, Reading
from chatproto.server.room import Cursor, Room
from chatproto.server.tail import Entry, Tails
from chatproto.transitions import CursorState, SessionState
from chatproto.wire import codec
from chatproto.wire.frames import Expired, Lag
from chatproto.wire.limits import Limits
from chatproto.wire.model import Chat, Event, Head, LogItem, Message, removes

NEWS: Final = 10_000
"""Chats whose heads are remembered for connections that are loading."""
REPLACED: Final = "the log was replaced"


class Rooms:
    """`emptied`: chats that nobody follows any more, for those who keep something of them. `touched`: the chat whose
    room was changed last; after a bug it is given up."""

    def __init__(
        self, out: Out, timers: Timers, connections: Connections, history: History, lines: Lines, limits: Limits,
        knobs: Knobs,
    ) -> None:  # fmt: skip
        self.emptied: list[int] = []
        self.touched = 0
        self._out = out
        self._timers = timers
        self._connections = connections
        self._history = history
        self._lines = lines
        self._limits = limits
        self._knobs = knobs
        self._rooms: dict[int, Room] = {}
        self._tails = Tails(knobs.tail_items, knobs.tail_bytes, knobs.tails_bytes)
        self._news: dict[int, int] = {}

    def __contains__(self, chat_id: int) -> bool:
        return chat_id in self._rooms

    def chat_ids(self) -> list[int]:
        """Of all chats that somebody here follows."""
        return list(self._rooms)

    def place(self, chat_id: int) -> int:
        """Up to which seq a chat was given out here."""
        room = self._rooms.get(chat_id)
        return 0 if room is None or room.seq is None else room.seq

    def members(self, chat_id: int) -> list[Session]:
        """The connections that are told of a chat."""
        room = self._rooms.get(chat_id)
        return [] if room is None else room.told()

    def joined(self, chat_id: int) -> list[Session]:
        """Those of them that are told of no other chat."""
        return [session for session in self.members(chat_id) if not session.dialect.lists_chats]

    # --- who is routed ---

    def follow(self, session: Session, head: Head, after_seq: int | None = None) -> None:
        """The client was told of the chat; live items begin behind its last entry, or else behind `after_seq`."""
        room = self._room(head.chat_id)
        self._begins(room, session, head.first_seq)
        seq, at = (head.last_seq, head.last_at) if after_seq is None else (after_seq, None)
        cursor = Cursor(seq, at, CursorState.LIVE)
        room.enter(session, cursor)
        room.seen = max(room.seen, self._news.get(room.chat_id, 0))
        self._place(room, head.last_seq, head.last_at)
        self._settle(room, session, cursor)

    def announce(self, chat_id: int, user_ids: Iterable[int], seq: int = 0) -> None:
        """These users are members, by the entry `seq` where that is known: those who are here learn of the chat."""
        for user_id in user_ids:
            for session in self._connections.of(user_id):
                if session.state is SessionState.LOADING:
                    session.missed[chat_id] = None
                elif session.dialect.lists_chats:
                    self.list_chat(session, chat_id, seq)

    def list_chat(self, session: Session, chat_id: int, seq: int = 0) -> None:
        """Route first, read then: what is appended meanwhile is noticed, and given after the `chat` frame."""
        room = self._room(chat_id)
        if session.id in room.members:
            session.shut.discard(chat_id)
            room.relist[session.id] = max(seq, room.relist.get(session.id, 0))
            return
        room.enter(session, Cursor())
        self._out.run(LoadChat(session.user_id, chat_id), Listing(session.id, chat_id))

    def listing(self, session: Session, chat_id: int) -> bool:
        """Whether the `chat` frame of this chat is awaited."""
        room = self._rooms.get(chat_id)
        cursor = None if room is None else room.cursors.get(session.id)
        return cursor is not None and cursor.state is CursorState.LISTING

    def listed(self, session: Session, chat: Chat) -> None:
        """The `chat` frame is out."""
        room = self._room(chat.id)
        self._begins(room, session, chat.first_seq)
        cursor = room.cursors[session.id]
        cursor.move("listed")
        cursor.seq, cursor.at = chat.last_seq, chat.last_at
        if room.relist.get(session.id, 0) <= chat.last_seq:
            room.relist.pop(session.id, None)
        self._place(room, chat.last_seq, chat.last_at)
        self._settle(room, session, cursor)

    def unlist(self, session: Session, chat_id: int) -> None:
        """The chat could not be listed."""
        self._unroute(self._room(chat_id), session)

    def leave(self, session: Session, chat_id: int) -> None:
        """The user's part of the log is out; they may have been added again since."""
        room = self._room(chat_id)
        again = session.id in room.relist
        self._unroute(room, session)
        if not session.dialect.lists_chats:
            self._connections.close(session, 4404, "removed")
        elif again:
            self.list_chat(session, chat_id)

    def forget(self, session: Session) -> None:
        """The connection has ended."""
        for chat_id in list(session.chats):
            self._unroute(self._rooms[chat_id], session)

    def drop(self, chat_id: int) -> list[Session]:
        """Give up a room: who was in it."""
        room = self._rooms.get(chat_id)
        if room is None:
            return []
        members = list(room.members.values())
        for session in members:
            room.leave(session)
        self._close(room)
        return members

    # --- the log ---

    def told(self, chat_id: int, items: Sequence[Message | Event]) -> None:
        """Storage answered what it was asked to append: these are new, in the order of the log."""
        room = self._find(chat_id)
        if room is None:
            if not self._connections.loading:
                self._news.clear()
            elif items and len(self._news) < NEWS:
                self._news[chat_id] = items[-1].seq
            return
        entries = room.entries(items)
        dense = bool(entries) and entries[-1].seq - entries[0].seq == len(entries) - 1
        if dense and not room.early and entries[0].seq - 1 == room.seq:
            self._advance(room, entries)
        else:
            room.keep_early(entries, self._knobs.early_items)
        self._fill(room)

    def heard(self, chat_id: int, last_seq: int) -> None:
        """The log is said to reach to `last_seq`. Where commands of ours are in storage, their answer may bring it."""
        room = self._find(chat_id)
        if room is None:
            return
        room.seen = max(room.seen, last_seq)
        if not self._lines.busy(chat_id):
            self._fill(room)

    def expire(self, chat_id: int, first_seq: int) -> None:
        """The log begins with this entry now: nothing of what came before stays here, and everybody is told."""
        room = self._find(chat_id)
        if room is None or first_seq <= room.first_seq:
            return
        room.expire(first_seq)
        self._tails.clear(chat_id)
        for session in list(room.members.values()):
            if not self.listing(session, chat_id):  # else the `chat` frame comes first
                self._begins(room, session, room.late.get(session.id, 1))
        self._fill(room)

    def read(self, pending: Reading, outcome: Outcome, now: Now) -> None:
        """A reading of the log came."""
        room = self._find(pending.chat_id)
        if room is None or room.number != pending.room:
            return
        if not isinstance(outcome, Refused):  # perhaps the store was away, or the room had fallen behind its members
            self._timers.soonest(Deadline("read", 0, room.chat_id), now.mono + self._knobs.read_again_after)
        if pending.own:
            room.reading = False
            self._read_own(room, pending, outcome)
        else:
            self._read_for(room, (pending.after_seq, pending.after_at), outcome)

    def read_again(self, chat_id: int) -> None:
        """The pause after a failed reading is over."""
        room = self._find(chat_id)
        if room is None:
            return
        for connection_id, cursor in list(room.cursors.items()):
            if cursor.state is CursorState.CATCHING_UP and not cursor.reading:
                self._settle(room, room.members[connection_id], cursor)
        self._fill(room)

    def lag(self, session: Session, chat_id: int, first_dropped: int) -> None:
        """One `lag` stands for the items a slow reader lost, also where the chat is routed no more: the user's removal
        may be among them. Where there is no such word the connection is closed."""
        if not session.dialect.knows_lag:
            return self._connections.close(session, 4408, "too slow")
        last_seq = first_dropped
        room = self._find(chat_id)
        if room is not None and session.id in room.members:
            cursor = room.fall_back(session)
            if cursor.state is not CursorState.LISTING:
                cursor.move("lag")
                cursor.seq, cursor.at = min(cursor.seq, first_dropped - 1), None
                last_seq = max(room.seen, room.seq or 0)
        self._out.emit(SendFrame(session.id, codec.encode(Lag(chat_id=chat_id, last_seq=last_seq)), "lag", chat_id))

    def synced(self, session: Session, chat_id: int, seq: int, at: datetime | None, last: LogItem | None) -> None:
        """The client read up to the end of what a lag made it lose; `last`: the last item it was given."""
        room = self._find(chat_id)
        cursor = None if room is None else room.cursors.get(session.id)
        if room is None or cursor is None or cursor.state is not CursorState.LAGGING:
            return
        again = room.relist.get(session.id, seq + 1) <= seq  # removed and added again by what was dropped
        if last is None or again:  # None: nothing follows; perhaps they have left, and read of that before
            self._unroute(room, session)
            return self.list_chat(session, chat_id)
        cursor.move("synced")
        cursor.seq, cursor.at = seq, at
        if removes(last, session.user_id):  # it was among what the lag dropped
            return self.leave(session, chat_id)
        self._settle(room, session, cursor)

    # --- inside ---

    def _find(self, chat_id: int) -> Room | None:
        self.touched = chat_id
        return self._rooms.get(chat_id)

    def _room(self, chat_id: int) -> Room:
        room = self._find(chat_id)
        if room is None:
            room = self._rooms[chat_id] = Room(chat_id, self._out.new_id())
            self._history.follow(chat_id)
        return room

    def _begins(self, room: Room, session: Session, told: int) -> None:
        """Where the part of the log begins that a connection may see; it was told of `told`."""
        room.begins(session, max(told, room.first_seq))
        if told < room.first_seq:
            self._connections.send(session, Expired(chat_id=room.chat_id, first_seq=room.first_seq))

    def _unroute(self, room: Room, session: Session) -> None:
        room.leave(session)
        if not room.members:
            self._close(room)

    def _close(self, room: Room) -> None:
        del self._rooms[room.chat_id]
        self._history.forget(room.chat_id)
        self._timers.cancel(Deadline("read", 0, room.chat_id))
        self._tails.clear(room.chat_id)
        self.emptied.append(room.chat_id)

    def _place(self, room: Room, seq: int, at: datetime | None) -> None:
        """Somebody was given the log up to `seq`; a room that has no position yet takes this one."""
        self._history.observe(room.chat_id, (seq, at))
        if room.seq is None:
            room.seq, room.at, room.tail.floor_at = seq, at, at
            self._fill(room)

    def _fill(self, room: Room) -> None:
        """Give out what stands right behind the room's place; a gap is read from the log, once for all."""
        if early := room.take_early():
            self._advance(room, early)
        if room.behind and not room.reading and room.seq is not None:
            room.reading = True
            self._ask(room, (room.seq, room.at), own=True)

    def _ask(self, room: Room, position: tuple[int, datetime | None], *, own: bool) -> None:
        operation = ReadLog(room.chat_id, *position, self._limits.page)
        self._out.run(operation, Reading(room.chat_id, room.number, *position, own, room.seen))

    def _read_own(self, room: Room, pending: Reading, outcome: Outcome) -> None:
        if not isinstance(outcome, LogRead):
            return
        heard_more, stood = room.seen > pending.seen, room.seq
        room.keep_early(room.entries(outcome.items), self._knobs.early_items + self._limits.page)
        self._advance(room, room.take_early())
        if not heard_more:  # the log knows best: a hint may have told of what is not there
            room.seen = max([room.seq or 0, *room.early])
        room.seen = max(room.seen, outcome.last_seq)
        if room.seq != stood or heard_more:
            self._fill(room)

    def _read_for(self, room: Room, position: tuple[int, datetime | None], outcome: Outcome) -> None:
        entries = room.entries(outcome.items) if isinstance(outcome, LogRead) else []
        entries = [entry for entry in entries if entry.seq <= (room.seq or 0)]  # nobody overtakes the room
        for connection_id in room.readers.pop(position, ()):
            cursor = room.cursors.get(connection_id)
            if cursor is None:
                continue
            cursor.reading = False
            if cursor.state is not CursorState.CATCHING_UP or (cursor.seq, cursor.at) != position:
                continue
            session = room.members[connection_id]
            if isinstance(outcome, Refused):
                self._connections.close(session, 1012, REPLACED)  # the client finds out when it is back
            elif entries:
                self._give(room, session, cursor, entries)

    def _advance(self, room: Room, entries: list[Entry]) -> None:
        """These stand right behind the room's place: give them to all who are live, in order."""
        if not entries:
            return
        begin = 0
        added: list[Entry] = []
        for place, entry in enumerate(entries):
            if entry.added is not None:
                added.append(entry)
            elif entry.removed is not None:
                self._out.emit_all(broadcasts(room, entries[begin : place + 1]))
                begin = place + 1
                for session in room.live_of(entry.removed):
                    self.leave(session, room.chat_id)
                room.shut_out(entry.removed)
        if begin < len(entries):
            self._out.emit_all(broadcasts(room, entries[begin:]))
        room.seq, room.at = entries[-1].seq, entries[-1].at
        room.seen = max(room.seen, room.seq)
        if room.members:
            self._tails.add(room.chat_id, room.tail, entries)
        for entry in added:
            assert entry.added is not None
            self.announce(room.chat_id, (entry.added,), entry.seq)
        for connection_id, cursor in list(room.cursors.items()):
            if cursor.state is CursorState.AHEAD:
                self._settle(room, room.members[connection_id], cursor)

    def _settle(self, room: Room, session: Session, cursor: Cursor) -> None:
        """A connection stands somewhere: at the room's place it is live, behind it catches up, ahead it waits."""
        if cursor.state in (CursorState.CATCHING_UP, CursorState.AHEAD):
            cursor.move("reached")
        place = room.seq or 0
        if cursor.seq > place:
            cursor.move("ahead")
            self.heard(room.chat_id, cursor.seq)
        elif cursor.seq < place:
            cursor.move("behind")
            self._catch_up(room, session, cursor)
        elif None not in (cursor.at, room.at) and cursor.at != room.at:
            self._connections.close(session, 1012, REPLACED)
        else:
            room.go_live(session)

    def _catch_up(self, room: Room, session: Session, cursor: Cursor) -> None:
        """From the tail where it reaches back so far; else from the log, once for all who stand there."""
        found = room.tail.after(cursor.seq)
        if found is None:
            position = (cursor.seq, cursor.at)
            cursor.reading = True
            if position in room.readers:
                room.readers[position].append(session.id)
            else:
                room.readers[position] = [session.id]
                self._ask(room, position, own=False)
            return
        at, entries = found
        if None not in (cursor.at, at) and cursor.at != at:
            return self._connections.close(session, 1012, REPLACED)
        self._give(room, session, cursor, entries)

    def _give(self, room: Room, session: Session, cursor: Cursor, entries: list[Entry]) -> None:
        """Entries right behind a cursor; nothing after the user's own removal."""
        end = next((place for place, entry in enumerate(entries) if entry.removed == session.user_id), None)
        if end is not None:
            entries = entries[: end + 1]
        self._out.emit(broadcast_to(room, session, entries))
        cursor.seq, cursor.at = entries[-1].seq, entries[-1].at
        if end is not None:
            self.leave(session, room.chat_id)
        else:
            self._settle(room, session, cursor)
