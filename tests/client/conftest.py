"""The fixtures of tests/server: a real server for the client."""

from tests.server.conftest import empty_sqlite, house, house_at, transport

__all__ = ["empty_sqlite", "house", "house_at", "transport"]
