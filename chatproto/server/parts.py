"""The parts of the server's core, put together from the bottom to the top."""

from collections.abc import Callable

from chatproto.buckets import Buckets, Rate
from chatproto.server.admission import Admission
from chatproto.server.appends import Appends
from chatproto.server.blocking import Blocking
from chatproto.server.clock import Deadline, Now, Timers
from chatproto.server.connection_state import Session
from chatproto.server.connections import Connections
from chatproto.server.deadlines import Deadlines
from chatproto.server.dialect import Dialect
from chatproto.server.elsewhere import Elsewhere
from chatproto.server.handshake import CheckToken, Handshake
from chatproto.server.hiding import Hiding
from chatproto.server.history import History
from chatproto.server.knobs import Knobs
from chatproto.server.known_blocks import KnownBlocks
from chatproto.server.lines import Lines
from chatproto.server.listings import Listings
from chatproto.server.markers import Markers
from chatproto.server.news import News
from chatproto.server.out import Out
from chatproto.server.presence import Presence
from chatproto.server.reception import Reception
from chatproto.server.replacing import Replacing
from chatproto.server.rooms import Rooms
from chatproto.server.spread import Spread
from chatproto.server.sweeping import Sweeper
from chatproto.server.sync_pages import Pages
from chatproto.server.typists import Typists
from chatproto.server.watermarks import Watermarks
from chatproto.server.whereabouts import Whereabouts
from chatproto.wire.limits import Limits

BUCKETS = 50_000
"""Users whose buckets are remembered after they have gone."""


class Parts:
    """Each owns its state and knows those below it; all of them stand here for the Hub, and for a look from outside."""

    def __init__(
        self, check_token: CheckToken, new_cid: Callable[[], str], limits: Limits, knobs: Knobs, process: str | None
    ) -> None:
        self.limits, self.knobs = limits, knobs
        self.out, self.timers, self.history = Out(), Timers(), History()
        out, timers, history = self.out, self.timers, self.history
        self.buckets: Buckets[int] = Buckets(Rate(knobs.rate, knobs.burst), BUCKETS)
        self.news = News(out, history, process)
        self.connections = here = Connections(out, knobs)
        self.lines = Lines(out, timers, history, knobs)
        self.rooms = rooms = Rooms(out, timers, here, history, self.lines, limits, knobs)
        self.appends = Appends(out, here, self.lines, rooms, self.news, limits, knobs)
        self.blocks = KnownBlocks()
        elsewhere = Elsewhere(knobs)
        self.hiding = Hiding()
        self.presence = Presence(
            out, timers, here, rooms, self.blocks, self.hiding, elsewhere, self.news, knobs, process
        )
        self.whereabouts = Whereabouts(out, timers, self.presence, elsewhere, self.news, knobs, process)
        self.blocking = Blocking(here, self.blocks, self.presence)
        self.watermarks = Watermarks(out, timers, here, rooms, self.hiding, knobs)
        self.markers = Markers(out, timers, here, knobs)
        self.typists = Typists(out, timers, here, rooms, self.news, self.blocks, knobs)
        self.pages = Pages(out, here, rooms, self.presence, limits)
        self.listings = Listings(timers, here, rooms, self.presence, knobs)
        self.replacing = Replacing(out, here, history, new_cid)
        self.sweeper = Sweeper(
            out, timers, here, history, rooms, self.replacing, self.blocks, self.blocking, self.hiding, knobs
        )
        self.spread = Spread(
            out,
            here,
            rooms,
            self.presence,
            self.listings,
            self.watermarks,
            self.sweeper,
            self.typists,
            self.blocking,
            self.whereabouts,
            self.hiding,
        )
        self.handshake = Handshake(
            out, timers, here, history, rooms, self.presence, self.blocks, check_token, limits, knobs
        )
        self.reception = Reception(
            timers, here, self.handshake, self.appends, self.pages, self.markers, self.typists, new_cid
        )
        self.deadlines = Deadlines(out, timers, here, self.reception, knobs)

    def open(self, dialect: Dialect, now: Now) -> Session:
        """A socket was accepted."""
        connection_id = self.out.new_id()
        admission = Admission(self.buckets, self.limits, self.knobs, key=-connection_id)
        session = Session(connection_id, dialect, admission, now.mono, now.mono)
        self.connections.open(session)
        self.timers.set(Deadline("session", session.id), now.mono + self.knobs.hello_timeout)
        return session

    def forget_routes(self, session: Session, now: Now) -> None:
        """A connection has ended: nobody tells it anything, and perhaps its user is away now."""
        chat_ids = frozenset(session.chats)
        try:
            self.rooms.forget(session)
        finally:
            self.presence.forget(session, chat_ids, now)
            if session.user_id not in self.connections.by_user:
                self.blocks.forget(session.user_id)

    def forget_commands(self, session: Session, now: Now) -> None:
        """What it sent and is not in storage will be sent again."""
        self.timers.cancel(Deadline("session", session.id))
        if session.admission.in_flight:
            self.lines.forget(session.id)
