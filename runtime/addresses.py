"""Addresses: of clients, as one of them is written everywhere here, and of mail."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from chatproto.wire.text import is_email

LOCAL: Final = "local"
"""Stands for the address of a client that came over no network."""
KEPT: Final = 64
"""Characters of an address that are kept."""


def client_address(host: str) -> str:
    """An address as its client would write it: a socket that takes IPv4 and IPv6 tells 192.0.2.1 as ::ffff:192.0.2.1.
    What is no address stays as it is."""
    parsed = _parsed(host)
    return host if parsed is None else str(parsed)


def known_address(address: str) -> str | None:
    """The address of a request as sessions and the audit keep it; None where it came over no network."""
    try:
        return str(ip_address(address))[:KEPT]
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches this host."""
    parsed = _parsed(host)
    return host == "localhost" if parsed is None else parsed.is_loopback


def is_mail_address(text: str) -> bool:
    """An address that letters are sent to: other alphabets in its domain are written as xn--."""
    return text.isascii() and is_email(text)


def _parsed(host: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(host)
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed
