"""Who gets what of a committed change. Routing changes only by applying the log in order (I5, I8)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from chatproto.operations import (
    Appended,
    ChatCreated,
    ChatFound,
    FetchPage,
    LoadChat,
    Marked,
    Outcome,
    PageFound,
    Refused,
    SessionsEnded,
    SetFlags,
    UserUpdated,
)
from chatproto.server import presence, watermarks
from chatproto.server.delivery import ChatCursor
from chatproto.server.outputs import SendFrame
from chatproto.server.pending import Appending, CatchingUp, Listing, Marking, Pending, Request
from chatproto.transitions import CursorState, SessionState
from chatproto.wire import codec, legacy
from chatproto.wire.frames import ChatFrame, Lag, Typing, UserFrame
from chatproto.wire.model import Chat, Event, Hidden, LogItem, Message, removes

if TYPE_CHECKING:
    from chatproto.server.hub import Hub
    from chatproto.server.session import ServerSession

RELIST_AFTER: Final = timedelta(seconds=1)
"""Pause before a chat that could not be read is read again, to be listed."""


def apply(hub: Hub, pending: Pending, outcome: Outcome, now: datetime) -> None:
    """Tell everybody here what an outcome changed; outcomes that change nothing for others pass by."""
    if isinstance(outcome, Appended):
        _appended(hub, outcome)
    elif isinstance(outcome, ChatCreated):
        presence.introduce(hub, outcome)
        if outcome.created:
            announce(hub, outcome.chat.id, outcome.member_ids)
    elif isinstance(outcome, Marked):
        skip = pending.connection_id if isinstance(pending, Marking) else None
        watermarks.marked(hub, outcome, skip, now)
    elif isinstance(outcome, ChatFound) and isinstance(pending, Request) and isinstance(pending.operation, SetFlags):
        for session in hub.connections_of(pending.operation.user_id):
            if session.state is SessionState.ACTIVE:
                _send_chat(hub, session, outcome.chat)
    elif isinstance(outcome, UserUpdated):
        _profile(hub, outcome)
    elif isinstance(outcome, SessionsEnded):
        end_sessions(hub, outcome.session_ids)


def end_sessions(hub: Hub, session_ids: Collection[int]) -> None:
    """Whoever is connected with one of these log-ins is out."""
    for session in list(hub.sessions.values()):
        if session.session_id in session_ids:
            hub.close(session, 4403, "revoked")


# --- items of the log ---


def check_place(hub: Hub, pending: Pending, outcome: Outcome) -> None:
    """New items stand behind all that was known when they were sent, right behind what this process knows, or where
    it knows nothing yet: answers may overtake each other."""
    if not isinstance(outcome, Appended) or outcome.dup or not outcome.items:
        return
    first = outcome.items[0].seq
    known_then = pending.head if isinstance(pending, Appending | Request) else 0
    head, head_at = hub.heads.get(outcome.chat_id, (0, None))
    other_before = first == head + 1 and head_at is not None and head_at != outcome.previous_at
    other_there = any(item.seq == head and head_at is not None and head_at != item.created_at for item in outcome.items)
    if first <= known_then or other_before or other_there:
        hub.log_replaced()


def _appended(hub: Hub, outcome: Appended) -> None:
    chat_id = outcome.chat_id
    for user_id in outcome.member_ids:
        for session in hub.connections_of(user_id):
            if session.state is SessionState.LOADING:
                session.missed[chat_id] = max(session.missed.get(chat_id, 0), outcome.last_seq)
    if outcome.dup:  # perhaps nobody was told when it was first appended: whoever lacks it reads the log
        notice_head(hub, chat_id, outcome.last_seq)
    else:
        members = frozenset(outcome.member_ids)
        for item in outcome.items:
            hub.note_head(chat_id, item.seq, item.created_at)
            _broadcast(hub, item, members)
    announce(hub, chat_id, outcome.added_ids)


def _broadcast(hub: Hub, item: Message | Event, members: frozenset[int]) -> None:
    """Push it to the members; whoever is none any more reads from the log what is his, up to his removal."""
    data = codec.encode(item)
    for connection_id in list(hub.routes.get(item.chat_id, ())):
        session = hub.sessions[connection_id]
        cursor = session.cursors[item.chat_id]
        cursor.seen = max(cursor.seen, item.seq)
        if session.user_id in members and cursor.accepts(item.seq):
            _emit(hub, session, item, data)
        else:
            repair(hub, session, item.chat_id)


def _emit(hub: Hub, session: ServerSession, item: LogItem, data: bytes) -> None:
    if session.only_chat is not None:
        data = legacy.encode_item(item)
    session.cursors[item.chat_id].sent_at = None if isinstance(item, Hidden) else item.created_at
    hub.emit(SendFrame(session.id, data, "item", item.chat_id, item.seq))
    if removes(item, session.user_id):
        leave(hub, session, item.chat_id)


def leave(hub: Hub, session: ServerSession, chat_id: int) -> None:
    """The user's part of the log is out; he may have been added again since."""
    relist = session.cursors[chat_id].relist
    hub.unroute(session, chat_id)
    if session.only_chat == chat_id:
        hub.close(session, 4404, "removed")
    elif relist:
        list_chat(hub, session, chat_id)


def notice_head(hub: Hub, chat_id: int, last_seq: int) -> None:
    """The chat's log reaches to `last_seq`: whoever here was not given all of it is caught up."""
    for connection_id in list(hub.routes.get(chat_id, ())):
        session = hub.sessions[connection_id]
        cursor = session.cursors[chat_id]
        cursor.seen = max(cursor.seen, last_seq)
        repair(hub, session, chat_id)


