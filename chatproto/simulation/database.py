"""The store as servers meet it: answers take their time, come in any order, fail before or after the commit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Final

from chatproto.operations import AppendBatch, BatchAppended, Mark, OperationFailed, Outcome, OutcomeUnknown
from chatproto.server.hub_outputs import RunOperation
from chatproto.simulation.model_operations import perform
from chatproto.simulation.model_store import Store

if TYPE_CHECKING:
    from chatproto.simulation.server import Server
    from chatproto.simulation.world import World

BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
SLOW: Final = 4_000
"""Milliseconds that a slow operation takes."""


class Database:
    """One Store for all servers. `down`: nothing is performed. A restore ends what is under way."""

    def __init__(self, world: World, random: Random) -> None:
        self.store = Store(epoch="epoch-1")
        self.down = False
        self.epochs = 1
        self._world = world
        self._random = random
        self._life = 0
        self._backup = self.store
        self._in_flight: dict[tuple[str, int, int], None] = {}

    def perform(self, server: Server, run: RunOperation) -> None:
        """Take an operation from a server; the commit comes later, the answer later still."""
        options, random = self._world.options, self._random
        self._in_flight[server.name, server.life, run.request_id] = None
        commit = self._latency()
        if self._world.faulty and random.random() < options.store_slow:
            commit += random.randrange(SLOW)
        self._world.scheduler.after(commit, self._commit, server, server.life, self._life, run)

    def in_flight(self, server: Server) -> set[int]:
        """The requests of a server that are not answered yet."""
        return {number for name, life, number in self._in_flight if (name, life) == (server.name, server.life)}

    def back_up(self) -> None:
        """Keep a copy of how it is now."""
        self._backup = self.store.copy()

    def restore(self, *, renew: bool) -> None:
        """Go back to the copy; `renew`: under a new epoch, as an operator should."""
        epoch = self.store.epoch
        self.store = self._backup.copy()
        self.epochs += renew
        self.store.epoch = f"epoch-{self.epochs}" if renew else epoch
        self._life += 1

    def fail_over(self, replica: Store) -> None:
        """A replica takes over that lacks what was committed since; nobody knows, and the epoch is the same."""
        self.store = replica
        self._life += 1

    def _latency(self) -> int:
        return 1 + int(self._random.expovariate(1 / self._world.options.store_latency))

    def _commit(self, server: Server, server_life: int, life: int, run: RunOperation) -> None:
        world, options, random = self._world, self._world.options, self._random
        outcome: Outcome
        fails = world.faulty and random.random() < options.store_fails
        unknown = world.faulty and random.random() < options.store_unknown
        if server.life != server_life and random.random() < 0.5:
            del self._in_flight[server.name, server_life, run.request_id]
            return  # the server died before the statement left
        if self.down or fails or life != self._life:
            world.trace.counts["fault: store failed before commit"] += 1
            outcome = OperationFailed(retryable=True, detail="away")
        else:
            epoch = self.store.epoch
            outcome = perform(self.store, run.operation)
            world.checkers.hiding.committed(run.operation, outcome)
            world.trace.counts["epochs renewed by servers"] += self.store.epoch != epoch
            world.checkers.commands.blocked(run.operation, outcome)
            if isinstance(run.operation, AppendBatch) and isinstance(outcome, BatchAppended):
                for command, one in zip(run.operation.commands, outcome.outcomes, strict=True):
                    world.checkers.commands.appended(command, one)
            if unknown and isinstance(run.operation, AppendBatch | Mark):
                world.trace.counts["fault: store failed after commit"] += 1
                outcome = OutcomeUnknown()
        world.note("database", type(run.operation).__name__, type(outcome).__name__, to=server.name)
        world.scheduler.after(self._latency(), self._answer, server, server_life, run.request_id, outcome)

    def _answer(self, server: Server, life: int, request_id: int, outcome: Outcome) -> None:
        del self._in_flight[server.name, life, request_id]
        server.complete(life, request_id, outcome)


def time_at(milliseconds: int, ahead: int = 0) -> datetime:
    """The wall clock of a server that is so far ahead."""
    return BEGIN + timedelta(milliseconds=milliseconds + ahead)
