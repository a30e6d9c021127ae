"""A draft that is whole becomes a file of its owner."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from typing import Final

from chatproto.operations import AddFile, FileAdded, Outcome, OutcomeUnknown
from chatproto.operations.files import url_of
from chatproto.wire.model import File
from runtime.files.drafts import Draft
from runtime.files.names import clean_name
from runtime.files.sniffing import sniff
from runtime.http.problem import Problem, refusal
from runtime.http.routes import Call
from runtime.logs import get_logger

log = get_logger(__name__)

UNSENT: Final = timedelta(hours=24)
"""How long a file lives that no message holds."""


async def add_draft(call: Call[object, object], draft: Draft, name: str, *, as_file: bool) -> FileAdded | Problem:
    """Make the bytes durable, then the file known. Raises OSError."""
    services, now = call.services, call.services.now()
    source, size, kind = draft.sha256, draft.size, sniff(draft.head)
    blob = await services.files.keep(draft)
    file_id = urlsafe_b64encode(services.random_bytes(16)).rstrip(b"=").decode()
    key = f"key {call.idempotency_key}" if call.idempotency_key else f"file {file_id}"
    file = File(
        id=file_id,
        url=url_of(file_id),
        name=clean_name(name),
        size=size,
        content_type=kind,
        sha256=source.hex(),
        created_at=now,
    )
    outcome = await call.persist(
        AddFile(
            owner_id=call.me.user_id,
            file=file,
            blob=blob,
            source=source,
            as_file=as_file,
            key=sha256(key.encode()).digest(),
            quota=services.limits.file_quota_bytes,
            expires_at=now + UNSENT,
        )
    )
    if _is_unused(outcome, blob):
        await services.files.store.remove(blob)
    return outcome if isinstance(outcome, FileAdded) else refusal(outcome)


def _is_unused(outcome: Outcome, blob: str) -> bool:
    """Whether nothing names these bytes. Where nobody knows whether the file was added, they stay."""
    match outcome:
        case FileAdded(stored=stored):
            return stored.blob != blob
        case OutcomeUnknown():
            return False
        case _:
            return True
