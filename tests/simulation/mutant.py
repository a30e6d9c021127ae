"""One bug to be planted."""

from attrs import frozen


@frozen
class Mutant:
    """In `file`, `old` (which stands there exactly once) becomes `new`."""

    name: str
    file: str
    old: str
    new: str
