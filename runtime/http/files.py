"""Files: sent in one form, read in parts, linked to for a browser."""

import msgspec

from chatproto.operations import FileFound, FindFile, StoredFile
from chatproto.wire.model import File
from runtime.http.exchange import Exchange
from runtime.http.file_adding import add_draft
from runtime.http.file_answers import file_answer
from runtime.http.file_forms import receive_form
from runtime.http.problem import Problem, refusal
from runtime.http.routes import Answer, Call, Result, Route
from runtime.http.shapes import FileLink
from runtime.logs import get_logger

log = get_logger(__name__)


class TokenQuery(msgspec.Struct, frozen=True, kw_only=True):
    """`token`: of a link, in place of the header Authorization."""

    token: str | None = None


async def upload_file(call: Call[None, None], exchange: Exchange) -> Result | None:
    """A form with one file; 200 with the same file where its key was used before."""
    files = call.services.files
    try:
        draft = await files.draft()
        try:
            form = await receive_form(exchange, draft, call.services.limits.file_bytes)
            if form is None or isinstance(form, Problem):
                return form
            added = await add_draft(call, draft, form.name or "", as_file=form.as_file)
        finally:
            await files.discard(draft)
    except OSError as error:
        return _away(error)
    return added if isinstance(added, Problem) else Answer(201 if added.created else 200, added.stored.file)


async def get_file(call: Call[None, TokenQuery], exchange: Exchange, file_id: str) -> Result:
    """The bytes, or the part that the header Range names."""
    found = await _find(call, file_id)
    if isinstance(found, Problem):
        return found
    try:
        blob = await call.services.files.store.open(found.blob)
    except OSError as error:
        return _away(error)
    if blob is None:
        log.error("blob_missing", blob=found.blob)
        return Problem("not_found")
    answer = file_answer(exchange, found, blob)
    if isinstance(answer, Problem):
        await blob.aclose()
    return answer


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


def _away(error: OSError) -> Problem:
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
        method="POST", path=_FILE + "/link", handler=link_file, summary="A link that opens a file for five minutes",
        answers={200: (FileLink,)}, rate="reads",
    ),
)  # fmt: skip
