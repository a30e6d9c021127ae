"""The values that travel: users, chats, log items. Field names are those of the HTTP API and the frames.

All are frozen msgspec Structs, so one definition serves storage, core, HTTP and WebSocket. Times are aware UTC
datetimes; ids and seqs are positive integers up to 2^53-1.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

MAX_ID = 2**53 - 1

Role = Literal["member", "admin"]
Notify = Literal["all", "mentions", "none"]
ChatType = Literal["direct", "group"]
Writers = Literal["all", "admins", "none"]
"""Who may send; none: to a direct chat whose other one deleted their account."""
GroupWriters = Literal["all", "admins"]
"""Those of them that a group can be given."""
RetentionDays = Literal[0, 1, 7, 30, 90, 365]
"""Days for which a group keeps its messages; 0: without limit."""


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A public profile; `online` and `last_seen_at` are null unless the reader shares a chat with them. `deleted`: the
    account is no more, and its names are those of `deleted_user`. What is left out is not so."""

    id: int
    username: str
    display_name: str
    avatar_url: str | None = None
    created_at: datetime
    online: bool | None = None
    last_seen_at: datetime | None = None
    deleted: Literal[True] | UnsetType = UNSET


DELETED_NAME: Final = "Deleted user"
"""Of a deleted account, for clients that know no mark of it; others say it in the language of their reader."""


def deleted_username(user_id: int) -> str:
    """What stands in the place of the username; nobody can register by it."""
    return f"~{user_id}"


def deleted_user(user_id: int, created_at: datetime) -> User:
    """A deleted account as everybody sees it."""
    return User(
        id=user_id,
        username=deleted_username(user_id),
        display_name=DELETED_NAME,
        created_at=created_at,
        deleted=True,
    )


class PrivateUser(User, frozen=True, kw_only=True):
    """One's own profile. `email_verified`: they have shown that the address is theirs. `role`: in the server
    as a whole. `hide_last_seen`, `hide_reads`: what others are not told of them, nor they of others. What is left out
    is not so; `login_letters`: false where they want no letters about log-ins, else left out."""

    email: str | None = None
    email_verified: bool | UnsetType = UNSET
    hide_last_seen: bool | UnsetType = UNSET
    hide_reads: bool | UnsetType = UNSET
    login_letters: bool | UnsetType = UNSET
    role: Literal["admin"] | UnsetType = UNSET


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a message; `size` in bytes, `width` and `height` in pixels where it is an image of a known kind."""

    id: str
    url: str
    preview_url: str | None = None
    name: str
    size: int
    content_type: str
    width: int | None = None
    height: int | None = None


class File(Attachment, frozen=True, kw_only=True):
    """A file as its owner is told of it. `sha256`: hexadecimal, of the bytes that others get."""

    sha256: str
    created_at: datetime


def attachment_of(file: File) -> Attachment:
    """What a message tells of a file."""
    return msgspec.convert(file, Attachment, from_attributes=True)


class Reaction(msgspec.Struct, frozen=True, kw_only=True):
    """One emoji under a message with the first 20 ids of those who chose it; in what is told to one person alone, their
    own behind them."""

    emoji: str
    count: int
    user_ids: tuple[int, ...]


class Forwarded(msgspec.Struct, frozen=True, kw_only=True):
    """Who wrote a text that was forwarded, and their name at that time."""

    user_id: int
    display_name: str


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="message"):
    """A log item that people read. `mentions`: the members whom it named when it was written or edited."""

    id: int
    chat_id: int
    seq: int
    rev: int = 1
    sender_id: int
    content: str | None
    created_at: datetime
    edited_at: datetime | None = None
    deleted: bool = False
    is_read: bool = False
    reply_to: int | None = None
    attachment_url: str | None = None
    attachments: tuple[Attachment, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    mentions: tuple[int, ...] = ()
    mentions_all: bool = False
    forwarded: Forwarded | None = None
    cid: str


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """A text that a message had from `rev` on; `edited_at`: null for the first."""

    rev: int
    content: str
    edited_at: datetime | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="event"):
    """A log item that tells a change: membership, role, title (docs/protocol.md section 4, frame `event`)."""

    chat_id: int
    seq: int
    event: str
    actor_id: int
    created_at: datetime
    target_seq: int | None = None
    data: dict[str, Any]


class Hidden(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="hidden"):
    """A log item this user must not see; it still fills its seq. Its time tells it from the entry that another log
    has in its place; servers of earlier versions do not tell it."""

    chat_id: int
    seq: int
    created_at: datetime | None = None


LogItem = Message | Event | Hidden


def hidden(item: LogItem) -> Hidden:
    """The item for somebody who must not see it."""
    return Hidden(chat_id=item.chat_id, seq=item.seq, created_at=item.created_at)


def removes(item: LogItem, user_id: int) -> bool:
    """Whether this item ends the user's membership."""
    return isinstance(item, Event) and item.event == "member_removed" and item.data.get("user_id") == user_id


def named_ids(items: Iterable[LogItem]) -> set[int]:
    """The users that items name: senders, actors and those it happens to."""
    ids: set[int] = set()
    for item in items:
        if isinstance(item, Message):
            ids.add(item.sender_id)
            continue
        if isinstance(item, Hidden):
            continue
        ids.add(item.actor_id)
        if "user_id" in item.data:
            ids.add(item.data["user_id"])
        elif "user" in item.data:
            ids.add(item.data["user"].id)
    return ids


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """Where one member stands in one chat (`ready.chats`)."""

    chat_id: int
    first_seq: int
    last_seq: int
    last_at: datetime | None
    left_seq: int | None
    read_seq: int
    delivered_seq: int
    others_read_seq: int
    others_delivered_seq: int
    unread_count: int
    mention_count: int = 0


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A member as a chat's own page lists them."""

    user: User
    role: Role
    joined_at: datetime
    read_seq: int
    delivered_seq: int


class Chat(msgspec.Struct, frozen=True, kw_only=True):
    """A chat as one user sees it. `pinned_seq`: the highest one that they may see. `mention_count`: unread messages
    that name them, exact to 99. `muted_until`: where `muted` ends by itself; null: it does not. `writers`: who may send
    to a group. `retention_days`: after how many days this group's messages are removed, 0: never.

    `members` only where asked (GET one chat), never in a `chat` frame."""

    id: int
    type: ChatType
    is_group: bool
    title: str | None
    avatar_url: str | None
    created_at: datetime
    role: Role
    first_seq: int
    last_seq: int
    last_at: datetime | None
    left_seq: int | None
    last_message: Message | None
    read_seq: int
    delivered_seq: int
    others_read_seq: int
    others_delivered_seq: int
    unread_count: int
    muted: bool
    favourite: bool
    hidden: bool
    peer: User | None
    pinned_seq: int | None = None
    mention_count: int = 0
    notify: Notify = "all"
    muted_until: datetime | None = None
    writers: Writers = "all"
    retention_days: RetentionDays = 0
    members: tuple[Member, ...] | msgspec.UnsetType = msgspec.UNSET


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom the reader blocks, and since when."""

    user: User
    created_at: datetime


class SessionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A log-in as the list of sessions shows it. `address`: where it logged in or exchanged its token last."""

    id: int
    device: str
    created_at: datetime
    last_used_at: datetime
    address: str | None = None
    current: bool


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Items of exactly the seqs in (from_seq, to_seq], ascending."""

    chat_id: int
    from_seq: int
    to_seq: int
    items: tuple[LogItem, ...]
    users: tuple[User, ...]
    more: bool
    last_seq: int
    last_at: datetime | None
