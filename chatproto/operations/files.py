"""What is asked about files: their names, rights and lives. Their bytes are kept elsewhere, each under a random key.

A file is held by messages, and as an avatar by a user, by a group, and by who left the group while it had it. One that
nothing holds has an end, `expires_at`: what was uploaded and never used lives for a day, what was let go by its last
holder ends with that. From its end on it is as if it were not there, and CleanFiles removes it.
"""

import re
from datetime import datetime
from typing import Final, Literal

from attrs import frozen

from chatproto.wire.model import File

Kind = Literal["image", "video", "audio", "other"]


def kind_of(content_type: str) -> Kind:
    """What a file is to people who look for one."""
    match content_type.partition("/")[0]:
        case "image" | "video" | "audio" as kind:
            return kind
        case _:
            return "other"


def url_of(file_id: str) -> str:
    """The path of a file."""
    return f"/api/files/{file_id}"


_URL: Final = re.compile("/api/files/([A-Za-z0-9_-]{22})")
AVATAR_SIDE: Final = 512
"""Pixels that an avatar has at most."""
AVATAR_TYPE: Final = "image/webp"


def file_of_url(url: str | None) -> str | None:
    """The id of the file whose path this is; None: it is none."""
    found = None if url is None else _URL.fullmatch(url)
    return None if found is None else found[1]


def may_be_avatar(file: File, *, as_file: bool) -> bool:
    """Whether it is as the avatar routes make them: a small square, written anew by the server."""
    is_square = file.width is not None and file.width == file.height and file.width <= AVATAR_SIDE
    return is_square and file.content_type == AVATAR_TYPE and not as_file


def preview_url_of(file_id: str, width: int | None) -> str | None:
    """The path of its previews; None where it is no picture that was decoded."""
    return None if width is None else f"{url_of(file_id)}/preview"


@frozen
class StoredFile:
    """A file and where its bytes are: `blob`, a key of the store. `as_file`: as its owner has
    it, nothing was taken out."""

    file: File
    owner_id: int
    blob: str
    as_file: bool


@frozen
class AddFile:
    """Bytes that arrived whole and are durable under `blob` become a file.

    `source`: SHA-256 of what was uploaded; `as_file`: nothing was taken out of it. `key`: 32 bytes that stand for this
    upload, so that it can be asked again. `quota`: bytes that all files of the owner may have. `expires_at`: when it
    ends unless it is sent. Outcome: FileAdded; Refused cid_conflict / quota_exceeded.
    """

    owner_id: int
    file: File
    blob: str
    source: bytes
    as_file: bool
    key: bytes
    quota: int
    expires_at: datetime


@frozen
class FindFile:
    """A file that the user may read: their own, one that a message holds which they may see (a former member: within
    what they were given), any user's avatar, that of a group of theirs (a former member: the one it had then).
    Outcome: FileFound; Refused not_found."""

    user_id: int
    file_id: str
    now: datetime


@frozen
class ListChatFiles:
    """The files of a chat's messages that the user may see: those within [first_seq, left_seq], and `before_seq`.

    Whole messages: at most `limit` files, and up to nine more where they belong to the last message. `kind` None: all.
    Outcome: ChatFilesFound; Refused not_found."""

    user_id: int
    chat_id: int
    kind: Kind | None
    before_seq: int | None
    limit: int


@frozen
class CleanFiles:
    """Remove files whose end has come, at most `limit` of them. Outcome: FilesRemoved."""

    now: datetime
    limit: int


@frozen
class FileAdded:
    """`created` is false where the same key was used for these bytes before. Where `stored.blob` is not the one that
    was given, the user's equal bytes are kept there already."""

    stored: StoredFile
    created: bool


@frozen
class FileFound:
    stored: StoredFile


@frozen
class ChatFilesFound:
    """Files with the seq of the message that holds each, the newest message first, those of one in their order."""

    files: tuple[tuple[File, int], ...]
    has_more: bool


@frozen
class FilesRemoved:
    """`blobs`: bytes that no file has any more, to be removed. `removed`: how many files."""

    removed: int
    blobs: tuple[str, ...]
