"""Whom one blocks: /api/blocks, and the block itself."""

from chatproto.operations import BlockSet, BlocksFound, ListBlocks, SetBlock
from runtime.http.problem import refusal
from runtime.http.routes import Answer, Call, Result, Route
from runtime.http.shapes import Blocks


async def block(call: Call[None, None], user_id: int) -> Result:
    """They do not write to one any more, nor see whether one is there; they are not told."""
    return await _set(call, user_id, on=True)


async def unblock(call: Call[None, None], user_id: int) -> Result:
    """Everything is as before."""
    return await _set(call, user_id, on=False)


async def list_blocks(call: Call[None, None]) -> Result:
    """Whom one blocks, the newest first."""
    outcome = await call.ask(ListBlocks(call.me.user_id))
    return Answer(200, Blocks(blocks=outcome.blocks)) if isinstance(outcome, BlocksFound) else refusal(outcome)


async def _set(call: Call[None, None], user_id: int, *, on: bool) -> Result:
    outcome = await call.persist(SetBlock(call.me.user_id, user_id, on, call.services.now()))
    return Answer(204) if isinstance(outcome, BlockSet) else refusal(outcome)


ROUTES = (
    Route(
        method="PUT", path="/api/users/{user_id}/block", handler=block, summary="Block somebody", answers={204: ()},
        codes=("too_many",),
    ),
    Route(
        method="DELETE", path="/api/users/{user_id}/block", handler=unblock, summary="Lift a block", answers={204: ()},
    ),
    Route(
        method="GET", path="/api/blocks", handler=list_blocks, summary="Whom one blocks", answers={200: (Blocks,)},
    ),
)  # fmt: skip
