"""The frame `sync`: pages of the log, one after another."""

from typing import Final

from chatproto.operations import FetchPage, Outcome, PageFound
from chatproto.server.clock import Now
from chatproto.server.connection_state import Session
from chatproto.server.connections import Connections
from chatproto.server.hub_outputs import SendFrame
from chatproto.server.out import Out
from chatproto.server.pending import Paging
from chatproto.server.presence import Presence
from chatproto.server.rooms import Rooms
from chatproto.wire import codec
from chatproto.wire.codec import BadFrame
from chatproto.wire.frames import PageFrame, Sync
from chatproto.wire.limits import Limits

PAGE: Final = 50
"""Items of a page where a `sync` says no number."""


class Pages:
    """The next page of a connection is read when the one before was written."""

    def __init__(self, out: Out, connections: Connections, rooms: Rooms, presence: Presence, limits: Limits) -> None:
        self._out = out
        self._connections = connections
        self._rooms = rooms
        self._presence = presence
        self._limits = limits

    def sync(self, session: Session, frame: Sync, now: Now) -> None:
        """A client asks for a page."""
        if (frame.after_seq is None) == (frame.before_seq is None):
            bad = BadFrame(code="bad_frame", detail="give after_seq or before_seq", ref=frame.id, chat_id=frame.chat_id)
            return self._connections.violation(session, bad, now)
        session.admission.spend(now.mono)
        session.admission.in_flight += 1
        session.syncs.append(frame)
        self._next(session)

    def written(self, session: Session) -> None:
        """The page before has left."""
        session.paging = False
        self._next(session)

    def paged(self, pending: Paging, outcome: Outcome) -> None:
        """The page was read."""
        session = self._connections.get(pending.connection_id)
        if session is None:
            return
        session.admission.in_flight -= 1
        sync = pending.sync
        if not isinstance(outcome, PageFound):
            self._connections.refuse(session, outcome, sync.id, sync.chat_id)
            return self.written(session)
        page = outcome.page
        frame = PageFrame(
            ref=sync.id,
            chat_id=page.chat_id,
            from_seq=page.from_seq,
            to_seq=page.to_seq,
            items=page.items,
            users=self._presence.seen_users(page.users),
            more=page.more,
            last_seq=page.last_seq,
            last_at=page.last_at,
        )
        self._out.emit(SendFrame(session.id, codec.encode(frame), "page"))
        if sync.after_seq is not None and not page.more:
            last = page.items[-1] if page.items else None
            self._rooms.synced(session, page.chat_id, page.to_seq, page.last_at, last)

    def _next(self, session: Session) -> None:
        if session.paging or not session.syncs:
            return
        frame = session.syncs.popleft()
        session.paging = True
        limit = min(frame.limit or PAGE, self._limits.page)
        operation = FetchPage(session.user_id, frame.chat_id, frame.after_seq, frame.before_seq, limit, frame.after_at)
        self._out.run(operation, Paging(session.id, frame))
