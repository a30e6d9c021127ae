"""The application for a stock `hypercorn --worker-class trio runtime.asgi:app`, settings from the environment.

Delivery is the same as under `vestnik serve`; what a stock hypercorn cannot do is say `bye` before it stops, so its
clients see 1006 and come back by themselves.
"""

import os

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope

from runtime.compose import compose
from runtime.config import DOTENV, load_settings
from runtime.hypercorn import hypercorn_workarounds
from runtime.logs import configure_logging


class Application:
    """Composes the server when the lifespan begins, and takes it apart when it ends."""

    def __init__(self) -> None:
        hypercorn_workarounds.install()
        self._inner: ASGIFramework | None = None

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """One ASGI scope."""
        if scope["type"] == "lifespan":
            settings = load_settings(os.environ, DOTENV)
            configure_logging(settings.log_format, per_second=settings.limit_log_lines)
            async with compose(settings) as composed:
                self._inner = composed.app
                await composed.app(scope, receive, send)
        elif self._inner is None:
            raise RuntimeError("the server runs without ASGI lifespan, which Vestnik needs")
        else:
            await self._inner(scope, receive, send)


app = Application()
