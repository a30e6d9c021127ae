"""Serve an ASGI application and WebSockets on one port in this process, and stop politely.

hypercorn's own `workers=N` is not used: on SIGTERM its parent kills the workers without grace.
`runtime.processes.workers` runs several processes instead, each with the same `listening_socket`.
"""

import errno
import logging
import os
import resource
import signal
import socket
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from ipaddress import IPv6Address, ip_address

import trio
from hypercorn.config import Config
from hypercorn.trio.lifespan import Lifespan
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ASGIFramework, ConnectionState
from hypercorn.utils import wrap_app

from runtime.front import Endpoint, Front
from runtime.hypercorn import hypercorn_workarounds
from runtime.hypercorn.hypercorn_websocket import MAX_MESSAGE_BYTES
from runtime.logs import get_logger
from runtime.processes.accepting import Serve, Share, SharedListener, counted
from runtime.processes.service_manager import service_manager
from runtime.write_deadlines import hurry_sends

log = get_logger(__name__)

UNIX = "unix:"
"""What stands before the path of a Unix socket in place of a host."""
BACKLOG = 512
"""Connections the kernel keeps for us until they are accepted."""
DRAIN_TIMEOUT = 3.0
"""Seconds for `drain`, within which each websocket should have got its close frame."""
KEEP_ALIVE_TIMEOUT = 20
"""Seconds that a connection may wait for its next request."""


def raise_descriptor_limit() -> None:
    """Let this process have as many descriptors as the system allows it: each connection takes one, and the usual soft
    limit of 1,024 is not meant for servers.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError) as error:
        log.warning("descriptor_limit_kept", soft=soft, error=str(error))


def bind(host: str, port: int) -> socket.socket:
    """A listening TCP socket; with port 0 the system chooses a free one. Raises OSError that names the address.

    `host`: an address, in brackets or not, or a name. `::` takes IPv4 too, where the system has both. `unix:/path` is a
    Unix socket for the owner and the group of this process; then `port` says nothing.
    """
    if host.startswith(UNIX):
        return _bind_path(host.removeprefix(UNIX))
    host = host.removeprefix("[").removesuffix("]")
    try:
        [family, *_], *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        both = host == "::" and socket.has_dualstack_ipv6()
        return socket.create_server((host, port), family=family, backlog=BACKLOG, dualstack_ipv6=both)
    except OSError as error:
        reason = "is in use" if error.errno == errno.EADDRINUSE else error.strerror
        raise OSError(f"{host} port {port}: {reason}") from None


def _bind_path(path: str) -> socket.socket:
    """In the place of a socket whose server is gone, but of nothing else."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    umask = os.umask(0o117)
    try:
        if _is_stale(path):
            os.unlink(path)
        listener.bind(path)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        reason = "is in use" if error.errno == errno.EADDRINUSE else error.strerror or error
        raise OSError(f"{UNIX}{path}: {reason}") from None
    finally:
        os.umask(umask)
    return listener


