"""A link to the database that breaks during COMMIT."""

from collections.abc import Callable
from functools import partial
from typing import Literal

import attrs
import trio

from storage.mysql_url import MySQLSettings

Cut = Literal["before", "after"]


class CuttingProxy:
    """A TCP proxy that cuts the link as COMMIT passes, alone or last of several: before the server gets it, or after
    it has answered."""

    def __init__(self, target: MySQLSettings) -> None:
        self._target = target
        self.cut: Cut | None = None

    async def serve(self, task_status: trio.TaskStatus[MySQLSettings]) -> None:
        async with trio.open_nursery() as nursery:
            listeners = await nursery.start(partial(trio.serve_tcp, self._pass_on, 0, host="127.0.0.1"))
            port = listeners[0].socket.getsockname()[1]
            task_status.started(attrs.evolve(self._target, host="127.0.0.1", port=port))

    async def _pass_on(self, client: trio.SocketStream) -> None:
        server = await trio.open_tcp_stream(self._target.host, self._target.port)
        async with server, client, trio.open_nursery() as nursery:
            nursery.start_soon(self._pump, server, client, nursery.cancel_scope.cancel)
            async for data in client:
                if self.cut is not None and data.endswith(b"COMMIT"):
                    nursery.cancel_scope.cancel()  # the pump stops first, so the answer goes no further
                    if self.cut == "after":
                        with trio.CancelScope(shield=True):
                            await server.send_all(data)
                            await server.receive_some()
                    return
                await server.send_all(data)
            nursery.cancel_scope.cancel()

    @staticmethod
    async def _pump(source: trio.SocketStream, sink: trio.SocketStream, done: Callable[[], None]) -> None:
        async for data in source:
            await sink.send_all(data)
        done()
