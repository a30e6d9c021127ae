"""A link that breaks at chosen bytes."""

from collections.abc import Callable
from functools import partial

import trio
from attrs import define, field


@define(eq=False)
class CuttingProxy:
    """TCP to the server on `target`, a port of this machine. `sent`: bytes that clients have sent, on all connections.
    As soon as they are more than the first of `cuts`, all connections end, in the midst of what they carry."""

    target: int
    cuts: list[int] = field(factory=list)
    sent: int = 0
    port: int = 0
    connections: int = 0
    _open: set[trio.CancelScope] = field(factory=set)
    _moved: trio.Event = field(factory=trio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, task_status: trio.TaskStatus[None]) -> None:
        async with trio.open_nursery() as nursery:
            listeners = await nursery.start(partial(trio.serve_tcp, self._pass_on, self.port, host="127.0.0.1"))
            self.port = listeners[0].socket.getsockname()[1]
            task_status.started()

    async def reached(self, count: int) -> None:
        """Wait until so many bytes were sent."""
        while self.sent < count:
            await self._moved.wait()

    async def _pass_on(self, client: trio.SocketStream) -> None:
        self.connections += 1
        with trio.CancelScope() as scope:
            self._open.add(scope)
            try:
                server = await trio.open_tcp_stream("127.0.0.1", self.target)
                async with server, trio.open_nursery() as nursery:
                    nursery.start_soon(self._answer, server, client, nursery.cancel_scope.cancel)
                    async for data in client:
                        self._count(len(data))
                        await server.send_all(data)
                    nursery.cancel_scope.cancel()
            except* (trio.BrokenResourceError, trio.ClosedResourceError, OSError):
                pass
            finally:
                self._open.discard(scope)
        await trio.aclose_forcefully(client)

    def _count(self, size: int) -> None:
        self.sent += size
        self._moved.set()
        self._moved = trio.Event()
        if self.cuts and self.sent > self.cuts[0]:
            self.cuts.pop(0)
            self.cut()

    def cut(self) -> None:
        """All connections end."""
        for scope in list(self._open):
            scope.cancel()

    @staticmethod
    async def _answer(server: trio.SocketStream, client: trio.SocketStream, done: Callable[[], None]) -> None:
        async for data in server:
            await client.send_all(data)
        done()
