"""Addresses of the network."""

from ipaddress import IPv6Address, ip_address, ip_network


def network_of(address: str) -> str:
    """Whom an address stands for: itself, or the /64 that one IPv6 customer usually has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
