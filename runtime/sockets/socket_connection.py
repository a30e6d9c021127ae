"""One socket's two tasks: the reader feeds the Hub, the writer sends what queued up. The transport is exchangeable."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import trio

from chatproto.server.clock import Now
from runtime.hub_driver import Driver
from runtime.sockets.connection import Connection
from runtime.sockets.direct_stream import DirectStream
from runtime.sockets.open_sockets import Place

CLOSE_TIMEOUT: Final = 2.0
"""Seconds for the close frame of a socket that is ended from here."""


class Transport(Protocol):
    """An accepted WebSocket. `receive_while` and `send` may be cancelled; a lost link cancels or raises `LinkLost`."""

    async def receive_while(self, take: Callable[[str | bytes], bool]) -> None:
        """Give `take` each whole message, bytes where it was binary, until it says no.

        It may be called by another task; what it raises is raised here.
        """
        ...

    @property
    def direct(self) -> DirectStream | None:
        """Where frames can be written at once, without waiting; None where this transport has no such way."""
        ...

    async def send(self, messages: Sequence[bytes]) -> None:
        """Write text messages, one behind the other."""
        ...

    async def flush(self) -> None:
        """Wait until what was written directly has left."""
        ...

    async def ping(self) -> None:
        """Send a protocol ping."""
        ...

    def on_pong(self, call: Callable[[], None]) -> None:
        """Have every pong from now on told."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Send a close frame."""
        ...


class LinkLost(Exception):
    """The peer is gone."""


async def serve_connection(
    driver: Driver, transport: Transport, opened: Callable[[Now], int], *, joins_frames: bool, place: Place
) -> None:
    """Serve an accepted socket, which has `place`, until either side ends it.

    `opened` is the Hub's input for it; with `joins_frames` what queued up during a write leaves as one array.
    """
    connection = driver.connect(opened)
    connection.joins_frames = joins_frames
    place.is_named = lambda: driver.is_named(connection)
    direct = transport.direct
    try:
        transport.on_pong(lambda: driver.receive_pong(connection))
        if direct is not None:
            direct.on_blocked = connection.wake
            connection.direct = direct
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_read, driver, connection, transport)
            await _write(driver, connection, transport)
            nursery.cancel_scope.cancel()
    finally:
        driver.disconnect(connection)


async def _read(driver: Driver, connection: Connection, transport: Transport) -> None:
    def take(message: str | bytes) -> bool:
        return driver.receive(connection, message) == 0

    try:
        while True:
            while (delay := driver.read_delay(connection)) != 0:
                if delay is None:
                    connection.reader_waits = True
                    await connection.wait()
                    connection.reader_waits = False
                else:
                    await trio.sleep(delay)
            await transport.receive_while(take)
    except LinkLost:
        connection.closing = connection.closing or (1006, "")
        connection.wake()


async def _write(driver: Driver, connection: Connection, transport: Transport) -> None:
    queue, direct = connection.queue, transport.direct
    while True:
        if queue:
            connection.writing = True
            messages, pages = connection.take()
            with trio.move_on_after(driver.hub.knobs.write_timeout) as scope:
                try:
                    await transport.send(messages)
                except LinkLost:
                    return
            if scope.cancelled_caught:
                return await _close(transport, 4408, "too slow")
            connection.writing = False
            driver.written(connection, pages)
        elif direct is not None and direct.unsent:
            with trio.move_on_after(driver.hub.knobs.write_timeout) as scope:
                try:
                    await transport.flush()
                except LinkLost:
                    return
            if scope.cancelled_caught:
                return await _close(transport, 4408, "too slow")
        elif connection.ping_wanted:
            connection.ping_wanted = False
            with trio.move_on_after(driver.hub.knobs.write_timeout):
                try:
                    await transport.ping()
                except LinkLost:
                    return
        elif connection.closing is not None:
            code, reason = connection.closing
            return await _close(transport, code, reason)
        else:
            await connection.wait()


async def _close(transport: Transport, code: int, reason: str) -> None:
    if code != 1006:
        with trio.move_on_after(CLOSE_TIMEOUT):
            await transport.close(code, reason)