def _is_stale(path: str) -> bool:
    """Whether a socket is there that nobody listens on."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
            caller.settimeout(1)
            caller.connect(path)
    except ConnectionRefusedError:
        return True
    except OSError:  # nothing is there, or somebody is, and busy
        return False
    return False


def url_of(listener: socket.socket) -> str:
    """The address of a listening socket as a URL, such as `http://127.0.0.1:8000`."""
    if listener.family == getattr(socket, "AF_UNIX", None):
        return f"{UNIX}{listener.getsockname()}"
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if isinstance(ip_address(host), IPv6Address) else f"http://{host}:{port}"


def _config() -> Config:
    config = Config()
    config.keep_alive_timeout = KEEP_ALIVE_TIMEOUT
    config.websocket_max_message_size = MAX_MESSAGE_BYTES
    config.include_server_header = False
    config.accesslog = None  # its lines can hold tokens from queries and headers; the application logs requests
    config.errorlog = logging.getLogger("hypercorn.error")
    return config


async def serve(
    app: ASGIFramework,
    *,
    host: str,
    port: int,
    on_ready: Callable[[str], None],
    drain: Callable[[], Awaitable[None]],
    endpoint: Endpoint | None = None,
    listening_socket: socket.socket | None = None,
    graceful_timeout: float = 3,
    share: Share | None = None,
    told_to_stop: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then return. To be run in the main thread, as signals are taken there.

    `on_ready` is called with the URL once connections are accepted. At the signal `drain` is awaited, for at most
    DRAIN_TIMEOUT seconds: it should turn readiness off and close each websocket with 1012, as hypercorn itself would
    just cut them (1006). New connections are refused after that, and requests under way have `graceful_timeout`
    seconds to end. A second signal ends all at once; where `told_to_stop` came first, the one after that. SIGHUP ends
    a server in a terminal, which it says is gone; of a service, to which rotation of logs sends it by habit, it changes
    nothing.
    systemd is told that it is ready, alive and stopping, where it started the process.
    `endpoint` serves WebSockets in place of `app`. A given `listening_socket` replaces `host` and `port`; it is closed
    here too. `share` says which of its connections are taken where other processes listen on it as well; `told_to_stop`
    returns when it is time to stop without a signal.
    """
    hypercorn_workarounds.install()
    stop, manager = trio.Event(), service_manager(os.environ)
    with (
        trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals,
        listening_socket or bind(host, port) as listener,
    ):
        url = url_of(listener)
        async with trio.open_nursery() as nursery:

            async def run(task_status: trio.TaskStatus[None]) -> None:
                await _accept(app, listener, endpoint, stop, graceful_timeout, share, task_status)
                nursery.cancel_scope.cancel()  # ends the wait for a second signal

            await nursery.start(run)
            on_ready(url)
            manager.tell("READY=1")
            nursery.start_soon(manager.stay_alive)
            was_signal = await _first_of(partial(_told_to_stop, signals), told_to_stop)
            manager.tell("STOPPING=1")

            async def wind_down() -> None:
                with trio.move_on_after(DRAIN_TIMEOUT):
                    await drain()
                hurry_sends(graceful_timeout)
                stop.set()

            nursery.start_soon(wind_down)
            if not was_signal:  # where all processes of a service get one, it may come after the word of the parent
                await _told_to_stop(signals)
            await _told_to_stop(signals)
            hurry_sends(0)
            nursery.cancel_scope.cancel()


async def _first_of(one: Callable[[], Awaitable[None]], other: Callable[[], Awaitable[None]] | None) -> bool:
    """Wait for one of them; whether `one` came, which may be beside the other."""
    came = False
    async with trio.open_nursery() as nursery:

        async def wait_for_one() -> None:
            nonlocal came
            await one()
            came = True
            nursery.cancel_scope.cancel()

        async def wait_for_other(event: Callable[[], Awaitable[None]]) -> None:
            await event()
            nursery.cancel_scope.cancel()

        nursery.start_soon(wait_for_one)
        if other is not None:
            nursery.start_soon(wait_for_other, other)
    return came


async def _told_to_stop(signals: AsyncIterator[int]) -> None:
    async for number in signals:
        if number != signal.SIGHUP or sys.stdin.isatty():
            return
        log.info("sighup_ignored")


async def _accept(
    app: ASGIFramework,
    listener: socket.socket,
    endpoint: Endpoint | None,
    stop: trio.Event,
    graceful_timeout: float,
    share: Share | None,
    task_status: trio.TaskStatus[None],
) -> None:
    """Run the application's lifespan, and serve connections until `stop`; what hypercorn's own worker would do."""
    config, context, state = _config(), WorkerContext(None), ConnectionState({})
    wrapped = wrap_app(app, config.wsgi_max_body_size, "asgi")
    front = Front(wrapped, config, context, state, endpoint)
    lifespan = Lifespan(wrapped, config, state)
    async with trio.open_nursery() as living:
        await living.start(lifespan.handle_lifespan)
        await lifespan.wait_for_startup()
        async with trio.open_nursery() as connections:
            async with trio.open_nursery() as accepting:
                await accepting.start(_listen, listener, front.serve, connections, share)
                task_status.started()
                await stop.wait()
                accepting.cancel_scope.cancel()
                if share is not None:
                    share.end()
            await context.terminated.set()
            front.stop()
            connections.cancel_scope.deadline = trio.current_time() + graceful_timeout
        await lifespan.wait_for_shutdown()
        living.cancel_scope.cancel()


async def _listen(
    listener: socket.socket,
    handler: Serve,
    connections: trio.Nursery,
    share: Share | None,
    task_status: trio.TaskStatus[object],
) -> None:
    """Accept until cancelled."""
    listening: trio.abc.Listener[trio.SocketStream]
    if share is None:
        listening = trio.SocketListener(trio.socket.from_stdlib_socket(listener))
    else:
        share.begin()
        listening, handler = SharedListener(listener, share), counted(handler, share)
    await trio.serve_listeners(handler, [listening], handler_nursery=connections, task_status=task_status)
