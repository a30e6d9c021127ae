"""Brings the files of the outbox to the server (tus 1.0.0, docs/protocol.md "Files"): a cut link, a server that was
started anew and an end of this process go on from the offset that the server holds."""

import logging
from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from hashlib import sha256
from typing import Final, TypeVar

import httpx
import trio
from attrs import define, field, frozen

from chatproto.client.pieces import Pieces
from chatproto.client.session_outputs import ClientOutput, LocalFile, Row, Upload
from chatproto.client.timing import Backoff
from client.account import NO_CONNECTION, PASSING, SILENT, STALE, Account
from client.exceptions import ChatError
from client.kept_files import UNREADABLE, KeptFiles

T = TypeVar("T")
log = logging.getLogger(__name__)

GONE: Final = "not_found"
AGAIN: Final = PASSING | STALE | {
    UNREADABLE, "upload_locked", "offset_conflict", "checksum_mismatch", "request_timeout", "too_many", GONE,
    "token_missing", "token_reused", "revoked",  # the session tells what becomes of the log-in
}  # fmt: skip
"""Codes after which the offset is asked for, and the upload goes on."""
FEW: Final = {"internal": 5, UNREADABLE: 10}
"""Of them those that may last: after so many, and no piece that arrived in between, the message fails. Each attempt at
the end of an upload costs the server much, and what is behind the message waits for it."""
UPLOADS: Final = "/api/uploads"
FILE_ID: Final = "Vestnik-File-Id"
GIVE_UP: Final = 5.0
"""Seconds for telling the server that an upload is not wanted any more."""


class Uploading(ClientOutput, frozen=True, tag="uploading"):
    """How far a file of a message on its way has come: so many bytes of it are on the server."""

    cid: str
    local_id: str
    sent: int
    size: int


@frozen
class Brought:
    """The end of an upload: an id, or why there is none."""

    local_id: str
    file_id: str | None = None
    code: str = ""
    detail: str = ""


