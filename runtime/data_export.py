"""What the server has of one person, as a ZIP: for them, when they ask for it.

It holds what they may see themselves, read as they would read it, so that nothing of others comes out that is not
theirs to see: of a group with hidden history what begins with them, of one they left what stood there then, of deleted
messages that they were. Their own files are in it; those of others are named in the messages.
"""

import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import trio
from attrs import define, field

from chatproto.operations import (
    ChatFound,
    ChatsFound,
    FetchPage,
    FileFound,
    FindFile,
    ListChats,
    ListSessions,
    ListUsers,
    LoadChat,
    Operation,
    Outcome,
    PageFound,
    SessionsFound,
    UsersFound,
)
from chatproto.wire.model import Attachment, Chat, Message, Page, User
from runtime.files.blobs import THREADS, BlobStore

PAGE: Final = 200
Ask = Callable[[Operation], Awaitable[Outcome]]


class ExportError(Exception):
    """What was asked could not be answered; the text says what."""


@define
class Export:
    """One export under way. `missing`: files whose bytes are not there."""

    ask: Ask
    store: BlobStore
    user_id: int
    now: datetime
    archive: zipfile.ZipFile
    missing: list[str] = field(factory=list)
    _files: dict[str, Attachment] = field(factory=dict)

    async def write(self) -> None:
        """All of it. Memory: a page of messages, the people of a chat, and what is told of each own file. Raises
        ExportError, OSError."""
        [profile] = (await self._asked(ListUsers(self.user_id - 1, 1), UsersFound)).users
        sessions = (await self._asked(ListSessions(self.user_id, 0), SessionsFound)).sessions
        chats = (await self._asked(ListChats(self.user_id), ChatsFound)).chats
        await self._put("profile.json", [profile])
        await self._put("sessions.jsonl", sessions)
        await self._put("chats.jsonl", chats)
        for chat in chats:
            await self._write_chat(chat)
        await self._put("files.jsonl", self._files.values())
        for file in self._files.values():
            await self._write_file(file)

    async def _write_chat(self, chat: Chat) -> None:
        whole = (await self._asked(LoadChat(self.user_id, chat.id, with_members=True), ChatFound)).chat
        people = {member.user.id: member.user for member in whole.members or ()}
        async with self._entry(f"chats/{chat.id}/messages.jsonl") as write:
            async for page in self._pages(chat.id):
                people |= {user.id: user for user in page.users}
                self._note_files(page)
                await write(_lines(page.items))
        await self._put(f"chats/{chat.id}/people.jsonl", map(_named, people.values()))

    async def _pages(self, chat_id: int) -> AsyncIterator[Page]:
        after = 0
        while True:
            page = (await self._asked(FetchPage(self.user_id, chat_id, after, None, PAGE), PageFound)).page
            yield page
            after = page.to_seq
            if not page.more:
                return

    def _note_files(self, page: Page) -> None:
        for item in page.items:
            if isinstance(item, Message) and item.sender_id == self.user_id:
                self._files |= {file.id: file for file in item.attachments or ()}

    async def _write_file(self, file: Attachment) -> None:
        """Under its id, which nobody chose; files.jsonl says what it was called."""
        found = await self.ask(FindFile(self.user_id, file.id, self.now))
        blob = await self.store.open(found.stored.blob) if isinstance(found, FileFound) else None
        if blob is None:
            self.missing.append(file.id)
            return
        pieces = blob.pieces(0, blob.size)
        async with aclosing(blob), aclosing(pieces), self._entry(f"files/{file.id}") as write:
            async for piece in pieces:
                await write(piece)

    async def _put(self, name: str, rows: Iterable[Any]) -> None:
        async with self._entry(name) as write:
            await write(_lines(rows))

    @asynccontextmanager
    async def _entry(self, name: str) -> AsyncIterator[Callable[[bytes], Awaitable[object]]]:
        """A file in the archive, written piece by piece."""
        info = zipfile.ZipInfo(name, self.now.timetuple()[:6])
        info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
        with self.archive.open(info, "w", force_zip64=True) as entry:

            async def write(data: bytes) -> None:
                await trio.to_thread.run_sync(entry.write, data, limiter=THREADS)

            yield write

    async def _asked(self, operation: Operation, kind: type[Any]) -> Any:
        outcome = await self.ask(operation)
        if not isinstance(outcome, kind):
            raise ExportError(f"{type(operation).__name__}: {type(outcome).__name__}")
        return outcome


async def export_to(path: Path, ask: Ask, store: BlobStore, user_id: int, now: datetime) -> tuple[str, ...]:
    """Make the file, which nobody else can read; ids of files whose bytes are missing. What was begun and not ended
    leaves nothing behind. Raises ExportError, OSError (FileExistsError where something is there)."""
    draft = _begin(path)
    try:
        with zipfile.ZipFile(draft, "w") as archive:
            export = Export(ask, store, user_id, now, archive)
            await export.write()
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
    return tuple(export.missing)


def _begin(path: Path) -> Path:
    """The draft beside it."""
    if path.exists():
        raise FileExistsError(f"{path} is there already")
    draft = path.with_name(f".{path.name}.part")
    draft.touch(mode=0o600, exist_ok=False)
    return draft


def _lines(rows: Iterable[Any]) -> bytes:
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def _named(user: User) -> dict[str, object]:
    """What a reader of the messages needs to know of somebody else."""
    return {"id": user.id, "username": user.username, "display_name": user.display_name}
