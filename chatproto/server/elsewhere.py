"""Who is online at other processes, as those say themselves, over and over (hints.Present and Absent).

What is not said again goes by itself: a hint may be lost, and a process may die without a word.
"""

from collections import Counter, OrderedDict
from typing import Final

from attrs import define, field

from chatproto.server.knobs import Knobs

MOST_PROCESSES: Final = 1_000
MOST_USERS: Final = 1_000_000
"""Different users, of all processes together; further ones are ignored."""


@define(eq=False)
class _Process:
    """When it said something last, and of each of its users when it last said that they are there."""

    heard_at: float
    users: OrderedDict[int, float] = field(factory=OrderedDict)


class Elsewhere:
    """Times are monotonic seconds."""

    def __init__(self, knobs: Knobs) -> None:
        self._knobs = knobs
        self._processes: dict[str, _Process] = {}
        self._places: Counter[int] = Counter()

    def __contains__(self, user_id: int) -> bool:
        return user_id in self._places

    def __bool__(self) -> bool:
        """Whether any process said something lately."""
        return bool(self._processes)

    def knows(self, process: str) -> bool:
        """Whether it said something lately."""
        return process in self._processes

    def present(self, process: str, user_ids: tuple[int, ...], mono: float) -> list[int]:
        """These users are online at that process. Returns those that were online at none before."""
        if process not in self._processes and len(self._processes) >= MOST_PROCESSES:
            return []
        one = self._processes.setdefault(process, _Process(mono))
        one.heard_at = mono
        arrived = []
        for user_id in user_ids:
            if user_id not in one.users:
                if len(self._places) >= MOST_USERS:
                    continue
                if user_id not in self._places:
                    arrived.append(user_id)
                self._places[user_id] += 1
            one.users[user_id] = mono
            one.users.move_to_end(user_id)
        return arrived

    def absent(self, process: str, user_id: int) -> bool:
        """A user is no longer online at that process. Returns whether it was the last one where they were online."""
        one = self._processes.get(process)
        if one is None or one.users.pop(user_id, None) is None:
            return False
        return self._left(user_id)

    def forget(self, user_id: int) -> None:
        """A user hides their presence: what is known of it is dropped."""
        if self._places.pop(user_id, None):
            for one in self._processes.values():
                one.users.pop(user_id, None)

    def take_overdue(self, mono: float) -> list[tuple[int, float]]:
        """Drop what was not repeated in time. Returns users who are online nowhere now, and when each last was."""
        gone = []
        for name, one in list(self._processes.items()):
            dead = mono - one.heard_at > self._knobs.process_silence
            while one.users and (dead or mono - next(iter(one.users.values())) > self._knobs.presence_expiry):
                user_id, at = one.users.popitem(last=False)
                if self._left(user_id):
                    gone.append((user_id, one.heard_at if dead else at))
            if dead:
                del self._processes[name]
        return gone

    def _left(self, user_id: int) -> bool:
        self._places[user_id] -= 1
        if self._places[user_id]:
            return False
        del self._places[user_id]
        return True
