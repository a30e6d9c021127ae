"""The frames of an active session: what each asks of storage, and its answer."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, assert_never

from chatproto.operations import (
    Appended,
    AppendMessage,
    FetchPage,
    Mark,
    Marked,
    OperationFailed,
    Outcome,
    OutcomeUnknown,
    PageFound,
)
from chatproto.server import fanout, handshake, presence
from chatproto.server.outputs import SendFrame
from chatproto.server.pending import Appending, Marking, Paging
from chatproto.server.session import QueuedSend
from chatproto.transitions import CursorState, SessionState
from chatproto.wire import codec
from chatproto.wire.codec import BadFrame
from chatproto.wire.digest import command_digest
from chatproto.wire.frames import (
    Ack,
    Auth,
    Command,
    MarkFrame,
    Marks,
    PageFrame,
    Ping,
    Pong,
    Send,
    Sync,
    TypingFrame,
)
from chatproto.wire.model import Message, removes
from chatproto.wire.text import check_content

if TYPE_CHECKING:
    from chatproto.server.hub import Hub
    from chatproto.server.session import ServerSession

RETRY_AFTER = timedelta(seconds=0.25)
"""Pause before a command is given to a store that was away once more."""


def handle(hub: Hub, session: ServerSession, frame: Command, now: datetime) -> None:
    """One frame of an active session (`ping` also of one that is loading)."""
    match frame:
        case Ping():
            session.charge("ping", 0, now)
            hub.send(session, Pong(ref=frame.id, t=frame.t, server_time=now))
        case Auth():
            handshake.renew(hub, session, frame, now)
        case Sync():
            _sync(hub, session, frame, now)
        case Send():
            _send(hub, session, frame, now)
        case MarkFrame():
            _mark(hub, session, frame, now)
        case TypingFrame():
            _typing(hub, session, frame, now)
        case _:
            assert_never(frame)


def hold(hub: Hub, session: ServerSession, frame: Command) -> None:
    """Keep a frame until `ready`, or until the expired token is renewed; then marks and typing are dropped."""
    active = session.state is SessionState.ACTIVE
    if active and isinstance(frame, MarkFrame | TypingFrame):
        return
    session.held.append(frame)
    if active and len(session.held) > hub.limits.held_frames:
        hub.close(session, 4401, "token expired")


# --- pages ---


def _sync(hub: Hub, session: ServerSession, frame: Sync, now: datetime) -> None:
    session.bucket.spend(now)
    if (frame.after_seq is None) == (frame.before_seq is None):
        return hub.violation(session, BadFrame(code="bad_frame", detail="give after_seq or before_seq", ref=frame.id))
    session.in_flight += 1
    session.syncs.append(frame)
    next_sync(hub, session, now)


def next_sync(hub: Hub, session: ServerSession, now: datetime) -> None:
    """Read the next page asked for, once the last one was written."""
    if session.paging or not session.syncs:
        return
    frame = session.syncs.popleft()
    session.paging = True
    limit = min(frame.limit, hub.limits.page)
    operation = FetchPage(session.user_id, frame.chat_id, frame.after_seq, frame.before_seq, limit, frame.after_at)
    hub.run(operation, Paging(session.id, frame))


def paged(hub: Hub, pending: Paging, outcome: Outcome, now: datetime) -> None:
    """The page of a `sync`."""
    session = hub.sessions.get(pending.connection_id)
    if session is None:
        return
    session.in_flight -= 1
    sync = pending.sync
    if not isinstance(outcome, PageFound):
        hub.refuse(session, outcome, sync.id, sync.chat_id)
        session.paging = False
        return next_sync(hub, session, now)
    page = outcome.page
    hub.note_head(page.chat_id, page.last_seq, page.last_at)
    frame = PageFrame(
        ref=sync.id,
        chat_id=page.chat_id,
        from_seq=page.from_seq,
        to_seq=page.to_seq,
        items=page.items,
        users=presence.seen_users(hub, page.users),
        more=page.more,
        last_seq=page.last_seq,
        last_at=page.last_at,
    )
    hub.emit(SendFrame(connection_id=session.id, data=codec.encode(frame), kind="page"))
    cursor = session.cursors.get(sync.chat_id)
    if cursor is not None and cursor.state is CursorState.LAGGING and sync.after_seq is not None and not page.more:
        cursor.move("synced")
        cursor.move_to(page.to_seq, page.last_at)
        if page.items and removes(page.items[-1], session.user_id):  # it was among what the lag dropped
            return fanout.leave(hub, session, sync.chat_id)
        fanout.repair(hub, session, sync.chat_id)


# --- log commands ---


def _send(hub: Hub, session: ServerSession, frame: Send, now: datetime) -> None:
    session.bucket.spend(now)
    line = session.sends.setdefault(frame.chat_id, deque())
    line.append(QueuedSend(frame))
    session.in_flight += 1
    if len(line) == 1:
        run_send(hub, session, frame.chat_id, now)


def run_send(hub: Hub, session: ServerSession, chat_id: int, now: datetime) -> None:
    """Give the first of a chat's line to storage: one at a time keeps the sender's own order."""
    queued = session.sends[chat_id][0]
    queued.since = queued.since or now
    frame = queued.frame
    attachment_ids = tuple(frame.attachments)
    digest = command_digest("send", content=frame.content, reply_to=frame.reply_to, attachment_ids=attachment_ids)
    operation = AppendMessage(
        chat_id=chat_id,
        actor_id=session.user_id,
        cid=frame.cid,
        digest=digest,
        content=frame.content,
        reply_to=frame.reply_to,
        reply_at=frame.target_at,
        now=now,
        refusal="attachment_invalid" if attachment_ids else check_content(frame.content, hub.limits),
    )
    hub.run(operation, Appending(session.id, chat_id, hub.head(chat_id)))


def appended(hub: Hub, pending: Appending, outcome: Outcome, now: datetime) -> None:
    """The first of a line is decided, or the store was away: then it is tried again for `store_wait` seconds."""
    session = hub.sessions.get(pending.connection_id)
    line = session.sends.get(pending.chat_id) if session else None
    if session is None or not line or line[0].since is None:
        return
    away = isinstance(outcome, OutcomeUnknown) or (isinstance(outcome, OperationFailed) and outcome.retryable)
    if away and now - line[0].since < timedelta(seconds=hub.limits.store_wait):
        hub.retries.append((now + RETRY_AFTER, session.id, pending.chat_id))
        return
    frame = line.popleft().frame
    session.in_flight -= 1
    if isinstance(outcome, Appended):
        _ack(hub, session, frame, outcome)
    else:
        hub.refuse(session, outcome, frame.id or frame.cid, pending.chat_id)
    if away:  # whatever came later would overtake the one that failed
        return hub.close(session, 4503, "store unavailable")
    if line:
        run_send(hub, session, pending.chat_id, now)
    else:
        del session.sends[pending.chat_id]


def _ack(hub: Hub, session: ServerSession, frame: Send, outcome: Appended) -> None:
    item = outcome.items[0]
    ack = Ack(
        ref=frame.cid,
        cid=frame.cid,
        chat_id=item.chat_id,
        seq=item.seq,
        created_at=item.created_at,
        dup=outcome.dup,
        message_id=item.id if isinstance(item, Message) else None,
    )
    hub.send(session, ack)


# --- marks and typing ---


def _mark(hub: Hub, session: ServerSession, frame: MarkFrame, now: datetime) -> None:
    session.charge("mark", frame.chat_id, now)
    if frame.chat_id in session.marks:  # one is in storage: the newest waits, merged with what waited before
        session.marks[frame.chat_id] = _merged(session.marks[frame.chat_id], frame)
        return
    session.marks[frame.chat_id] = None
    _run_mark(hub, session, frame, now)


def _run_mark(hub: Hub, session: ServerSession, frame: MarkFrame, now: datetime) -> None:
    operation = Mark(session.user_id, frame.chat_id, frame.delivered_seq, frame.read_seq, now)
    hub.run(operation, Marking(session.id, frame))


def _merged(old: MarkFrame | None, new: MarkFrame) -> MarkFrame:
    if old is None:
        return new
    delivered = max((seq for seq in (old.delivered_seq, new.delivered_seq) if seq is not None), default=None)
    read = max((seq for seq in (old.read_seq, new.read_seq) if seq is not None), default=None)
    return MarkFrame(id=new.id, chat_id=new.chat_id, delivered_seq=delivered, read_seq=read)


def marked(hub: Hub, pending: Marking, outcome: Outcome, now: datetime) -> None:
    """A `mark` is stored: its echo is the answer."""
    session = hub.sessions.get(pending.connection_id)
    if session is None:
        return
    mark = pending.mark
    if isinstance(outcome, Marked):
        echo = Marks(
            ref=mark.id,
            chat_id=outcome.chat_id,
            user_id=outcome.user_id,
            delivered_seq=outcome.delivered_seq,
            read_seq=outcome.read_seq,
            unread_count=outcome.unread_count,
            last_seq=outcome.last_seq,
        )
        hub.send(session, echo)
    else:
        hub.refuse(session, outcome, mark.id, mark.chat_id)
    waiting = session.marks.pop(mark.chat_id, None)
    if waiting is not None:
        session.marks[mark.chat_id] = None
        _run_mark(hub, session, waiting, now)


def _typing(hub: Hub, session: ServerSession, frame: TypingFrame, now: datetime) -> None:
    """Forward at most one start per 3 s and chat; never to strangers, never stored; the end is told once."""
    if frame.chat_id not in session.cursors:
        return
    if not frame.on:
        if frame.chat_id in session.typing_until:
            fanout.typing(hub, session, frame.chat_id, False)
        return
    session.typing_until[frame.chat_id] = now + timedelta(seconds=hub.limits.typing_expiry)
    last = session.typed_at.get(frame.chat_id)
    if last is None or now - last >= timedelta(seconds=hub.limits.typing_interval):
        session.typed_at[frame.chat_id] = now
        fanout.typing(hub, session, frame.chat_id, True)
