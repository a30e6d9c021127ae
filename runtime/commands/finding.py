"""What `vestnik doctor` says of one thing that it looked at."""

from typing import Literal

from attrs import frozen

Verdict = Literal["ok", "warn", "fail"]


@frozen
class Finding:
    """`what` was looked at; `told`: what was seen, and what to do where it is not well."""

    verdict: Verdict
    what: str
    told: str
