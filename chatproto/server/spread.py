"""Who is told here of what an operation changed, or what another process says that it changed."""

from typing import assert_never

from msgspec import structs

from chatproto.operations import (
    AccountDeleted,
    BlockSet,
    ChatCreated,
    ChatFound,
    Hides,
    ListUsers,
    LoadChat,
    Marked,
    Outcome,
    SessionsEnded,
    SetFlags,
    Swept,
    UsersFound,
    UserUpdated,
)
from chatproto.server.blocking import Blocking
from chatproto.server.clock import Now
from chatproto.server.connection_state import Session
from chatproto.server.connections import Connections
from chatproto.server.hiding import Hiding
from chatproto.server.hints import Absent, FlagsSet, HeadMoved, HidingSet, MembersAdded, Present, ProfileChanged, Typed
from chatproto.server.hints import News as Told
from chatproto.server.hub_outputs import SendFrame
from chatproto.server.listings import Listings
from chatproto.server.out import Out
from chatproto.server.pending import Marking, Pending, Profiling, Request, Retelling, Sweeping
from chatproto.server.presence import Presence
from chatproto.server.rooms import Rooms
from chatproto.server.sweeping import Sweeper
from chatproto.server.typists import Typists
from chatproto.server.watermarks import Watermarks
from chatproto.server.whereabouts import Whereabouts
from chatproto.transitions import SessionState
from chatproto.wire import codec
from chatproto.wire.frames import UserFrame
from chatproto.wire.model import Chat, PrivateUser, User, deleted_user


class Spread:
    """See the module; entries of the log are spread by the rooms."""

    def __init__(
        self, out: Out, connections: Connections, rooms: Rooms, presence: Presence, listings: Listings,
        watermarks: Watermarks, sweeper: Sweeper, typists: Typists, blocking: Blocking, whereabouts: Whereabouts,
        hiding: Hiding,
    ) -> None:  # fmt: skip
        self._out = out
        self._connections = connections
        self._rooms = rooms
        self._presence = presence
        self._listings = listings
        self._watermarks = watermarks
        self._sweeper = sweeper
        self._typists = typists
        self._blocking = blocking
        self._whereabouts = whereabouts
        self._hiding = hiding

    def apply(self, pending: Pending, outcome: Outcome, now: Now) -> None:
        """Outcomes that change nothing for others pass by."""
        if isinstance(outcome, ChatCreated):
            self._presence.introduce(outcome)
            if outcome.created:
                self._rooms.announce(outcome.chat.id, outcome.member_ids)
        elif isinstance(outcome, Marked):
            answered = pending.connection_id if isinstance(pending, Marking) else None
            self._watermarks.marked(outcome, answered, now)
        elif isinstance(outcome, SessionsEnded):
            self._sweeper.end_logins(outcome.session_ids)
        elif isinstance(outcome, BlockSet):
            self._blocking.changed(outcome)
        elif isinstance(outcome, AccountDeleted):
            self._deleted(outcome)
        elif isinstance(outcome, UserUpdated):
            if outcome.hides is not None:
                self._hear_hiding(outcome.user.id, outcome.hides, now)
            self._profile(outcome.user, outcome.chat_ids)
        elif isinstance(outcome, Swept) and isinstance(pending, Sweeping):
            for user_id, hides in outcome.hides.items():
                self._follow(user_id, *self._hiding.read(user_id, hides, pending.asked_at))
        elif isinstance(outcome, ChatFound) and isinstance(pending, Request):
            operation = pending.operation
            if isinstance(operation, SetFlags):
                self._flags(operation.user_id, outcome.chat)

    def hear(self, told: Told, now: Now) -> None:
        """Look where a hint points, for those who are connected here."""
        match told:
            case HeadMoved(chat_id, last_seq):
                self._rooms.heard(chat_id, last_seq)
            case MembersAdded(chat_id, user_ids):
                self._rooms.announce(chat_id, user_ids)
            case Marked():
                self._watermarks.marked(told, None, now)
            case SessionsEnded(session_ids):
                self._sweeper.end_logins(session_ids)
            case BlockSet():
                self._blocking.changed(told)
            case AccountDeleted():
                self._deleted(told)
            case FlagsSet(user_id, chat_id):
                if any(chat_id in session.chats for session in self._connections.of(user_id)):
                    self._out.run(LoadChat(user_id, chat_id), Retelling(user_id))
            case ProfileChanged(user_id, chat_ids):
                if self._who_sees(user_id, chat_ids):
                    self._out.run(ListUsers(user_id - 1, 1), Profiling(user_id, chat_ids))
            case Typed():
                self._typists.hear(told, now)
            case Present() | Absent():
                self._whereabouts.hear(told, now)
            case HidingSet(user_id, last_seen, reads):
                self._hear_hiding(user_id, Hides(last_seen, reads), now)
            case _:
                assert_never(told)

    def retold(self, pending: Retelling | Profiling, outcome: Outcome) -> None:
        """What another process changed was read."""
        match pending, outcome:
            case Retelling(user_id), ChatFound(chat):
                self._flags(user_id, chat)
            case Profiling(user_id, chat_ids), UsersFound((PrivateUser() as user,)) if user.id == user_id:
                self._profile(user, chat_ids)
            case _:
                pass  # the store is away, or they are; the next `ready` tells

    def _flags(self, user_id: int, chat: Chat) -> None:
        for session in self._connections.of(user_id):
            left = chat.left_seq is None and chat.id not in session.chats  # it was read before they were removed
            if session.state is SessionState.ACTIVE and not left:
                self._listings.send(session, chat)

    def _who_sees(self, user_id: int, chat_ids: tuple[int, ...]) -> dict[int, Session]:
        """The connections that know them, by id."""
        told = {session.id: session for session in self._connections.of(user_id)}
        for chat_id in chat_ids:
            told.update({session.id: session for session in self._rooms.members(chat_id)})
        return told

    def _hear_hiding(self, user_id: int, hides: Hides, now: Now) -> None:
        known = self._presence.concerns(user_id)
        hidden = self._hiding.hear(user_id, hides, now.mono) if known else hides  # or they are known from groups alone
        self._follow(user_id, hidden, Hides())

    def _follow(self, user_id: int, hidden: Hides, shown: Hides) -> None:
        """Somebody hides something from now on, or does not any more."""
        if hidden.last_seen:
            self._presence.hide(user_id)
        if hidden.reads:
            self._watermarks.hide(user_id)
        if shown.last_seen:
            self._presence.show(user_id)

    def _deleted(self, outcome: AccountDeleted) -> None:
        self._sweeper.end_logins(outcome.session_ids)
        self._tell(deleted_user(outcome.user_id, outcome.created_at), outcome.chat_ids)

    def _profile(self, changed: PrivateUser, chat_ids: tuple[int, ...]) -> None:
        self._tell(self._presence.public(changed), chat_ids, own=changed)

    def _tell(self, user: User, chat_ids: tuple[int, ...], own: PrivateUser | None = None) -> None:
        """To themselves all that is known (`own`); to others as they see it, with presence where they may see it."""
        data = codec.encode(UserFrame(user=user))
        own_data = data if own is None else codec.encode(UserFrame(user=own))
        unseen = codec.encode(UserFrame(user=structs.replace(user, online=None, last_seen_at=None)))
        told = self._who_sees(user.id, chat_ids)
        for connection_id in sorted(told):
            session = told[connection_id]
            if session.dialect.lists_chats and session.state is SessionState.ACTIVE:
                others = unseen if self._presence.hides(user.id, session.user_id) else data
                self._out.emit(SendFrame(connection_id, own_data if session.user_id == user.id else others, "hint"))
