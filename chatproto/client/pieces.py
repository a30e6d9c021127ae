"""How much of a file one request carries: what a cut costs is a piece, and each one costs a round trip."""

from typing import Final

from attrs import define

KIB: Final = 1024
SMALLEST: Final = 64 * KIB
LARGEST: Final = 1024 * KIB
GROWS_AFTER: Final = 8
"""Pieces in a row that arrived."""
QUICK: Final = 1000
SLOW: Final = 4000
"""Milliseconds for a piece: larger ones only below the first, smaller ones above the second."""


@define
class Pieces:
    """`size`: bytes of the next one; `arrived`: how many did since it was changed."""

    size: int = 256 * KIB
    arrived: int = 0

    def took(self, milliseconds: int) -> None:
        """A piece arrived."""
        self.arrived += 1
        if milliseconds > SLOW:
            self._change(self.size // 2)
        elif milliseconds < QUICK and self.arrived >= GROWS_AFTER:
            self._change(self.size * 2)

    def lost(self) -> None:
        """A piece did not."""
        self._change(self.size // 2)

    def _change(self, size: int) -> None:
        self.size = min(max(size, SMALLEST), LARGEST)
        self.arrived = 0
