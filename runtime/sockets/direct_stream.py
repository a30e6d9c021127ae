"""A socket that is written to at once, from any task and without waiting, as long as the kernel takes it."""

from collections.abc import Callable
from os import read, write
from typing import Final

import trio

from runtime.sockets.poller import Poller
from runtime.write_deadlines import bounded_send

RECEIVE_BYTES: Final = 16 * 1024


class DirectStream(trio.abc.HalfCloseableStream):
    """Whole WebSocket frames go in, from anybody, and are never mixed.

    What the kernel does not take of a direct write stays here, the one remainder: until it has left (`flush`, for which
    `on_blocked` is called) nothing else is written directly, and whoever waits in `send_all` goes first.
    """

    __slots__ = ("_broken", "_early", "_ended", "_fileno", "_inner", "_lock", "_rest", "_waiting", "on_blocked")

    def __init__(self, inner: trio.SocketStream, early: bytes = b"") -> None:
        """`early`: bytes that were read from `inner` already."""
        self._inner = inner
        self._fileno = inner.socket.fileno
        """Asked each time: once the socket is closed, its number may be another one's."""
        self._early = early
        self._rest = b""
        self._waiting = 0
        self._broken = False
        self._ended = False
        self._lock: trio.StrictFIFOLock | None = None
        self.on_blocked = _nothing

    # --- for those who do not wait ---

    @property
    def is_clear(self) -> bool:
        """Whether everything that was written has left: only then may more be written at once."""
        return not self._rest and not self._waiting and not self._ended

    def write_now(self, framed: bytes) -> None:
        """Write whole frames where `is_clear`; what the kernel does not take follows by itself.

        On a link that is gone this does nothing: its reader learns of it.
        """
        self._write(framed)
        if self._rest:
            self.on_blocked()

    def try_write(self, framed: bytes) -> bool:
        """`write_now` where that is allowed; else False, and nothing was taken. It is called for each delivery, so it
        does all by itself."""
        if self._rest or self._waiting or self._ended:
            return False
        try:
            sent = write(self._fileno(), framed)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._broken = True
            return True
        if sent < len(framed):
            self._rest = framed[sent:]
            self.on_blocked()
        return True

    def end(self) -> None:
        """Nothing is written directly any more: what comes now is the close frame."""
        self._ended = True

    # --- for those who wait ---

    @property
    def unsent(self) -> bool:
        """Whether something waits for `flush`."""
        return bool(self._rest) and not self._broken

    async def flush(self) -> None:
        """Wait until the remainder has left. May be cancelled: what has not left stays. Raises as `send_all` does."""
        await self._send(None)

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Write whole frames, behind what waits. May be cancelled: either nothing was taken, or all of it stays.

        Raises trio.BrokenResourceError where the client is gone or reads nothing, trio.ClosedResourceError.
        """
        framed = bytes(data)
        if self.is_clear:
            self._write(framed)
            if not self._rest:
                self._check()
                await trio.lowlevel.checkpoint()
                return
            await self._send(None)
        else:
            await self._send(framed)

    async def _send(self, framed: bytes | None) -> None:
        if self._lock is None:
            self._lock = trio.StrictFIFOLock()
        self._waiting += 1
        try:
            with bounded_send() as scope:
                async with self._lock:
                    await self._drain()
                    if framed is not None:
                        self._write(framed)
                        await self._drain()
        finally:
            self._waiting -= 1
        if scope.cancelled_caught:
            self._broken = True
            await trio.aclose_forcefully(self._inner)
        self._check()

    async def _drain(self) -> None:
        while self._rest and not self._broken:
            await trio.lowlevel.wait_writable(self._inner.socket)
            rest, self._rest = self._rest, b""
            self._write(rest)

    def _write(self, framed: bytes) -> None:
        try:
            sent = write(self._fileno(), framed)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._broken = True
            return
        self._rest = framed[sent:]

    def _check(self) -> None:
        if self._broken:
            raise trio.BrokenResourceError("the client is gone")

    # --- what comes ---

    async def receive_each(self, poller: Poller, take: Callable[[bytes], bool]) -> None:
        """Give each piece that comes to `take`, until it says no; b"" is the end. `poller` calls it, but for what was
        read before.

        Raises what `take` raises, trio.BrokenResourceError, trio.ClosedResourceError.
        """
        if self._early:
            early, self._early = self._early, b""
            await trio.lowlevel.checkpoint()
            if not take(early):
                return

        def ready() -> bool:
            try:
                data = read(self._fileno(), RECEIVE_BYTES)
            except BlockingIOError:
                return True  # woken for nothing
            except OSError as error:
                raise trio.BrokenResourceError from error
            return take(data)

        await poller.each_ready(self._fileno(), ready)

    # --- the rest of a stream ---

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """See trio.abc.ReceiveStream. Most wait long here: fewer calls one in another hold less memory meanwhile."""
        if self._early:
            early, self._early = self._early, b""
            await trio.lowlevel.checkpoint()
            return early
        while True:
            await trio.lowlevel.wait_readable(self._inner.socket)
            try:
                return read(self._fileno(), max_bytes or RECEIVE_BYTES)
            except BlockingIOError:
                continue  # woken for nothing
            except OSError as error:
                raise trio.BrokenResourceError from error

    async def wait_send_all_might_not_block(self) -> None:
        """See trio.abc.SendStream."""
        await self.flush()

    async def send_eof(self) -> None:
        """See trio.abc.HalfCloseableStream. What has not left yet is lost."""
        await self._inner.send_eof()

    async def aclose(self) -> None:
        """Close it. What has not left yet is lost."""
        await self._inner.aclose()


def _nothing() -> None:
    pass
