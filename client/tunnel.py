"""The way out through an HTTP proxy: the one that the environment names, as httpx takes it, asked for a tunnel."""

import base64
import re
import ssl
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import trio

MAX_ANSWER: Final = 16 * 1024
"""Bytes of a proxy's answer, at most."""
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})\b")
_USUAL_PORTS: Final = {"http": 80, "https": 443}


class ProxyRefused(Exception):
    """The proxy makes no tunnel; the text says why, without its password."""


def proxy_for(url: str) -> str | None:
    """The proxy's URL for a server at the HTTP address `url`: HTTPS_PROXY or HTTP_PROXY by its scheme, else ALL_PROXY.

    None where there is none, or NO_PROXY names the host.
    """
    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


async def open_tunnel(proxy: str, host: str, port: int) -> tuple[trio.SocketStream, trio.abc.Stream]:
    """Through the proxy at `http://[user:password@]host[:port]` (or `https://`) to `host:port`.

    The TCP connection to the proxy, and the stream over it whose other end is the server. Raises ProxyRefused, OSError.
    Has no deadline of its own.
    """
    parts = urlsplit(proxy)
    if parts.scheme not in _USUAL_PORTS or not parts.hostname:
        raise ProxyRefused(f"a proxy with the scheme {parts.scheme!r} cannot be used for WebSockets")
    tcp = await trio.open_tcp_stream(parts.hostname, parts.port or _USUAL_PORTS[parts.scheme])
    try:
        stream: trio.abc.Stream = tcp
        if parts.scheme == "https":
            context = ssl.create_default_context()
            stream = trio.SSLStream(tcp, context, server_hostname=parts.hostname, https_compatible=True)
        await stream.send_all(_request(parts, host, port))
        await _accepted(stream)
    except BaseException as error:
        await trio.aclose_forcefully(tcp)
        if isinstance(error, trio.BrokenResourceError):
            raise ProxyRefused(f"the proxy cut the connection: {error}") from error
        raise
    return tcp, stream


def _request(proxy: SplitResult, host: str, port: int) -> bytes:
    to = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {to} HTTP/1.1", f"Host: {to}"]
    if proxy.username is not None:
        pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(pair.encode()).decode()}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _accepted(stream: trio.abc.Stream) -> None:
    """Read the answer to CONNECT. Nothing follows it: the server at the other end does not speak first."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        data = await stream.receive_some(4096)
        if not data or len(answer) > MAX_ANSWER:
            raise ProxyRefused("the proxy gave no answer that can be understood")
        answer += data
    status = _STATUS.match(answer)
    if status is None or not status[1].startswith(b"2"):
        raise ProxyRefused(f"the proxy refused a tunnel: {answer.splitlines()[0][:100].decode('ascii', 'replace')}")
