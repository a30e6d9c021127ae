"""What the servers of a database of several have in common, and who of them is written to."""

import itertools
import time
from collections.abc import Sequence
from signal import Signals
from typing import Final, Protocol

WITHIN: Final = 120.0
"""Seconds that a member may take to join."""


class NoGroup(Exception):
    """There is no database of several here; the text says what is missing."""


class Member(Protocol):
    """One server. Methods block."""

    number: int

    @property
    def port(self) -> int:
        """Of its clients."""
        ...

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        ...

    def start(self) -> None:
        """Start it again; it joins by itself."""
        ...

    def signal(self, number: Signals) -> None:
        """To the process; one that shall end is waited for."""
        ...

    def role(self, timeout: float = 0.5) -> str:
        """`PRIMARY` where it is written to, `SECONDARY` where it could be, else what it is instead."""
        ...

    def log(self) -> str:
        """The end of what it told."""
        ...


class Members(Protocol):
    """All of them."""

    @property
    def all(self) -> Sequence[Member]:
        """In the order of their numbers."""
        ...

    def start(self) -> None:
        """From nothing. Raises NoGroup."""
        ...

    def hand_over(self, primary: Member) -> None:
        """Another one becomes the primary, in order."""
        ...

    def end(self) -> None:
        """All gone, with their data."""
        ...


def await_role(member: Member, *roles: str) -> None:
    """Until it is one of these."""
    deadline = time.monotonic() + WITHIN
    while (role := member.role()) not in roles:
        if time.monotonic() > deadline:
            raise RuntimeError(f"member {member.number} is {role}: {member.log()}")
        time.sleep(0.1)


def primary_of(members: Members, but: Member | None = None) -> Member:
    """Who is written to; waits until there is one. `but`: another one than that."""
    deadline = time.monotonic() + WITHIN
    for member in itertools.cycle(members.all):
        if member is not but and member.role() == "PRIMARY":
            return member
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    raise RuntimeError(f"no primary: {[member.role() for member in members.all]}")


def replica_of(members: Members) -> Member:
    """One that is not written to."""
    return next(member for member in members.all if member.role() == "SECONDARY")