@define(eq=False)
class Uploader:
    """`told`: how far one has come, and how it ended. Where a row left, `stop` ends what is brought of it."""

    account: Account
    kept: KeptFiles
    backoff: Callable[[], Backoff]
    told: Callable[[Uploading | Brought], None]
    _scopes: dict[str, trio.CancelScope] = field(factory=dict)
    _files: dict[str, list[str]] = field(factory=dict)
    _places: dict[str, str] = field(factory=dict)
    _back: trio.Event = field(factory=trio.Event)
    _threads: trio.CapacityLimiter = field(factory=lambda: trio.CapacityLimiter(2))

    def knows(self, row: Row) -> None:
        """A row that is in the outbox."""
        if row.files:
            self._files[row.cid] = [file.local_id for file in row.files]

    def stop(self, cid: str) -> None:
        """A row left the outbox."""
        for local_id in self._files.get(cid, ()):
            if local_id in self._scopes:
                self._scopes[local_id].cancel()

    async def forget(self, cid: str) -> None:
        """That it left is durable: its bytes are not needed any more."""
        local_ids = self._files.pop(cid, None)
        if local_ids:
            await self._run(partial(self.kept.drop, local_ids))

    def hurry(self) -> None:
        """The server is there again: no pause goes on."""
        self._back.set()
        self._back = trio.Event()

    async def bring(self, upload: Upload) -> None:
        """Until it is there, refused for good, or not wanted any more."""
        file = upload.file
        end = Brought(file.local_id)
        with trio.CancelScope() as scope:
            self._scopes[file.local_id] = scope
            try:
                end = Brought(file.local_id, await self._bring(upload))
            except ChatError as refused:
                log.info("a file was not uploaded: %s", refused.code)
                end = Brought(file.local_id, None, refused.code, refused.detail)
            self.told(end)
        del self._scopes[file.local_id]
        place = self._places.pop(file.local_id, None)
        if place is not None and (scope.cancelled_caught or end.file_id is None):
            await self._give_up(place)

    async def _bring(self, upload: Upload) -> str:
        file, backoff, pieces = upload.file, self.backoff(), Pieces()
        left = dict(FEW)

        def moved() -> None:
            left.update(FEW)
            backoff.reset()

        place = None if upload.anew else await self._run(partial(self.kept.place, file.local_id))
        while True:
            wait = 0.0
            try:
                if place is None:
                    place = await self._begin(file)
                self._places[file.local_id] = place
                file_id = await self._go_on(upload, place, pieces, moved)
                if file_id is not None:
                    return file_id
            except ChatError as refused:
                if refused.code in left:
                    left[refused.code] -= 1
                if refused.code not in AGAIN or left.get(refused.code) == 0:
                    raise
                if refused.code == GONE:
                    place = None
                if refused.code != "rate_limited":
                    pieces.lost()
                wait = refused.retry_after or 0
            with trio.move_on_after(max(wait, backoff.next() / 1000)):
                await self._back.wait()

    async def _begin(self, file: LocalFile) -> str:
        said = f"filename {_coded(file.name.encode())}" + (f",as_file {_coded(b'1')}" if file.as_file else "")
        headers = {"Upload-Length": str(file.size), "Upload-Metadata": said}
        answer = await self.account.ask("POST", UPLOADS, _tus(**headers))
        place = answer.headers.get("Location", "")
        if not place.startswith(f"{UPLOADS}/"):
            raise _strange()
        await self._run(partial(self.kept.note, file.local_id, place))
        return str(place)

    async def _go_on(self, upload: Upload, place: str, pieces: Pieces, moved: Callable[[], None]) -> str | None:
        """Send what is missing; None: the server has all of it, and has made no file of it yet. Raises ChatError."""
        file, before = upload.file, -1
        answer = await self._look(place, file)
        while FILE_ID not in answer.headers:
            offset = _offset(answer, file)
            if offset == before:
                raise _strange()
            before = offset
            self.told(Uploading(upload.cid, file.local_id, offset, file.size))
            piece = await self._run(partial(self.kept.read, file, offset, pieces.size))
            began = trio.current_time()
            answer = await self._put(place, offset, piece)
            pieces.took(int((trio.current_time() - began) * 1000))
            if not piece and FILE_ID not in answer.headers:
                return None
            moved()
        self.told(Uploading(upload.cid, file.local_id, file.size, file.size))
        return str(answer.headers[FILE_ID])

    async def _look(self, place: str, file: LocalFile) -> httpx.Response:
        """How far it has come. Raises ChatError."""
        try:
            answer = await self.account.ask("HEAD", place, _tus())
        except ChatError as refused:
            if refused.code != SILENT:
                raise
            return await self._put(place, file.size, b"")  # refused too, with a body that says why: our server's word
        if FILE_ID in answer.headers:
            return answer
        return await self._put(place, _offset(answer, file), b"")  # a cut request may hold it: nothing is sent in vain

    async def _put(self, place: str, offset: int, piece: bytes) -> httpx.Response:
        checksum = f"sha256 {_coded(sha256(piece).digest())}"
        headers = _tus(**{"Upload-Offset": str(offset), "Upload-Checksum": checksum}, **BODY)
        return await self.account.ask("PATCH", place, headers, piece)

    async def _give_up(self, place: str) -> None:
        """The server need not keep for a day what nobody goes on with."""
        with trio.move_on_after(GIVE_UP), suppress(ChatError):
            await self.account.ask("DELETE", place, _tus())

    def _run(self, work: Callable[[], T]) -> Awaitable[T]:
        return trio.to_thread.run_sync(work, limiter=self._threads)


BODY: Final = {"Content-Type": "application/offset+octet-stream"}


def _tus(**headers: str) -> dict[str, str]:
    return {"Tus-Resumable": "1.0.0", **headers}


def _coded(data: bytes) -> str:
    return b64encode(data).decode()


def _strange() -> ChatError:
    return ChatError(NO_CONNECTION, "an answer of something else")


def _offset(answer: httpx.Response, file: LocalFile) -> int:
    said = answer.headers.get("Upload-Offset", "")
    if not said.isascii() or not said.isdecimal() or int(said) > file.size:
        raise _strange()
    return int(said)
