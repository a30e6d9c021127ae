"""What the answers hold, where it is not one value of the model alone."""

from datetime import datetime

import msgspec

from chatproto.wire.limits import Limits
from chatproto.wire.model import Block, Chat, File, LogItem, Message, PrivateUser, Revision, SessionInfo, User
from runtime.config import Registration


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """`expires_in` is in seconds. The refresh token is exchanged once (docs/protocol.md section 2)."""

    access_token: str
    token_type: str = "bearer"
    expires_in: int
    refresh_token: str


class LoggedIn(Tokens, frozen=True, kw_only=True):
    """After register and log-in."""

    user: PrivateUser


class Sessions(msgspec.Struct, frozen=True, kw_only=True):
    """The log-ins of an account that have not ended."""

    sessions: tuple[SessionInfo, ...]


class Users(msgspec.Struct, frozen=True, kw_only=True):
    """Public profiles."""

    users: tuple[User, ...]


class Blocks(msgspec.Struct, frozen=True, kw_only=True):
    """Whom one blocks, the newest first."""

    blocks: tuple[Block, ...]


class ChatList(msgspec.Struct, frozen=True, kw_only=True):
    """`epoch` names the database's history: with another one, caches are worth nothing."""

    chats: tuple[Chat, ...]
    users: tuple[User, ...]
    epoch: str


class ChatPage(ChatList, frozen=True, kw_only=True):
    """A part of the list; `next_cursor` asks for what follows, null at the end."""

    next_cursor: str | None


class MessagePage(msgspec.Struct, frozen=True, kw_only=True):
    """Messages, ascending; `users` are those they name; `has_more`: older ones exist."""

    messages: tuple[Message, ...]
    users: tuple[User, ...]
    has_more: bool
    last_seq: int


class ItemPage(msgspec.Struct, frozen=True, kw_only=True):
    """Items of exactly the seqs in (from_seq, to_seq], ascending: the twin of the frame `page`."""

    items: tuple[LogItem, ...]
    users: tuple[User, ...]
    from_seq: int
    to_seq: int
    has_more: bool
    last_seq: int
    epoch: str


class AroundPage(ItemPage, frozen=True, kw_only=True):
    """Items around a place; `seq`: the entry that was looked for, null in an empty log; `has_before`: older ones
    exist."""

    seq: int | None
    has_before: bool


class Revisions(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of a message, ascending; the last is the present one."""

    revisions: tuple[Revision, ...]


class Readers(msgspec.Struct, frozen=True, kw_only=True):
    """Ids, ascending. `received` does not hold those who have `read` it; `users` are all of them."""

    read: tuple[int, ...]
    received: tuple[int, ...]
    users: tuple[User, ...]


class Pins(msgspec.Struct, frozen=True, kw_only=True):
    """Pinned messages, ascending; `users` are those they name."""

    messages: tuple[Message, ...]
    users: tuple[User, ...]


class ChatFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file, and the message of the chat that holds it."""

    file: File
    seq: int


class ChatFiles(msgspec.Struct, frozen=True, kw_only=True):
    """The newest message first, those of one in their order; a message is not divided between two pages."""

    files: tuple[ChatFile, ...]
    has_more: bool


class FileLink(msgspec.Struct, frozen=True, kw_only=True):
    """`url`: a path with a token, good until `expires_at`."""

    url: str
    expires_at: datetime


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """What a client wants to know before it logs in. `empty`: nobody has an account yet, and the first administrator
    comes by the link that `vestnik serve` printed. `mail`: it sends letters, so a password can be set anew by one."""

    registration: Registration
    empty: bool
    mail: bool
    limits: Limits


class FoundMessage(msgspec.Struct, frozen=True, kw_only=True):
    """`matches`: where the text has what was searched for, as pairs of start and length in code points."""

    message: Message
    chat_id: int
    matches: tuple[tuple[int, int], ...]


class FoundMessages(msgspec.Struct, frozen=True, kw_only=True):
    """The newest first; there may be fewer than were asked for, or none, and still a `next_cursor`. `complete`: false
    while the server has not reached all messages, so that a later search may find more."""

    results: tuple[FoundMessage, ...]
    users: tuple[User, ...]
    next_cursor: str | None
    complete: bool


class ReadState(msgspec.Struct, frozen=True, kw_only=True):
    """`unread_count` and, among those, `mention_count` count up to `last_seq`; 1000 means more than 999, 100 mentions
    more than 99."""

    read_seq: int
    unread_count: int
    mention_count: int
    last_seq: int


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """`ok`. `address`: from where the request came, as the server sees it; for `vestnik doctor` alone."""

    status: str
    address: str | msgspec.UnsetType = msgspec.UNSET


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """`status`: `ready`. `database` (its schema too) and `bus`: `ok`."""

    status: str
    database: str
    bus: str
