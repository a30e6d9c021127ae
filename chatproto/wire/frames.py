"""The frames of `/ws` (docs/protocol.md section 4): one tagged union each way, bounds in the types."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chatproto.wire.limits import MAX_FILES, Limits
from chatproto.wire.model import MAX_ID, Chat, Event, Head, Hidden, LogItem, Message, PrivateUser, User

Id = Annotated[int, Meta(ge=1, le=MAX_ID)]
Seq = Annotated[int, Meta(ge=0, le=MAX_ID)]
Cid = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9._:-]{1,64}\Z")]
FileId = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{22}\Z")]
"""128 random bits, in Base64 for URLs."""
Ref = Annotated[str, Meta(min_length=1, max_length=64)]
Label = Annotated[str, Meta(min_length=1, max_length=64)]

# --- client to server ------------------------------------------------------------------------------------------


class ClientFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """Every client frame may carry `id`; its answer echoes it as `ref`."""

    id: Ref | None = None


class ClientInfo(msgspec.Struct, frozen=True, kw_only=True):
    name: Label | None = None
    version: Label | None = None
    os: Label | None = None


class Hello(ClientFrame, frozen=True, kw_only=True, tag="hello"):
    v: Annotated[list[int], Meta(min_length=1, max_length=16)]
    token: Annotated[str, Meta(max_length=4096)]
    device: Label | None = None
    client: ClientInfo | None = None
    epoch: Annotated[str, Meta(max_length=64)] | None = None


class Sync(ClientFrame, frozen=True, kw_only=True, tag="sync"):
    chat_id: Id
    after_seq: Seq | None = None
    after_at: datetime | None = None
    before_seq: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] | None = None


class ForwardField(msgspec.Struct, frozen=True, kw_only=True):
    """The message that is forwarded; `target_at`: its created_at."""

    chat_id: Id
    seq: Id
    target_at: datetime


class Send(ClientFrame, frozen=True, kw_only=True, tag="send"):
    """`content` or `forward`."""

    chat_id: Id
    cid: Cid
    content: str | None = None
    forward: ForwardField | None = None
    reply_to: Id | None = None
    target_at: datetime | None = None
    attachments: Annotated[list[FileId], Meta(max_length=MAX_FILES)] | None = None


class TargetFrame(ClientFrame, frozen=True, kw_only=True):
    """A command about a message of the log; `target_at`: its created_at."""

    chat_id: Id
    cid: Cid
    seq: Id
    target_at: datetime


class EditFrame(TargetFrame, frozen=True, kw_only=True, tag="edit"):
    content: str


class DeleteFrame(TargetFrame, frozen=True, kw_only=True, tag="delete"):
    pass


class ReactFrame(TargetFrame, frozen=True, kw_only=True, tag="react"):
    emoji: Annotated[str, Meta(min_length=1, max_length=64)]
    on: bool


class PinFrame(TargetFrame, frozen=True, kw_only=True, tag="pin"):
    on: bool


class MarkFrame(ClientFrame, frozen=True, kw_only=True, tag="mark"):
    chat_id: Id
    delivered_seq: Seq | None = None
    read_seq: Seq | None = None


class TypingFrame(ClientFrame, frozen=True, kw_only=True, tag="typing"):
    chat_id: Id
    on: bool


class Auth(ClientFrame, frozen=True, kw_only=True, tag="auth"):
    token: Annotated[str, Meta(max_length=4096)]


class Ping(ClientFrame, frozen=True, kw_only=True, tag="ping"):
    t: Annotated[int, Meta(ge=-MAX_ID, le=MAX_ID)] | None = None


MessageCommand = EditFrame | DeleteFrame | ReactFrame | PinFrame

Command = Sync | Send | MessageCommand | MarkFrame | TypingFrame | Auth | Ping
"""What a session takes once it has said hello."""
FromClient = Hello | Command
CLIENT_TYPES = frozenset({"hello", "sync", "send", "edit", "delete", "react", "pin", "mark", "typing", "auth", "ping"})

# --- server to client ------------------------------------------------------------------------------------------


class ServerFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """`ref` echoes the `id` (or cid) of the frame this one answers."""

    ref: str | None = None


class Ready(ServerFrame, frozen=True, kw_only=True, tag="ready"):
    v: int
    session_id: int
    user: PrivateUser
    epoch: str
    server_time: datetime
    token_exp: datetime
    heartbeat_ms: int
    limits: Limits
    chats: tuple[Head, ...]
    more: bool
    blocked: tuple[int, ...] = ()


class Chats(ServerFrame, frozen=True, kw_only=True, tag="chats"):
    chats: tuple[Head, ...]
    more: bool


class PageFrame(ServerFrame, frozen=True, kw_only=True, tag="page"):
    chat_id: int
    from_seq: int
    to_seq: int
    items: tuple[LogItem, ...]
    users: tuple[User, ...]
    more: bool
    last_seq: int
    last_at: datetime | None


class Ack(ServerFrame, frozen=True, kw_only=True, tag="ack"):
    cid: str
    chat_id: int
    seq: int
    created_at: datetime
    dup: bool
    message_id: int | None = None


class Lag(ServerFrame, frozen=True, kw_only=True, tag="lag"):
    chat_id: int
    last_seq: int


class Expired(ServerFrame, frozen=True, kw_only=True, tag="expired"):
    """The log of a chat begins with `first_seq` now: what came before was removed after its time."""

    chat_id: int
    first_seq: int


class Marks(ServerFrame, frozen=True, kw_only=True, tag="marks"):
    chat_id: int
    user_id: int
    delivered_seq: int
    read_seq: int
    unread_count: int | None = None
    mention_count: int | None = None
    last_seq: int | None = None


class Typing(ServerFrame, frozen=True, kw_only=True, tag="typing"):
    chat_id: int
    user_id: int
    on: bool


class Presence(ServerFrame, frozen=True, kw_only=True, tag="presence"):
    """`online`: null where nothing is told of them any more."""

    user_id: int
    online: bool | None
    last_seen_at: datetime | None = None


class UserFrame(ServerFrame, frozen=True, kw_only=True, tag="user"):
    user: User


class BlockFrame(ServerFrame, frozen=True, kw_only=True, tag="block"):
    user_id: int
    on: bool


class ChatFrame(ServerFrame, frozen=True, kw_only=True, tag="chat"):
    chat: Chat


class AuthOk(ServerFrame, frozen=True, kw_only=True, tag="auth_ok"):
    token_exp: datetime


class AuthExpiring(ServerFrame, frozen=True, kw_only=True, tag="auth_expiring"):
    in_ms: int


class Pong(ServerFrame, frozen=True, kw_only=True, tag="pong"):
    t: int | None = None
    server_time: datetime


class ErrorFrame(ServerFrame, frozen=True, kw_only=True, tag="error"):
    code: str
    detail: str
    retryable: bool
    chat_id: int | None = None
    retry_after_ms: int | None = None
    field: str | None = None


class Bye(ServerFrame, frozen=True, kw_only=True, tag="bye"):
    reason: str
    reconnect_after_ms: int


FromServer = (
    Ready
    | Chats
    | PageFrame
    | Ack
    | Message
    | Event
    | Hidden
    | Lag
    | Expired
    | Marks
    | Typing
    | Presence
    | UserFrame
    | BlockFrame
    | ChatFrame
    | AuthOk
    | AuthExpiring
    | Pong
    | ErrorFrame
    | Bye
)
