"""Whose pages are our own: those whose Origin names our Host."""

import pytest

from runtime.http.origin import is_own_origin


@pytest.mark.parametrize(
    ("origin", "host", "own"),
    [
        (None, "chat.example.org", True),
        ("https://chat.example.org", "chat.example.org", True),
        ("https://chat.example.org", "Chat.Example.Org:443", True),
        ("http://chat.example.org", "chat.example.org:80", True),
        ("https://chat.example.org:8443", "chat.example.org:8443", True),
        ("https://chat.example.org:8443", "chat.example.org", False),
        ("https://chat.example.org", "chat.example.org:80", False),
        ("https://chat.example.org", "chat.example.org:8443", False),
        ("https://evil.example", "chat.example.org", False),
        ("app://chat.example.org", "chat.example.org", False),
        ("null", "chat.example.org", False),
        ("https://[", "chat.example.org", False),
        ("https://", "", False),
    ],
)
def test_own_origins(origin: str | None, host: str, own: bool) -> None:
    assert is_own_origin(origin, host) is own
