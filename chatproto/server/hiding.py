"""Who hides when they were last seen, and what they read, of those that people here are told of ("Privacy" in
docs/protocol.md section 2).

That somebody hides counts as soon as it is heard, from any source. That they do not counts only where it was read
after the last news of them: news may come late and in any order, and must not show again what is hidden by now.
"""

from chatproto.operations import Hides


class Hiding:
    """`last_seen`, `reads`: users who hide it. `unsure`: users of whom something was heard, and when (monotonic
    seconds): the next sweep reads how it is now."""

    def __init__(self) -> None:
        self.last_seen: set[int] = set()
        self.reads: set[int] = set()
        self.unsure: dict[int, float] = {}

    def hear(self, user_id: int, hides: Hides, mono: float) -> Hides:
        """Somebody may have changed what they hide; what is new of it is returned. `mono`: now."""
        self.unsure[user_id] = mono
        return self.load(user_id, hides)

    def load(self, user_id: int, hides: Hides) -> Hides:
        """What was read as a connection began, which may be older than what is known; what is new is returned."""
        fresh = Hides(
            hides.last_seen and user_id not in self.last_seen,
            hides.reads and user_id not in self.reads,
        )
        if hides.last_seen:
            self.last_seen.add(user_id)
        if hides.reads:
            self.reads.add(user_id)
        return fresh

    def read(self, user_id: int, hides: Hides, asked_at: float) -> tuple[Hides, Hides]:
        """What a sweep found that began at `asked_at`: what is new of it, and what is not hidden any more."""
        if self.unsure.get(user_id, asked_at - 1) >= asked_at:
            return self.load(user_id, hides), Hides()
        self.unsure.pop(user_id, None)
        shown = Hides(
            not hides.last_seen and user_id in self.last_seen,
            not hides.reads and user_id in self.reads,
        )
        if shown.last_seen:
            self.last_seen.discard(user_id)
        if shown.reads:
            self.reads.discard(user_id)
        return self.load(user_id, hides), shown

    def forget(self, user_id: int) -> None:
        """Nobody here needs to know it any more."""
        self.last_seen.discard(user_id)
        self.reads.discard(user_id)
        self.unsure.pop(user_id, None)