def repair(hub: Hub, session: ServerSession, chat_id: int) -> None:
    """Read from the log what this connection lacks."""
    cursor = session.cursors[chat_id]
    if cursor.behind:
        cursor.move("gap")
        operation = FetchPage(session.user_id, chat_id, cursor.sent, None, hub.limits.page, cursor.sent_at)
        hub.run(operation, CatchingUp(session.id, chat_id, cursor.seen))


def caught_up(hub: Hub, pending: CatchingUp, outcome: Outcome) -> None:
    """A page of ours came: its items go out as live ones."""
    session = hub.sessions.get(pending.connection_id)
    cursor = session.cursors.get(pending.chat_id) if session else None
    if session is None or cursor is None or cursor.state is not CursorState.CATCHING_UP:
        return
    cursor.move("page")
    if isinstance(outcome, Refused) and outcome.code == "bad_seq":
        return hub.close(session, 1012, "the log was replaced")  # the client finds out when it is back
    if not isinstance(outcome, PageFound):
        return  # the store is away or the user no member: the next item or the sweep asks again
    page = outcome.page
    hub.note_head(page.chat_id, page.last_seq, page.last_at)
    if page.from_seq > cursor.sent and session.only_chat is None:  # removed and added again: what lies between is
        cursor.relist = True  # hidden from him
        return leave(hub, session, pending.chat_id)
    asked, heard_more = cursor.sent, cursor.seen > pending.seen
    if page.from_seq > cursor.sent:
        cursor.move_to(page.from_seq)
    if not heard_more:  # the page knows best: a hint may have told of what is not there
        cursor.seen = cursor.sent
    cursor.seen = max(cursor.seen, page.last_seq)
    for item in page.items:
        if cursor.accepts(item.seq):
            _emit(hub, session, item, codec.encode(item))
        if session.cursors.get(pending.chat_id) is not cursor:
            return
    if cursor.sent > asked or heard_more:
        repair(hub, session, pending.chat_id)


def lag(hub: Hub, session: ServerSession, chat_id: int, first_dropped: int) -> None:
    """One `lag` stands for the items a slow reader lost; `/ws/chat` has no such word and is closed.

    It is sent also where the chat is routed no more, for the item that removed the user may be among the lost ones.
    """
    if session.only_chat is not None:
        return hub.close(session, 4408, "too slow")
    cursor = session.cursors.get(chat_id)
    last_seq = first_dropped
    if cursor is not None and cursor.state is not CursorState.LISTING:
        cursor.move("lag")
        cursor.move_to(min(cursor.sent, first_dropped - 1))
        last_seq = cursor.seen
    hub.emit(SendFrame(session.id, codec.encode(Lag(chat_id=chat_id, last_seq=last_seq)), "lag", chat_id))


# --- chats ---


def announce(hub: Hub, chat_id: int, user_ids: tuple[int, ...]) -> None:
    """These users are members now: whoever of them is here learns of the chat."""
    for user_id in user_ids:
        for session in hub.connections_of(user_id):
            if session.state is SessionState.LOADING:
                session.missed.setdefault(chat_id, 0)
            elif session.only_chat is not None:
                continue
            elif chat_id in session.cursors:
                session.cursors[chat_id].relist = True
            else:
                list_chat(hub, session, chat_id)


def list_chat(hub: Hub, session: ServerSession, chat_id: int) -> None:
    """Route first, read then: what is appended meanwhile is noticed, and read after the `chat` frame."""
    hub.route(session, chat_id, ChatCursor())
    hub.run(LoadChat(session.user_id, chat_id), Listing(session.id, chat_id))


def listed(hub: Hub, pending: Listing, outcome: Outcome, now: datetime) -> None:
    """`chat` comes before any item of that chat."""
    session = hub.sessions.get(pending.connection_id)
    cursor = session.cursors.get(pending.chat_id) if session else None
    if session is None or cursor is None:
        return
    if not isinstance(outcome, ChatFound):
        hub.unroute(session, pending.chat_id)
        if not isinstance(outcome, Refused):  # the store is away
            hub.relists.append((now + RELIST_AFTER, session.id, pending.chat_id))
        return
    chat = outcome.chat
    _send_chat(hub, session, chat)
    if chat.left_seq is not None:
        return leave(hub, session, chat.id)
    cursor.move("listed")
    cursor.move_to(chat.last_seq, chat.last_at)
    cursor.relist = False
    hub.note_head(chat.id, chat.last_seq, chat.last_at)
    repair(hub, session, chat.id)


def _send_chat(hub: Hub, session: ServerSession, chat: Chat) -> None:
    hub.send(session, ChatFrame(chat=presence.seen_chat(hub, chat)))


# --- people ---


def _profile(hub: Hub, outcome: UserUpdated) -> None:
    data = codec.encode(UserFrame(user=presence.public(hub, outcome.user)))
    told = {session.id for session in hub.connections_of(outcome.user.id)}
    for chat_id in outcome.chat_ids:
        told.update(hub.routes.get(chat_id, ()))
    for connection_id in sorted(told):
        if hub.sessions[connection_id].only_chat is None:
            hub.emit(SendFrame(connection_id, data, "hint"))


def typing(hub: Hub, session: ServerSession, chat_id: int, on: bool) -> None:
    """Tell the other members' connections that somebody types, or no longer does."""
    if not on:
        session.typing_until.pop(chat_id, None)
        session.typed_at.pop(chat_id, None)
    frame = Typing(chat_id=chat_id, user_id=session.user_id, on=on)
    data = codec.encode(frame)
    for connection_id in hub.routes.get(chat_id, ()):
        other = hub.sessions.get(connection_id)
        if other is not None and other.user_id != session.user_id:
            said = data if other.only_chat is None else legacy.encode(frame)
            hub.emit(SendFrame(other.id, said or data, "hint", chat_id))
