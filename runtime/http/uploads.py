"""Uploads in pieces: the tus protocol (1.0.0) at /api/uploads. A cut one goes on where it stopped."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Literal, TypeVar

import msgspec
import trio

from chatproto.operations import FileFound, FindFile
from chatproto.wire.model import File
from runtime.files.blobs import THREADS
from runtime.files.resumable import Progress, Upload, Writer
from runtime.http import tus
from runtime.http.exchange import Exchange
from runtime.http.file_adding import add_draft, new_file_id
from runtime.http.file_forms import LONGEST, PART, STALL, too_large
from runtime.http.files import away
from runtime.http.problem import Problem, refusal
from runtime.http.routes import Answer, Call, Result, Route

T = TypeVar("T")
_End = Problem | Literal["whole", "left"]


async def tell_uploads(call: Call[None, None], exchange: Exchange) -> Result:
    """What this server can."""
    headers = [
        tus.VERSION,
        (b"tus-version", b"1.0.0"),
        (b"tus-extension", tus.EXTENSIONS),
        (b"tus-checksum-algorithm", ",".join(tus.ALGORITHMS).encode()),
        (b"tus-max-size", b"%d" % call.services.limits.file_bytes),
    ]
    return Answer(204, headers=headers)


async def create_upload(call: Call[None, None], exchange: Exchange) -> Result | None:
    """An empty upload, or one with its first bytes. One that is not answered with its place is not kept."""
    limit, length = call.services.limits.file_bytes, tus.number(exchange, b"upload-length")
    plan = None if length is None else tus.plan_of(exchange, length)
    refused = tus.of_another_version(exchange)
    if refused is not None:
        return refused
    if length is None or plan is None:
        return Problem("bad_request", "Upload-Length and Upload-Metadata are wanted.")
    if not length:
        return Problem("file_empty")
    if length > limit:
        return too_large(limit)
    upload_id = new_file_id(call.services.random_bytes)
    upload = _upload(call, upload_id)
    begun: Progress | Problem | None = None
    try:
        if not await _run(partial(upload.create, plan)):
            return Problem("too_many", "Too many uploads are not finished.")
        begun = await _begin(call, exchange, upload)
    except OSError as error:
        return away(error)
    finally:
        if not isinstance(begun, Progress):
            with trio.CancelScope(shield=True), suppress(OSError):
                await _run(upload.remove)
    if not isinstance(begun, Progress):
        return begun
    return Answer(201, headers=[(b"location", f"/api/uploads/{upload_id}".encode()), *tus.told(begun)])


async def _begin(call: Call[None, None], exchange: Exchange, upload: Upload) -> Progress | Problem | None:
    """With the first bytes, where there are some. None: the client is gone. Raises OSError."""
    if exchange.header(b"content-type") == tus.BODY:
        answer = await _append(call, exchange, upload, 0)
        if not isinstance(answer, Progress):
            return answer
    return (await _settled(call, upload)) or Problem("not_found")


async def append_upload(call: Call[None, None], exchange: Exchange, upload_id: str) -> Result | None:
    """Bytes from an offset on, which is where the upload ends now."""
    upload, offset = _upload(call, upload_id), tus.number(exchange, b"upload-offset")
    refused = tus.of_another_version(exchange)
    if refused is None and exchange.header(b"content-type") != tus.BODY:
        refused = Problem("media_type", f"The body must be {tus.BODY}.")
    if refused is None and offset is None:
        refused = Problem("bad_request", "Upload-Offset is wanted.")
    if refused is not None:
        return refused
    try:
        answer = await _append(call, exchange, upload, offset or 0)
        if not isinstance(answer, Progress):
            return answer
        progress = await _settled(call, upload)
    except OSError as error:
        return away(error)
    if not isinstance(progress, Progress):
        return progress or Problem("not_found")
    return Answer(204, headers=tus.told(progress))


async def get_upload(call: Call[None, None], exchange: Exchange, upload_id: str) -> Result:
    """HEAD: how far it has come, and it only looks: its answer has no body to say why no file can be made. GET: the
    file, where it is whole."""
    upload = _upload(call, upload_id)
    try:
        progress = await (_run(upload.look) if exchange.method == "HEAD" else _settled(call, upload))
    except OSError as error:
        return away(error)
    if not isinstance(progress, Progress):
        return progress or Problem("not_found")
    if exchange.method == "HEAD":
        return Answer(200, headers=tus.told(progress))
    if progress.plan.file_id is None:
        return Problem("not_found")
    found = await call.ask(FindFile(call.user_id, progress.plan.file_id, call.services.now()))
    return Answer(200, found.stored.file) if isinstance(found, FileFound) else refusal(found)


async def delete_upload(call: Call[None, None], exchange: Exchange, upload_id: str) -> Result:
    """Give it up; a file that was made of it stays."""
    upload = _upload(call, upload_id)
    refused = tus.of_another_version(exchange)
    if refused is not None:
        return refused
    try:
        if await _run(upload.look) is None:
            return Problem("not_found")
        await _run(upload.remove)
    except OSError as error:
        return away(error)
    return Answer(204, headers=[tus.VERSION])


async def _append(
    call: Call[None, None], exchange: Exchange, upload: Upload, offset: int
) -> Progress | Problem | None:  # fmt: skip
    """What the body brings is kept, also where it is cut. None: the client is gone. Raises OSError."""
    checksum = tus.checksum_of(exchange)
    if isinstance(checksum, Problem):
        return checksum
    progress = await _run(upload.look)
    if progress is None:
        return Problem("not_found")
    if progress.plan.file_id is not None:
        return _after_the_end(progress, offset)
    try:
        writer = await _run(upload.open)
    except FileNotFoundError:
        progress = await _run(upload.look)  # another request may have made a file of it just now
        return Problem("not_found") if progress is None else _after_the_end(progress, offset)
    except BlockingIOError:
        return Problem("upload_locked", "Another request is writing to this upload.")
    if writer.size != offset:
        await _run(writer.close)
        return Problem("offset_conflict", f"The upload ends at {writer.size}.")
    counts = checksum is None
    try:
        end = await _receive(exchange, writer, progress.plan.length, checksum)
        if checksum is not None and end == "whole":
            counts = checksum.fits(checksum.algorithm.digest())
            end = "whole" if counts else Problem("checksum_mismatch")
    finally:
        with trio.CancelScope(shield=True):
            try:
                if not counts:  # also where the disk is full, or the server stops
                    await _run(partial(writer.cut, offset))
            finally:
                await _run(writer.close)
    if isinstance(end, Problem):
        return end
    return progress if end == "whole" else None


def _after_the_end(progress: Progress, offset: int) -> Progress | Problem:
    """It is whole: nothing more is taken."""
    return progress if offset == progress.offset else Problem("offset_conflict")


async def _receive(exchange: Exchange, writer: Writer, length: int, checksum: tus.Checksum | None) -> _End:
    """`whole`: the body came to its end; `left`: the client is gone; or what was wrong. What came is written in any
    case."""
    waiting = bytearray()
    end: _End = Problem("request_timeout")

    async def write() -> None:
        nonlocal waiting
        data, waiting = waiting, bytearray()
        if checksum is not None:
            checksum.algorithm.update(data)
        await _run(partial(writer.write, data))

    if (tus.number(exchange, b"content-length") or 0) > length - writer.size:
        return Problem("too_large", "This is more than the upload was to have.")
    with trio.move_on_after(LONGEST):
        while not exchange.ended:
            piece = await exchange.piece(STALL)
            if not isinstance(piece, bytes):
                end = "left" if piece is None else piece
                break
            waiting += piece
            if writer.size + len(waiting) > length:
                return Problem("too_large", "This is more than the upload was to have.")
            if len(waiting) >= PART:
                await write()
        else:
            end = "whole"
    await write()
    return end


async def _settled(call: Call[None, None], upload: Upload) -> Progress | Problem | None:
    """How far it has come; one that is whole becomes a file, if it is not one yet. None: there is none."""
    progress = await _run(upload.look)
    if progress is None or progress.plan.file_id is not None or progress.offset < progress.plan.length:
        return progress
    try:
        lock = await _run(upload.open)  # one at a time
    except BlockingIOError:
        return progress
    except FileNotFoundError:
        return await _run(upload.look)
    try:
        whole = await _run(upload.whole)
        plan = progress.plan
        added = await add_draft(call, whole, plan.name, as_file=plan.as_file, key=f"upload {upload.path.stem}")
        if isinstance(added, Problem):
            return added
        await _run(partial(upload.finish, msgspec.structs.replace(plan, file_id=added.stored.file.id)))
    finally:
        with trio.CancelScope(shield=True):
            await _run(lock.close)
    return await _run(upload.look)


def _upload(call: Call[Any, Any], upload_id: str) -> Upload:
    return Upload(call.services.files.drafts, call.user_id, upload_id)


async def _run(work: Callable[[], T]) -> T:
    return await trio.to_thread.run_sync(work, limiter=THREADS)


_UPLOADS, _UPLOAD = "/api/uploads", "/api/uploads/{upload_id}"
_BUSY = ("tus_version", "bad_request", "request_timeout", "too_large", "quota_exceeded", "checksum_mismatch")
ROUTES = (
    Route(
        method="OPTIONS", path=_UPLOADS, handler=tell_uploads, summary="What uploads can be (tus 1.0.0)", streams=True,
        answers={204: ()}, needs_token=False,
    ),
    Route(
        method="POST", path=_UPLOADS, handler=create_upload, summary="Begin an upload (tus)", streams=True,
        answers={201: ()}, rate="uploads", content_type="*/*",
        codes=(*_BUSY, "file_empty", "too_many", "not_found", "upload_locked", "offset_conflict", "cid_conflict"),
    ),
    Route(
        method="GET", path=_UPLOAD, handler=get_upload, summary="How far an upload has come, or its file", streams=True,
        answers={200: (File,)}, codes=("quota_exceeded", "cid_conflict"),
    ),
    Route(
        method="PATCH", path=_UPLOAD, handler=append_upload, summary="Go on with an upload (tus)", streams=True,
        answers={204: ()}, codes=(*_BUSY, "media_type", "offset_conflict", "upload_locked", "cid_conflict"),
    ),
    Route(
        method="DELETE", path=_UPLOAD, handler=delete_upload, summary="Give an upload up (tus)", streams=True,
        answers={204: ()}, codes=("tus_version",),
    ),
)  # fmt: skip
