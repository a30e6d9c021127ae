"""Whom to believe about the client behind reverse proxies."""

from typing import Any

import pytest

from runtime.trusted_proxy import ProxyFix


async def seen(hops: int, kind: str = "http", **headers: str | list[str]) -> tuple[str, str]:
    """Client address and scheme, as the application sees them."""
    found: dict[str, Any] = {}

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        found.update(scope)

    listed = [
        (name.replace("_", "-").encode(), value.encode())
        for name, values in headers.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    scheme = "ws" if kind == "websocket" else "http"
    scope: Any = {"type": kind, "scheme": scheme, "client": ("10.0.0.1", 5), "headers": listed}
    unused: Any = None
    await ProxyFix(app, hops)(scope, unused, unused)
    assert scope["client"] == ("10.0.0.1", 5), "the server's own scope is left alone"
    return found["client"][0], found["scheme"]


async def test_without_proxies_headers_are_lies() -> None:
    assert await seen(0, x_forwarded_for="1.2.3.4", x_forwarded_proto="https") == ("10.0.0.1", "http")


async def test_one_proxy_is_believed_and_what_stands_left_of_it_is_not() -> None:
    assert await seen(1, x_forwarded_for="1.2.3.4", x_forwarded_proto="https") == ("1.2.3.4", "https")
    assert await seen(1, x_forwarded_for="6.6.6.6, 1.2.3.4") == ("1.2.3.4", "http")
    assert await seen(1, x_forwarded_for=["6.6.6.6", "1.2.3.4"]) == ("1.2.3.4", "http")


async def test_two_proxies() -> None:
    assert (await seen(2, x_forwarded_for="6.6.6.6, 1.2.3.4, 10.9.9.9"))[0] == "1.2.3.4"
    assert (await seen(2, x_forwarded_for="1.2.3.4"))[0] == "10.0.0.1", "one of them did not speak: believe nobody"
    assert (await seen(2, x_forwarded_proto="https"))[1] == "https"


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        ("1.2.3.4:80", "1.2.3.4"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unknown", "10.0.0.1"),
        ("_hidden", "10.0.0.1"),
        ("1.2.3.4.5", "10.0.0.1"),
        ("\x00", "10.0.0.1"),
    ],
)
async def test_forms_of_addresses(raw: str, address: str) -> None:
    assert (await seen(1, x_forwarded_for=raw))[0] == address


async def test_websockets_become_wss_and_never_https() -> None:
    assert (await seen(1, "websocket", x_forwarded_proto="https"))[1] == "wss"
    assert (await seen(1, "websocket", x_forwarded_proto="WSS"))[1] == "wss"
    assert (await seen(1, "websocket", x_forwarded_proto="http"))[1] == "ws"
    assert (await seen(1, "http", x_forwarded_proto="gopher"))[1] == "http"


def test_a_negative_number_of_proxies_is_a_mistake() -> None:
    unused: Any = None
    with pytest.raises(ValueError, match="negative"):
        ProxyFix(unused, -1)


async def test_a_proxy_that_nobody_told_us_of_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        pass

    unused: Any = None
    untold, told = ProxyFix(app, 0), ProxyFix(app, 1)
    forwarded = [(b"x-forwarded-for", b"1.2.3.4")]
    for fix, client, headers in (
        (told, ("127.0.0.1", 5), forwarded),
        (untold, ("10.0.0.1", 5), forwarded),  # whoever is not on this machine may write what they like
        (untold, ("127.0.0.1", 5), []),
        (untold, None, forwarded),
    ):
        scope: Any = {"type": "http", "client": client, "headers": headers}
        await fix(scope, unused, unused)
    assert "VESTNIK_PROXY_HOPS" not in caplog.text
    for _ in range(3):
        scope = {"type": "http", "client": ("127.0.0.1", 5), "headers": forwarded}
        await untold(scope, unused, unused)
    assert caplog.text.count("VESTNIK_PROXY_HOPS") == 1
