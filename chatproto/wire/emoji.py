"""What may be put under a message as a reaction: one emoji that Unicode recommends (RGI)."""

from collections.abc import Iterator
from itertools import product
from typing import Final

from chatproto.wire.emoji_table import EMOJI

MAX_EMOJI_BYTES: Final = 64
"""More is no emoji at all (docs/protocol.md section 4)."""
_TONES: Final = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
_AS_EMOJI: Final = "\ufe0f"
"""The variation selector that asks for a picture; many keyboards leave it out."""


def qualified(text: str) -> str | None:
    """The fully qualified form of an emoji, the one that is stored; None for whatever is not exactly one."""
    return _QUALIFIED.get(text.replace(_AS_EMOJI, ""))


def _unfolded() -> Iterator[str]:
    for pattern in EMOJI.split():
        if "a" not in pattern:
            yield pattern
        elif "b" not in pattern and "c" not in pattern:
            yield from (pattern.replace("a", tone) for tone in _TONES)
        else:
            yield from (
                pattern.replace("a", one).replace("b", other).replace("c", other)
                for one, other in product(_TONES, repeat=2)
                if one != other or "c" not in pattern
            )


_QUALIFIED: Final = {emoji.replace(_AS_EMOJI, ""): emoji for emoji in _unfolded()}
