"""One HTTP request on its way through Quart, with two cures for answers that come before the body has ended.

Such an answer (413, or 401 to an upload) makes hypercorn close the connection. quart-trio then cancelled the task that
was closing it, because it took the news of its own answer's end for the client's leaving: the connection stayed open,
and the client's next request on it was never answered. And where it was closed, it was closed on unread data, which
makes the kernel drop what the client has not read yet: the answer.
"""

from typing import Any

import trio
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope
from quart import Quart, Request
from quart_trio.asgi import TrioASGIHTTPConnection

LINGER = 1.0
"""Seconds that an answer waits for the rest of the body, which is thrown away."""


class PoliteHTTPConnection(TrioASGIHTTPConnection):
    """quart-trio's, but a disconnect ends the request only while its answer is not finished."""

    def __init__(self, app: Quart, scope: HTTPScope) -> None:
        super().__init__(app, scope)
        self._body_ended = trio.Event()
        self._finishing = False

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """One ASGI scope."""

        async def send_politely(message: Any) -> None:
            if message["type"] == "http.response.start":
                with trio.move_on_after(LINGER):
                    await self._body_ended.wait()
            elif message["type"] == "http.response.body" and not message.get("more_body", False):
                self._finishing = True
            await send(message)

        await super().__call__(receive, send_politely)

    async def handle_messages(  # type: ignore[override]
        self, nursery: trio.Nursery, request: Request, receive: ASGIReceiveCallable
    ) -> None:
        """Feed the body until the client has gone. What is too much for the body is dropped by the body itself."""
        while (message := await receive())["type"] == "http.request":
            request.body.append(message.get("body", b""))
            if not message.get("more_body", False):
                request.body.set_complete()
                self._body_ended.set()
        if not self._finishing:
            nursery.cancel_scope.cancel()
