"""The simulator's model of storage behind the port, so that the contract can be held to it too."""

import trio

from chatproto.operations import Operation, Outcome
from chatproto.simulation.model_operations import perform
from chatproto.simulation.model_store import Store


class ModelStorage:
    """See storage.port.Storage."""

    def __init__(self, epoch: str) -> None:
        self._store = Store(epoch)

    async def perform(self, operation: Operation) -> Outcome:
        """One operation, whole."""
        await trio.lowlevel.checkpoint()
        return perform(self._store, operation)

    async def check(self) -> str | None:
        """Memory is always there."""
        await trio.lowlevel.checkpoint()
        return None

    async def aclose(self) -> None:
        """Nothing is open."""
        await trio.lowlevel.checkpoint()
