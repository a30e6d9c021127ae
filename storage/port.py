"""The one thing the rest of the house knows about storage."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from chatproto.operations import Operation, Outcome

Ask = Callable[[Operation], Awaitable[Outcome]]
"""`Storage.perform`, or what does the same with more around it: for those who need no more of a store."""


class Storage(Protocol):
    """A store of users, chats and logs. Every method may be called from many tasks at once."""

    async def perform(self, operation: Operation) -> Outcome:
        """Run one operation in one transaction and give its outcome; a store that is away is an outcome too."""
        ...

    async def check(self) -> str | None:
        """None when the store answers and its schema is right; else a short reason for /readyz."""
        ...

    async def aclose(self) -> None:
        """Give back every connection; at most 5 s."""
        ...
