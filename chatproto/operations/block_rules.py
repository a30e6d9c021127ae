"""What a block between two people forbids: the words of it, once for every store.

A block has a direction, and a pair may have one each way. While there is any, the direct chat of the pair is closed:
nobody begins it, and neither writes in it, the blocker included. Groups that both are in go on as before; but who is
blocked takes their blocker into no group, and does not learn when they are online or type.

What is refused is told in the same words both ways. Who is refused and blocks nobody can still conclude that the other
one blocks them.
"""

from typing import Final

from chatproto.operations.outcomes import Refused

MAX_BLOCKS: Final = 1000
"""People that one person blocks."""

CLOSED: Final = Refused("forbidden", "nobody writes in this chat now")
NOT_ADDED: Final = Refused("forbidden", "one of them cannot be added by you", "user_ids")
ONESELF: Final = Refused("forbidden", "nobody blocks themselves")
TOO_MANY_BLOCKS: Final = Refused("too_many", f"nobody blocks more than {MAX_BLOCKS} people")


def is_full(count: int) -> bool:
    """Whether somebody who blocks so many people may block no further one."""
    return count >= MAX_BLOCKS
