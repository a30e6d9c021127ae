"""What `vestnik serve --host` takes."""

import socket

import pytest

from runtime.serve import bind, url_of

HAS_IPV6 = socket.has_dualstack_ipv6()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_ipv4(host: str) -> None:
    with bind(host, 0) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection((host, port), 60):
            pass


@pytest.mark.skipif(not HAS_IPV6, reason="no IPv6 here")
@pytest.mark.parametrize(("host", "addresses"), [("::", ["::1", "127.0.0.1"]), ("[::1]", ["::1"]), ("::1", ["::1"])])
def test_ipv6(host: str, addresses: list[str]) -> None:
    with bind(host, 0) as listener:
        assert url_of(listener).startswith("http://[::")
        for address in addresses:
            with socket.create_connection((address, listener.getsockname()[1]), 60):
                pass


def test_what_cannot_be_had_is_told_by_its_address() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=rf"^127\.0\.0\.1 port {port}: is in use$"):
            bind("127.0.0.1", port)
    with pytest.raises(OSError, match=r"^no-such-host\.invalid port 1: "):
        bind("no-such-host.invalid", 1)
    with pytest.raises(OSError, match=r"^192\.0\.2\.1 port 0: "):
        bind("192.0.2.1", 0)
