"""What is asked about blocks between people; what a block forbids: `block_rules`."""

from datetime import datetime

from attrs import frozen

from chatproto.wire.model import Block


@frozen
class SetBlock:
    """`user_id` blocks `peer_id` (`on`), or lifts the block. Changes nothing where it is so already. Outcome: BlockSet;
    Refused not_found (no such user), forbidden (oneself), or too_many."""

    user_id: int
    peer_id: int
    on: bool
    now: datetime


@frozen
class ListBlocks:
    """Whom the user blocks. Outcome: BlocksFound."""

    user_id: int


@frozen
class BlockSet:
    """`user_id` blocks `peer_id` now (`on`), or has lifted the block."""

    user_id: int
    peer_id: int
    on: bool


@frozen
class BlocksFound:
    """The newest first."""

    blocks: tuple[Block, ...]
