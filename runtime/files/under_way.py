"""How many of something one person has under way at once: each holds a descriptor, room on the disk, or a connection,
as long as its other end takes."""

from collections.abc import Iterator
from contextlib import contextmanager

from attrs import define, field


@define
class UnderWay:
    """Counts of this process, by user; at most `most` each."""

    most: int
    _counts: dict[int, int] = field(factory=dict)

    def is_full(self, user_id: int) -> bool:
        """Whether this user may begin no other one now."""
        return self._counts.get(user_id, 0) >= self.most

    def began(self, user_id: int) -> None:
        """One more."""
        self._counts[user_id] = self._counts.get(user_id, 0) + 1

    def ended(self, user_id: int) -> None:
        """One of them."""
        self._counts[user_id] -= 1
        if not self._counts[user_id]:
            del self._counts[user_id]

    @contextmanager
    def place(self, user_id: int) -> Iterator[bool]:
        """For one from its beginning to its end; False where there is no room for it."""
        if self.is_full(user_id):
            yield False
            return
        self.began(user_id)
        try:
            yield True
        finally:
            self.ended(user_id)
