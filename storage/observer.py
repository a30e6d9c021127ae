"""What storage tells of itself while it works, for those who watch a server."""

from typing import Protocol


class Observer(Protocol):
    """Called from the trio thread. Must not block or raise."""

    def committed(self, operations: int, seconds: float) -> None:
        """A batch of so many operations was committed, `seconds` after it began."""
        ...

    def leased(self, connections: int) -> None:
        """So many more connections to the database are in use, or fewer where negative."""
        ...


class Unobserved:
    """Nobody watches."""

    def committed(self, operations: int, seconds: float) -> None:
        """See Observer."""

    def leased(self, connections: int) -> None:
        """See Observer."""
