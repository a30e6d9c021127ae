"""Limits of docs/protocol.md section 1 and 4; told to clients in `ready.limits`."""

from typing import Final

import msgspec

MAX_MEMBERS: Final = 1000
"""Of a group."""
MAX_CHATS: Final = 5000
"""That somebody is in; nobody is added to more, and nobody makes more."""
MAX_WATCHED: Final = 50
"""Members of a chat in which it is told who has read a message."""
MAX_FILES: Final = 10
"""Of a message."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What clients are told. Sizes in code points or bytes as named.

    `held_frames`: those that wait for a fresh token; `inflight`: log commands of a connection without an answer;
    `file_quota_bytes`: of all files of one user; `retention_days`: after so many days messages are removed, 0: never.
    """

    content_code_points: int = 4000
    content_bytes: int = 16 * 1024
    page: int = 200
    page_bytes: int = 192 * 1024
    frame_bytes: int = 64 * 1024
    frame_out_bytes: int = 256 * 1024
    array_items: int = 64
    queue_items: int = 256
    queue_bytes: int = 256 * 1024
    group_members: int = MAX_MEMBERS
    inflight: int = 32
    held_frames: int = 36
    file_bytes: int = 25 * 1024 * 1024
    files_per_message: int = MAX_FILES
    file_quota_bytes: int = 5 * 1024**3
    retention_days: int = 0
