"""Who blocks whom, of the people who are connected here: told at the start of a connection, by outcomes and hints, and
compared by the sweep (docs/protocol.md I9)."""

from collections.abc import Iterable
from typing import Final

Pair = tuple[int, int]
"""Who blocks whom."""

_NONE: Final[frozenset[Pair]] = frozenset()


class KnownBlocks:
    """`changes` counts what was heard: an answer of storage that was asked for before may be older."""

    def __init__(self) -> None:
        self.changes = 0
        self._of: dict[int, set[Pair]] = {}

    def arrived(self, user_id: int, pairs: Iterable[Pair]) -> None:
        """A connection of theirs was told of these. They only grow by it: what was read for one connection may be older
        than what is known from another, and the sweep puts that right."""
        known = self._of.setdefault(user_id, set())
        known.update(pairs)
        if not known:
            del self._of[user_id]

    def forget(self, user_id: int) -> None:
        """They have no connection any more."""
        self._of.pop(user_id, None)

    def of(self, user_id: int) -> frozenset[Pair]:
        """Those by them and those of them."""
        return frozenset(self._of.get(user_id, _NONE))

    def by(self, user_id: int) -> tuple[int, ...]:
        """Whom they block, ascending."""
        return tuple(sorted(blocked for blocker, blocked in self._of.get(user_id, _NONE) if blocker == user_id))

    def put(self, user_id: int, pair: Pair, *, on: bool) -> bool:
        """For somebody who is connected here: whether that is news."""
        known = self._of.setdefault(user_id, set())
        news = (pair in known) != on
        (known.add if on else known.discard)(pair)
        if not known:
            del self._of[user_id]
        return news

    def hides(self, user_id: int, viewer_id: int) -> bool:
        """Whether the viewer, who is connected here, must not see when the other one is here."""
        return (user_id, viewer_id) in self._of.get(viewer_id, _NONE)

    def parts(self, one: int, viewer_id: int) -> bool:
        """Whether one of the two blocks the other; the viewer is connected here."""
        known = self._of.get(viewer_id, _NONE)
        return (one, viewer_id) in known or (viewer_id, one) in known
