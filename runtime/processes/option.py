"""The option by which a parent makes a `vestnik serve` one of its workers."""

from typing import Final

OPTION: Final = "--inherited"
"""Only the parent writes it."""
