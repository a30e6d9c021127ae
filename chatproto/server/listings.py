"""The frame `chat`: a chat that a connection learns of, or whose flags changed."""

from chatproto.operations import ChatFound, Outcome, Refused
from chatproto.server.clock import Deadline, Now, Timers
from chatproto.server.connection_state import Session
from chatproto.server.connections import Connections
from chatproto.server.knobs import Knobs
from chatproto.server.pending import Listing
from chatproto.server.presence import Presence
from chatproto.server.rooms import Rooms
from chatproto.wire.frames import ChatFrame
from chatproto.wire.model import Chat


class Listings:
    """See the module."""

    def __init__(
        self, timers: Timers, connections: Connections, rooms: Rooms, presence: Presence, knobs: Knobs
    ) -> None:
        self._timers = timers
        self._connections = connections
        self._rooms = rooms
        self._presence = presence
        self._knobs = knobs

    def loaded(self, pending: Listing, outcome: Outcome, now: Now) -> None:
        """`chat` comes before any item of that chat."""
        session = self._connections.get(pending.connection_id)
        chat_id = pending.chat_id
        if session is None or not self._rooms.listing(session, chat_id):
            return
        if not isinstance(outcome, ChatFound):
            self._rooms.unlist(session, chat_id)
            if not isinstance(outcome, Refused):  # the store is away
                self._timers.set(Deadline("list", session.id, chat_id), now.mono + self._knobs.read_again_after)
            return
        chat = outcome.chat
        if chat.peer is not None:
            self._presence.acquaint(session.user_id, chat.peer.id)
        self.send(session, chat)
        if chat.left_seq is not None:
            self._rooms.leave(session, chat_id)
        else:
            self._rooms.listed(session, chat)

    def again(self, connection_id: int, chat_id: int) -> None:
        """The pause after a failure is over."""
        session = self._connections.get(connection_id)
        if session is not None and chat_id not in session.chats:
            self._rooms.list_chat(session, chat_id)

    def send(self, session: Session, chat: Chat) -> None:
        """The frame itself."""
        self._connections.send(session, ChatFrame(chat=self._presence.seen_chat(chat)))
