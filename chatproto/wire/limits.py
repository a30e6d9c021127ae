"""Limits of docs/protocol.md section 1 and 4; told to clients in `ready.limits`."""

from typing import Final

import msgspec

MAX_MEMBERS: Final = 1000
"""Of a group."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes in code points or bytes as named, rates per second, times in seconds unless the name says ms."""

    content_code_points: int = 4000
    content_bytes: int = 16 * 1024
    page: int = 200
    page_bytes: int = 192 * 1024
    frame_bytes: int = 64 * 1024
    frame_out_bytes: int = 256 * 1024
    array_items: int = 64
    queue_items: int = 256
    queue_bytes: int = 256 * 1024
    inflight: int = 32
    held_frames: int = 36
    unanswered_frames: int = 40
    rate: float = 20.0
    burst: int = 100
    connections_per_user: int = 20
    hello_timeout: int = 10
    idle_timeout: int = 75
    write_timeout: int = 10
    ping_interval: float = 25.0
    unanswered_pings: int = 2
    heartbeat_ms: int = 20_000
    token_warning: int = 120
    token_grace: int = 60
    violations: int = 3
    sweep_interval: float = 1.0
    sweep_users: int = 50
    typing_interval: float = 3.0
    typing_expiry: float = 6.0
    marks_interval: float = 1.0
    offline_after: float = 30.0
    store_wait: float = 10.0
