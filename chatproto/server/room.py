"""One chat that somebody here follows: how far its log was given out, its end, and who stands where in it."""

from collections.abc import Iterable
from datetime import datetime

from attrs import define, field

from chatproto.operations.message_events import tombstone
from chatproto.server.connection_state import Session
from chatproto.server.tail import Entry, Tail, erase_deleted
from chatproto.transitions import CURSOR, CursorState, after
from chatproto.wire.model import Event, Message

Position = tuple[int, datetime | None]


@define(eq=False)
class Cursor:
    """Where a connection stands that is not at the room's end: everything up to `seq`, an entry made `at`, was given.

    `reading`: the log is being read for it.
    """

    seq: int = 0
    at: datetime | None = None
    state: CursorState = CursorState.LISTING
    reading: bool = False

    def move(self, event: str) -> None:
        """Follow the table of transitions."""
        self.state = after(CURSOR, self.state, event)


@define(eq=False)
class Room:
    """`seq`, `at`: the entry up to which all was given to those who are live, None until anybody's place is known.

    `seen`: the highest seq known to exist. `early`: entries behind a gap. `members`: everybody who is routed; `live`,
    by kind of dialect: those at the end; `cursors`: the others. `relist`: connections whose user was removed and added
    again while an older part of the log is on its way to them, with the seq by which they are back. `late`: by
    connection, the first seq that those may see who do not see all of the log. `first_seq`: what came before was
    removed after its time, as far as is known here. `reading`: the room reads its log.
    `readers`: which connections wait for a reading from where they stand.
    """

    chat_id: int
    number: int
    seq: int | None = None
    at: datetime | None = None
    seen: int = 0
    reading: bool = False
    tail: Tail = field(factory=Tail)
    early: dict[int, Entry] = field(factory=dict)
    members: dict[int, Session] = field(factory=dict)
    live: tuple[dict[int, Session], dict[int, Session]] = field(factory=lambda: ({}, {}))
    cursors: dict[int, Cursor] = field(factory=dict)
    relist: dict[int, int] = field(factory=dict)
    late: dict[int, int] = field(factory=dict)
    first_seq: int = 1
    readers: dict[Position, list[int]] = field(factory=dict)
    _ids: list[tuple[int, ...] | None] = field(factory=lambda: [None, None])

    @property
    def behind(self) -> bool:
        """More is known to exist than was given."""
        return self.seq is not None and self.seen > self.seq

    def entries(self, items: Iterable[Message | Event]) -> list[Entry]:
        """What storage told, perhaps before the beginning of the log was removed."""
        return [
            Entry(tombstone(item, item.rev + 1) if isinstance(item, Message) and item.seq < self.first_seq else item)
            for item in items
        ]

    def expire(self, first_seq: int) -> None:
        """The log begins there; what was held of it is read anew."""
        self.first_seq = first_seq
        self.early.clear()

    def enter(self, session: Session, cursor: Cursor) -> None:
        """The connection is routed."""
        self.members[session.id] = session
        self.cursors[session.id] = cursor
        session.chats[self.chat_id] = None

    def begins(self, session: Session, first_seq: int) -> None:
        """Which part of the log its user may see."""
        if first_seq > 1:
            self.late[session.id] = first_seq

    def leave(self, session: Session) -> None:
        """The connection is routed no more."""
        self.members.pop(session.id, None)
        self.cursors.pop(session.id, None)
        self.relist.pop(session.id, None)
        self.late.pop(session.id, None)
        session.shut.discard(self.chat_id)
        session.chats.pop(self.chat_id, None)
        session.typing.pop(self.chat_id, None)
        kind = session.dialect.kind
        if self.live[kind].pop(session.id, None) is not None:
            self._ids[kind] = None

    def go_live(self, session: Session) -> None:
        """It was given all that the others were."""
        del self.cursors[session.id]
        kind = session.dialect.kind
        self.live[kind][session.id] = session
        self._ids[kind] = None

    def fall_back(self, session: Session) -> Cursor:
        """The cursor of a connection, which is made where it is live."""
        kind = session.dialect.kind
        if self.live[kind].pop(session.id, None) is not None:
            self._ids[kind] = None
            self.cursors[session.id] = Cursor(self.seq or 0, self.at, CursorState.LIVE)
        return self.cursors[session.id]

    def live_ids(self, kind: int) -> tuple[int, ...]:
        """The connections at the end, of that kind of dialect."""
        ids = self._ids[kind]
        if ids is None:
            ids = self._ids[kind] = tuple(self.live[kind])
        return ids

    def live_of(self, user_id: int) -> list[Session]:
        """A user's connections at the end."""
        return [session for group in self.live for session in group.values() if session.user_id == user_id]

    def shut_out(self, user_id: int) -> None:
        """The user was removed. Connections of theirs that stand behind read of it later; those that lag when they ask,
        if they ever do."""
        for number, cursor in self.cursors.items():
            if cursor.state is not CursorState.LISTING and self.members[number].user_id == user_id:
                self.members[number].shut.add(self.chat_id)

    def told(self) -> list[Session]:
        """Those who are told of what is not in the log: marks, typing, profiles."""
        return [session for session in self.members.values() if self.chat_id not in session.shut]

    def keep_early(self, entries: Iterable[Entry], bound: int) -> None:
        """Remember entries behind a gap; where they are too many, what stands behind them is read from the log."""
        for entry in entries:
            if self.seq is None or entry.seq > self.seq:
                self.early[entry.seq] = entry
                self.seen = max(self.seen, entry.seq)
        erase_deleted(self.early.values())
        while len(self.early) > bound:
            del self.early[max(self.early)]

    def take_early(self) -> list[Entry]:
        """Those that stand right behind what was given."""
        taken: list[Entry] = []
        if self.early and self.seq is not None:
            seq = self.seq
            while (entry := self.early.pop(seq + 1, None)) is not None:
                taken.append(entry)
                seq += 1
            self.early = {key: entry for key, entry in self.early.items() if key > seq}
        return taken
