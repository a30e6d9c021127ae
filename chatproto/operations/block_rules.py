"""What a block between two people forbids: the rules, once for every store.

A block has a direction, and a pair may have one each way. The direct chat of the pair is closed while there is any: the
blocker does not write in it either. Groups that both are in go on as before.

The facts are those of the moment at which the pair is locked. Nothing is looked up here, and nothing is changed.
"""

from typing import Final

from attrs import frozen

from chatproto.operations.outcomes import Refused

CLOSED: Final = Refused("forbidden", "nobody writes in this chat now")
"""The same words both ways. Who is refused and blocks nobody can still conclude that the other blocks them."""


@frozen
class Blocks:
    """The blocks of a pair. `by_actor`: the actor blocks the other; `by_other`: the other blocks the actor."""

    by_actor: bool = False
    by_other: bool = False


def barred_by(blocks: Blocks) -> Refused | None:
    """Why the actor may not open the direct chat of the pair, nor write in it; None: they may."""
    return CLOSED if blocks.by_actor or blocks.by_other else None


def may_add(blocks: Blocks) -> bool:
    """Whether the actor may add the other to a group: not whom they are blocked by."""
    return not blocks.by_other


def sees_presence(blocks: Blocks) -> bool:
    """Whether the actor sees the other's presence and typing: not of whom they are blocked by."""
    return not blocks.by_other
