"""Files: sent in one form, read in parts, linked to for a browser."""

from typing import Literal

import msgspec

from chatproto.operations import FileFound, FindFile, StoredFile
from chatproto.wire.model import File
from runtime.files.service import PREVIEWS, preview_key
from runtime.http.exchange import Exchange
from runtime.http.file_adding import add_draft
from runtime.http.file_answers import Told, file_answer, handed_on, told_of, told_of_preview
from runtime.http.file_forms import received_form
from runtime.http.problem import Problem, refusal
from runtime.http.routes import Answer, Call, Result, Route
from runtime.http.shapes import FileLink
from runtime.logs import get_logger

log = get_logger(__name__)


class TokenQuery(msgspec.Struct, frozen=True, kw_only=True):
    """`token`: of a link, in place of the header Authorization."""

    token: str | None = None


class PreviewQuery(TokenQuery, frozen=True, kw_only=True):
    """`size`: pixels of the longer side."""

    size: Literal["320", "1280"] = "320"


async def upload_file(call: Call[None, None], exchange: Exchange) -> Result | None:
    """A form with one file; 200 with the same file where its key was used before."""
    try:
        async with received_form(call, exchange) as form:
            if form is None or isinstance(form, Problem):
                return form
            key = f"key {call.idempotency_key}" if call.idempotency_key else ""
            added = await add_draft(call, form.draft, form.name or "", as_file=form.as_file, key=key)
    except OSError as error:
        return away(error)
    return added if isinstance(added, Problem) else Answer(201 if added.created else 200, added.stored.file)


async def get_file(call: Call[None, TokenQuery], exchange: Exchange, file_id: str) -> Result:
    """The bytes, or the part that the header Range names."""
    found = await _find(call, file_id)
    if isinstance(found, Problem):
        return found
    return await _send(call, exchange, found.blob, told_of(found)) or _lost(found.blob)


async def get_preview(call: Call[None, PreviewQuery], exchange: Exchange, file_id: str) -> Result:
    """A smaller picture; the picture itself may be smaller than that."""
    found = await _find(call, file_id)
    if isinstance(found, Problem):
        return found
    if found.file.preview_url is None:
        return Problem("no_preview")
    for size in [size for size in reversed(PREVIEWS) if size <= int(call.query.size)]:
        answer = await _send(call, exchange, preview_key(found.blob, size), told_of_preview(found, size))
        if answer is not None:
            return answer
    return _lost(found.blob)


async def _send(call: Call[None, TokenQuery], exchange: Exchange, key: str, told: Told) -> Result | None:
    """None: there is no such blob."""
    downloads = call.services.guards.downloads
    if not await downloads.have_room(call.user_id):
        return Problem("rate_limited", "You are reading too many files at once.")
    try:
        blob = await downloads.open(call.services.files.store, key, call.user_id)
    except OSError as error:
        return away(error)
    if blob is None:
        return None
    answer, accel = file_answer(exchange, told, blob), call.services.settings.files_accel
    if isinstance(answer, Problem):
        await blob.aclose()
    elif accel and blob.place is not None and answer.status != 304:
        await blob.aclose()
        return handed_on(answer, accel + blob.place)
    return answer


def _lost(blob: str) -> Problem:
    log.error("blob_missing", blob=blob)
    return Problem("not_found")


async def link_file(call: Call[None, None], file_id: str) -> Result:
    """A URL that opens this file for five minutes."""
    found = await _find(call, file_id)
    if isinstance(found, Problem):
        return found
    token, ends = call.services.files.links.sign(file_id, call.user_id, call.services.now())
    return Answer(200, FileLink(url=f"{found.file.url}?token={token}", expires_at=ends))


async def _find(call: Call[None, TokenQuery] | Call[None, None], file_id: str) -> StoredFile | Problem:
    outcome = await call.ask(FindFile(call.user_id, file_id, call.services.now()))
    return outcome.stored if isinstance(outcome, FileFound) else refusal(outcome)


def away(error: OSError) -> Problem:
    """The disk of files is full, or away; nothing is lost by trying again."""
    log.error("file_store_failed", reason=type(error).__name__, number=error.errno)
    return Problem("store_unavailable", "Files cannot be reached. Nothing is lost: try again shortly.")


_FILE = "/api/files/{file_id}"
ROUTES = (
    Route(
        method="POST", path="/api/files", handler=upload_file, summary="Upload a file", streams=True, keyed=True,
        form=True, answers={201: (File,), 200: (File,)}, rate="uploads",
        codes=("bad_request", "request_timeout", "too_large", "file_empty", "cid_conflict", "quota_exceeded"),
    ),
    Route(
        method="GET", path=_FILE, handler=get_file, summary="The bytes of a file", streams=True, by_link=True,
        query=TokenQuery, answers={200: (), 206: (), 304: ()}, codes=("bad_range",), content_type="*/*",
    ),
    Route(
        method="GET", path=_FILE + "/preview", handler=get_preview, summary="A smaller picture (WebP)", streams=True,
        by_link=True, query=PreviewQuery, answers={200: (), 206: (), 304: ()}, codes=("bad_range", "no_preview"),
        content_type="image/webp",
    ),
    Route(
        method="POST", path=_FILE + "/link", handler=link_file, summary="A link that opens a file for five minutes",
        answers={200: (FileLink,)}, rate="reads",
    ),
)  # fmt: skip
