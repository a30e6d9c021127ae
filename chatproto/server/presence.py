"""Who is online and who is told (docs/protocol.md section 4, `presence`): peers of direct chats, offline after 30 s."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from attrs import define, field, frozen

from chatproto.operations import (
    ChatCreated,
    ChatFound,
    ChatsFound,
    MessagesFound,
    Outcome,
    PageFound,
    SaveLastSeen,
    UsersFound,
)
from chatproto.server.outputs import SendFrame
from chatproto.server.pending import SavingLastSeen
from chatproto.wire import codec, legacy
from chatproto.wire.frames import Presence
from chatproto.wire.model import Chat, User

if TYPE_CHECKING:
    from chatproto.server.hub import Hub
    from chatproto.server.session import ServerSession


@frozen
class Absence:
    """Since when somebody has no connection, and the chats his last one was told of."""

    since: datetime
    chat_ids: frozenset[int]


@define
class Presences:
    """`peers`: of each user here the others of his direct chats. `absent`: who left and is not announced yet."""

    peers: dict[int, set[int]] = field(factory=dict)
    absent: dict[int, Absence] = field(factory=dict)

    def gone(self, user_id: int, chat_ids: frozenset[int], now: datetime) -> None:
        """The user's last connection ended."""
        if user_id in self.peers:
            self.absent[user_id] = Absence(now, chat_ids)


def is_online(hub: Hub, user_id: int) -> bool:
    """He has a connection here, or had one less than 30 s ago."""
    return user_id in hub.presences.peers


def last_seen(hub: Hub, now: datetime) -> tuple[tuple[int, datetime], ...]:
    """Everybody who is online here, and when they were last, for a process that stops at `now`."""
    presences = hub.presences
    return tuple(
        (user_id, presences.absent[user_id].since if user_id in presences.absent else now)
        for user_id in sorted(presences.peers)
    )


def arrived(hub: Hub, session: ServerSession, peer_ids: tuple[int, ...]) -> None:
    """A connection became active: its peers learn of it, and it learns which of them are online."""
    presences = hub.presences
    known = presences.peers.get(session.user_id)
    presences.absent.pop(session.user_id, None)
    presences.peers[session.user_id] = {peer_id for peer_id in peer_ids if peer_id != session.user_id}
    if known is None:
        _announce(hub, session.user_id, frozenset(session.cursors), None)
    here = presences.peers[session.user_id] if session.only_chat is None else _users_in(hub, session.only_chat)
    for user_id in sorted(here - {session.user_id}):
        if is_online(hub, user_id):
            _tell(hub, session, Presence(user_id=user_id, online=True))


def introduce(hub: Hub, outcome: ChatCreated) -> None:
    """A direct chat makes two people peers."""
    if outcome.chat.type != "direct" or len(outcome.member_ids) != 2:
        return
    for me, other in (outcome.member_ids, outcome.member_ids[::-1]):
        if me in hub.presences.peers:
            hub.presences.peers[me].add(other)


def expire(hub: Hub, now: datetime) -> None:
    """Announce those who have been away long enough."""
    limit = timedelta(seconds=hub.limits.offline_after)
    for user_id, absence in list(hub.presences.absent.items()):
        if now - absence.since >= limit:
            del hub.presences.absent[user_id]
            _announce(hub, user_id, absence.chat_ids, absence.since)
            del hub.presences.peers[user_id]
            hub.run(SaveLastSeen(((user_id, absence.since),)), SavingLastSeen())


def _announce(hub: Hub, user_id: int, chat_ids: frozenset[int], gone_at: datetime | None) -> None:
    frame = Presence(user_id=user_id, online=gone_at is None, last_seen_at=gone_at)
    for peer_id in sorted(hub.presences.peers[user_id]):
        for session in hub.connections_of(peer_id):
            if session.only_chat is None:
                _tell(hub, session, frame)
    for chat_id in sorted(chat_ids & hub.joined.keys()):
        for connection_id in hub.joined[chat_id]:
            if hub.sessions[connection_id].user_id != user_id:
                _tell(hub, hub.sessions[connection_id], frame)


def _users_in(hub: Hub, chat_id: int) -> set[int]:
    """Who of a chat's members has a connection here."""
    return {hub.sessions[connection_id].user_id for connection_id in hub.routes.get(chat_id, ())}


def _tell(hub: Hub, session: ServerSession, frame: Presence) -> None:
    data = codec.encode(frame) if session.only_chat is None else legacy.encode_presence(frame, session.only_chat)
    hub.emit(SendFrame(session.id, data, "hint"))


# --- presence in the answers of storage, which knows only who shares a chat ---


def seen_user(hub: Hub, user: User) -> User:
    """`online` as this process knows it; null stays null, for strangers."""
    if user.online is None or not is_online(hub, user.id):
        return user
    return msgspec.structs.replace(user, online=True)


def seen_users(hub: Hub, users: tuple[User, ...]) -> tuple[User, ...]:
    """The same for many."""
    return tuple(seen_user(hub, user) for user in users)


def seen_chat(hub: Hub, chat: Chat) -> Chat:
    """The same for everybody a chat names."""
    if chat.peer is not None:
        chat = msgspec.structs.replace(chat, peer=seen_user(hub, chat.peer))
    if chat.members is not msgspec.UNSET:
        members = tuple(msgspec.structs.replace(m, user=seen_user(hub, m.user)) for m in chat.members)
        chat = msgspec.structs.replace(chat, members=members)
    return chat


def public(hub: Hub, user: User) -> User:
    """A private profile as those who share a chat see it."""
    return User(
        id=user.id,
        username=user.username,
        display_name=user.display_name,
        avatar_url=user.avatar_url,
        created_at=user.created_at,
        online=is_online(hub, user.id),
        last_seen_at=user.last_seen_at,
    )


def overlay(hub: Hub, outcome: Outcome) -> Outcome:
    """An outcome for HTTP with presence filled in."""
    match outcome:
        case UsersFound(users):
            return UsersFound(seen_users(hub, users))
        case ChatCreated(chat, created, member_ids):
            return ChatCreated(seen_chat(hub, chat), created, member_ids)
        case ChatFound(chat):
            return ChatFound(seen_chat(hub, chat))
        case ChatsFound(chats, users, epoch):
            return ChatsFound(tuple(seen_chat(hub, chat) for chat in chats), seen_users(hub, users), epoch)
        case PageFound(page):
            return PageFound(msgspec.structs.replace(page, users=seen_users(hub, page.users)))
        case MessagesFound(messages, users, has_more, last_seq):
            return MessagesFound(messages, seen_users(hub, users), has_more, last_seq)
        case _:
            return outcome
