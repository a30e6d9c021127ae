"""A WebSocket of our own listener: a FrameReader understands what came, a DirectStream reads and writes."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import Enum, auto
from typing import Final, assert_never

import trio

from runtime.hypercorn.hypercorn_websocket import MAX_MESSAGE_BYTES
from runtime.sockets.direct_stream import DirectStream
from runtime.sockets.frame_reader import Ended, FrameReader, Pinged, Ponged
from runtime.sockets.poller import Poller
from runtime.sockets.socket_connection import LinkLost
from runtime.sockets.websocket_frames import close_frame, ping_frame, pong_frame, text_frames

FRAMES_IN_A_ROW: Final = 16
"""What came in one piece is handled without a switch of tasks up to so many messages and control frames."""


class _Then(Enum):
    """What follows when the messages that came were handed over."""

    READ = auto()
    """All were: more must be read."""
    STOP = auto()
    """No more may be handed over now."""
    YIELD = auto()
    """These were many: others have their turn first."""


class DirectTransport:
    """The transport of our own listener, after a handshake that was answered already.

    It has no task: who waits in `receive_while` answers pings and closes; the poller reads no more than is taken.
    A fault of the client is answered with its close code (1002, 1007, 1009), then `receive_while` raises.
    """

    def __init__(self, stream: DirectStream, poller: Poller) -> None:
        self.direct = stream
        self._poller = poller
        self._reader = FrameReader(MAX_MESSAGE_BYTES)
        self._closed = False
        self._on_pong: Callable[[], None] | None = None

    async def receive_while(self, take: Callable[[str | bytes], bool]) -> None:
        """See Transport. Nearly always `take` is called by the poller; this task goes on for what is not a message."""
        try:
            then = self._hand_over(take)
            while then is not _Then.STOP:
                if then is _Then.READ:
                    then = await self._read_on(take)
                    continue
                if isinstance(then, Pinged | Ponged | Ended):
                    await self._handle(then)
                await trio.lowlevel.checkpoint()
                then = self._hand_over(take)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise LinkLost from None

    async def send(self, messages: Sequence[bytes]) -> None:
        """See Transport."""
        if self._closed:
            raise LinkLost
        await self._write(text_frames(messages))

    async def flush(self) -> None:
        """See Transport."""
        try:
            await self.direct.flush()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise LinkLost from None

    async def ping(self) -> None:
        """See Transport."""
        if not self._closed:
            await self._write(ping_frame())

    def on_pong(self, call: Callable[[], None]) -> None:
        """See Transport."""
        self._on_pong = call

    async def close(self, code: int | None, reason: str | None) -> None:
        """See Transport. The close frame is sent once; nothing waits for its answer."""
        if self._closed:
            return
        self._closed = True
        self.direct.end()
        with suppress(LinkLost):  # it is gone already
            await self._write(close_frame(code, reason))

    def _hand_over(self, take: Callable[[str | bytes], bool]) -> _Then | Pinged | Ponged | Ended:
        """Give `take` the messages that are here, up to what is none of them; and what is to be done then."""
        for _ in range(FRAMES_IN_A_ROW):
            received = self._reader.next()
            if received is None:
                return _Then.READ
            if not isinstance(received, str | bytes):
                return received
            if not take(received):
                return _Then.STOP
        return _Then.YIELD

    async def _read_on(self, take: Callable[[str | bytes], bool]) -> _Then | Pinged | Ponged | Ended:
        """Read until there is something else to be done. Raises LinkLost at the end."""
        then: _Then | Pinged | Ponged | Ended = _Then.READ

        def took(data: bytes) -> bool:
            nonlocal then
            if not data:
                return False
            self._reader.feed(data)
            then = self._hand_over(take)
            return then is _Then.READ

        await self.direct.receive_each(self._poller, took)
        if then is _Then.READ:
            raise LinkLost
        return then

    async def _handle(self, received: Pinged | Ponged | Ended) -> None:
        """Answer it. Raises LinkLost where it ends the connection."""
        match received:
            case Pinged(payload):
                if not self._closed:
                    await self._write(pong_frame(payload))
            case Ponged():
                if self._on_pong is not None:
                    self._on_pong()
            case Ended(code, reason):
                await self.close(code, reason)
                raise LinkLost
            case _:
                assert_never(received)

    async def _write(self, framed: bytes) -> None:
        try:
            await self.direct.send_all(framed)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise LinkLost from None
