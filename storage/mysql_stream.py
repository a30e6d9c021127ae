"""A socket to the database for one task that asks and then waits: it spares trio's extra passes of the event loop."""

import os

import trio


class AskingStream:
    """What is sent leaves at once where the kernel takes it, and that is no checkpoint: waiting for the answer is."""

    def __init__(self, inner: trio.SocketStream) -> None:
        """`inner` is used by nobody else."""
        self._inner = inner
        self.socket = inner.socket

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """See trio.abc.SendStream."""
        try:
            sent = os.write(self.socket.fileno(), data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise trio.BrokenResourceError from error
        if sent < len(data):
            await self._inner.send_all(memoryview(data)[sent:])

    async def receive_some(self, max_bytes: int) -> bytes:
        """See trio.abc.ReceiveStream."""
        while True:
            await trio.lowlevel.wait_readable(self.socket)
            try:
                return os.read(self.socket.fileno(), max_bytes)
            except BlockingIOError:
                continue  # woken for nothing
            except OSError as error:
                raise trio.BrokenResourceError from error

    async def aclose(self) -> None:
        """See trio.abc.AsyncResource."""
        await self._inner.aclose()
