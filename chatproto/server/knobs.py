"""What an operator or a test may turn, and no client is told of."""

from attrs import frozen

KIB = 1024


@frozen(kw_only=True)
class Knobs:
    """Rates a second, times in seconds (`heartbeat_ms` in milliseconds), sizes in bytes.

    `rate`, `burst`: the bucket of a user. `unanswered_frames`: in flight on one connection. `sweep_chats`,
    `sweep_users`: how many are compared with the database in one sweep, all of them in turn. `batch_*`: the bounds of
    an AppendBatch. `early_items`: what a room keeps of what came too soon. `tail_*`: what a room keeps of its log;
    `tails_bytes`: what all rooms keep together. `presence_rounds`: in so many beats of `presence_interval` others are
    told of everybody who is here; who was not told of for `presence_expiry` is gone, and so are all of a process after
    its `process_silence`.
    """

    rate: float = 20.0
    burst: float = 100
    unanswered_frames: int = 40
    connections_per_user: int = 20
    violations: int = 3
    heartbeat_ms: int = 20_000
    hello_timeout: float = 10.0
    idle_timeout: float = 75.0
    write_timeout: float = 10.0
    ping_interval: float = 25.0
    unanswered_pings: int = 2
    token_warning: float = 120.0
    token_grace: float = 60.0
    sweep_interval: float = 1.0
    sweep_chats: int = 2000
    sweep_users: int = 50
    typing_interval: float = 3.0
    typing_expiry: float = 6.0
    marks_interval: float = 1.0
    offline_after: float = 30.0
    presence_interval: float = 1.0
    presence_rounds: int = 20
    presence_expiry: float = 65.0
    process_silence: float = 30.0
    store_wait: float = 10.0
    retry_after: float = 0.25
    read_again_after: float = 1.0
    batch_commands: int = 256
    batch_bytes: int = 1024 * KIB
    early_items: int = 256
    tail_items: int = 256
    tail_bytes: int = 256 * KIB
    tails_bytes: int = 64 * 1024 * KIB
