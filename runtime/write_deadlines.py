"""Deadlines of writes to sockets, for both kinds of connections: a client that reads nothing is cut off, and a server
that stops waits for none of them long.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import trio

SEND_TIMEOUT: Final = 10.0
"""Seconds that one write to a socket may take; a client that reads nothing for so long is cut off."""
LINGER: Final = 1.0
"""Seconds for the client to close after we did. What it sent meanwhile is thrown away: closed on unread bytes, the
kernel would drop our last answer before it was read."""
LINGER_BYTES: Final = 256 * 1024

_in_flight: set[trio.CancelScope] = set()


@contextmanager
def bounded_send(seconds: float = SEND_TIMEOUT, *, shield: bool = False) -> Iterator[trio.CancelScope]:
    """Around one write; `cancelled_caught` tells that it took too long."""
    scope = trio.CancelScope(shield=shield, deadline=trio.current_time() + seconds)
    _in_flight.add(scope)
    try:
        with scope:
            yield scope
    finally:
        _in_flight.discard(scope)


def hurry_sends(seconds: float) -> None:
    """Let no write now in flight last longer than `seconds` from now; for a server that is stopping.

    Call it from the trio thread that serves.
    """
    latest = trio.current_time() + seconds
    for scope in _in_flight:
        scope.deadline = min(scope.deadline, latest)


async def linger(stream: trio.abc.HalfCloseableStream) -> None:
    """Say that nothing more will come, and wait a moment until the client has read it and closes. Raises nothing."""
    left = LINGER_BYTES
    with trio.move_on_after(LINGER):
        try:
            await stream.send_eof()
            while left > 0 and (data := await stream.receive_some(65536)):
                left -= len(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError, trio.BusyResourceError, AttributeError):
            return  # a client that is gone; a stream of TLS has no send_eof
