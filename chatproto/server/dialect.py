"""The words of a connection: those of `/ws`, or those of `/ws/chat/{chat_id}` (docs/protocol.md sections 4 and 5).

Whatever the endpoints do differently is asked here.
"""

from collections.abc import Callable
from typing import Final

from attrs import frozen

from chatproto.wire import codec, legacy
from chatproto.wire.codec import BadFrame
from chatproto.wire.frames import FromClient, FromServer, Marks, Presence
from chatproto.wire.model import LogItem


@frozen
class Dialect:
    """Of `/ws`. `kind` counts the ways in which a log item is encoded.

    `lists_chats`: the connection is told of every chat of its user. `knows_lag`: there is a word for dropped items.
    `pinged`: the client need not say anything, so it is asked by protocol pings.
    """

    kind: int = 0
    lists_chats: bool = True
    knows_lag: bool = True
    pinged: bool = False

    def decode(self, data: str, new_cid: Callable[[], str]) -> FromClient | BadFrame:
        """One frame of the client."""
        return codec.decode(data)

    def encode(self, frame: FromServer) -> bytes | None:
        """A frame for the client; None where the endpoint has no word for it."""
        return codec.encode(frame)

    def encode_item(self, item: LogItem) -> bytes:
        """An entry of the log."""
        return codec.encode(item)

    def encode_marks(self, frame: Marks) -> bytes:
        """How far somebody received and read."""
        return codec.encode(frame)

    def encode_presence(self, frame: Presence) -> bytes:
        """Somebody came or went."""
        return codec.encode(frame)


@frozen
class ChatDialect(Dialect):
    """Of `/ws/chat/{chat_id}`."""

    chat_id: int = 0
    kind: int = 1
    lists_chats: bool = False
    knows_lag: bool = False
    pinged: bool = True

    def decode(self, data: str, new_cid: Callable[[], str]) -> FromClient | BadFrame:
        """See Dialect."""
        return legacy.decode(data, self.chat_id, new_cid)

    def encode(self, frame: FromServer) -> bytes | None:
        """See Dialect."""
        return legacy.encode(frame)

    def encode_item(self, item: LogItem) -> bytes:
        """See Dialect."""
        return legacy.encode_item(item)

    def encode_marks(self, frame: Marks) -> bytes:
        """See Dialect."""
        return legacy.encode_marks(frame)

    def encode_presence(self, frame: Presence) -> bytes:
        """See Dialect."""
        return legacy.encode_presence(frame, self.chat_id)


PLAIN: Final = Dialect()
ITEM_DIALECTS: Final = (PLAIN, ChatDialect())
"""By `kind`: an item has the same words in every chat."""
