"""What is asked about blocks between people; what a block forbids: `block_rules`."""

from datetime import datetime

from attrs import frozen


@frozen
class SetBlock:
    """`user_id` blocks `peer_id`, or lifts that again (`on`). What is so already stays as it is. Outcome: BlockSet;
    Refused not_found (no such user), forbidden (oneself), or too_many."""

    user_id: int
    peer_id: int
    on: bool
    now: datetime


@frozen
class ListBlocks:
    """Whom the user blocks. Outcome: BlocksFound."""

    user_id: int
