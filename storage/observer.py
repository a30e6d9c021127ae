"""What storage tells of itself while it works, for those who watch a server."""

from typing import Literal, Protocol

ReplicaAnswer = Literal["read", "late", "away", "foreign", "none"]
"""A replica answered; it lags; it is not there; it belongs to another primary; all were left out."""


class Observer(Protocol):
    """Called from the trio thread. Must not block or raise."""

    def committed(self, operations: int, seconds: float) -> None:
        """A batch of so many operations was committed, `seconds` after it began."""
        ...

    def leased(self, connections: int) -> None:
        """So many more connections to the database are in use, or fewer where negative."""
        ...

    def replica_asked(self, answer: ReplicaAnswer) -> None:
        """A read that replicas may answer came to this; all but "read" were answered by the primary."""
        ...


class Unobserved:
    """Nobody watches."""

    def committed(self, operations: int, seconds: float) -> None:
        """See Observer."""

    def leased(self, connections: int) -> None:
        """See Observer."""

    def replica_asked(self, answer: ReplicaAnswer) -> None:
        """See Observer."""
