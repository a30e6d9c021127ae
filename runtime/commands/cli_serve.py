"""`vestnik serve`: in this process, as the parent of several workers, or as one of those."""

import argparse
import socket
from pathlib import Path

import trio

from runtime.collecting import settle
from runtime.commands.account_commands import first_code
from runtime.compose import compose
from runtime.config import RELAXED, Settings
from runtime.logs import get_logger
from runtime.processes.inherited import Inherited, parent_says_stop, read_inherited
from runtime.processes.workers import serve_with_workers
from runtime.serve import UNIX, bind, raise_descriptor_limit, serve
from runtime.version import VERSION

log = get_logger(__name__)

JUST = Path(__file__).parents[2] / "just"
"""There in a checkout, not where the wheel is installed."""


def serve_here(arguments: argparse.Namespace, settings: Settings) -> int:
    raise_descriptor_limit()
    if arguments.inherited is not None:
        inherited = read_inherited(arguments.inherited)
        trio.run(_serve, settings, inherited.listening(), inherited)
        return 0
    with bind(settings.host, settings.port) as listener:  # before anything else: a taken port should fail at once
        if settings.workers == 1:
            trio.run(_serve, settings, listener)
            return 0
        return trio.run(serve_with_workers, listener, settings.workers)


async def _serve(settings: Settings, listener: socket.socket, inherited: Inherited | None = None) -> None:
    """As the only process, or as a worker that got it all from its parent."""
    greets = inherited is None or inherited.greets
    async with compose(settings, inherited) as composed:
        setup = await first_code(composed.driver.request) if greets else None

        def on_ready(url: str) -> None:
            settle()
            if greets:
                _greet(composed.has_pages, setup, settings, url)
            if inherited is not None:
                inherited.tell_ready()

        await serve(
            composed.app,
            host=settings.host,
            port=settings.port,
            on_ready=on_ready,
            drain=composed.drain,
            endpoint=composed.endpoint,
            listening_socket=listener,
            share=None if inherited is None else inherited.share(),
            told_to_stop=None if inherited is None else parent_says_stop,
        )


def _greet(has_pages: bool, setup: str | None, settings: Settings, url: str) -> None:
    """What to do next, for the one who started it in a terminal; programs wait for the first line."""
    log.info("serving", url=url, version=VERSION)
    local = url.startswith(UNIX)
    print(f"Vestnik listens on {url}" if local else f"Vestnik listens on {url}/", flush=True)
    if local:
        print("  A proxy leads to it, which VESTNIK_PROXY_HOPS=1 tells the server.", flush=True)
        url = settings.public_url or "https://..."
    if has_pages:
        desktop = ", or `./just desktop` in another terminal" if JUST.is_file() else ""
        print(f"  The messenger: open {url}/ in a browser{desktop}.", flush=True)
    else:
        print("  Next: register with POST /api/auth/register or `vestnik user create NAME`.", flush=True)
    if setup is not None:
        link = f"{settings.public_url or url}/setup#{setup}"
        print(f"  Nobody keeps this server yet. Its first administrator registers at {link}", flush=True)
    print(f"  API and docs: {url}/docs   WebSocket: {url.replace('http', 'ws', 1)}/ws", flush=True)
    if JUST.is_file():
        print("  Alone? `./just echo` in another terminal starts a bot that answers. Ctrl-C stops.", flush=True)
    if settings.env == "development":
        print(f"  For development: {RELAXED}. For others to use: VESTNIK_ENV=production.", flush=True)
