"""The model's blocks."""

from chatproto.operations import BlockSet, BlocksFound, ListBlocks, Outcome, Refused, SetBlock
from chatproto.operations.block_rules import ONESELF, TOO_MANY_BLOCKS, is_full
from chatproto.simulation.model_store import Store
from chatproto.wire.model import Block


def set_block(store: Store, operation: SetBlock) -> Outcome:
    """A block that exists, or one to lift that does not, changes nothing."""
    pair = operation.user_id, operation.peer_id
    if operation.user_id == operation.peer_id:
        return ONESELF
    if not {*pair} <= store.accounts.keys() or store.accounts[operation.user_id].deleted_at is not None:
        return Refused("not_found", "no such user")
    if operation.on and pair not in store.blocks:
        if is_full(sum(blocker == operation.user_id for blocker, _ in store.blocks)):
            return TOO_MANY_BLOCKS
        store.blocks[pair] = operation.now
    elif not operation.on:
        store.blocks.pop(pair, None)
    return BlockSet(*pair, operation.on)


def list_blocks(store: Store, operation: ListBlocks) -> Outcome:
    """The newest first."""
    user_id = operation.user_id
    since = {blocked: at for (blocker, blocked), at in store.blocks.items() if blocker == user_id}
    newest = sorted(since, key=lambda blocked: (since[blocked], blocked), reverse=True)
    return BlocksFound(tuple(Block(user=store.seen_by(user_id, one), created_at=since[one]) for one in newest))
