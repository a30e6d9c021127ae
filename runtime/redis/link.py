"""One connection to a Redis: found, encrypted, logged in, and with a deadline for everything that is waited for."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import trio

from runtime.redis.address import RedisAddress
from runtime.redis.resp import Refused, Replies, Reply, RespError, command

CONNECT_WITHIN: Final = 3.0
"""Seconds to find a server, to reach it and to log in."""
ANSWER_WITHIN: Final = 2.0
"""Seconds that it has for an answer."""
CLOSE_WITHIN: Final = 0.5
_CHUNK: Final = 64 * 1024


class RedisAway(Exception):
    """Redis cannot be reached or does not do its part; the text says why, without secrets."""


class Link:
    """A connection. One question at a time is on its way; who asks meanwhile waits for their turn."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._replies = Replies()
        self._turn = trio.Lock()
        self._usable = True

    async def ask(self, *parts: bytes) -> Reply:
        """A command and its answer, which may be `Refused`.

        Raises RedisAway. Whoever is cancelled before the answer ends the connection: what came next would be theirs.
        """
        async with self._turn:
            if not self._usable:
                raise RedisAway("the connection is closed")
            self._usable = False
            reply = await self._within(ANSWER_WITHIN, command(*parts))
            self._usable = True
        return reply

    async def told(self, within: float) -> Reply:
        """What it tells unasked (SUBSCRIBE). Raises RedisAway, also after so many seconds of silence."""
        return await self._within(within, b"")

    async def _within(self, seconds: float, data: bytes) -> Reply:
        with trio.move_on_after(seconds):
            try:
                if data:
                    await self._stream.send_all(data)
                return await self._reply()
            except (trio.BrokenResourceError, trio.ClosedResourceError, RespError) as error:
                raise RedisAway(str(error) or type(error).__name__) from None
        raise RedisAway("no answer")

    async def _reply(self) -> Reply:
        while (found := self._replies.take()) is None:
            data = await self._stream.receive_some(_CHUNK)
            if not data:
                raise RedisAway("the connection was closed")
            self._replies.feed(data)
        return found[0]


@asynccontextmanager
async def connected(address: RedisAddress) -> AsyncIterator[Link]:
    """A connection to the server, with Sentinel to the one that is the master now. Raises RedisAway."""
    with trio.move_on_after(CONNECT_WITHIN) as patience:
        stream, link = await _reach(address)
    if patience.cancelled_caught:
        raise RedisAway("cannot be reached in time")
    try:
        yield link
    finally:
        with trio.move_on_after(CLOSE_WITHIN, shield=True):
            await stream.aclose()


async def _reach(address: RedisAddress) -> tuple[trio.abc.Stream, Link]:
    try:
        context = await trio.to_thread.run_sync(_context, address.ca) if address.tls else None
    except OSError as error:  # such as a file that is being replaced
        raise RedisAway(f"the certificate authorities cannot be read: {error}") from None
    place = address.places[0] if address.master is None else await _master(address, address.master, context)
    stream = await _open(place, context)
    link = Link(stream)
    try:
        await _log_in(link, address)
        if address.master is not None:
            await _check_master(link)
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise
    return stream, link


async def _open(place: tuple[str, int], context: ssl.SSLContext | None) -> trio.abc.Stream:
    try:
        stream: trio.abc.Stream = await trio.open_tcp_stream(*place)
    except OSError as error:
        raise RedisAway(f"cannot be reached: {error}") from None
    if context is None:
        return stream
    encrypted = trio.SSLStream(stream, context, server_hostname=place[0])
    try:
        await encrypted.do_handshake()
    except BaseException as error:
        await trio.aclose_forcefully(stream)
        if isinstance(error, trio.BrokenResourceError):
            raise RedisAway(f"TLS fails: {error.__cause__ or error}") from None
        raise
    return encrypted


async def _log_in(link: Link, address: RedisAddress) -> None:
    if address.password:
        user = (address.user.encode(),) if address.user else ()
        await _must(link, b"AUTH", *user, address.password.encode())
    await _must(link, b"PING")


async def _check_master(link: Link) -> None:
    match await link.ask(b"ROLE"):
        case [b"master", *_]:
            return
        case _:
            raise RedisAway("is no master now")


async def _master(address: RedisAddress, name: str, context: ssl.SSLContext | None) -> tuple[str, int]:
    """Which server is the master, as the first Sentinel that knows it says."""
    for place in address.places:
        try:
            with trio.fail_after(CONNECT_WITHIN / len(address.places)):
                stream = await _open(place, context)
                try:
                    found = await Link(stream).ask(b"SENTINEL", b"get-master-addr-by-name", name.encode())
                finally:
                    await trio.aclose_forcefully(stream)
        except (RedisAway, trio.TooSlowError):
            continue
        match found:
            case [bytes(host), bytes(port)] if port.isdigit():
                return host.decode(errors="replace"), int(port)
    raise RedisAway("no Sentinel knows the master")


async def _must(link: Link, *parts: bytes) -> None:
    """Raises RedisAway where it is refused."""
    reply = await link.ask(*parts)
    if isinstance(reply, Refused):
        raise RedisAway(reply.text.partition("'")[0])  # a server may quote what was sent, which is a password


def _context(ca: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca)
