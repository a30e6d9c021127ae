"""Who is online and who is told (docs/protocol.md section 4, `presence`): peers of direct chats, offline after 30 s.

A user who is blocked is told nothing of the one who blocks them. A user who hides when they were last seen is told of
nobody, and nobody is told of them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec
from attrs import frozen

from chatproto.operations import (
    AroundFound,
    BlocksFound,
    ChatCreated,
    ChatFound,
    ChatsFound,
    Hides,
    MessagesFound,
    MessagesMatched,
    Outcome,
    PageFound,
    PinsFound,
    ReadersFound,
    SaveLastSeen,
    UsersFound,
)
from chatproto.server.clock import Deadline, Now, Timers
from chatproto.server.connection_state import Session
from chatproto.server.connections import Connections
from chatproto.server.elsewhere import Elsewhere
from chatproto.server.hiding import Hiding
from chatproto.server.hub_outputs import SendFrame
from chatproto.server.knobs import Knobs
from chatproto.server.known_blocks import KnownBlocks
from chatproto.server.news import News
from chatproto.server.out import Out
from chatproto.server.pending import SavingLastSeen
from chatproto.server.rooms import Rooms
from chatproto.transitions import SessionState
from chatproto.wire.frames import Presence as PresenceFrame
from chatproto.wire.model import Chat, PrivateUser, User

PRESENT: Final = "present"
"""The deadline at which others are told again who is here."""


@frozen
class Absence:
    """Since when somebody has no connection, and the chats their last one was told of."""

    since: datetime
    chat_ids: frozenset[int]


class Presence:
    """`peers`: of each user here the others of their direct chats. `absent`: who left and is not announced yet.

    With a `process`, others are told of who is here (chatproto.server.whereabouts).
    """

    def __init__(
        self, out: Out, timers: Timers, connections: Connections, rooms: Rooms, blocks: KnownBlocks, hiding: Hiding,
        elsewhere: Elsewhere, news: News, knobs: Knobs, process: str | None,
    ) -> None:  # fmt: skip
        self.peers: dict[int, set[int]] = {}
        self.absent: dict[int, Absence] = {}
        self._watchers: dict[int, set[int]] = {}
        self._elsewhere = elsewhere
        self._news = news
        self._process = process
        self._out = out
        self._timers = timers
        self._connections = connections
        self._rooms = rooms
        self._blocks = blocks
        self._hiding = hiding
        self._knobs = knobs

    def online(self, user_id: int) -> bool:
        """They have a connection, here or elsewhere, or had one less than 30 s ago."""
        return user_id in self.peers or user_id in self._elsewhere

    def concerns(self, user_id: int) -> bool:
        """Somebody here is told of them, or they are here themselves."""
        return user_id in self._connections.by_user or user_id in self.peers or user_id in self._watchers

    def arrived(self, session: Session, peer_ids: tuple[int, ...], hides: Hides, now: Now) -> None:
        """A connection became active: its peers learn of it, and it learns which of them are online.

        Peers only grow: what was read for one connection may be older than what is known from another.
        """
        user_id = session.user_id
        here, known = user_id in self.peers, self.online(user_id)
        fresh = self._hiding.load(user_id, hides)
        self.absent.pop(user_id, None)
        self._timers.cancel(Deadline("absent", user_id))
        self.peers.setdefault(user_id, set())
        for peer_id in peer_ids:
            self.acquaint(user_id, peer_id)
        if fresh.last_seen and known:
            self.hide(user_id)
        if not known:
            self._announce(PresenceFrame(user_id=user_id, online=True), frozenset(session.chats))
        if not here and not self.tell_hidden(user_id):
            self._news.present((user_id,))
        if self._process is not None:
            self._timers.soonest(Deadline(PRESENT), now.mono + self._knobs.presence_interval)
        self._list(session)

    def _list(self, session: Session) -> None:
        """Tell a connection which of its peers are online."""
        seen = self.peers[session.user_id] if session.dialect.lists_chats else self._users_in(session)
        for other_id in sorted(seen - {session.user_id}):
            if self.online(other_id):
                self._tell(session, PresenceFrame(user_id=other_id, online=True))

    def tell_hidden(self, user_id: int) -> bool:
        """Whether somebody here hides it; then the other processes are told that, and not that they are here."""
        hidden = user_id in self._hiding.last_seen
        if hidden:
            self._news.hidden(user_id, reads=user_id in self._hiding.reads)
        return hidden

    def hide(self, user_id: int) -> None:
        """A user hides their presence from now on: what was told is taken back, here and at the other processes."""
        self._elsewhere.forget(user_id)
        frame = PresenceFrame(user_id=user_id, online=None)
        for session in self._told_of(user_id, self._chats_of(user_id)):
            if session.user_id not in self._hiding.last_seen and not self._blocks.hides(user_id, session.user_id):
                self._send(session, frame)
        if user_id in self.peers:
            self.tell_hidden(user_id)

    def show(self, user_id: int) -> None:
        """A user no longer hides their presence: they and those who watch them are told who is online here."""
        if self.online(user_id):
            self._announce(PresenceFrame(user_id=user_id, online=True), self._chats_of(user_id))
        if user_id in self.peers:
            self._news.present((user_id,))
            for session in self._connections.of(user_id):
                if session.state is SessionState.ACTIVE:
                    self._list(session)

    def _chats_of(self, user_id: int) -> frozenset[int]:
        """Where they are shown to be: what their connections are told of, or the last one was."""
        absence = self.absent.get(user_id)
        if absence is not None:
            return absence.chat_ids
        return frozenset(chat_id for session in self._connections.of(user_id) for chat_id in session.chats)

    def introduce(self, outcome: ChatCreated) -> None:
        """A direct chat makes two people peers."""
        if outcome.chat.type != "direct" or len(outcome.member_ids) != 2:
            return
        for me, other in (outcome.member_ids, outcome.member_ids[::-1]):
            self.acquaint(me, other)

    def acquaint(self, user_id: int, peer_id: int) -> None:
        """They have a direct chat; where the user is here, they are told of the other."""
        if user_id in self.peers and user_id != peer_id:
            self.peers[user_id].add(peer_id)
            self._watchers.setdefault(peer_id, set()).add(user_id)

    def came_elsewhere(self, user_id: int) -> None:
        """Somebody is online at another process now, and was at none of them."""
        if user_id not in self.peers:
            self._announce(PresenceFrame(user_id=user_id, online=True), frozenset())

    def left_elsewhere(self, user_id: int, since: datetime) -> bool:
        """A user is no longer online at any other process, since then. Returns whether anybody here was told."""
        if user_id in self.peers or user_id not in self._watchers:
            return False
        self._announce(PresenceFrame(user_id=user_id, online=False, last_seen_at=since), frozenset())
        return True

    def hides(self, user_id: int, viewer_id: int) -> bool:
        """Whether the presence of the user must be kept from the viewer, who is connected here."""
        hiders = self._hiding.last_seen
        return user_id in hiders or viewer_id in hiders or self._blocks.hides(user_id, viewer_id)

    def hidden(self, user_id: int, viewer_id: int, *, on: bool) -> None:
        """The user blocks the viewer from now on (`on`), or no longer: their presence is taken back, or told again."""
        if not self.online(user_id) or {user_id, viewer_id} & self._hiding.last_seen:
            return
        frame = PresenceFrame(user_id=user_id, online=not on)
        peers = self.peers.get(viewer_id, set())
        for session in self._connections.of(viewer_id):
            here = peers if session.dialect.lists_chats else self._users_in(session)
            if user_id in here:
                self._send(session, frame)

    def forget(self, session: Session, chat_ids: frozenset[int], now: Now) -> None:
        """A connection ended that was told of these chats; perhaps it was the user's last one."""
        user_id = session.user_id
        if user_id in self.peers and user_id not in self._connections.by_user:
            self.absent[user_id] = Absence(now.wall, chat_ids)
            self._timers.set(Deadline("absent", user_id), now.mono + self._knobs.offline_after)
        else:
            self._forget_hiding(user_id)

    def expire(self, user_id: int) -> None:
        """They have been away long enough to be announced."""
        absence = self.absent.pop(user_id, None)
        if absence is None:
            return
        if user_id not in self._elsewhere:
            gone = PresenceFrame(user_id=user_id, online=False, last_seen_at=absence.since)
            self._announce(gone, absence.chat_ids)
        if user_id not in self._hiding.last_seen:
            self._news.absent(user_id, absence.since)
        self._remove(user_id)
        self._out.run(SaveLastSeen(((user_id, absence.since),)), SavingLastSeen())

    def drop(self, user_id: int) -> None:
        """Forget somebody without a word, after a bug."""
        self.absent.pop(user_id, None)
        self._remove(user_id)

    def save_all(self, now: Now) -> None:
        """The server stops: everybody was seen now, or when they left."""
        if self.peers:
            seen = [(user_id, self._seen_at(user_id, now)) for user_id in sorted(self.peers)]
            self._out.run(SaveLastSeen(tuple(seen)), SavingLastSeen())
        for user_id in self.absent:
            self._timers.cancel(Deadline("absent", user_id))
        self._timers.cancel(Deadline(PRESENT))
        self._watchers.clear()
        self.peers.clear()
        self.absent.clear()

    def _seen_at(self, user_id: int, now: Now) -> datetime:
        return self.absent[user_id].since if user_id in self.absent else now.wall

    def _remove(self, user_id: int) -> None:
        for peer_id in self.peers.pop(user_id, ()):
            watchers = self._watchers.get(peer_id, set())  # after a bug they may know less
            watchers.discard(user_id)
            if not watchers:
                self._watchers.pop(peer_id, None)
                self._forget_hiding(peer_id)
        self._forget_hiding(user_id)

    def _forget_hiding(self, user_id: int) -> None:
        if not self.concerns(user_id):
            self._hiding.forget(user_id)

    def _announce(self, frame: PresenceFrame, chat_ids: frozenset[int]) -> None:
        for session in self._told_of(frame.user_id, chat_ids):
            self._tell(session, frame)

    def _told_of(self, user_id: int, chat_ids: frozenset[int]) -> Iterator[Session]:
        """The connections of their peers, and those of others that follow one of these chats alone."""
        for peer_id in sorted(self.peers.get(user_id, self._watchers.get(user_id, ()))):
            for session in self._connections.of(peer_id):
                if session.dialect.lists_chats:
                    yield session
        for chat_id in sorted(chat_ids):
            for session in self._rooms.joined(chat_id):
                if session.user_id != user_id:
                    yield session

    def _users_in(self, session: Session) -> set[int]:
        """Who of its chat's members has a connection here."""
        return {other.user_id for chat_id in session.chats for other in self._rooms.members(chat_id)}

    def _tell(self, session: Session, frame: PresenceFrame) -> None:
        if not self.hides(frame.user_id, session.user_id):
            self._send(session, frame)

    def _send(self, session: Session, frame: PresenceFrame) -> None:
        self._out.emit(SendFrame(session.id, session.dialect.encode_presence(frame), "hint"))

    # --- presence in the answers of storage, which knows only who shares a chat ---

    def seen_user(self, user: User) -> User:
        """`online` as this process knows it; null stays null, for strangers and where either hides it."""
        if user.online is not None and user.id in self._hiding.last_seen:
            return msgspec.structs.replace(user, online=None, last_seen_at=None)
        if user.online is None or not self.online(user.id):
            return user
        return msgspec.structs.replace(user, online=True)

    def seen_users(self, users: tuple[User, ...]) -> tuple[User, ...]:
        """The same for many."""
        return tuple([self.seen_user(user) for user in users])

    def seen_chat(self, chat: Chat) -> Chat:
        """The same for everybody a chat names."""
        if chat.peer is not None:
            chat = msgspec.structs.replace(chat, peer=self.seen_user(chat.peer))
        if chat.members is not msgspec.UNSET:
            members = tuple(msgspec.structs.replace(m, user=self.seen_user(m.user)) for m in chat.members)
            chat = msgspec.structs.replace(chat, members=members)
        return chat

    def public(self, user: PrivateUser) -> User:
        """A private profile as those who share a chat see it."""
        hidden = user.hide_last_seen
        return User(
            id=user.id,
            username=user.username,
            display_name=user.display_name,
            avatar_url=user.avatar_url,
            created_at=user.created_at,
            online=None if hidden else self.online(user.id),
            last_seen_at=None if hidden else user.last_seen_at,
        )

    def overlay(self, outcome: Outcome) -> Outcome:
        """An outcome for HTTP with presence filled in."""
        match outcome:
            case UsersFound(users):
                return UsersFound(self.seen_users(users))
            case ChatCreated(chat, created, member_ids):
                return ChatCreated(self.seen_chat(chat), created, member_ids)
            case ChatFound(chat):
                return ChatFound(self.seen_chat(chat))
            case ChatsFound(chats, users, epoch):
                return ChatsFound(tuple(self.seen_chat(chat) for chat in chats), self.seen_users(users), epoch)
            case PageFound(page):
                return PageFound(msgspec.structs.replace(page, users=self.seen_users(page.users)))
            case AroundFound(page, seq, has_before):
                return AroundFound(msgspec.structs.replace(page, users=self.seen_users(page.users)), seq, has_before)
            case MessagesFound(messages, users, has_more, last_seq):
                return MessagesFound(messages, self.seen_users(users), has_more, last_seq)
            case PinsFound(messages, users):
                return PinsFound(messages, self.seen_users(users))
            case ReadersFound(read, received, users):
                return ReadersFound(read, received, self.seen_users(users))
            case MessagesMatched(matches, users, next_place, complete):
                return MessagesMatched(matches, self.seen_users(users), next_place, complete)
            case BlocksFound(blocks):
                return BlocksFound(tuple(msgspec.structs.replace(one, user=self.seen_user(one.user)) for one in blocks))
            case _:
                return outcome
