"""What the server has of one person, as a ZIP: for them, when they ask for it.

It holds what they may see themselves, read as they would read it, so that nothing of others comes out that is not
theirs to see: of a group with hidden history what begins with them, of one they left what stood there then, of deleted
messages that they were. Their own files are in it; those of others are named in the messages.
"""

import zipfile
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final, cast

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
    PageFound,
    Refused,
    SessionsFound,
    UsersFound,
)
from chatproto.wire.model import Attachment, Message, Page, User
from runtime.files.blobs import THREADS, Blob, BlobStore
from storage.port import Ask

PAGE: Final = 200
PIECE: Final = 64 * 1024
"""Bytes that are gathered before they are passed on; a piece holds as many and what one page or one read added."""
_Bytes = AsyncGenerator[bytes, None]


class ExportError(Exception):
    """What was asked could not be answered; the text says what."""


@define
class _Sink:
    """Where the archive is written: nobody goes back in it, so what was written can be passed on."""

    size: int = 0
    _parts: list[bytes] = field(factory=list)

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """There is nothing below."""

    def take(self) -> bytes:
        """What was written since the last call."""
        taken = b"".join(self._parts)
        self._parts.clear()
        self.size = 0
        return taken


@define
class Export:
    """One export under way. `session_id`: the log-in that asks, 0 for none. `missing`: files whose bytes are not there;
    the archive names them too."""

    ask: Ask
    store: BlobStore
    user_id: int
    now: datetime
    session_id: int = 0
    missing: list[str] = field(factory=list)
    _files: dict[str, Attachment] = field(factory=dict)

    async def pieces(self) -> _Bytes:
        """All of the archive, once; to be closed. Memory: a piece, a page of messages, the people of a chat, and about
        1 KiB of each own file and each entry of the archive. Raises ExportError, OSError."""
        sink = _Sink()
        with zipfile.ZipFile(cast("IO[bytes]", sink), "w") as archive:
            async with aclosing(self._entries()) as entries:
                async for name, content in entries:
                    with archive.open(self._told(name), "w", force_zip64=True) as entry:
                        async with aclosing(content):
                            async for data in content:
                                await trio.to_thread.run_sync(entry.write, data, limiter=THREADS)
                                if sink.size >= PIECE:
                                    yield sink.take()
        yield sink.take()

    def _told(self, name: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, self.now.timetuple()[:6])
        info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
        return info

    async def _entries(self) -> AsyncGenerator[tuple[str, _Bytes], None]:
        """Each file of the archive; its content is to be read before the next one."""
        [profile] = (await self._asked(ListUsers(self.user_id - 1, 1), UsersFound)).users
        sessions = (await self._asked(ListSessions(self.user_id, self.session_id), SessionsFound)).sessions
        chats = (await self._asked(ListChats(self.user_id), ChatsFound)).chats
        yield "profile.json", _lines([profile])
        yield "sessions.jsonl", _lines(sessions)
        yield "chats.jsonl", _lines(chats)
        for chat in chats:
            whole = (await self._asked(LoadChat(self.user_id, chat.id, with_members=True), ChatFound)).chat
            people = {member.user.id: member.user for member in whole.members or ()}
            yield f"chats/{chat.id}/messages.jsonl", self._messages(chat.id, people)
            yield f"chats/{chat.id}/people.jsonl", _lines(map(_named, people.values()))
        yield "files.jsonl", _lines(self._files.values())
        for file_id in self._files:
            blob = await self._open(file_id)
            if blob is None:
                self.missing.append(file_id)
                continue
            async with aclosing(blob):  # under its id, which nobody chose; files.jsonl says what it was called
                yield f"files/{file_id}", blob.pieces(0, blob.size)
        if self.missing:
            yield "missing.jsonl", _lines(self.missing)

    async def _open(self, file_id: str) -> Blob | None:
        found = await self.ask(FindFile(self.user_id, file_id, self.now))
        if isinstance(found, Refused):
            return None
        if not isinstance(found, FileFound):
            raise ExportError(f"FindFile: {type(found).__name__}")
        return await self.store.open(found.stored.blob)

    async def _messages(self, chat_id: int, people: dict[int, User]) -> _Bytes:
        """Page by page; `people` gets to know whom they name."""
        after = 0
        while True:
            page = (await self._asked(FetchPage(self.user_id, chat_id, after, None, PAGE), PageFound)).page
            people |= {user.id: user for user in page.users}
            self._note_files(page)
            yield _encoded(page.items)
            after = page.to_seq
            if not page.more:
                return

    def _note_files(self, page: Page) -> None:
        for item in page.items:
            if isinstance(item, Message) and item.sender_id == self.user_id:
                self._files |= {file.id: file for file in item.attachments or ()}

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
        export = Export(ask, store, user_id, now)
        with draft.open("wb") as file:
            async with aclosing(export.pieces()) as pieces:
                async for piece in pieces:
                    await trio.to_thread.run_sync(file.write, piece, limiter=THREADS)
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


async def _lines(rows: Iterable[Any]) -> _Bytes:
    yield _encoded(rows)


def _encoded(rows: Iterable[Any]) -> bytes:
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def _named(user: User) -> dict[str, object]:
    """What a reader of the messages needs to know of somebody else."""
    return {"id": user.id, "username": user.username, "display_name": user.display_name}
