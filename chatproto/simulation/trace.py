"""What happened in a run, line by line; equal runs have equal hashes (S14)."""

from collections import Counter
from hashlib import sha256

from attrs import define, field, frozen


class Violation(Exception):
    """An invariant does not hold. `code` names it as docs/driving.md does."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@frozen
class Line:
    """One happening: a message between two lanes, or something within one. `fault`: the world did it."""

    at: int
    step: int
    lane: str
    to: str | None
    text: str
    fault: bool = False

    def __str__(self) -> str:
        arrow = "" if self.to is None else f" -> {self.to}"
        return f"{self.at / 1000:9.3f} s  {'!' if self.fault else ' '} {self.lane}{arrow}: {self.text}"


@define
class Trace:
    """`recording` off: only counts, which is what makes many seeds affordable; a failed one is run again with it on."""

    recording: bool = False
    lines: list[Line] = field(factory=list)
    counts: Counter[str] = field(factory=Counter)

    def add(self, at: int, step: int, lane: str, text: str, *, to: str | None = None, fault: bool = False) -> None:
        """Note it."""
        self.lines.append(Line(at, step, lane, to, text, fault))

    def hash(self) -> str:
        """Of all lines and counts."""
        digest = sha256()
        for line in self.lines:
            digest.update(f"{line}\n".encode())
        digest.update(repr(sorted(self.counts.items())).encode())
        return digest.hexdigest()
