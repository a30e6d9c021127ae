"""Medians, ratios between programs, and goals."""

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Literal

from attrs import frozen

Rounds = Mapping[str, Sequence[float]]
"""Of each program its figure in each round; NaN where it failed."""


@frozen
class Goal:
    """`value` is to be at least or at most `bound`; None: not measured, `note` says why. `sound`: nothing was lost or
    refused on our side while it was measured; else the goal is missed, whatever the value."""

    what: str
    value: float | None
    sense: Literal["at least", "at most"]
    bound: float
    note: str = ""
    sound: bool = True

    @property
    def reached(self) -> bool | None:
        """None where it was not measured."""
        if not self.sound:
            return False
        if self.value is None:
            return None
        return self.value >= self.bound if self.sense == "at least" else self.value <= self.bound

    def line(self) -> str:
        """For people."""
        shown = "not measured" if self.value is None else number(self.value)
        verdict = {True: "OK", False: "missed", None: "-"}[self.reached]
        bound = "" if self.value is None and self.note else f"  (goal: {self.sense} {self.bound:g})"
        note = f"  {self.note}" if self.note else ""
        note += "" if self.sound else "  worth nothing: see the lines with !"
        return f"  {verdict:6} {shown:>9}{bound}  {self.what}{note}"


def medians(rounds: Rounds) -> dict[str, float]:
    """Of each program that was measured at all."""
    measured = {name: [value for value in values if not math.isnan(value)] for name, values in rounds.items()}
    return {name: median(values) for name, values in measured.items() if values}


def ratio(rounds: Rounds, ours: str, theirs: str) -> float | None:
    """Median of the ratios within each round, which a machine that changes its speed between rounds leaves alone."""
    pairs = zip(rounds.get(ours, ()), rounds.get(theirs, ()), strict=False)
    ratios = [mine / other for mine, other in pairs if other and not math.isnan(mine / other)]
    return median(ratios) if ratios else None


def number(value: float) -> str:
    """Three digits that matter."""
    if math.isnan(value):
        return "failed"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(title: str, rounds: Rounds, unit: str, show: Callable[[float], str] = number) -> str:
    """A line for each program: median, then the rounds."""
    lines = [title]
    for name, value in medians(rounds).items():
        each = ", ".join(show(one) for one in rounds[name])
        lines.append(f"  {name:20} {show(value):>9} {unit}   ({each})")
    return "\n".join(lines)
