"""`vestnik doctor` talks to what a server needs beside its database: the store of files, the mail server, the way in
through the proxy. Every wait has an end; what it puts down it takes away again."""

import secrets
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Final

import httpx
import trio

from runtime.commands.finding import Finding
from runtime.config import Settings
from runtime.files.blobs import BlobStore
from runtime.files.places import S3Place
from runtime.files.service import open_place
from runtime.mail.smtp import NotSent, log_in, parse_smtp_url
from runtime.redis.address import parse_redis_url
from runtime.redis.link import RedisAway, connected
from runtime.redis.resp import Refused, Reply
from runtime.sockets.subprotocol import SUBPROTOCOL

TIMEOUT: Final = 5.0
"""Seconds that a server has for each of its answers."""
STORE_TIMEOUT: Final = 20.0
"""Seconds that the store of files has for all of it."""
_SAMPLE: Final = b"vestnik doctor"
_HANDSHAKE: Final = {
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-protocol": SUBPROTOCOL,
}


def file_store(settings: Settings) -> Iterator[Finding]:
    """Write, read and remove a small object; a folder is looked at with the data folder."""
    if isinstance(settings.files_url, S3Place):
        yield trio.run(_store, settings, settings.files_url)


async def _store(settings: Settings, place: S3Place) -> Finding:
    told = f"{place.base}{place.path}: "
    async with aclosing(open_place(settings, place)) as store:
        try:
            with trio.fail_after(STORE_TIMEOUT):
                came_back = await _try_out(store, secrets.token_hex(16))
        except trio.TooSlowError:
            return Finding("fail", "store of files", f"{told}not done within {STORE_TIMEOUT:.0f} s")
        except OSError as error:
            what_to_do = "look at VESTNIK_FILES_URL, the keys, and their rights to write, read and delete"
            return Finding("fail", "store of files", f"{told}{error.strerror or error}: {what_to_do}")
    if not came_back:
        return Finding("fail", "store of files", f"{told}an object that was written came back as another one")
    return Finding("ok", "store of files", f"{told}an object was written, read and removed")


async def _try_out(store: BlobStore, key: str) -> bool:
    """Whether what is written is read."""
    with tempfile.TemporaryDirectory(prefix="vestnik-doctor-") as folder:
        draft = Path(folder) / "sample"
        await trio.to_thread.run_sync(draft.write_bytes, _SAMPLE)
        try:
            await store.put(draft, key)
            same = await _read(store, key) == _SAMPLE
        except BaseException:  # it may be there all the same; why it failed is told, not that this fails as well
            with trio.CancelScope(deadline=trio.current_time() + TIMEOUT, shield=True), suppress(OSError):
                await store.remove(key)
            raise
        await store.remove(key)
        return same


async def _read(store: BlobStore, key: str) -> bytes | None:
    blob = await store.open(key)
    if blob is None:
        return None
    async with aclosing(blob), aclosing(blob.pieces(0, min(blob.size, len(_SAMPLE) + 1))) as pieces:
        return b"".join([piece async for piece in pieces])


def letters(settings: Settings) -> Finding:
    """Go as far as the log-in; no letter is sent."""
    if not settings.smtp_url:
        return Finding("warn", "letters", "no VESTNIK_SMTP_URL: nobody gets a new password by mail")
    server = parse_smtp_url(settings.smtp_url)
    place = f"{server.host}:{server.port}"
    refused = log_in(server, TIMEOUT)
    if isinstance(refused, NotSent):
        return Finding("fail", "letters", f'{place}: {refused.reason}; see "Letters" in docs/settings.md')
    done = [{"wrapped": "TLS", "starttls": "STARTTLS", "off": "no TLS"}[server.tls], *["log-in"] * bool(server.user)]
    return Finding("ok", "letters", f"{place} answers ({', '.join(done)}); `vestnik mail test ADDRESS` sends one")


def redis(settings: Settings) -> Finding:
    """Log in and tell the servers nothing, as a process does every second."""
    if not settings.redis_url:
        return Finding("ok", "redis", "not used: news between processes goes by way of the database")
    address = parse_redis_url(settings.redis_url)
    place = ", ".join(f"{host}:{port}" for host, port in address.places)

    async def tell() -> Reply:
        async with connected(address) as link:
            return await link.ask(b"PUBLISH", f"{address.prefix}:hints".encode(), b"0 []")

    try:
        answer = trio.run(tell)
    except RedisAway as error:
        return Finding("fail", "redis", f'{place}: {error}; see "Redis" in docs/settings.md')
    if isinstance(answer, Refused):
        return Finding("fail", "redis", f"{place} lets us in and refuses PUBLISH: {answer.text}")
    return Finding("ok", "redis", f"{place} answers ({'TLS' if address.tls else 'no TLS'})")


def visitor() -> httpx.Client:
    """Asks as people's programs do: certificates by the system's authorities, or those that SSL_CERT_FILE names."""
    return httpx.Client(timeout=TIMEOUT, trust_env=False, verify=ssl.create_default_context())


def websocket(url: str) -> Finding:
    """Whether the way to the server lets through what messages come by. `url`: the public address."""
    headers = _HANDSHAKE | {"origin": url, "sec-websocket-key": "dmVzdG5payBkb2N0b3IuLg=="}
    try:
        with (
            visitor() as http,
            http.stream("GET", f"{url}/ws", headers=headers) as answer,
        ):
            status = answer.status_code
    except httpx.HTTPError as error:
        return Finding("fail", "WebSocket", f"{url}/ws does not answer: {error or type(error).__name__}")
    if status == 101:
        return Finding("ok", "WebSocket", f"{url}/ws opens")
    if status == 403:
        told = "is refused as another site's page: let the proxy pass on the Host header with its port"
    else:
        told = f"answers {status}: let the proxy pass on the headers Upgrade and Connection (see deploy/nginx.conf)"
    return Finding("fail", "WebSocket", f"{url}/ws {told}")
