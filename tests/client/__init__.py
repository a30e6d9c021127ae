"""The Python client: its pure parts, and against a real server."""
