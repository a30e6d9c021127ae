"""The body of POST /api/files: a form, of which the file goes into a draft as it comes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import trio
from attrs import define, field

from runtime.files.blobs import THREADS
from runtime.files.drafts import Draft
from runtime.http.exchange import Exchange
from runtime.http.multipart import BadForm, FieldRead, FileBegins, FileData, FileEnds, FormReader, Happening
from runtime.http.problem import FieldError, Problem, wrong_fields
from runtime.http.routes import Call

STALL: Final = 30.0
"""Seconds without a byte after which an upload is given up."""
LONGEST: Final = 3600.0
"""Seconds that one upload may take."""
FORM: Final = 64 * 1024
"""Bytes that a form may have beside its file."""
PART: Final = 128 * 1024
"""Bytes that are gathered before they are written: few enough for many uploads at once (tests/bench/files.py)."""

RETURN_AFTER: Final = 5.0
"""Seconds after which one that was refused as one too many may come again."""

NEEDED: Final = FieldError(field="file", code="required", detail="A form with one file is wanted.")
ONLY_ONE: Final = FieldError(field="file", code="not_allowed", detail="A form has one file, named `file`.")


def too_large(limit: int) -> Problem:
    """The refusal of a file that has more bytes than one may have."""
    return Problem("too_large", f"A file has at most {limit} bytes.")


@define(eq=False)
class Form:
    """What was read so far. `name`: what the sender calls the file; `whole`: all of it is in the draft."""

    draft: Draft
    limit: int
    name: str | None = None
    as_file: bool = False
    whole: bool = False
    _waiting: bytearray = field(factory=bytearray)

    async def take(self, happenings: list[Happening]) -> Problem | None:
        """Go on with what was read. Raises OSError."""
        for one in happenings:
            match one:
                case FileBegins(name=name, filename=filename):
                    if name != "file" or self.name is not None:
                        return wrong_fields(ONLY_ONE)
                    self.name = filename
                case FileData(data=data):
                    self._waiting += data
                case FileEnds():
                    self.whole = True
                case FieldRead(name=name, value=value):
                    self.as_file = self.as_file or (name == "as_file" and value == "1")
        if self.draft.size + len(self._waiting) > self.limit:
            return too_large(self.limit)
        if len(self._waiting) >= PART or self.whole:
            data, self._waiting = bytes(self._waiting), bytearray()
            await trio.to_thread.run_sync(self.draft.write, data, limiter=THREADS)
        return None

    def fault(self) -> Problem | None:
        """What is wrong with the form at its end."""
        if self.name is None or not self.whole:
            return wrong_fields(NEEDED)
        return None if self.draft.size else Problem("file_empty")


@asynccontextmanager
async def received_form(call: Call[None, None], exchange: Exchange) -> AsyncIterator[Form | Problem | None]:
    """The form, when its file is whole; its draft is gone at the end of the block. None: the client is gone.

    Drafts count in no quota before they are whole, and one may grow for an hour: so few of one user are under way.
    Raises OSError."""
    files = call.services.files
    with call.services.guards.forms.place(call.user_id) as admitted:
        if not admitted:
            yield Problem("rate_limited", "Too many of your uploads are under way.", retry_after=RETURN_AFTER)
            return
        draft = await files.draft()
        try:
            yield await _receive(exchange, draft, call.services.limits.file_bytes)
        finally:
            await files.discard(draft)


async def _receive(exchange: Exchange, draft: Draft, limit: int) -> Form | Problem | None:
    length = exchange.header(b"content-length") or ""
    if length.isdecimal() and int(length[:20]) > limit + FORM:
        return too_large(limit)
    try:
        reader = FormReader(exchange.header(b"content-type") or "")
    except BadForm as error:
        return Problem("bad_request", f"{error}.")
    form, received = Form(draft, limit), 0
    with trio.move_on_after(LONGEST):
        while not exchange.ended:
            piece = await exchange.piece(STALL)
            if piece is None or isinstance(piece, Problem):
                return piece
            received += len(piece)
            if received > limit + FORM:
                return too_large(limit)
            fault = await _read(form, reader, piece) if piece else None
            if fault is not None:
                return fault
        return await _read(form, reader, b"") or form.fault() or form
    return Problem("request_timeout")


async def _read(form: Form, reader: FormReader, piece: bytes) -> Problem | None:
    try:
        happenings = reader.feed(piece)
    except BadForm as error:
        return Problem("bad_request", f"{error}.")
    return await form.take(happenings)
