"""Whom to believe about the client when a reverse proxy stands in front.

hypercorn's own ProxyFixMiddleware gives websockets the scheme `https`, which Quart answers with 400.
"""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope

from runtime.addresses import client_address, is_loopback
from runtime.http.exchange import address_of
from runtime.logs import get_logger

log = get_logger(__name__)

_SCHEMES = {
    ("http", b"http"): "http",
    ("http", b"https"): "https",
    ("websocket", b"http"): "ws",
    ("websocket", b"https"): "wss",
    ("websocket", b"ws"): "ws",
    ("websocket", b"wss"): "wss",
}


class ProxyFix:
    """ASGI middleware: takes client address and scheme from `X-Forwarded-For` and `X-Forwarded-Proto`.

    `hops` is the number of trusted proxies, each of which appends to (or, if there is one, overwrites) the headers.
    The client's address is the `hops`-th value from the right: what stands left of it the client may have invented.
    With 0 the headers are ignored, the only safe choice when clients reach this server directly.
    """

    def __init__(self, app: ASGIFramework, hops: int) -> None:
        if hops < 0:
            raise ValueError("hops must not be negative")
        self.app = app
        self.hops = hops
        self._warned = False

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Hand on to the application, with a corrected copy of the scope."""
        if scope["type"] in ("http", "websocket"):
            if self.hops:
                scope = self._corrected(scope)
            elif not self._warned:
                self._warn_of_proxy(scope)
        await self.app(scope, receive, send)

    def _warn_of_proxy(self, scope: Any) -> None:
        """Once: a proxy on this machine names its clients, and we take them all for one."""
        if is_loopback(address_of(scope)) and _values(scope["headers"], b"x-forwarded-for"):
            self._warned = True
            log.warning(
                "proxy_not_expected",
                reason="VESTNIK_PROXY_HOPS is 0: all clients of the proxy share one address's limits",
            )

    def _corrected(self, scope: Any) -> Any:
        scope = dict(scope)
        protocols = _values(scope["headers"], b"x-forwarded-proto")
        if protocols:  # a proxy usually overwrites this one, so fewer values than hops are no forgery
            said = protocols[-min(self.hops, len(protocols))].lower()
            scope["scheme"] = _SCHEMES.get((scope["type"], said), scope["scheme"])
        address = forwarded_address(scope["headers"], self.hops)
        if address is not None:
            scope["client"] = (address, 0)
        return scope


def forwarded_address(headers: Iterable[tuple[bytes, bytes]], hops: int) -> str | None:
    """Of the client, as `hops` trusted proxies tell it; None where they do not."""
    addresses = _values(headers, b"x-forwarded-for") if hops else []
    return _address(addresses[-hops]) if 0 < hops <= len(addresses) else None


def _values(headers: Any, wanted: bytes) -> list[bytes]:
    """All values of a header that may be repeated and may hold a list, in order."""
    return [
        part.strip() for name, value in headers if name.lower() == wanted for part in value.split(b",") if part.strip()
    ]


def _address(raw: bytes) -> str | None:
    """`192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`, without the port; None if it is neither."""
    text = raw.decode("latin-1")
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        ip_address(text)
    except ValueError:
        return None
    return client_address(text)
