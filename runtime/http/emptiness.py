"""Whether nobody is on this server yet: what a page says to whoever opens it first."""

from collections.abc import Callable
from typing import Final

import trio
from attrs import Factory, define

from chatproto.operations import ListUsers, UsersFound
from storage.port import Ask

BELIEVED: Final = 1.0
"""Seconds for which an answer of storage is believed."""


@define(eq=False)
class Emptiness:
    """Asks storage at most once in BELIEVED seconds, however many want to know, and never again once somebody was
    there: accounts that are deleted keep their rows."""

    _somebody: bool = False
    _empty: bool = False
    _asked: float = -BELIEVED
    _turn: trio.Lock = Factory(trio.Lock)

    def came(self) -> None:
        """Somebody registered here."""
        self._somebody = True

    async def is_empty(self, ask: Ask, clock: Callable[[], float]) -> bool:
        """False also where the database is away: then nobody knows. `clock`: monotonic seconds."""
        if self._somebody:
            return False
        async with self._turn:
            if not self._somebody and clock() - self._asked >= BELIEVED:
                found = await ask(ListUsers(after_id=0, limit=1))
                self._asked = clock()
                self._empty = found == UsersFound(())
                self._somebody = isinstance(found, UsersFound) and not self._empty
        return self._empty and not self._somebody
