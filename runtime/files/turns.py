"""Turns at work that is dear: a few at a time, and each user in turn, however much one of them wants."""

from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
from attrs import define, field


@define(eq=False)
class Turns:
    """`places`: how many may work at the same time."""

    places: int
    _waiting: OrderedDict[int, deque[trio.Event]] = field(factory=OrderedDict)
    """By user; whose turn is next stands first."""

    @asynccontextmanager
    async def turn(self, user_id: int) -> AsyncIterator[None]:
        """Wait for a place, and have it until the block ends."""
        await self._wait(user_id)
        try:
            yield
        finally:
            self._give_back()

    async def _wait(self, user_id: int) -> None:
        if self.places > 0:
            self.places -= 1
            return
        event = trio.Event()
        self._waiting.setdefault(user_id, deque()).append(event)
        try:
            await event.wait()
        except trio.Cancelled:
            if event.is_set():  # the place came at the same moment: it is another one's
                self._give_back()
            else:
                self._leave(user_id, event)
            raise

    def _leave(self, user_id: int, event: trio.Event) -> None:
        queue = self._waiting[user_id]
        queue.remove(event)
        if not queue:
            del self._waiting[user_id]

    def _give_back(self) -> None:
        """To the next user, who then stands last."""
        if not self._waiting:
            self.places += 1
            return
        user_id, queue = next(iter(self._waiting.items()))
        event = queue.popleft()
        self._waiting.move_to_end(user_id)
        if not queue:
            del self._waiting[user_id]
        event.set()
