"""Which browsers' pages may talk to this server."""

from typing import Final
from urllib.parse import urlsplit

DESKTOP_ORIGIN: Final = "app://ui"
"""The origin of our own desktop client's pages."""

USUAL_PORTS: Final = {"http": ":80", "https": ":443"}


def is_own_origin(origin: str | None, host: str) -> bool:
    """No origin (not a browser's page, or a plain navigation), or a page that this server itself gave out.

    `host` is the Host header. The scheme is not compared: behind a proxy that ends TLS we may not know ours.
    """
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    if parts.scheme not in USUAL_PORTS or not host:
        return False
    own = parts.netloc.lower()
    return host.lower() in (own, own + USUAL_PORTS[parts.scheme])  # some proxies name the port that browsers leave out


def is_guest_origin(origin: str | None, allowed: tuple[str, ...]) -> bool:
    """A page from elsewhere that may talk to us: the desktop client's, or one that the operator named."""
    return origin is not None and origin.lower() in (DESKTOP_ORIGIN, *allowed)


def origin_allowed(origin: str | None, host: str, allowed: tuple[str, ...]) -> bool:
    """Whether a request, or the opening of a WebSocket, with this Origin header may go on."""
    return is_own_origin(origin, host) or is_guest_origin(origin, allowed)
