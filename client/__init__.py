"""The Python client and, beside it, the desktop app."""
