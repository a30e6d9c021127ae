"""The rules of single fields (docs/protocol.md section 1), as types for the Structs of requests."""

from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlsplit

from msgspec import Meta

from chatproto.operations.files import file_of_url
from chatproto.wire.frames import Cid
from chatproto.wire.legacy import FileRefs, file_ids
from chatproto.wire.model import MAX_ID
from chatproto.wire.text import MAX_PASSWORD, MIN_PASSWORD, check_text, clean_username, is_blank, normalize
from runtime.addresses import is_mail_address
from runtime.bounds import MAX_NAME
from runtime.http.cursors import NOT_OURS, numbers
from runtime.http.reading import Context, Fault, Rule
from storage.passwords import password_fault

MAX_TITLE: Final = 100
MAX_URL: Final = 2048
MAX_OFFSET: Final = 10_000
MIN_QUERY: Final = 2
MAX_QUERY: Final = 64
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 9998
"""Within what every database and every time zone can tell."""
_DIGITS: Final = 19

_BAD_UNICODE: Final = Fault("bad_unicode", "Control characters are not allowed.")


def _name(limit: int) -> Rule:
    def check(text: str, _context: Context) -> str | Fault:
        if check_text(text) is not None:
            return _BAD_UNICODE
        text = normalize(text)
        if len(text) > limit:
            return Fault("too_long", f"Must have at most {limit} characters.", limit)
        return Fault("too_short", "Must contain something visible.", 1) if is_blank(text) else text

    return Rule(check)


def _username(text: str, _context: Context) -> str | Fault:
    if clean_username(text) is None:
        return Fault("bad_format", "Must be 3 to 32 of a-z, 0-9, _, . and -.")
    return text  # as typed: it is the display name where none is given


def _email(text: str, _context: Context) -> str | Fault:
    if text == "":
        return text
    text = normalize(text)
    if not is_mail_address(text):
        return Fault("bad_format", "Must be an email address; write other alphabets in its domain as xn--.")
    return text


def _new_password(text: str, _context: Context) -> str | Fault:
    text = normalize(text)
    match password_fault(text):
        case None:
            return text
        case "too_short":
            return Fault("too_short", f"Must have at least {MIN_PASSWORD} characters.", MIN_PASSWORD)
        case "too_long":
            return Fault("too_long", f"Must have at most {MAX_PASSWORD} characters.", MAX_PASSWORD)
        case "bad_unicode":
            return _BAD_UNICODE
        case _:
            return Fault("common_password", "This password is among the first that anybody would try.")


def _avatar_url(text: str, context: Context) -> str | Fault:
    if text == "":
        return text
    if len(text) > MAX_URL:
        return Fault("too_long", f"Must have at most {MAX_URL} characters.", MAX_URL)
    if file_of_url(text) is not None:
        return text  # whether it is an avatar that may be had is known to storage
    schemes = ("https",) if context.settings.env == "production" else ("https", "http")
    return text if _is_web_url(text, schemes) else Fault("bad_format", "Must be an https URL or /api/files/{id}.")


def _is_web_url(text: str, schemes: tuple[str, ...]) -> bool:
    if any(character.isspace() or not character.isprintable() or character in "\"'<>\\" for character in text):
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname) and "@" not in parts.netloc and port != 0


def _read_seq(seq: int, _context: Context) -> int | Fault:
    return seq if 0 <= seq <= MAX_ID else Fault("bad_seq", "The log has no such place.")


def _offset(offset: int, _context: Context) -> int | Fault:
    if offset > MAX_OFFSET:
        return Fault("use_cursor", f"Above {MAX_OFFSET} page with before_seq.", MAX_OFFSET)
    return offset


def _search(text: str, _context: Context) -> str | Fault:
    if check_text(text) is not None:
        return _BAD_UNICODE
    text = normalize(text.strip())
    if len(text) < MIN_QUERY:
        return Fault("too_short", f"Must have at least {MIN_QUERY} characters.", MIN_QUERY)
    return Fault("too_long", f"Must have at most {MAX_QUERY} characters.", MAX_QUERY) if len(text) > MAX_QUERY else text


def _attachments(given: FileRefs, _context: Context) -> list[str] | Fault:
    ids = file_ids(given)
    return Fault("bad_format", "Must be ids of files.") if ids is None else ids


def _until(moment: datetime, _context: Context) -> datetime | Fault:
    return moment if FIRST_YEAR <= moment.year <= LAST_YEAR else Fault("out_of_range", "Not a time of these days.")


def _key(text: str, _context: Context) -> str | Fault:
    return _BAD_UNICODE if check_text(text) is not None else normalize(text)


def _told(description: str, **bounds: int | str) -> Meta:
    """For OpenAPI alone: the rule beside it is what decides, after NFC and with codes of its own."""
    return Meta(description=description, extra_json_schema=dict(bounds))


def _cursor(text: str, _context: Context) -> tuple[int, int] | Fault:
    read = numbers(text, 2, _DIGITS)
    return NOT_OURS if read is None else (read[0], read[1])


Id = Annotated[int, Meta(ge=1, le=MAX_ID)]
Seq = Annotated[int, Meta(ge=0, le=MAX_ID)]
Limit = Annotated[int, Meta(ge=1, le=200)]
Offset = Annotated[int, Meta(ge=0, extra_json_schema={"maximum": MAX_OFFSET}), Rule(_offset)]
ChatCursor = Annotated[str, _told("next_cursor of the page before"), Rule(_cursor)]
"""Checked, it is a tuple: microseconds since 1970 and the id of the last chat of the page before."""
ReadSeq = Annotated[int, _told("up to the chat's last_seq", minimum=0, maximum=MAX_ID), Rule(_read_seq)]
Username = Annotated[str, _told("capitals are lowered", pattern="^[A-Za-z0-9_.-]{3,32}$"), Rule(_username)]
DisplayName = Annotated[str, _told("kept in NFC", minLength=1, maxLength=MAX_NAME), _name(MAX_NAME)]
Title = Annotated[str, _told("kept in NFC", minLength=1, maxLength=MAX_TITLE), _name(MAX_TITLE)]
Email = Annotated[str, _told('an address; "" for none', maxLength=254), Rule(_email)]
NewPassword = Annotated[
    str, _told("none of the common ones", minLength=MIN_PASSWORD, maxLength=MAX_PASSWORD), Rule(_new_password)
]
AvatarUrl = Annotated[
    str, _told('https, or what an avatar route gave; "" for none', maxLength=MAX_URL), Rule(_avatar_url)
]
Content = Annotated[str, _told("at most 4,000 code points and 16 KiB by default")]
Attachments = Annotated[FileRefs, _told("a file id, or its url, or a list of them"), Rule(_attachments)]
"""Checked, it is a list of ids."""
Search = Annotated[
    str, _told("wildcards stand for themselves", minLength=MIN_QUERY, maxLength=MAX_QUERY), Rule(_search)
]
Until = Annotated[datetime, Meta(tz=True), Rule(_until)]
LoginName = Annotated[str, Rule(_key)]
MAX_LOGIN: Final = 254
"""Characters of a name that somebody has; no longer one is looked for."""
__all__ = [
    "MAX_LOGIN",
    "Attachments",
    "AvatarUrl",
    "Cid",
    "Content",
    "DisplayName",
    "Email",
    "Id",
    "Limit",
    "LoginName",
    "NewPassword",
    "Offset",
    "ReadSeq",
    "Search",
    "Seq",
    "Title",
    "Until",
    "Username",
]  # fmt: skip
