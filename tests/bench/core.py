"""What the server's core costs a message, without storage and sockets: `./just bench-core`.

A room of 100 connections; batches of 100 messages. Microseconds of processor time: of `receive_frame`, and of
`complete_operation` with the outcome of a whole batch, its outputs drained.
"""

import json
import time
from datetime import UTC, datetime
from typing import Final

from chatproto.operations import AppendBatch, ChatCreated, CreateGroup, CreateSession, CreateUser
from chatproto.server.clock import Now
from chatproto.server.hub import Hub
from chatproto.server.hub_outputs import Broadcast, RunOperation
from chatproto.server.knobs import Knobs
from chatproto.simulation.model_operations import perform
from chatproto.simulation.model_store import Store
from chatproto.tokens import AccessClaims

PEOPLE: Final = 100
BATCH: Final = 100
ROUNDS: Final = 50
BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
FAR: Final = datetime(2027, 1, 1, tzinfo=UTC)


def main() -> None:
    """Print both figures."""
    store = Store()
    ids = []
    for number in range(PEOPLE):
        name = f"user{number}"
        perform(store, CreateUser(name, name, None, None, "h", name, frozenset({name}), BEGIN))
        perform(store, CreateSession(number + 1, "bench", name.encode(), name.encode().ljust(16), BEGIN))
        ids.append(number + 1)
    created = perform(store, CreateGroup(1, "Room", tuple(ids[1:]), None, BEGIN))
    assert isinstance(created, ChatCreated)

    def check(token: str, _now: datetime) -> AccessClaims:
        user = int(token)
        name = f"user{user - 1}".encode()
        return AccessClaims(user, user, name.ljust(16), name, BEGIN, FAR)

    now = Now(BEGIN, 0.0)
    hub = Hub(check, lambda: "cid", None, Knobs(rate=1e9, burst=1e9, unanswered_frames=10**9))
    connections = []
    for user in ids:
        connection = hub.open_connection(now)
        hub.receive_frame(connection, json.dumps({"type": "hello", "v": [1], "token": str(user)}), now)
        for output in hub.outputs():
            if isinstance(output, RunOperation):
                hub.complete_operation(output.request_id, perform(store, output.operation), now)
        connections.append(connection)
    hub.outputs()
    received = told = 0.0
    deliveries = 0
    for turn in range(ROUNDS):
        frames = [
            json.dumps({"type": "send", "chat_id": 1, "cid": f"c{turn}-{number}", "content": "a message of some words"})
            for number in range(BATCH)
        ]
        began = time.process_time()
        for number, frame in enumerate(frames):
            hub.receive_frame(connections[number % PEOPLE], frame, now)
        received += time.process_time() - began
        runs = [output for output in hub.outputs() if isinstance(output, RunOperation)]
        while runs:
            run = runs.pop()
            assert isinstance(run.operation, AppendBatch)
            outcome = perform(store, run.operation)
            began = time.process_time()
            hub.complete_operation(run.request_id, outcome, now)
            outputs = hub.outputs()
            told += time.process_time() - began
            for output in outputs:
                if isinstance(output, RunOperation):
                    runs.append(output)
                elif isinstance(output, Broadcast):
                    deliveries += len(output.connection_ids) * len(output.frames)
    messages = ROUNDS * BATCH
    assert deliveries == messages * PEOPLE
    print(f"receive_frame of a send: {received / messages * 1e6:.1f} us")
    print(f"the outcome of a batch of about {BATCH} to a room of {PEOPLE}: {told / messages * 1e6:.1f} us a message")


if __name__ == "__main__":
    main()
