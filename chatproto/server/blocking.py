"""Who is told here of a block: the blocker's own connections, by the frame `block`; the other one's see that somebody
goes, or comes back, and nothing else (docs/protocol.md section 2)."""

from collections.abc import Iterable

from chatproto.operations import BlockSet
from chatproto.server.connections import Connections
from chatproto.server.known_blocks import KnownBlocks, Pair
from chatproto.server.presence import Presence
from chatproto.transitions import SessionState
from chatproto.wire.frames import BlockFrame


class Blocking:
    """See the module."""

    def __init__(self, connections: Connections, known: KnownBlocks, presence: Presence) -> None:
        self._connections = connections
        self._known = known
        self._presence = presence

    def changed(self, told: BlockSet) -> None:
        """Storage says so, or another process."""
        self._known.changes += 1
        pair = (told.user_id, told.peer_id)
        for user_id in pair:
            self._put(user_id, pair, on=told.on)

    def compare(self, user_ids: Iterable[int], found: Iterable[Pair]) -> None:
        """What the sweep found of people who are connected here."""
        of: dict[int, set[Pair]] = {user_id: set() for user_id in user_ids if user_id in self._connections.by_user}
        for pair in found:
            for user_id in pair:
                if user_id in of:
                    of[user_id].add(pair)
        for user_id, pairs in of.items():
            for pair in sorted(pairs ^ self._known.of(user_id)):
                self._put(user_id, pair, on=pair in pairs)

    def _put(self, user_id: int, pair: Pair, *, on: bool) -> None:
        if user_id not in self._connections.by_user or not self._known.put(user_id, pair, on=on):
            return
        blocker, blocked = pair
        if user_id == blocked:
            return self._presence.hidden(blocker, blocked, on=on)
        for session in self._connections.of(blocker):
            if session.state is SessionState.ACTIVE and session.dialect.lists_chats:
                self._connections.send(session, BlockFrame(user_id=blocked, on=on))
