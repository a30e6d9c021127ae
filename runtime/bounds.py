"""How much may be: what requests and commands both hold to."""

from typing import Final

MAX_NAME: Final = 64
"""Characters of a display name."""
MAX_USES: Final = 1000
"""People that one invitation lets in."""
LONGEST_INVITE: Final = 90 * 24 * 3600
"""Seconds that an invitation counts at most."""
