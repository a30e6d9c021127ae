"""A draft that is whole becomes a file of its owner."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Final

from attrs import frozen

from chatproto.operations import AddFile, FileAdded, Outcome, OutcomeUnknown, StoredFile
from chatproto.operations.files import AVATAR_TYPE, preview_url_of, url_of
from chatproto.wire.model import File
from runtime.files.drafts import Draft
from runtime.files.names import clean_name
from runtime.files.pictures import read_picture
from runtime.files.resumable import Whole
from runtime.files.service import Files
from runtime.files.sniffing import BINARY, IMAGES, sniff
from runtime.http.problem import FieldError, Problem, refusal, wrong_fields
from runtime.http.routes import Call
from runtime.logs import get_logger

log = get_logger(__name__)

UNSENT: Final = timedelta(hours=24)
"""How long a file lives that no message holds."""


def new_file_id(random_bytes: Callable[[int], bytes]) -> str:
    """Of a file or an upload: 128 random bits in URL-safe letters."""
    return urlsafe_b64encode(random_bytes(16)).rstrip(b"=").decode()


@frozen
class _Bytes:
    """What others get, durable under `blob`."""

    blob: str
    size: int
    sha256: bytes
    content_type: str
    width: int | None = None
    height: int | None = None


async def add_draft(
    call: Call[object, object], draft: Draft | Whole, name: str, *, as_file: bool, key: str
) -> FileAdded | Problem:
    """Make the bytes durable, then the file known. `key` stands for this upload; "" where it is not asked again.
    Raises OSError."""
    kept = await _keep(call.services.files, draft, call.user_id, as_file=as_file)
    return await _add(call, kept, name, source=draft.sha256, as_file=as_file, key=key)


async def add_avatar(call: Call[object, object], draft: Draft, *, key: str) -> FileAdded | Problem:
    """Make an avatar of a picture, and that a file of the caller's. `key` as above. Raises OSError."""
    unreadable = FieldError(field="file", code="bad_format", detail="A JPEG, PNG, GIF or WebP picture is wanted.")
    if sniff(draft.head) not in IMAGES:
        return wrong_fields(unreadable)
    files = call.services.files
    async with read_picture(draft.path, files.drafts, "avatar", call.user_id) as picture:
        if picture is None or picture.path is None:
            return wrong_fields(unreadable)
        blob = await files.keep(picture.path, picture.previews)
        kept = _Bytes(blob, picture.size, picture.sha256, AVATAR_TYPE, picture.width, picture.height)
    source = sha256(b"avatar" + draft.sha256).digest()  # not the same as the picture itself, should they send that too
    return await _add(call, kept, "avatar.webp", source=source, as_file=False, key=key)


async def _add(
    call: Call[object, object], kept: _Bytes, name: str, *, source: bytes, as_file: bool, key: str
) -> FileAdded | Problem:
    services, now = call.services, call.services.now()
    file_id = new_file_id(services.random_bytes)
    file = File(
        id=file_id,
        url=url_of(file_id),
        preview_url=preview_url_of(file_id, kept.width),
        name=clean_name(name),
        size=kept.size,
        content_type=kept.content_type,
        width=kept.width,
        height=kept.height,
        sha256=kept.sha256.hex(),
        created_at=now,
    )
    outcome = await call.persist(
        AddFile(
            owner_id=call.me.user_id,
            file=file,
            blob=kept.blob,
            source=source,
            as_file=as_file,
            key=sha256((key or f"file {file_id}").encode()).digest(),
            quota=services.limits.file_quota_bytes,
            expires_at=now + UNSENT,
        )
    )
    if _is_unused(outcome, kept.blob):
        try:
            if isinstance(outcome, FileAdded):
                await _put_back(services.files, outcome.stored, kept)
        finally:
            await services.files.remove(kept.blob)
    return outcome if isinstance(outcome, FileAdded) else refusal(outcome)


async def _keep(files: Files, draft: Draft | Whole, user_id: int, *, as_file: bool) -> _Bytes:
    """A picture is written anew, any other file stays as it is. What looks like a picture and cannot be read is shown
    to nobody as one."""
    kind = sniff(draft.head)
    if kind not in IMAGES:
        return _Bytes(await files.keep(draft.path, {}), draft.size, draft.sha256, kind)
    async with read_picture(draft.path, files.drafts, "keep" if as_file else "make", user_id) as picture:
        if picture is None:
            return _Bytes(await files.keep(draft.path, {}), draft.size, draft.sha256, BINARY)
        blob = await files.keep(picture.path or draft.path, picture.previews)
        size, digest = (draft.size, draft.sha256) if picture.path is None else (picture.size, picture.sha256)
        if picture.width is None:
            return _Bytes(blob, size, digest, BINARY)
        return _Bytes(blob, size, digest, kind, picture.width, picture.height)


async def _put_back(files: Files, stored: StoredFile, kept: _Bytes) -> None:
    """The file has bytes that came before; they may be lost, as after a backup without files. What came now may stand
    in for them where they are the same to the last byte."""
    if stored.file.sha256 == kept.sha256.hex() and await files.put_back(stored.blob, kept.blob):
        log.warning("blob_put_back", key=stored.blob)


def _is_unused(outcome: Outcome, blob: str) -> bool:
    """Whether nothing names these bytes. Where nobody knows whether the file was added, they stay."""
    match outcome:
        case FileAdded(stored=stored):
            return stored.blob != blob
        case OutcomeUnknown():
            return False
        case _:
            return True
