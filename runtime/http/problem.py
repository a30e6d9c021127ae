"""Refusals as `application/problem+json` (RFC 9457) with the stable codes of docs/protocol.md section 1."""

from math import ceil
from typing import Final

import msgspec
from attrs import frozen
from quart import Response

from chatproto.operations import OperationFailed, Outcome, OutcomeUnknown, Refused

MEDIA_TYPE: Final = "application/problem+json"

CODES: Final[dict[str, tuple[int, str]]] = {
    "bad_json": (400, "The body is not a JSON object"),
    "bad_request": (400, "The request cannot be understood"),
    "token_missing": (401, "An access token is needed"),
    "token_invalid": (401, "The token is not valid"),
    "token_expired": (401, "The token has expired"),
    "token_reused": (401, "The refresh token was used before; the session has ended"),
    "revoked": (401, "The session has ended"),
    "invalid_credentials": (401, "Wrong username or password"),
    "forbidden": (403, "This is not allowed"),
    "read_only": (403, "Only admins write in this group"),
    "peer_deleted": (403, "The other one deleted their account"),
    "account_disabled": (403, "This account is disabled"),
    "invite_invalid": (403, "The invitation is not valid"),
    "registration_closed": (403, "Registration is closed"),
    "not_found": (404, "Not found"),
    "no_preview": (404, "There is no preview of this file"),
    "method_not_allowed": (405, "This method is not allowed here"),
    "request_timeout": (408, "The request took too long to arrive"),
    "username_taken": (409, "The username is taken"),
    "email_taken": (409, "The email address is taken"),
    "cid_conflict": (409, "This cid was used for another command"),
    "message_deleted": (409, "The message was deleted"),
    "last_admin": (409, "Nobody else keeps this server"),
    "too_many": (409, "The limit is reached"),
    "code_used": (410, "The code was used before"),
    "code_expired": (410, "The code is not valid any more"),
    "offset_conflict": (409, "The upload ends elsewhere"),
    "tus_version": (412, "Tus-Resumable: 1.0.0 is wanted"),
    "too_large": (413, "The body is too large"),
    "media_type": (415, "A body of this type is not wanted here"),
    "bad_range": (416, "The file has no such part"),
    "validation_failed": (422, "Some fields are wrong"),
    "empty_content": (422, "The message is empty"),
    "content_too_long": (422, "The message is too long"),
    "bad_unicode": (422, "A text contains characters that are not allowed"),
    "bad_seq": (422, "There is no such place in the log"),
    "attachment_invalid": (422, "An attachment cannot be used"),
    "file_empty": (422, "The file is empty"),
    "emoji_invalid": (422, "This is not an emoji"),
    "use_cursor": (422, "The offset is too deep: page with before_seq"),
    "upload_locked": (423, "Another request is writing"),
    "rate_limited": (429, "Too many requests"),
    "checksum_mismatch": (460, "The bytes are not those of the checksum"),
    "internal": (500, "An error occurred on the server"),
    "store_unavailable": (503, "The database is unavailable"),
    "bus_unavailable": (503, "This server is cut off from the others"),
    "busy": (503, "Too many people log in at once"),
    "draining": (503, "The server is stopping"),
    "quota_exceeded": (507, "There is no room for this file"),
}
"""Status and title by code. bad_request, method_not_allowed, request_timeout, bus_unavailable and draining are this
server's additions to the protocol's list, for answers no client of the protocol meets."""

_BY_STATUS: Final = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 408: "request_timeout",
                     413: "too_large", 500: "internal"}  # fmt: skip
_DETAILS: Final = {
    "not_found": "There is nothing here that you may see.",
    "store_unavailable": "Nothing is lost: try again shortly.",
}
_OF_THE_WIRE: Final = {"not_member": "not_found"}
"""Codes of the WebSocket that HTTP tells otherwise: what one may not see is as what does not exist."""


class FieldError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One wrong field. `limit` is told where a size or a number passed it."""

    field: str
    code: str
    detail: str
    limit: int | None = None


class ProblemBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an error answer holds; clients act on `code` only."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: tuple[FieldError, ...] = ()
    retry_after_ms: int | None = None


@frozen
class Problem:
    """A refusal on its way out. `retry_after` is in seconds; 429 and 503 always carry one, 1 s by default."""

    code: str
    detail: str = ""
    errors: tuple[FieldError, ...] = ()
    retry_after: float | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def status(self) -> int:
        """The HTTP status of the code."""
        return CODES[self.code][0]


def wrong_fields(*errors: FieldError) -> Problem:
    """All wrong fields at once. Where one code that stands for itself covers them all, the answer carries it."""
    codes = {error.code for error in errors}
    own = codes.pop() if len(codes) == 1 else ""
    code = own if CODES.get(own, (0, ""))[0] == 422 else "validation_failed"
    names = ", ".join(dict.fromkeys(error.field for error in errors))
    return Problem(code, f"Check: {names}.", errors)


def refusal(outcome: Outcome) -> Problem:
    """The problem for an outcome that is no success; raises TypeError for one that no handler expects."""
    if isinstance(outcome, OperationFailed) and not outcome.retryable:
        return Problem("internal")  # a bug of ours: asking again would not help
    if isinstance(outcome, OperationFailed | OutcomeUnknown):
        return Problem("store_unavailable")
    if not isinstance(outcome, Refused):
        raise TypeError(f"no handler expects {type(outcome).__name__}")
    code = _OF_THE_WIRE.get(outcome.code, outcome.code)
    if code == "not_found":
        return Problem(code)  # the same body for whatever is not there or not for the caller
    if outcome.field is not None:
        return Problem(code, outcome.detail, (FieldError(field=outcome.field, code=code, detail=outcome.detail),))
    return Problem(code, outcome.detail)


def for_status(status: int) -> Problem:
    """The problem for a refusal of the web framework itself."""
    return Problem(_BY_STATUS.get(status, "internal" if status >= 500 else "bad_request"))


def encoded(problem: Problem) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body, with Retry-After and WWW-Authenticate where the status asks for them."""
    status, title = CODES[problem.code]
    wait = problem.retry_after if problem.retry_after is not None else (1.0 if status in (429, 503) else None)
    body = ProblemBody(
        type=f"/docs#{problem.code}",
        title=title,
        status=status,
        detail=problem.detail or _DETAILS.get(problem.code, f"{title}."),
        code=problem.code,
        errors=problem.errors,
        retry_after_ms=None if wait is None else ceil(wait * 1000),
    )
    content = msgspec.json.encode(body)
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(content))]
    headers += problem.headers
    if wait is not None:
        headers.append((b"retry-after", b"%d" % max(1, ceil(wait))))
    if status == 401:
        headers.append((b"www-authenticate", _challenge(problem.code).encode()))
    return status, headers, content


def problem_response(problem: Problem) -> Response:
    """The same for Quart."""
    status, headers, content = encoded(problem)
    return Response(content, status, {name.decode(): value.decode() for name, value in headers})


def _challenge(code: str) -> str:
    """RFC 6750 section 3: no error where no token was sent."""
    if code in ("token_missing", "invalid_credentials"):
        return 'Bearer realm="vestnik"'
    return f'Bearer realm="vestnik", error="invalid_token", error_description="{code}"'
