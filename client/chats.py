"""What the Python client asks of chats over HTTP."""

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Literal

import msgspec

from chatproto.client.timeline import Timeline
from chatproto.wire.model import Block, Chat, File, LogItem, Message, Notify, Revision
from client.account import Account

FileKind = Literal["image", "video", "audio", "other"]
Has = Literal["file", "image", "link"]


class Readers(msgspec.Struct, frozen=True):
    """Ids of members who have read a message, and of those who have only received it."""

    read: tuple[int, ...]
    received: tuple[int, ...]


class FoundMessage(msgspec.Struct, frozen=True):
    """A message that was found. `matches`: start and length, in code points, of what was looked for in its content."""

    message: Message
    matches: tuple[tuple[int, int], ...]


class FoundMessages(msgspec.Struct, frozen=True):
    """A part of what was found, the newest first. `next_cursor` leads to the next part, None where there is none;
    `complete` is false while the server has not read all older messages yet."""

    results: tuple[FoundMessage, ...]
    next_cursor: str | None
    complete: bool


class ChatFile(msgspec.Struct, frozen=True):
    """A file, and the seq of the message of a chat that holds it."""

    file: File
    seq: int


class ChatFiles(msgspec.Struct, frozen=True):
    """The newest first; ask on with `before_seq` of the last one."""

    files: tuple[ChatFile, ...]
    has_more: bool


class Chats(ABC):
    """Chats, and what was said in them, of somebody who is logged in."""

    def __init__(self, account: Account) -> None:
        self.account = account

    @abstractmethod
    def held(self, chat_id: int) -> Timeline:
        """What is in memory of a chat: it may be newer than an answer."""

    async def create_direct(self, user_id: int) -> int:
        """The id of the chat with that user, made or found. Raises ChatError."""
        return int((await self.account.call("POST", "/api/chats", {"type": "direct", "user_id": user_id}))["id"])

    async def block(self, user_id: int) -> None:
        """Neither of the two writes in their direct chat any more, and they do not see one's presence. They are not
        told. Raises ChatError."""
        await self.account.call("PUT", f"/api/users/{user_id}/block")

    async def unblock(self, user_id: int) -> None:
        """Take that back. Raises ChatError."""
        await self.account.call("DELETE", f"/api/users/{user_id}/block")

    async def blocks(self) -> tuple[Block, ...]:
        """Whom one blocks, the newest first. Raises ChatError."""
        return msgspec.convert((await self.account.call("GET", "/api/blocks"))["blocks"], tuple[Block, ...])

    async def create_group(self, title: str, user_ids: list[int]) -> int:
        """The id of a new group. Raises ChatError."""
        body = {"type": "group", "title": title, "user_ids": user_ids}
        return int((await self.account.call("POST", "/api/chats", body))["id"])

    async def chat(self, chat_id: int) -> Chat:
        """A chat as one sees it: its counts, flags, members. Raises ChatError."""
        return msgspec.convert(await self.account.call("GET", f"/api/chats/{chat_id}"), Chat)

    async def notify(self, chat_id: int, what: Notify) -> Chat:
        """Say what one wants to be notified of: all, mentions, or none. The server notifies nobody, it keeps this for
        one's clients. Raises ChatError."""
        return await self._flag(chat_id, notify=what)

    async def mute(self, chat_id: int, until: datetime | None = None) -> Chat:
        """Mute a chat, until a time (aware) or for ever. The server takes nothing back by itself: after that time
        `muted` still stands, and counts no more. Raises ChatError."""
        until_then = {} if until is None else {"muted_until": until.isoformat()}
        return await self._flag(chat_id, muted=True, **until_then)

    async def unmute(self, chat_id: int) -> Chat:
        """Take that back. Raises ChatError."""
        return await self._flag(chat_id, muted=False)

    async def _flag(self, chat_id: int, **flags: object) -> Chat:
        return msgspec.convert(await self.account.call("PATCH", f"/api/chats/{chat_id}", flags), Chat)

    async def history(self, chat_id: int, before_seq: int, limit: int = 50) -> list[Message]:
        """Messages before `before_seq`, ascending, at most `limit` (200). Raises ChatError."""
        path = f"/api/chats/{chat_id}/messages"
        page = await self.account.call("GET", path, before_seq=before_seq, limit=limit)
        log = self.held(chat_id)
        return [log.current(message) for message in msgspec.convert(page["messages"], list[Message])]

    async def around(self, chat_id: int, place: int | datetime, limit: int = 50) -> list[LogItem]:
        """The entries around a seq, or around the first one made at a time (aware) or later; ascending, at most
        `limit` (200), half of them before the place. Raises ChatError, `bad_seq` where the seq is not in the log."""
        cursor = {"around_seq": place} if isinstance(place, int) else {"around_at": place.isoformat()}
        page = await self.account.call("GET", f"/api/chats/{chat_id}/messages", limit=limit, **cursor)
        log, items = self.held(chat_id), msgspec.convert(page["items"], list[LogItem])
        return [log.current(item) if isinstance(item, Message) else item for item in items]

    async def search(
        self,
        query: str | None = None,
        *,
        chat_id: int | None = None,
        sender_id: int | None = None,
        has: Has | None = None,
        after: datetime | None = None,
        before: datetime | None = None,
        cursor: str | None = None,
        limit: int = 20,
    ) -> FoundMessages:
        """Messages with all words of `query` (1..200 characters) in some form, in their text or in the names of their
        files, `"a phrase"` as it is written; at most `limit` (50), in all chats or in one, of one sender, with a file,
        image or link, made at `after` or later and earlier than `before` (aware). `query` is needed unless `sender_id`
        or `has` is given. Raises ChatError, `validation_failed` where the query has no word."""
        given: dict[str, object] = {
            "query": query,
            "chat_id": chat_id,
            "sender_id": sender_id,
            "has": has,
            "after": None if after is None else after.isoformat(),
            "before": None if before is None else before.isoformat(),
            "cursor": cursor,
            "limit": limit,
        }
        wanted = {name: value for name, value in given.items() if value is not None}
        return msgspec.convert(await self.account.call("GET", "/api/search", **wanted), FoundMessages)

    async def readers(self, message: Message) -> Readers:
        """Who has read a message, in chats of at most 50 members. Raises ChatError, `too_many` in larger ones."""
        path = f"/api/chats/{message.chat_id}/messages/{message.seq}/readers"
        return msgspec.convert(await self.account.call("GET", path), Readers)

    async def chat_files(
        self, chat_id: int, *, kind: FileKind | None = None, before_seq: int | None = None, limit: int = 50
    ) -> ChatFiles:
        """Files in a chat, the newest first: about `limit` (200) of them, as messages are not divided. Raises
        ChatError."""
        wanted: dict[str, object] = {"limit": limit}
        wanted |= {} if kind is None else {"kind": kind}
        wanted |= {} if before_seq is None else {"before_seq": before_seq}
        return msgspec.convert(await self.account.call("GET", f"/api/chats/{chat_id}/files", **wanted), ChatFiles)

    async def pins(self, chat_id: int) -> list[Message]:
        """The pinned messages of a chat, ascending. Raises ChatError."""
        found = await self.account.call("GET", f"/api/chats/{chat_id}/pins")
        return msgspec.convert(found["messages"], list[Message])

    async def revisions(self, message: Message) -> list[Revision]:
        """The texts that a message had, the present one last; for its author and the admins. Raises ChatError."""
        path = f"/api/chats/{message.chat_id}/messages/{message.seq}/revisions"
        return msgspec.convert((await self.account.call("GET", path))["revisions"], list[Revision])
